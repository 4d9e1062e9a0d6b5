"""Instants as HubSpot holds and writes them: milliseconds since 1970 inside, ISO 8601 text outside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

DAY: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_FIRST: Final = -62_135_596_800_000
_LAST: Final = 253_402_300_799_999
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def millis(at: datetime) -> int:
    """Return an aware instant as whole milliseconds since 1970."""
    return (at - _EPOCH) // _MILLISECOND


def day_millis(day: date) -> int:
    """Return UTC midnight of a day, which is how HubSpot holds date properties."""
    return millis(datetime(day.year, day.month, day.day, tzinfo=UTC))


@lru_cache(maxsize=65_536)
def stamp_text(stamp: int) -> str:
    """Write milliseconds as HubSpot's Java does: ``2025-03-01T09:00:00.120Z``, no fraction when it is zero."""
    seconds, rest = divmod(stamp, 1000)
    text = (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def read_stamp(text: str) -> int | None:
    """Read epoch milliseconds, ISO 8601 with a zone, or a bare day (UTC midnight); None when it is none of them.

    None too for what lies outside the years 1 to 9999.
    """
    stamp = _stamp(text)
    return stamp if stamp is not None and _FIRST <= stamp <= _LAST else None


def _stamp(text: str) -> int | None:
    if _NUMBER.fullmatch(text):
        return int(text)
    try:
        if _DAY.fullmatch(text):
            return day_millis(date.fromisoformat(text))
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else millis(at)
