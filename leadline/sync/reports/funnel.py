"""The funnel: stock, conversion, time in stage and source, and where it narrows or holds people up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from leadline.common.stats import Share, share_of
from leadline.common.survival import Lasting, lasting
from leadline.rules.model import Book
from leadline.sync.reports.lives import Basis, Entered, Life, beyond, dated, lives, source_field
from leadline.sync.store import Store

UNKNOWN_SOURCE: Final = "(unknown)"
FEWEST: Final = 30
"""Fewer passes, stays or people than this are not judged, and are marked: they say too little."""


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage: people in it now, passes that ever entered it (``implied`` ones apart), and its times.

    ``median_stay`` is over finished stays, ``median_age`` over those who are in it now; None where there are none.
    ``stay`` is over all stays that began while a book was active, those that go on too.
    """

    stage: str
    stock: int
    entered: int
    implied: int
    median_stay: timedelta | None
    median_age: timedelta | None
    stay: Lasting


@dataclass(frozen=True, slots=True)
class Conversion:
    """Of the passes that entered ``source`` in person, how many entered ``target``; ``open`` ones may do so yet.

    Passes in which either is implied, or that are past ``target`` without having entered it, say nothing about this
    step and are left out. ``median_time`` is between the two entries, where both have a date of their own.
    """

    source: str
    target: str
    entered: int
    converted: int
    open: int
    median_time: timedelta | None

    @property
    def share(self) -> Share:
        """Converted of entered, with its interval."""
        return share_of(self.converted, self.entered)

    @property
    def decided(self) -> Share:
        """Converted of those that are not open any more."""
        return share_of(self.converted, self.entered - self.open)


@dataclass(frozen=True, slots=True)
class WaitLine:
    """People who qualify for a stage and wait for a place in it (``capacity``), and for how long they have waited."""

    stage: str
    people: int
    median_wait: timedelta
    longest_wait: timedelta


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One value of the source field: people, and how many are in each stage now."""

    source: str
    people: int
    stock: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FunnelReport:
    """The whole report. ``by_source`` is empty when people are counted by no field.

    ``narrowest`` is the step with the smallest conversion, ``slowest`` the stage that people stay in longest; each
    only where the interval keeps it apart from all others, so that chance alone names nobody.
    """

    basis: Basis
    people: int
    stages: tuple[StageLine, ...]
    conversions: tuple[Conversion, ...]
    by_source: tuple[SourceLine, ...]
    waiting: tuple[WaitLine, ...]
    narrowest: Conversion | None
    slowest: StageLine | None


def funnel(store: Store, book: Book, source: str | None = None) -> FunnelReport:
    """Return stock, conversion, times and sources as of the last evaluation; a new state gives zeros.

    ``source`` names the book's field to count people by; by default the field ``source`` where the book has one.
    Raises UsageError for a field that the book does not have.
    """
    by = source_field(book, source)
    with lives(store, book, by) as (basis, everybody):
        return funnel_of(basis, everybody, with_source=by is not None)


def funnel_of(basis: Basis, everybody: Iterable[Life], *, with_source: bool = False) -> FunnelReport:
    """Return the report over lives, which are gone through once."""
    people = 0
    stages = {stage: _Stage() for stage in basis.stages}
    steps = {step: _Step() for step in pairwise(basis.main_path)}
    sources: dict[str, Counter[str]] = {}
    waits: dict[str, list[int]] = {}
    for life in everybody:
        people += 1
        _count_stays(basis, life, stages)
        for number, entered in life.passes.items():
            for stage, when in entered.items():
                if (line := stages.get(stage)) is not None:
                    line.entries[when.implied] += 1
            for pair, step in steps.items():
                step.add(basis, entered, *pair, here=life.stage if number == life.number else None)
        if with_source:
            sources.setdefault(life.source or UNKNOWN_SOURCE, Counter())[life.stage] += 1
        if life.waits_for is not None and life.waits_since is not None and basis.frontier is not None:
            waits.setdefault(life.waits_for, []).append(whole_seconds(basis.frontier - life.waits_since))
    lines = tuple(line.told(stage) for stage, line in stages.items())
    conversions = tuple(step.told(*pair) for pair, step in steps.items())
    return FunnelReport(
        basis, people, lines, conversions, _by_source(basis.stages, sources),
        tuple(_waiting(stage, waits[stage]) for stage in basis.stages if stage in waits),
        narrowest(conversions), slowest(lines, basis),
    )  # fmt: skip


def narrowest(steps: Sequence[Conversion]) -> Conversion | None:
    """Return the step that narrows the funnel most, where the figures say so and not chance.

    Of the passes that are decided, even the upper end of its interval lies below the share of every other step.
    """
    known = [(step, float(step.decided.share or 0)) for step in steps if step.decided.whole >= FEWEST]
    if len(known) < 2:
        return None
    worst, _ = min(known, key=lambda item: item[1])
    highest = float(worst.decided.high or 0)
    return worst if all(highest < share for step, share in known if step is not worst) else None


def slowest(lines: Sequence[StageLine], basis: Basis) -> StageLine | None:
    """Return the main-path stage that holds people longest: its interval begins after every other's median.

    The first and the last stage are left out: people may be new, or customers, for years.
    """
    inner = set(basis.main_path[1:-1])
    known = [line for line in lines if line.stage in inner and line.stay.count >= FEWEST and line.stay.median]
    if len(known) < 2:
        return None
    worst = max(known, key=lambda line: line.stay.median or timedelta(0))
    low = worst.stay.earliest
    others = [line.stay.median for line in known if line is not worst]
    return worst if low is not None and all(median and median < low for median in others) else None


def whole_seconds(span: timedelta) -> int:
    """Return a span in whole seconds, at least 0."""
    return max(int(span.total_seconds()), 0)


def seen_whole(basis: Basis, began: datetime) -> bool:
    """Tell whether what began then was seen from its beginning: a book was active."""
    return basis.began is not None and began > basis.began


@dataclass(slots=True)
class _Stage:
    ages: list[int] = field(default_factory=list)
    stays: list[int] = field(default_factory=list)
    over: list[int] = field(default_factory=list)
    going_on: list[int] = field(default_factory=list)
    entries: Counter[bool] = field(default_factory=Counter)

    def told(self, stage: str) -> StageLine:
        return StageLine(
            stage, len(self.ages), self.entries[False], self.entries[True], _median(self.stays), _median(self.ages),
            lasting(self.over, self.going_on),
        )  # fmt: skip


@dataclass(slots=True)
class _Step:
    entered: int = 0
    converted: int = 0
    open: int = 0
    times: list[int] = field(default_factory=list)

    def add(self, basis: Basis, entered: Entered, source: str, target: str, here: str | None) -> None:
        start, end = entered.get(source), entered.get(target)
        if start is None or start.implied or (end is not None and end.implied) or beyond(basis, entered, target):
            return
        self.entered += 1
        if end is not None and end.at >= start.at:
            self.converted += 1
            if dated(basis, start) and dated(basis, end):
                self.times.append(whole_seconds(end.at - start.at))
        elif here == source:
            self.open += 1

    def told(self, source: str, target: str) -> Conversion:
        return Conversion(source, target, self.entered, self.converted, self.open, _median(self.times))


def _count_stays(basis: Basis, life: Life, stages: Mapping[str, _Stage]) -> None:
    for turn in life.turns:
        if turn.since is not None and turn.at >= turn.since and (line := stages.get(turn.source)) is not None:
            line.stays.append(whole_seconds(turn.at - turn.since))
            if seen_whole(basis, turn.since):
                line.over.append(line.stays[-1])
    if basis.frontier is not None and (line := stages.get(life.stage)) is not None:
        line.ages.append(whole_seconds(basis.frontier - life.since))
        if seen_whole(basis, life.since):
            line.going_on.append(line.ages[-1])


def _waiting(stage: str, seconds: Sequence[int]) -> WaitLine:
    return WaitLine(stage, len(seconds), _median(seconds) or timedelta(0), timedelta(seconds=max(seconds)))


def _by_source(stages: Sequence[str], sources: Mapping[str, Counter[str]]) -> tuple[SourceLine, ...]:
    lines = [
        SourceLine(source, count.total(), {stage: count[stage] for stage in stages if count[stage]})
        for source, count in sources.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.people, line.source)))


def _median(seconds: Sequence[int]) -> timedelta | None:
    return timedelta(seconds=median(seconds)) if seconds else None
