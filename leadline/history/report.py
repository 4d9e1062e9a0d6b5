"""What a backtest says, as frozen values without rendering. Shares are decimals of 0 to 1, spans are durations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from leadline.common.stats import Quartiles, Ratio, Share

Verdict = Literal["raises", "lowers", "none", "too few", "everybody has it", "nobody has it"]
"""What a criterion says of later wins: its people win more often, less often, no differently (the interval has 1)."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """Of those who entered ``source`` in the span, how many entered ``target`` (or were ``won``) before its end."""

    source: str
    target: str
    share: Share
    time: Quartiles


@dataclass(frozen=True, slots=True)
class StageLine:
    """Entries into a stage in the span, week by week, its finished stays, and how many stay."""

    stage: str
    entries: int
    weeks: tuple[int, ...]
    stays: Quartiles
    staying: int


@dataclass(frozen=True, slots=True)
class LoadLine:
    """Timers of one SLA that started for one owner, by hour of the day (24, in the book's zone), and the breached."""

    sla: str
    owner: str
    hours: tuple[int, ...]
    breached: int


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """Wins after the landmark among those whom a criterion gave points, and among the others.

    ``against`` says that the points have the wrong sign for that; ``leaking`` are fields it reads without history.
    """

    score: str
    criterion: str
    points: Decimal | None
    gave: Share
    others: Share
    unknown: int
    lift: Ratio | None
    verdict: Verdict
    against: bool
    leaking: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BookSide:
    """Everything that one book would have done. ``actions`` by kind; ``busiest`` entries of the focus stage a day."""

    name: str
    hash: str
    people: int
    stages: tuple[StageLine, ...]
    steps: tuple[StepLine, ...]
    load: tuple[LoadLine, ...]
    ended: Mapping[str, Mapping[str, int]]
    criteria: tuple[CriterionLine, ...]
    actions: Mapping[str, int]
    writes: int
    a_day: Decimal
    busiest: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One criterion (or a whole score, ``criterion`` empty) that the books price differently at that instant."""

    score: str
    criterion: str
    old: Decimal | None
    new: Decimal | None


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One person of a flip: when and why the one book moves them, and why the other does not."""

    person: str
    at: datetime
    why: str
    other: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class FlipLine:
    """One transition: people who make it under both books, only the old, only the new, with samples."""

    source: str
    target: str
    both: int
    only_old: int
    only_new: int
    lost: tuple[SampleLine, ...]
    gained: tuple[SampleLine, ...]


@dataclass(frozen=True, slots=True)
class FindingLine:
    """People won in the span: in the focus stage before that, by book; ``earlier`` and ``later`` of those in both."""

    won: int
    both: int
    only_old: int
    only_new: int
    neither: int
    earlier: int
    later: int
    lead: timedelta | None
    missed: tuple[SampleLine, ...]
    found: tuple[SampleLine, ...]


@dataclass(frozen=True, slots=True)
class Leak:
    """A field whose value as of now was used for the past: for ``people``, read by ``readers`` of either book."""

    field: str
    people: int
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """The whole result. ``weeks`` are Mondays; ``old`` is None where a book is looked at alone."""

    since: datetime
    until: datetime
    people: int
    focus: str
    weeks: tuple[date, ...]
    new: BookSide
    old: BookSide | None
    flips: tuple[FlipLine, ...]
    finding: FindingLine
    leaking: tuple[Leak, ...]
    unknown: tuple[str, ...]
    landmark: timedelta
