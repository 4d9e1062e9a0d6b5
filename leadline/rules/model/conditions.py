"""Conditions, three-valued: what a book asks about one person at an instant."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from leadline.common.marks import Mark
from leadline.common.values import Value
from leadline.rules.model.sources import DealState


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is true, false when one is false, else unknown."""

    parts: tuple[Condition, ...]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Any:
    """True when one part is true, false when every part is false, else unknown."""

    parts: tuple[Condition, ...]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True when at least ``count`` parts are true; false when that cannot happen any more."""

    count: int
    parts: tuple[Condition, ...]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """The negation; of unknown it is unknown."""

    part: Condition
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


TextOp = Literal["in", "all_of", "has_word", "contains", "starts", "ends", "pattern", "domain_in"]
NumberOp = Literal["equals", "at_least", "at_most", "over", "under"]
DateOp = Literal["before", "after", "within_next", "within_last", "older_than"]


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A comparison of one field. Text is compared case- and Unicode-folded.

    ``operands`` by ``op``: texts for text operators (a list file is already expanded), numbers for number
    operators, dates for ``before``/``after``, the two ends (both included) of ``between`` for numbers and dates,
    one timedelta or Months for ``within_next``, ``within_last`` and ``older_than``, one boolean for ``is``. A
    ``datetime`` is compared with a date by its day in the book's zone. With a ``currency`` the operands are amounts
    in it, and the field's value is converted by the book's ``rates``.
    """

    field: str
    op: TextOp | NumberOp | DateOp | Literal["is", "between"]
    operands: tuple[Value | timedelta | Months, ...]
    currency: str | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Months:
    """A number of calendar months, for dates."""

    count: int


@dataclass(frozen=True, slots=True)
class Known:
    """Whether a field has a value (``known: title``); never unknown itself, unless the field is unreadable."""

    field: str
    known: bool = True
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class ActivityTest:
    """``count`` to ``most`` matches of an activity within the window (t - within, t], or since the pass began.

    With ``days`` the distinct days (in the book's zone) on which it happened are counted instead.
    """

    activity: str
    within: timedelta | None = None
    count: int = 1
    ever: bool = False
    most: int | None = None
    days: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class NoActivityFor:
    """No activity of the book at all in (t - quiet, t]; with none ever, it counts from the first fact."""

    quiet: timedelta
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class DealTest:
    """The person has a deal in this state (``won``, ``lost``: since the pass began unless ``ever``).

    With a ``kind`` only deals of this kind are asked.
    """

    state: DealState
    ever: bool = False
    kind: str = ""
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


DealsHow = Literal["any", "all", "none", "newest", "count", "sum"]


@dataclass(frozen=True, slots=True)
class DealsTest:
    """What is so of a person's deals: of the open ones, and of those won or lost since the pass began (``ever``).

    ``any``, ``all`` (and there is one), ``none`` and ``newest`` (the one that began last) ask ``where`` of the deals;
    its fields are those of ``Deals.testable``. ``count``: ``count`` to ``most`` deals fulfil it. ``sum``: ``total``
    holds for the sum of its field over the deals that fulfil it.
    """

    how: DealsHow
    where: Condition | None = None
    count: int = 1
    most: int | None = None
    total: FieldTest | None = None
    ever: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """A comparison of a score; unknown when its lowest and highest possible values disagree."""

    score: str
    op: NumberOp
    operand: Decimal
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class GradeTest:
    """The grid's cell (``grade``), one score's grade (``score`` named) or the temperature is one of ``names``."""

    names: tuple[str, ...]
    score: str | None = None
    temperature: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class StayTest:
    """The stay criterion of the present stage; true where the stage has none."""

    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class DisqualifiedTest:
    """A criterion with ``disqualify`` is true."""

    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class TimeInStage:
    """The person has been in the present stage at least this long."""

    at_least: timedelta
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class PassTest:
    """The number of the present pass (1 is the first) is ``count`` to ``most``."""

    count: int
    most: int | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class PreviousStage:
    """The stage before the present one is one of ``stages``; false for a person who was in no other."""

    stages: tuple[str, ...]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class WasIn:
    """In this pass the person entered one of ``stages``, the present one included; skipped stages do not count."""

    stages: tuple[str, ...]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


SlaStatus = Literal["running", "paused", "met", "breached", "void"]
"""``breached`` keeps measuring until the stop comes; then the outcome stays breached."""


@dataclass(frozen=True, slots=True)
class SlaTest:
    """The timer of an SLA is in one of ``statuses``, or reached the rung of this share; false without a timer."""

    sla: str
    statuses: tuple[SlaStatus, ...] = ()
    reached: Decimal | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


Condition = (
    All
    | Any
    | AtLeast
    | Not
    | FieldTest
    | Known
    | ActivityTest
    | NoActivityFor
    | DealTest
    | DealsTest
    | ScoreTest
    | GradeTest
    | StayTest
    | DisqualifiedTest
    | TimeInStage
    | PassTest
    | PreviousStage
    | WasIn
    | SlaTest
)
