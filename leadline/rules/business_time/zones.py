"""One zone's clock in integers: from UTC to wall time and back, in pieces of constant offset.

All values are microseconds: UTC since 1970, or wall time as if it were UTC.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from leadline.rules.business_time.model import FIRST_YEAR, HOUR, LAST_YEAR, SECOND, micros

Piece = tuple[int, int, int]
"""UTC from, UTC to, offset: wall time is UTC plus the offset."""

YEARS: Final = tuple(micros(datetime(year, 1, 1, tzinfo=UTC)) for year in range(FIRST_YEAR, LAST_YEAR + 2))
"""The first instant of each year that calendars know, and of the year after the last."""

# No zone since 1900 changed its offset twice within 6.9 days (every zone of tzdata 2026.6 was looked at).
_STEP: Final = timedelta(days=3)
_WIDEST: Final = 27 * HOUR


class Clock:
    """A zone's offsets: those of the installed zone data, or ``offsets`` as a calendar stored them (in seconds).

    Before 1900 and after 2199 the offset stays what it is at that edge.
    """

    def __init__(self, zone: str, offsets: Sequence[tuple[int, int]] = ()) -> None:
        self.zone = zone
        self._stored = [(since * SECOND, offset * SECOND) for since, offset in offsets]

    def pieces(self, start: int, end: int) -> list[Piece]:
        """Return the pieces that cover UTC ``start`` to ``end``, in order and cut to it."""
        changes = self._stored or self._installed(start, end)
        first = max(0, bisect_right(changes, start, key=_since) - 1)
        found: list[Piece] = []
        for since, offset in changes[first:]:
            if since >= end:
                break
            if not found:
                found.append((start, end, offset))
            elif found[-1][2] != offset:
                found[-1] = (found[-1][0], since, found[-1][2])
                found.append((since, end, offset))
        # Everything asked for lies before the first change that is known.
        return found or [(start, end, changes[0][1])]

    def wall(self, at: int) -> int:
        """Return the wall time at a UTC instant."""
        return at + self.pieces(at, at + 1)[0][2]

    def first(self, wall: int) -> int:
        """Return the first UTC instant at which the clock shows ``wall``; where it skips it, the end of the skip."""
        for start, end, offset in self.pieces(wall - _WIDEST, wall + _WIDEST):
            if wall - offset < end:
                return max(start, wall - offset)
        raise AssertionError("no zone is more than a day from UTC")

    def _installed(self, start: int, end: int) -> list[tuple[int, int]]:
        return [change for year in range(year_of(start), year_of(end) + 1) for change in _offsets_in(self.zone, year)]


def year_of(at: int) -> int:
    """Return the UTC year of an instant, at least 1900 and at most 2199."""
    return min(max(bisect_right(YEARS, at) - 1 + FIRST_YEAR, FIRST_YEAR), LAST_YEAR)


def known_zone(zone: str) -> bool:
    """Say whether ``zone`` is a name of the IANA data, whatever else this machine has installed."""
    return zone in zone_names()


@cache
def zone_names() -> frozenset[str]:
    """Return every name of the IANA data that Leadline is installed with."""
    return frozenset((resources.files("tzdata") / "zones").read_text("utf-8").split())


def zone_offsets(zone: str) -> tuple[tuple[int, int], ...]:
    """Return a zone's offsets from 1900 to 2199 as (UTC second since which, seconds), to be stored."""
    changes = [change for year in range(FIRST_YEAR, LAST_YEAR + 1) for change in _offsets_in(zone, year)]
    kept = [changes[0]] + [change for before, change in pairwise(changes) if before[1] != change[1]]
    return tuple((since // SECOND, offset // SECOND) for since, offset in kept)


@lru_cache(maxsize=20_000)
def _offsets_in(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """Return (since, offset) of one UTC year, the first at its first instant."""
    info = ZoneInfo(zone)
    at = datetime(year, 1, 1, tzinfo=UTC)
    end = datetime(year + 1, 1, 1, tzinfo=UTC)
    before = _offset(info, at)
    found = [(micros(at), before)]
    while at < end:
        then = min(at + _STEP, end)
        after = _offset(info, then)
        if after != before:
            since = _change(info, at, then)
            if since < end:
                found.append((micros(since), after))
        at, before = then, after
    return tuple(found)


def _change(info: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first second at which the offset is what it is at ``high``."""
    after = _offset(info, high)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if _offset(info, middle) == after:
            high = middle
        else:
            low = middle
    return high


def _offset(info: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(info).utcoffset() or timedelta(0)
    return offset // timedelta(microseconds=1)


def _since(change: tuple[int, int]) -> int:
    return change[0]
