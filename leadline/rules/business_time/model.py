"""What a calendar is: when somebody works, as plain frozen values. Times of day are microseconds of wall time.

A span belongs to the day on which it begins, also when it ends after midnight. Dates are days in the calendar's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from leadline.common.canonical import digest

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = EPOCH.toordinal()
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
"""No calendar opens before the first or after the last of these years (UTC): CRMs hold dates such as 9999-12-31."""

Pause = tuple[datetime, datetime | None]
"""From (inclusive) and to (exclusive), aware instants; without an end it still lasts."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from ``start`` to ``end``, microseconds after local midnight; ``end`` may lie in the next day."""

    start: int
    end: int


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Special:
    """A day with hours of its own; they replace the week's and outrank holidays."""

    day: date
    spans: Spans


@dataclass(frozen=True, slots=True)
class Period:
    """The week and the holidays that hold from ``first`` to ``last``, both days included; None is without end."""

    week: tuple[Spans, ...]
    holidays: tuple[date, ...] = ()
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Calendar:
    """When somebody works. Holidays are dates, so no later version of a package changes what this means.

    The last period that covers a day holds. ``closed`` outranks the week and ``special`` outranks both. Before
    ``first`` and after ``last`` it never opens. ``away`` are UTC microseconds (from, to) in which it is closed
    whatever else says. ``holiday_years`` are the first and last year for which a country's holidays are known.
    ``offsets`` (since, seconds east of UTC) are the zone's own when they were stored; empty means installed data.
    """

    name: str
    zone: str
    periods: tuple[Period, ...]
    closed: tuple[date, ...] = ()
    special: tuple[Special, ...] = ()
    first: date | None = None
    last: date | None = None
    away: tuple[tuple[int, int], ...] = ()
    holiday_years: tuple[int, int] | None = None
    offsets: tuple[tuple[int, int], ...] = ()

    @cached_property
    def digest(self) -> str:
        """64 hex digits of everything that decides when it is open; the name does not."""
        return digest(replace(self, name=""))

    def __hash__(self) -> int:
        # The text's hash is kept by the text: a calendar of a thousand dates is looked up as fast as a small one.
        return hash(self.digest)


class Unit(StrEnum):
    """What a target is counted in."""

    BUSINESS_TIME = "business time"
    BUSINESS_DAYS = "business days"
    CLOCK_TIME = "time on the clock"
    CALENDAR_DAYS = "calendar days"


@dataclass(frozen=True, slots=True)
class Target:
    """So much of a unit: microseconds of time, or whole days. Below zero it looks back from the start."""

    amount: int
    unit: Unit = Unit.BUSINESS_TIME


def business_time(span: timedelta) -> Target:
    """Return a target in business time."""
    return Target(span // timedelta(microseconds=1))


def micros(at: datetime) -> int:
    """Return an aware instant as microseconds since 1970 UTC. Raises ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def instant(at: int) -> datetime:
    """Return microseconds since 1970 as an aware UTC instant. Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=at)


def merged(intervals: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the union of half-open intervals, sorted, without empty ones; touching ones become one."""
    union: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((start, end))
    return union
