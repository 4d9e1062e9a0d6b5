"""A calendar's openings as sorted UTC intervals with running sums, grown a year at a time and kept.

With them every question is a bisection: how much is open before an instant, and when so much has been open.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Final, NamedTuple

from leadline.rules.business_time.model import DAY, EPOCH_DAY, FIRST_YEAR, LAST_YEAR, Calendar, Spans, merged
from leadline.rules.business_time.zones import YEARS, Clock, Piece, year_of

BEGINNING: Final = YEARS[0]
END: Final = YEARS[-1]


class Grown(NamedTuple):
    """What is known of some years: replaced as a whole, so that threads always see one that fits together.

    ``before[i]`` is the open time from a fixed origin to ``starts[i]``; ``days`` are the business days.
    """

    low: int
    high: int
    starts: list[int]
    ends: list[int]
    before: list[int]
    below: int
    total: int
    days: list[int]


class Table:
    """The openings of one calendar. Instants and lengths are integers in microseconds, days are ordinals."""

    def __init__(self, calendar: Calendar) -> None:
        self.clock = Clock(calendar.zone, calendar.offsets)
        self.grown: Grown | None = None
        self.arrays: object = None
        self._hours = _Hours(calendar)
        self._away = merged(calendar.away)
        self._away_ends = [end for _, end in self._away]
        self._first_year, self._last_year = self._hours.years()
        # Positions count from the first year that was asked for, so there must be only one such year.
        self._growing = Lock()

    def position(self, at: int) -> int:
        """Return the open time from the table's origin to an instant."""
        at = min(max(at, BEGINNING), END)
        grown = self.cover(at)
        index = bisect_right(grown.starts, at) - 1
        if index < 0:
            return grown.below
        return grown.before[index] + min(at, grown.ends[index]) - grown.starts[index]

    def earliest(self, position: int) -> int | None:
        """Return the first instant before which so much is open, None when it never is."""
        grown = self.reach(position)
        if position > grown.total or position <= grown.below:
            return None
        index = bisect_left(grown.before, position) - 1
        return grown.starts[index] + position - grown.before[index]

    def latest(self, position: int) -> int | None:
        """Return the last instant before which no more than ``position`` is open, None when there is none."""
        grown = self.reach(position)
        if position < grown.below or position >= grown.total:
            return None
        index = bisect_right(grown.before, position) - 1
        return grown.starts[index] + position - grown.before[index]

    def opening(self, at: int) -> int | None:
        """Return the first open instant at or after ``at``, None when it never opens again."""
        if at >= END:
            return None
        position = self.position(at)
        grown = self.reach(position + 1)
        if position >= grown.total:
            return None
        index = bisect_right(grown.before, position) - 1
        return max(at, grown.starts[index])

    def is_open(self, at: int) -> bool:
        """Say whether it is open at an instant; at a closing it is not."""
        return BEGINNING <= at < END and self.opening(at) == at

    def business_day(self, at: int) -> tuple[int, int]:
        """Return the day to which an instant belongs and the wall time since that day's midnight.

        After midnight an instant within yesterday's shift, and not within today's hours, belongs to yesterday.
        """
        day, time = divmod(self.clock.wall(at), DAY)
        day += EPOCH_DAY
        own = any(span.start <= time < span.end for span in self._hours.spans(day))
        if not own and any(span.start <= time + DAY < span.end for span in self._hours.spans(day - 1)):
            return day - 1, time + DAY
        return day, time

    def nth_day(self, day: int, count: int) -> int | None:
        """Return the ``count``-th business day after ``day`` (before it when below zero), None when there is none."""
        grown = self.cover(min(max((day - EPOCH_DAY) * DAY, BEGINNING), END))
        while True:
            index = bisect_right(grown.days, day) + count - 1 if count > 0 else bisect_left(grown.days, day) + count
            if 0 <= index < len(grown.days):
                return grown.days[index]
            more = self._more(grown, up=count > 0)
            if more is None:
                return None
            grown = more

    def hours(self, day: int) -> list[tuple[int, int]]:
        """Return the UTC intervals that the spans of one day open, sorted."""
        midnight = (day - EPOCH_DAY) * DAY
        pieces = self.clock.pieces(midnight - 2 * DAY, midnight + 4 * DAY)
        return self._open(day, pieces)

    def cover(self, at: int) -> Grown:
        """Grow until the year of an instant is known."""
        grown = self.grown
        if grown is not None and _covers(grown, at):
            return grown
        with self._growing:
            grown = self.grown or self._years(year_of(at), year_of(at), 0)
            while not _covers(grown, at):
                grown = self._grow(grown, up=at >= YEARS[grown.low - FIRST_YEAR])
            self.grown = grown
        return grown

    def reach(self, position: int) -> Grown:
        """Grow until so much is known to be open, or it is known that it never will be."""
        grown = self.grown or self.cover(0)
        more: Grown | None = grown
        while more is not None and not grown.below < position < grown.total:
            more = self._more(grown, up=position >= grown.total)
            grown = more or grown
        return grown

    def _more(self, grown: Grown, *, up: bool) -> Grown | None:
        if grown.high >= self._last_year if up else grown.low <= self._first_year:
            return None
        with self._growing:
            now = self.grown or grown
            if now.high == grown.high if up else now.low == grown.low:
                now = self.grown = self._grow(now, up=up)
        return now

    def _grow(self, grown: Grown, *, up: bool) -> Grown:
        if up:
            new = self._years(grown.high + 1, grown.high + 1, grown.total)
            return _joined(grown, new)
        new = self._years(grown.low - 1, grown.low - 1, 0)
        shift = grown.below - new.total
        lower = new._replace(before=[value + shift for value in new.before], below=shift, total=grown.below)
        return _joined(lower, grown)

    def _years(self, low: int, high: int, below: int) -> Grown:
        start, end = YEARS[low - FIRST_YEAR], YEARS[high - FIRST_YEAR + 1]
        pieces = self.clock.pieces(start - 4 * DAY, end + 4 * DAY)
        first, last = date(low, 1, 1).toordinal(), date(high, 12, 31).toordinal()
        found: list[tuple[int, int]] = []
        days: list[int] = []
        # A span may reach two days beyond its midnight, and a zone is up to a day from UTC.
        for day in range(first - 3, last + 3):
            opened = self._open(day, pieces)
            found += opened
            if opened and first <= day <= last:
                days.append(day)
        cut = [(max(a, start), min(b, end)) for a, b in found]
        union = merged(cut)
        before: list[int] = []
        total = below
        for a, b in union:
            before.append(total)
            total += b - a
        return Grown(low, high, [a for a, _ in union], [b for _, b in union], before, below, total, days)

    def _open(self, day: int, pieces: list[Piece]) -> list[tuple[int, int]]:
        midnight = (day - EPOCH_DAY) * DAY
        found = []
        for span in self._hours.spans(day):
            opens, closes = midnight + span.start, midnight + span.end
            for start, end, offset in pieces:
                low, high = max(opens - offset, start), min(closes - offset, end)
                if low < high:
                    found.append((low, high))
        return self._present(sorted(found)) if self._away else sorted(found)

    def _present(self, opened: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return what of the intervals is left outside of ``away``."""
        left = []
        for start, end in opened:
            low = start
            for gone, back in self._away[bisect_right(self._away_ends, start) :]:
                if gone >= end:
                    break
                if low < gone:
                    left.append((low, gone))
                low = back
            if low < end:
                left.append((low, end))
        return left


@lru_cache(maxsize=4096)
def table_of(calendar: Calendar) -> Table:
    """Return the one table of a calendar; it grows as it is asked."""
    return Table(calendar)


class _Hours:
    """Which spans a day has."""

    def __init__(self, calendar: Calendar) -> None:
        self._closed = {day.toordinal() for day in calendar.closed}
        self._special = {item.day.toordinal(): item.spans for item in calendar.special}
        self._first = calendar.first.toordinal() if calendar.first else None
        self._last = calendar.last.toordinal() if calendar.last else None
        self._periods = [
            (
                period.first.toordinal() if period.first else None,
                period.last.toordinal() if period.last else None,
                period.week,
                {day.toordinal() for day in period.holidays},
            )
            for period in reversed(calendar.periods)
        ]

    def spans(self, day: int) -> Spans:
        if (self._first is not None and day < self._first) or (self._last is not None and day > self._last):
            return ()
        if day in self._special:
            return self._special[day]
        if day in self._closed:
            return ()
        for first, last, week, holidays in self._periods:
            if (first is None or day >= first) and (last is None or day <= last):
                return () if day in holidays else week[(day + 6) % 7]
        return ()

    def years(self) -> tuple[int, int]:
        """Return the first and the last year in which it can open at all: where the search for an opening ends."""
        named = [day for period in self._periods for day in period[:2] if day is not None]
        named += [day for day in (self._first, self._last, *self._special) if day is not None]
        low, high = (min(named), max(named)) if named else (EPOCH_DAY, EPOCH_DAY)
        # Before and after every day that is named, one week repeats; holidays and closed days only take away.
        before = self._first is None and self._repeats(low - 1)
        after = self._last is None and self._repeats(high + 1)
        return (
            FIRST_YEAR if before else max(FIRST_YEAR, date.fromordinal(low).year - 1),
            LAST_YEAR if after else min(LAST_YEAR, date.fromordinal(high).year + 1),
        )

    def _repeats(self, day: int) -> bool:
        for first, last, week, _ in self._periods:
            if (first is None or day >= first) and (last is None or day <= last):
                return any(week)
        return False


def _covers(grown: Grown, at: int) -> bool:
    return YEARS[grown.low - FIRST_YEAR] <= at <= YEARS[grown.high - FIRST_YEAR + 1]


def _joined(low: Grown, high: Grown) -> Grown:
    return Grown(
        low.low, high.high, low.starts + high.starts, low.ends + high.ends, low.before + high.before,
        low.below, high.total, low.days + high.days,
    )  # fmt: skip
