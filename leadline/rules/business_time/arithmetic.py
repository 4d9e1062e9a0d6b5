"""Business time: when a target is reached, how much passed, when it opens. Every answer is a few bisections.

Instants are aware; results are UTC, exact to the microsecond. ``docs/reference/business-time.md`` is the definition.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from leadline.rules.business_time.model import (
    DAY,
    EPOCH_DAY,
    Calendar,
    Pause,
    Target,
    Unit,
    business_time,
    instant,
    merged,
    micros,
)
from leadline.rules.business_time.tables import Table, table_of


def add(
    calendar: Calendar, start: datetime, target: Target | timedelta, pauses: Sequence[Pause] = ()
) -> datetime | None:
    """Return when ``target`` (a timedelta is business time) is reached from ``start``; None when it never is.

    A target above zero is reached at the first instant before which so much passed, a target below zero at the last
    instant from which so much passes until ``start``, a target of zero at ``start``. Time in pauses does not count.
    Raises ValueError for an instant without a zone, and for a pause that ends before it begins.
    """
    goal = business_time(target) if isinstance(target, timedelta) else target
    at = micros(start)
    away = union(pauses)
    if not goal.amount:
        return instant(at)
    found = (_ahead if goal.amount > 0 else _back)(table_of(calendar), goal.unit, at, goal.amount, away)
    try:
        return None if found is None else instant(found)
    except OverflowError:
        return None


def elapsed(calendar: Calendar, start: datetime, end: datetime, pauses: Sequence[Pause] = ()) -> timedelta:
    """Return the business time from ``start`` to ``end`` outside of pauses; below zero when ``end`` is earlier.

    Raises ValueError as ``add`` does.
    """
    first, last = micros(start), micros(end)
    away = union(pauses)
    if last < first:
        return -elapsed(calendar, end, start, pauses)
    position = table_of(calendar).position
    passed = position(last) - position(first)
    for low, high in away:
        lost_from, lost_to = max(low, first), last if high is None else min(high, last)
        if lost_from < lost_to:
            passed -= position(lost_to) - position(lost_from)
    return timedelta(microseconds=passed)


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """Return the first open instant at or after ``at``, None when it never opens again.

    Raises ValueError for an instant without a zone.
    """
    found = table_of(calendar).opening(micros(at))
    return None if found is None else instant(found)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Say whether it is open at an instant: at an opening it is, at a closing it no longer is.

    Raises ValueError for an instant without a zone.
    """
    return table_of(calendar).is_open(micros(at))


def union(pauses: Sequence[Pause]) -> list[tuple[int, int | None]]:
    """Return pauses as sorted integers that do not touch; the last one may have no end.

    Raises ValueError for an instant without a zone, and for a pause that ends before it begins.
    """
    if not pauses:
        return []
    ended: list[tuple[int, int]] = []
    open_from: int | None = None
    for start, end in pauses:
        low = micros(start)
        if end is None:
            open_from = low if open_from is None else min(low, open_from)
            continue
        high = micros(end)
        if high < low:
            raise ValueError("a pause ends before it begins")
        ended.append((low, high))
    if open_from is None:
        return list(merged(ended))
    kept = merged([(low, min(high, open_from)) for low, high in ended])
    if kept and kept[-1][1] == open_from:
        open_from = kept.pop()[0]
    return [*kept, (open_from, None)]


def _ahead(table: Table, unit: Unit, at: int, amount: int, away: list[tuple[int, int | None]]) -> int | None:
    due = _reached(table, unit, at, amount)
    for low, high in away:
        if due is None or due <= low:
            return due
        if high is None:
            return None
        if high > at and (lost := _between(table, unit, max(low, at), high)):
            due = _moved(table, unit, due, lost)
    return due


def _back(table: Table, unit: Unit, at: int, amount: int, away: list[tuple[int, int | None]]) -> int | None:
    due = _reached(table, unit, at, amount)
    for low, high in reversed(away):
        if due is None or (high is not None and due >= high):
            return due
        if low < at and (lost := _between(table, unit, low, at if high is None else min(high, at))):
            due = _moved(table, unit, due, -lost)
    return due


def _reached(table: Table, unit: Unit, at: int, amount: int) -> int | None:
    if unit is Unit.BUSINESS_DAYS:
        return _business_days(table, at, amount)
    if unit is Unit.CALENDAR_DAYS:
        return table.clock.first(table.clock.wall(at) + amount * DAY)
    return _moved(table, unit, at, amount)


def _between(table: Table, unit: Unit, low: int, high: int) -> int:
    """Return what a pause takes away: business time from targets that are counted in it, else time on the clock."""
    return table.position(high) - table.position(low) if unit in _BUSINESS else high - low


def _moved(table: Table, unit: Unit, at: int, amount: int) -> int | None:
    if unit not in _BUSINESS:
        return at + amount
    goal = table.position(at) + amount
    return table.earliest(goal) if amount > 0 else table.latest(goal)


_BUSINESS: Final = (Unit.BUSINESS_TIME, Unit.BUSINESS_DAYS)


def _business_days(table: Table, at: int, count: int) -> int | None:
    """Return the same wall time on the ``count``-th business day, brought into that day's hours."""
    day, time = table.business_day(at)
    found = table.nth_day(day, count)
    if found is None:
        return None
    wanted = table.clock.first((found - EPOCH_DAY) * DAY + time)
    hours = table.hours(found)
    for opens, closes in hours:
        if wanted <= closes:
            return max(wanted, opens)
    return hours[-1][1]
