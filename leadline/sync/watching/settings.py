"""The ``log`` and ``alerts`` blocks of ``leadline.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from leadline.connectors.mail import Mailbox
from leadline.connectors.settings import Settings


class LogSettings(Settings):
    """Where the lines of the log go: to ``file``, or to stderr without one. ``level`` is the least that is told."""

    format: Literal["json", "text"] = "json"
    file: Path | None = None
    level: Literal["debug", "info", "warning", "error"] = "info"


class AlertSettings(Settings):
    """Who is told of a change: ``channels`` (webhooks of the block ``channels``), ``email``, or both.

    ``name`` tells installations apart. The newest run is compared with the median of the ``past_runs`` before it;
    ``deviations`` is how many robust standard deviations (1.4826 x MAD) it may lie from it.
    """

    name: str = Field(default="Leadline", min_length=1, max_length=80)
    channels: tuple[str, ...] = ()
    email: Mailbox | None = None
    past_runs: int = Field(default=50, ge=10, le=1000)
    deviations: float = Field(default=8.0, ge=1, le=100)
