"""The oracle: business time by walking every minute. Slow, plain, and nothing of it is shared with the product.

A walk knows for each minute of some years what the clock on the wall shows and whether the calendar is open. It
reads the calendar's fields only; zones come from ``zoneinfo``, one minute after the other. Calendars that it walks
open, close and go away on whole minutes; starts, targets and pauses may be any microsecond.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from leadline.rules.business_time import Calendar, Pause, Target, Unit

MINUTE = 60_000_000
DAY = 1440
STRIDE = 14 * DAY
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPAN = tuple[int, int]


class OffTheMapError(Exception):
    """The walk left the years that it knows, and the calendar might still open."""


class Wall:
    """What the clock of a zone shows in each minute (since 1970) of some years."""

    def __init__(self, zone: str, first: int, years: int) -> None:
        info = ZoneInfo(zone)
        self.zone = zone
        self.low = minutes(datetime(first, 1, 1, tzinfo=UTC))
        self.high = minutes(datetime(first + years, 1, 1, tzinfo=UTC))
        shown = np.empty(self.high - self.low, dtype=np.int64)
        for number, minute in enumerate(range(self.low, self.high)):
            at = datetime.fromtimestamp(minute * 60, info)
            shown[number] = at.toordinal() * DAY + at.hour * 60 + at.minute
        self.shown = shown - EPOCH.toordinal() * DAY
        jumps = np.flatnonzero(np.diff(shown) != 1) + 1 + self.low
        self.changes = [EPOCH + timedelta(minutes=int(minute)) for minute in jumps]


class Walk:
    """One calendar, minute by minute."""

    def __init__(self, calendar: Calendar, wall: Wall) -> None:
        assert calendar.zone == wall.zone
        self.calendar = calendar
        self.wall = wall
        self.low, self.high = wall.low, wall.high
        days = range(int(wall.shown[0]) // DAY - 3, int(wall.shown[-1]) // DAY + 4)
        shows_open = np.zeros(len(days) * DAY, dtype=bool)
        for number, day in enumerate(days):
            for start, end in self.spans(day):
                shows_open[number * DAY + start : number * DAY + end] = True
        self.present = np.ones(self.high - self.low, dtype=bool)
        for start, end in calendar.away:
            self.present[max(0, start // MINUTE - self.low) : max(0, end // MINUTE - self.low)] = False
        self.open = shows_open[wall.shown - days[0] * DAY] & self.present
        self._of_day: dict[int, NDArray[np.int64]] = {}

    def add(self, start: datetime, target: Target, pauses: Sequence[Pause]) -> datetime | None:
        """Walk until the target is reached."""
        at, paused = self._here(start), [(exact(a), exact(b) if b else None) for a, b in pauses]
        if target.amount == 0:
            return start
        if target.unit is Unit.BUSINESS_TIME:
            return moment(self._walk(at, target.amount, paused, self.open))
        if target.unit is Unit.CLOCK_TIME:
            return moment(self._walk(at, target.amount, paused, np.ones_like(self.open)))
        if target.unit is Unit.CALENDAR_DAYS:
            shown = self._shown(at)
            found = self._shows(shown // (DAY * MINUTE) + target.amount, shown % (DAY * MINUTE))
            return moment(self._moved(at, found, target.amount, paused, np.ones_like(self.open)))
        found_day = self._business_days(at, target.amount)
        return moment(None if found_day is None else self._moved(at, found_day, target.amount, paused, self.open))

    def elapsed(self, start: datetime, end: datetime, pauses: Sequence[Pause]) -> timedelta:
        """Count what is open between."""
        low, high = sorted((self._here(start), self._here(end)))
        paused = [(exact(a), exact(b) if b else None) for a, b in pauses]
        counted = self._count(low, high, paused, self.open)
        return timedelta(microseconds=counted if start <= end else -counted)

    def is_open(self, at: datetime) -> bool:
        """Look at the minute."""
        return bool(self.open[self._here(at) // MINUTE - self.low])

    def next_opening(self, at: datetime) -> datetime | None:
        """Walk to the first open minute."""
        here = self._here(at)
        if self.is_open(at):
            return at
        ahead = np.flatnonzero(self.open[here // MINUTE - self.low :])
        if len(ahead):
            return moment((here // MINUTE + int(ahead[0])) * MINUTE)
        return self._nothing_more(1)

    def edges(self, chance: Random, count: int) -> list[datetime]:
        """Return some of the openings and closings that lie well within the years that are walked."""
        found = np.flatnonzero(np.diff(self.open)) + 1
        inside = found[(found > 90 * DAY) & (found < len(self.open) - 90 * DAY)]
        chosen = chance.sample(range(len(inside)), min(count, len(inside)))
        return [EPOCH + timedelta(minutes=self.low + int(inside[number])) for number in chosen]

    def spans(self, day: int) -> list[SPAN]:
        """Return the minutes (from, to) that a day opens; days count from 1970."""
        calendar, on = self.calendar, date.fromordinal(day + EPOCH.toordinal())
        if (calendar.first and on < calendar.first) or (calendar.last and on > calendar.last):
            return []
        for special in calendar.special:
            if special.day == on:
                return [(span.start // MINUTE, span.end // MINUTE) for span in special.spans]
        if on in calendar.closed:
            return []
        for period in reversed(calendar.periods):
            if (period.first and on < period.first) or (period.last and on > period.last):
                continue
            if on in period.holidays:
                return []
            return [(span.start // MINUTE, span.end // MINUTE) for span in period.week[on.weekday()]]
        return []

    # --- walking -----------------------------------------------------------------------------------

    def _walk(
        self, at: int, amount: int, paused: list[tuple[int, int | None]], counts: NDArray[np.bool_]
    ) -> int | None:
        """Walk ahead (back for an amount below zero) until so much was counted outside of pauses."""
        step = 1 if amount > 0 else -1
        left = abs(amount)
        minute = at // MINUTE
        while self.low <= minute < self.high:
            until = min(minute + STRIDE, self.high) if step > 0 else max(minute - STRIDE, self.low - 1)
            block = range(minute, until, step)
            worth = self._worth(block, at, step, paused, counts)
            total = np.cumsum(worth)
            if total[-1] >= left:
                number = int(np.argmax(total >= left))
                return self._within(block[number], at, step, paused, left - int(total[number] - worth[number]))
            left -= int(total[-1])
            minute = until
            if step > 0 and any(b is None and a < minute * MINUTE for a, b in paused):
                return None
        if step < 0 and any(b is None and a < self.low * MINUTE for a, b in paused):
            raise OffTheMapError
        return self._nothing_more(step)

    def _nothing_more(self, step: int) -> None:
        edge = self.calendar.last if step > 0 else self.calendar.first
        inside = self.low // DAY + 3 < (edge or date.min).toordinal() - EPOCH.toordinal() < self.high // DAY - 3
        if not inside:
            raise OffTheMapError

    def _worth(
        self, block: range, at: int, step: int, paused: list[tuple[int, int | None]], counts: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Return how many microseconds of each minute of ``block`` count."""
        low, high = min(block[0], block[-1]), max(block[0], block[-1]) + 1
        counted = counts[low - self.low : high - self.low]
        worth = counted * np.int64(MINUTE)
        edges = {at // MINUTE}
        for start, end in paused:
            first = start // MINUTE - low
            last = len(worth) if end is None else end // MINUTE - low
            worth[max(0, first) : max(0, last)] = 0
            edges |= {start // MINUTE} | (set() if end is None else {end // MINUTE})
        for minute in edges:
            if low <= minute < high:
                pieces = self._pieces(minute, at, step, paused)
                worth[minute - low] = sum(b - a for a, b in pieces) if counted[minute - low] else 0
        return worth[::step]

    @staticmethod
    def _pieces(minute: int, at: int, step: int, paused: list[tuple[int, int | None]]) -> list[SPAN]:
        """Return the parts of one minute that lie on the right side of ``at`` and in no pause."""
        low, high = minute * MINUTE, (minute + 1) * MINUTE
        marks = sorted({low, high, at, *(a for a, _ in paused), *(b for _, b in paused if b is not None)})
        marks = [mark for mark in marks if low <= mark <= high]
        return [
            (a, b)
            for a, b in pairwise(marks)
            if (a >= at if step > 0 else b <= at) and not any(x <= a and (y is None or b <= y) for x, y in paused)
        ]

    def _within(self, minute: int, at: int, step: int, paused: list[tuple[int, int | None]], left: int) -> int:
        for a, b in self._pieces(minute, at, step, paused)[::step]:
            if b - a >= left:
                return a + left if step > 0 else b - left
            left -= b - a
        raise AssertionError("the minute was worth less than it was said to be")

    def _count(self, low: int, high: int, paused: list[tuple[int, int | None]], counts: NDArray[np.bool_]) -> int:
        if high <= low:
            return 0
        block = range(low // MINUTE, (high - 1) // MINUTE + 1)
        # What comes after the end counts as little as what lies in a pause.
        return int(self._worth(block, low, 1, [*paused, (high, None)], counts).sum())

    # --- days --------------------------------------------------------------------------------------

    def _shown(self, at: int) -> int:
        return int(self.wall.shown[at // MINUTE - self.low]) * MINUTE + at % MINUTE

    def _shows(self, day: int, time: int) -> int:
        """Return when the clock first shows a time (microseconds after a day's midnight), or skips it."""
        wanted = day * DAY + time // MINUTE
        low = wanted - 2 * DAY - self.low
        if low < 0 or wanted + 2 * DAY >= self.high:
            raise OffTheMapError
        number = int(np.argmax(self.wall.shown[low : low + 4 * DAY] >= wanted))
        minute = low + number + self.low
        return minute * MINUTE + (time % MINUTE if self.wall.shown[low + number] == wanted else 0)

    def _minutes_of(self, day: int) -> NDArray[np.int64]:
        """Return the UTC minutes that a day's own spans open."""
        if day not in self._of_day:
            low = day * DAY - 2 * DAY
            if low < self.low or low + 6 * DAY > self.high:
                raise OffTheMapError
            shown = self.wall.shown[low - self.low : low - self.low + 6 * DAY] - day * DAY
            is_open = np.zeros(len(shown), dtype=bool)
            for start, end in self.spans(day):
                is_open |= (shown >= start) & (shown < end)
            is_open &= self.present[low - self.low : low - self.low + 6 * DAY]
            self._of_day[day] = np.flatnonzero(is_open) + low
        return self._of_day[day]

    def _business_days(self, at: int, count: int) -> int | None:
        day, time = divmod(self._shown(at), DAY * MINUTE)
        minute = time // MINUTE
        today = any(start <= minute < end for start, end in self.spans(day))
        if not today and any(start <= minute + DAY < end for start, end in self.spans(day - 1)):
            day, time = day - 1, time + DAY * MINUTE
        step = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day += step
            while not len(self._minutes_of_or_edge(day, step)):
                day += step
                if self._beyond(day, step):
                    return None
        wanted, opened = self._shows(day, time), self._minutes_of(day)
        if wanted // MINUTE in opened or (wanted % MINUTE == 0 and wanted // MINUTE - 1 in opened):
            return wanted
        later = opened[opened * MINUTE >= wanted]
        return int(later[0]) * MINUTE if len(later) else int(opened[-1] + 1) * MINUTE

    def _minutes_of_or_edge(self, day: int, step: int) -> NDArray[np.int64]:
        return np.empty(0, dtype=np.int64) if self._beyond(day, step) else self._minutes_of(day)

    def _beyond(self, day: int, step: int) -> bool:
        edge = self.calendar.last if step > 0 else self.calendar.first
        return edge is not None and (day - (edge.toordinal() - EPOCH.toordinal())) * step > 0

    def _moved(
        self, at: int, due: int, amount: int, paused: list[tuple[int, int | None]], counts: NDArray[np.bool_]
    ) -> int | None:
        """Move a due instant by what each pause took, one pause after the other."""
        step = 1 if amount > 0 else -1
        moved: int | None = due
        for start, end in list(apart(paused))[::step]:
            if moved is None or (step > 0 and moved <= start) or (step < 0 and end is not None and moved >= end):
                break
            if step > 0 and end is None:
                return None
            low, high = (max(start, at), end or 0) if step > 0 else (start, at if end is None else min(end, at))
            self._known(low, high)
            lost = self._count(low, high, [], counts)
            if lost:
                moved = self._walk(moved, step * lost, [], counts)
        return moved

    def _here(self, at: datetime) -> int:
        if not self.low + DAY < minutes(at) < self.high - DAY:
            raise OffTheMapError
        return exact(at)

    def _known(self, low: int, high: int) -> None:
        if low < high and not (self.low * MINUTE <= low and high <= self.high * MINUTE):
            raise OffTheMapError


def apart(paused: Sequence[tuple[int, int | None]]) -> Iterator[tuple[int, int | None]]:
    """Yield pauses in order, those that overlap or touch as one."""
    held: tuple[int, int | None] | None = None
    for start, end in sorted(paused, key=lambda pause: pause[0]):
        if end is not None and end <= start:
            continue
        if held is None:
            held = (start, end)
        elif held[1] is None or start <= held[1]:
            held = (held[0], None if end is None or held[1] is None else max(end, held[1]))
        else:
            yield held
            held = (start, end)
    if held is not None:
        yield held


def minutes(at: datetime) -> int:
    """Return whole minutes since 1970."""
    return (at - EPOCH) // timedelta(minutes=1)


def exact(at: datetime) -> int:
    """Return microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(at: int | None) -> datetime | None:
    """Return the instant of microseconds since 1970."""
    return None if at is None else EPOCH + timedelta(microseconds=at)
