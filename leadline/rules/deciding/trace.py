"""The trace of one person's decision: the computation itself, as data that any page or terminal can show.

Values of text fields never appear (they may be personal); numbers, dates and yes/no do. All instants are UTC.
Sentences are messages (``common.messages``): English that can be said in other languages. ``mark`` is a place in the
book.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from leadline.common.canonical import SPARSE
from leadline.common.marks import Mark
from leadline.rules.state import Hold, Outcome, ScoreValue, SlaState

Result = Literal["moves", "no", "undecided", "frozen", "missing", "waiting", "used up", "held", "no room"]
"""Why a way out is (not) taken: its condition is true, false or unknown; it reads an unreadable field; a required
field is missing; its cool-down is not over; it was taken as often as it may be; a stage set by hand stands; or all
places of the day are taken."""


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    """One condition with its answer (None: undecided), why, and its parts."""

    text: str
    answer: bool | None
    reason: str = ""
    parts: tuple[ConditionTrace, ...] = ()
    mark: Mark = field(default_factory=Mark, compare=False)

    def leaves(self) -> Iterator[ConditionTrace]:
        """Yield the tests at the ends of the tree."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class MatchTrace:
    """One activity that gave points; ``until`` is when it next loses some, None when it never does."""

    activity: str
    at: datetime
    source: str
    record: str
    points: Decimal
    until: datetime | None


@dataclass(frozen=True, slots=True)
class FieldTrace:
    """A field that is known: ``record`` in the CRM ``source`` says what it holds, and says so since ``at``."""

    field: str
    source: str
    record: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CriterionTrace:
    """One line of a score: its points, what they could be if everything were known, and what they come from.

    ``until`` is when time alone changes the points; None when it never does.
    """

    name: str
    points: Decimal
    lowest: Decimal
    highest: Decimal
    reason: str = ""
    condition: ConditionTrace | None = None
    matches: tuple[MatchTrace, ...] = ()
    group: str | None = None
    disqualifies: str | None = None
    mark: Mark = field(default_factory=Mark, compare=False)
    facts: tuple[FieldTrace, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScoreTrace:
    """One score: the value with its bounds, the grade, the lines, and the limits that cut the sum."""

    name: str
    value: ScoreValue
    grade: str | None
    criteria: tuple[CriterionTrace, ...]
    limits: tuple[str, ...] = ()
    mark: Mark = field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class GridTrace:
    """The grid: two scores by name with their grades, the cell, and which cells the bounds allow, sorted."""

    rows: str
    columns: str
    row: str | None
    column: str | None
    cell: str | None
    possible: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WayTrace:
    """One way out of the present stage, in the order in which they are tried.

    ``by`` is a transition's id, ``main path`` or ``disqualified``. ``hint`` says what would make an undecided one
    move, such as ``would be MQL at employees >= 200``. ``waits_until`` is the end of a cool-down that is not over.
    """

    by: str
    target: str
    result: Result
    reason: str
    condition: ConditionTrace | None = None
    hint: str = ""
    waits_until: datetime | None = None
    lift: ConditionTrace | None = None
    missing: tuple[str, ...] = ()
    taken: int = 0
    at_most: int | None = None
    mark: Mark = field(default_factory=Mark, compare=False)
    facts: tuple[FieldTrace, ...] = ()


@dataclass(frozen=True, slots=True)
class SlaTrace:
    """One timer: its target and calendar (no name: open day and night), and how the time went.

    ``used`` passed since the start and ``still`` stood still in pauses, both in what the target is counted in
    (business time, or time on the clock); ``left`` is until the due instant, below zero after it. ``rung_at`` is when
    the next rung, ``rung``, is reached. ``kept`` is when the book changed and the due instant stayed.
    """

    name: str
    state: SlaState
    target: str
    calendar: str
    used: timedelta
    still: timedelta
    left: timedelta | None
    paused_since: datetime | None
    rung_at: datetime | None
    rung: Decimal | None
    kept: datetime | None = None
    mark: Mark = field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class NextChange:
    """When the outcome differs next if no new fact comes, and in what."""

    at: datetime
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that led to one person's outcome at ``at``.

    For an instant before the state's frontier the scores are those of that instant, the stage is the state's.
    """

    person: str
    book: str
    at: datetime
    outcome: Outcome
    scores: tuple[ScoreTrace, ...]
    ways: tuple[WayTrace, ...]
    next: NextChange | None
    hold: Hold | None = None
    livelock: bool = False
    unreadable: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    why: str = ""
    grid: GridTrace | None = None
    slas: tuple[SlaTrace, ...] = field(default=(), metadata=SPARSE)
