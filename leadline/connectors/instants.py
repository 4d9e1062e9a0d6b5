"""Instants as CRMs write them: ISO 8601 with ``Z`` or ``+0000``, or milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from leadline.common.errors import ContractError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_WHOLE: Final = re.compile(r"-?[0-9]{1,20}")


def read_instant(value: Any, crm: str) -> datetime:
    """Return an instant in UTC; raises ContractError when ``value`` is none."""
    found = maybe_instant(value)
    if found is None:
        raise ContractError(f"{crm} gave a row without a readable instant")
    return found


def maybe_instant(value: Any) -> datetime | None:
    """Return an instant in UTC from a text or a number of milliseconds; None for everything else.

    A date alone is its first instant in UTC.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int) or (isinstance(value, str) and _WHOLE.fullmatch(value)):
        try:
            return _EPOCH + int(value) * _MILLISECOND
        except OverflowError:
            return None
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def milliseconds(at: datetime) -> int:
    """Return whole milliseconds since 1970, rounded down."""
    return (at - _EPOCH) // _MILLISECOND
