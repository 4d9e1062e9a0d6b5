"""Days in the book's zone: which day an instant lies in, and when a day begins.

A day begins at its first local midnight (where clocks skip midnight, at the instant of the skip) and lasts until the
next day begins, so that days follow each other even where clocks are put back over midnight.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def day_of(t: datetime, zone: str) -> date:
    """Return the day in ``zone`` that an aware instant lies in."""
    if zone == "UTC":
        return t.astimezone(UTC).date()
    try:
        day = t.astimezone(_info(zone)).date()
    except OverflowError:
        return t.astimezone(UTC).date()
    while day_start(day, zone) > t:
        day -= _DAY
    while day < date.max and day_start(day + _DAY, zone) <= t:
        day += _DAY
    return day


@lru_cache(maxsize=20_000)
def day_start(day: date, zone: str) -> datetime:
    """Return the UTC instant at which a day begins in ``zone``; at the calendar's ends it is UTC's midnight."""
    midnight = datetime.combine(day, time(), UTC)
    if zone == "UTC":
        return midnight
    try:
        return midnight.replace(tzinfo=_info(zone)).astimezone(UTC)
    except OverflowError:
        return midnight


@lru_cache(maxsize=600)
def _info(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)
