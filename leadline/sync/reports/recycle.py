"""Recycling: who left the main path, who came back, after how long, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from leadline.common.stats import Share, share_of
from leadline.common.survival import Arrival, arriving
from leadline.rules.model import Book
from leadline.sync.reports.funnel import seen_whole, whole_seconds
from leadline.sync.reports.lives import Basis, Life, Turn, lives
from leadline.sync.store import Store

_BY: Final = {"human": "by hand", "main path": "entry criterion"}


@dataclass(frozen=True, slots=True)
class AwayLine:
    """Those who entered one stage off the main path, by ``reason`` (None: all of them), and how they came back."""

    stage: str
    reason: str | None
    arrival: Arrival

    @property
    def share(self) -> Share:
        """Who came back, of all who went, with its interval."""
        return share_of(self.arrival.arrived, self.arrival.count)


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """What became of those who came back from a stage: the furthest stage of the main path they have reached since.

    ``away`` have left the main path again.
    """

    stage: str
    returns: int
    furthest: Mapping[str, int]
    away: int


@dataclass(frozen=True, slots=True)
class RecycleReport:
    """Stays off the main path that began while a book was active. ``before`` began earlier, and are left out.

    ``times`` says how many people came back once, twice, ...
    """

    basis: Basis
    stages: tuple[AwayLine, ...]
    reasons: tuple[AwayLine, ...]
    returned: tuple[ReturnLine, ...]
    times: Mapping[int, int]
    before: int


def recycle(store: Store, book: Book) -> RecycleReport:
    """Return what became of people off the main path, as of the last evaluation; a new state gives zeros."""
    with lives(store, book) as (basis, everybody):
        return recycle_of(basis, everybody)


def told_reason(turn: Turn) -> str:
    """Return why a move was made, in the words of the book."""
    return turn.reason or _BY.get(turn.by, "(no reason given)")


def recycle_of(basis: Basis, everybody: Iterable[Life]) -> RecycleReport:
    """Return the report over lives, which are gone through once."""
    path = set(basis.main_path)
    found: dict[tuple[str, str | None], _Away] = {}
    returned = {stage: _Returned() for stage in basis.stages if stage not in path}
    times: Counter[int] = Counter()
    before = 0
    for life in everybody:
        returns = 0
        for away in _aways(basis, life):
            if not seen_whole(basis, away.began):
                before += 1
                continue
            for reason in (None, away.reason):
                found.setdefault((away.stage, reason), _Away()).add(away)
            if away.back is not None:
                returns += 1
                returned.setdefault(away.stage, _Returned()).add(basis, life, away.back)
        times[returns] += returns > 0
    lines = [AwayLine(stage, reason, one.told()) for (stage, reason), one in found.items()]
    order = {stage: place for place, stage in enumerate(basis.stages)}
    lines.sort(key=lambda line: (order.get(line.stage, len(order)), -line.arrival.count, line.reason or ""))
    return RecycleReport(
        basis,
        tuple(line for line in lines if line.reason is None),
        tuple(line for line in lines if line.reason is not None),
        tuple(one.told(basis, stage) for stage, one in returned.items() if one.returns),
        {number: times[number] for number in sorted(times) if times[number]},
        before,
    )


@dataclass(frozen=True, slots=True)
class _Stay:
    """One stay off the main path; ``back`` is the place, among the moves, of the one that led back to the path."""

    stage: str
    reason: str
    began: datetime
    seconds: int
    over: bool
    back: int | None


def _aways(basis: Basis, life: Life) -> Iterator[_Stay]:
    """Yield a person's stays off the main path, in order."""
    path = set(basis.main_path)
    reason = "(before the book)"
    for place, turn in enumerate(life.turns):
        if turn.source not in path and turn.since is not None:
            back = place if turn.target in path else None
            yield _Stay(turn.source, reason, turn.since, whole_seconds(turn.at - turn.since), True, back)
        reason = told_reason(turn)
    if life.stage not in path and basis.frontier is not None:
        yield _Stay(life.stage, reason, life.since, whole_seconds(basis.frontier - life.since), False, None)


@dataclass(slots=True)
class _Away:
    back: list[int] = field(default_factory=list)
    otherwise: list[int] = field(default_factory=list)
    open: list[int] = field(default_factory=list)

    def add(self, stay: _Stay) -> None:
        kind = self.back if stay.back is not None else self.otherwise if stay.over else self.open
        kind.append(stay.seconds)

    def told(self) -> Arrival:
        return arriving(self.back, self.otherwise, self.open)


@dataclass(slots=True)
class _Returned:
    returns: int = 0
    away: int = 0
    furthest: Counter[str] = field(default_factory=Counter)

    def add(self, basis: Basis, life: Life, place: int) -> None:
        """Count the furthest stage from the return on, until the person left the main path again."""
        path = basis.main_path
        self.returns += 1
        furthest = path.index(life.turns[place].target)
        for turn in life.turns[place + 1 :]:
            if turn.target not in path:
                self.away += 1
                break
            furthest = max(furthest, path.index(turn.target))
        self.furthest[path[furthest]] += 1

    def told(self, basis: Basis, stage: str) -> ReturnLine:
        furthest = {name: self.furthest[name] for name in basis.main_path if self.furthest[name]}
        return ReturnLine(stage, self.returns, furthest, self.away)
