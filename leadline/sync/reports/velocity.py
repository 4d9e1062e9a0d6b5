"""Velocity: how long people take from stage to stage, those who are still on the way and those who left too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from leadline.common.survival import Arrival, arriving
from leadline.rules.deciding.localdays import day_of
from leadline.rules.model import Book
from leadline.sync.reports.funnel import whole_seconds
from leadline.sync.reports.lives import Basis, Life, beyond, dated, lives
from leadline.sync.store import Store


@dataclass(frozen=True, slots=True)
class WeekLine:
    """Those who entered a step's first stage in the week that begins on the Monday ``week``, in the book's zone."""

    week: date
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class StepLine:
    """From one stage of the main path to another: passes that entered both in person, left, or are on the way."""

    source: str
    target: str
    arrival: Arrival
    weeks: tuple[WeekLine, ...]


@dataclass(frozen=True, slots=True)
class VelocityReport:
    """Each step of the main path; ``whole`` is from its first stage to its last, None for a path of two stages."""

    basis: Basis
    people: int
    steps: tuple[StepLine, ...]
    whole: StepLine | None


def velocity(store: Store, book: Book) -> VelocityReport:
    """Return the times as of the last evaluation; a new state gives zeros."""
    with lives(store, book) as (basis, everybody):
        return velocity_of(basis, everybody)


def velocity_of(basis: Basis, everybody: Iterable[Life]) -> VelocityReport:
    """Return the report over lives, which are gone through once."""
    path = basis.main_path
    pairs = [*pairwise(path)] + ([(path[0], path[-1])] if len(path) > 2 else [])
    steps = [_Step(*pair) for pair in pairs]
    people = 0
    for life in everybody:
        people += 1
        for number in life.passes:
            for step in steps:
                step.add(basis, life, number)
    lines = tuple(step.told() for step in steps)
    return VelocityReport(basis, people, lines[: len(path) - 1], lines[-1] if len(path) > 2 else None)


@dataclass(slots=True)
class _Times:
    arrived: list[int] = field(default_factory=list)
    otherwise: list[int] = field(default_factory=list)
    open: list[int] = field(default_factory=list)

    def told(self) -> Arrival:
        return arriving(self.arrived, self.otherwise, self.open)


@dataclass(slots=True)
class _Step:
    source: str
    target: str
    times: _Times = field(default_factory=_Times)
    weeks: dict[date, _Times] = field(default_factory=dict)

    def add(self, basis: Basis, life: Life, number: int) -> None:
        entered = life.passes[number]
        start, end = entered.get(self.source), entered.get(self.target)
        if start is None or not dated(basis, start) or basis.frontier is None:
            return
        if end is not None:
            if dated(basis, end) and end.at >= start.at:
                self._count(basis, start.at, "arrived", end.at)
            return
        left = _left(basis, life, number, start.at)
        if left is not None:
            self._count(basis, start.at, "otherwise", left)
        elif number == life.number and not beyond(basis, entered, self.target):
            self._count(basis, start.at, "open", basis.frontier)

    def _count(self, basis: Basis, start: datetime, how: str, end: datetime) -> None:
        day = day_of(start, basis.zone)
        week = self.weeks.setdefault(day - timedelta(days=day.weekday()), _Times())
        for times in (self.times, week):
            getattr(times, how).append(whole_seconds(end - start))

    def told(self) -> StepLine:
        weeks = tuple(WeekLine(week, self.weeks[week].told()) for week in sorted(self.weeks))
        return StepLine(self.source, self.target, self.times.told(), weeks)


def _left(basis: Basis, life: Life, number: int, start: datetime) -> datetime | None:
    """Return when a pass left the main path after ``start``: at a detour, or at the next pass; None if it did not."""
    entered = life.passes[number]
    path = set(basis.main_path)
    turns = [when.at for stage, when in entered.items() if stage not in path and when.at >= start]
    later = [other for other in life.passes if other > number]
    if later:
        turns += [when.at for when in life.passes[min(later)].values() if when.at >= start]
    return min(turns, default=None)
