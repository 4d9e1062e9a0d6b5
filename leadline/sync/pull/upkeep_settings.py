"""The block ``upkeep:`` of ``leadline.yml``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from leadline.connectors.settings import Settings, share
from leadline.sync.pull.upkeep import Upkeep

_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN: Final = re.compile(r"(\d{1,5})([mhdw])")
_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}


def _span(text: object) -> timedelta | None:
    if text == "never":
        return None
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("must be a time such as 12h or 1d, or never")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _history(given: object) -> object:
    if isinstance(given, list):
        return tuple(given)
    found = _TRUTH.get(str(given).lower())
    if found is None:
        raise ValueError("must be true, false or a list of CRM fields")
    return found


Span = Annotated[timedelta | None, BeforeValidator(_span)]


class UpkeepSettings(Settings):
    """How often ids are compared and calculated fields read anew, and whose past is pulled; see ``Upkeep``."""

    ids: Span = timedelta(days=1)
    calculated: Span = timedelta(days=1)
    pages: int = Field(default=100, ge=1, le=100_000)
    vanished: Annotated[float, BeforeValidator(share), Field(ge=0, le=1)] = 0.2
    history: Annotated[bool | tuple[str, ...], BeforeValidator(_history)] = False

    def upkeep(self) -> Upkeep:
        """Return it as the pull takes it."""
        return Upkeep(self.ids, self.calculated, self.pages, self.vanished, self.history)
