"""The ``log`` and ``alerts`` blocks of ``leadline.yml``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from leadline.common.errors import UsageError
from leadline.connectors.mail import Mailbox
from leadline.connectors.settings import Settings
from leadline.sync.schedule import period


def _span(value: object) -> object:
    try:
        return period(value, "") if isinstance(value, str) else value
    except UsageError:
        raise ValueError("must be a number and s, m, h or d, such as 1h") from None


class LogSettings(Settings):
    """Where the lines of the log go: to ``file``, or to stderr without one. ``level`` is the least that is told."""

    format: Literal["json", "text"] = "json"
    file: Path | None = None
    level: Literal["debug", "info", "warning", "error"] = "info"


class AlertSettings(Settings):
    """Who is told of a change: ``channels`` (webhooks of the block ``channels``), ``email``, or both.

    ``name`` tells installations apart. The newest run is compared with the median of the ``past_runs`` before it;
    ``deviations`` is how many robust standard deviations (1.4826 x MAD) it may lie from it. ``max_age``, such as
    ``1h``, is how old the last good run may become.
    """

    name: str = Field(default="Leadline", min_length=1, max_length=80)
    channels: tuple[str, ...] = ()
    email: Mailbox | None = None
    past_runs: int = Field(default=50, ge=10, le=1000)
    deviations: float = Field(default=8.0, ge=1, le=100)
    max_age: Annotated[timedelta | None, BeforeValidator(_span)] = None
