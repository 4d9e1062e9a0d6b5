"""Stock, conversion and time in stage: what happened, as frozen values and without rendering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from leadline.rules.state import StageDate

UNKNOWN_SOURCE = "(unknown)"


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of one person as far as it got: the stages entered, and whether it is the present one."""

    person: str
    number: int
    entered: Mapping[str, StageDate]
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """One finished stay in a stage."""

    stage: str
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person is now and since when, and the stage that has no room for them yet."""

    person: str
    stage: str
    since: datetime
    source: str | None = None
    waits_for: str | None = None
    waits_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage: people in it now, passes that ever entered it (``implied`` ones apart), and its times.

    ``median_stay`` is over finished stays, ``median_age`` over those who are in it now; None where there are none.
    """

    stage: str
    stock: int
    entered: int
    implied: int
    median_stay: timedelta | None
    median_age: timedelta | None


@dataclass(frozen=True, slots=True)
class Conversion:
    """Of the passes that entered ``source`` in person, how many entered ``target``.

    Passes in which either is implied say nothing about this step and are left out. ``share`` is None for none.
    ``median_time`` is between the two entries.
    """

    source: str
    target: str
    entered: int
    converted: int
    median_time: timedelta | None

    @property
    def share(self) -> float | None:
        """Converted of entered, 0 to 1."""
        return self.converted / self.entered if self.entered else None


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
    """The whole report. ``by_source`` is empty when no source field was named."""

    frontier: datetime | None
    people: int
    stages: tuple[StageLine, ...]
    conversions: tuple[Conversion, ...]
    by_source: tuple[SourceLine, ...] = ()
    waiting: tuple[WaitLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The parts of a book that a report is laid out by."""

    stages: Sequence[str]
    main_path: Sequence[str]


def summarise(
    lifecycle: Lifecycle,
    frontier: datetime | None,
    standings: Sequence[Standing],
    passes: Sequence[Pass],
    stays: Iterable[Stay],
    *,
    with_source: bool = False,
) -> FunnelReport:
    """Return the report; nobody at all gives zeros. ``frontier`` is the instant that ages are measured at."""
    times: dict[str, list[timedelta]] = {}
    for stay in stays:
        times.setdefault(stay.stage, []).append(stay.ended - stay.began)
    return FunnelReport(
        frontier=frontier,
        people=len(standings),
        stages=tuple(_line(stage, frontier, standings, passes, times.get(stage, [])) for stage in lifecycle.stages),
        conversions=tuple(_conversion(passes, *pair) for pair in pairwise(lifecycle.main_path)),
        by_source=_by_source(lifecycle.stages, standings) if with_source else (),
        waiting=tuple(_waiting(lifecycle.stages, standings, frontier)) if frontier else (),
    )


def _line(
    stage: str,
    frontier: datetime | None,
    standings: Sequence[Standing],
    passes: Sequence[Pass],
    times: Sequence[timedelta],
) -> StageLine:
    here = [standing for standing in standings if standing.stage == stage]
    entries = [one.entered[stage] for one in passes if stage in one.entered]
    return StageLine(
        stage=stage,
        stock=len(here),
        entered=sum(not entry.implied for entry in entries),
        implied=sum(entry.implied for entry in entries),
        median_stay=_median(times),
        median_age=_median([frontier - standing.since for standing in here]) if frontier else None,
    )


def _conversion(passes: Sequence[Pass], source: str, target: str) -> Conversion:
    entered = 0
    times: list[timedelta] = []
    for one in passes:
        start, end = one.entered.get(source), one.entered.get(target)
        if start is None or start.implied or (end is not None and end.implied):
            continue
        entered += 1
        if end is not None and end.at >= start.at:
            times.append(end.at - start.at)
    return Conversion(source, target, entered, len(times), _median(times))


def _waiting(stages: Sequence[str], standings: Sequence[Standing], frontier: datetime) -> Iterator[WaitLine]:
    times: dict[str, list[timedelta]] = {}
    for one in standings:
        if one.waits_for is not None and one.waits_since is not None:
            times.setdefault(one.waits_for, []).append(frontier - one.waits_since)
    for stage in (name for name in stages if name in times):
        found = times[stage]
        yield WaitLine(stage, len(found), _median(found) or timedelta(0), max(found))


def _by_source(stages: Sequence[str], standings: Sequence[Standing]) -> tuple[SourceLine, ...]:
    found: dict[str, Counter[str]] = {}
    for standing in standings:
        found.setdefault(standing.source or UNKNOWN_SOURCE, Counter())[standing.stage] += 1
    lines = [
        SourceLine(source, count.total(), {stage: count[stage] for stage in stages if count[stage]})
        for source, count in found.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.people, line.source)))


def _median(times: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(time.total_seconds() for time in times)) if times else None
