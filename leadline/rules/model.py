"""A rule book after reading: frozen, checked, resolved. Everything downstream works on this, not on YAML.

Words are those of the design: field, activity, criterion, score, grade, stage, transition, detour.
Durations are ``timedelta`` (``d`` is 24 hours); points are ``Decimal`` (exact).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from leadline.common.marks import Mark as Mark  # noqa: PLC0414  (others import it from here)
from leadline.common.values import Crm, Value

# --- fields, deals, activities -----------------------------------------------------------------------

FieldType = Literal["text", "integer", "decimal", "money", "boolean", "date", "datetime", "list"]


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Where a field lives: ``Lead.Email`` in Salesforce is ('salesforce', 'Lead', 'Email')."""

    crm: Crm
    object: str
    field: str
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)

    def __str__(self) -> str:
        return f"{self.object}.{self.field}"


@dataclass(frozen=True, slots=True)
class TableLookup:
    """A field computed by looking another field up in a two-column table of the book (``region`` by ``country``)."""

    file: str
    by: str
    rows: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A name for rules and where its value comes from.

    ``prefer``: ``first known`` (in the order of ``sources``), ``newest`` (latest change), or a CRM's name
    (that CRM's sources first). ``values`` maps the CRMs' spellings to the book's (folded raw -> canonical).
    ``blank`` is what an empty value means; ``has_blank`` is False where empty is unknown. A ``signal``
    counts only if it happened since the pass began. ``currency`` of money is a code such as EUR, or the field that
    holds the code.
    """

    name: str
    type: FieldType
    sources: tuple[FieldSource, ...]
    prefer: str = "first known"
    signal: bool = False
    has_blank: bool = False
    blank: Value = None
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    table: TableLookup | None = None
    currency: str | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


DealLink = Literal["converted", "contact_role", "account", "association"]
DealState = Literal["open", "won", "lost"]


@dataclass(frozen=True, slots=True)
class DealKind:
    """A name for deals in one ``state`` whose fields have these values (``where``: field -> values)."""

    state: DealState
    where: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Deals:
    """Which opportunities and deals speak for a person, and which of them count (``only``: field -> values).

    ``kinds`` are deals with a name of their own (``renewed``, ``churned``), whether ``only`` lets them count or not.
    """

    link: tuple[DealLink, ...] = ("converted", "contact_role", "association")
    only: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    kinds: Mapping[str, DealKind] = dataclasses.field(default_factory=dict)
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class AttributeTest:
    """A test on one attribute of a raw activity: ``equals`` any of, or ``contains`` any of (folded)."""

    attribute: str
    op: Literal["in", "contains"]
    operands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActivitySource:
    """One kind of raw activity (see ``common.vocabulary.ACTIVITY_KINDS``) that counts when all tests hold."""

    crm: Crm
    kind: str
    tests: tuple[AttributeTest, ...] = ()
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Activity:
    """A name for rules and the raw activities that are meant by it."""

    name: str
    sources: tuple[ActivitySource, ...]
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


# --- conditions (three-valued) -----------------------------------------------------------------------


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
    | ScoreTest
    | GradeTest
    | StayTest
    | DisqualifiedTest
    | TimeInStage
    | PassTest
    | PreviousStage
    | WasIn
)


# --- scores ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Band:
    """Points for lowest <= value <= highest; None is open. Integers and decimals.

    ``over 10`` and ``under 50`` on a decimal field leave the end itself out: ``above`` makes it lowest < value,
    ``below`` makes it value < highest (on an integer field reading turns them into closed ends).
    """

    lowest: Decimal | None
    highest: Decimal | None
    points: Decimal
    label: str = ""
    above: bool = False
    below: bool = False
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Bands:
    """Points by a number field's band; outside every band 0, unknown when the field is empty."""

    field: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Decay:
    """After each full ``every`` since the activity: points x (1 - by)^k, rounded half-even once."""

    by: Decimal
    every: timedelta


Match = Literal["each", "first", "latest", "count", "distinct_days"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a score.

    Exactly one form: attribute (``when`` with ``points``), ``bands``, activity (``activity`` with
    ``match``), or ``disqualify`` (``when`` with a reason). ``at_most`` keeps the latest n matches;
    ``up_to`` caps the magnitude of the criterion's points. With ``match`` ``count`` or ``distinct_days`` the number
    of matches (of days in the book's zone) chooses one of the bands ``counted``; distinct days without bands give
    ``points`` each, ``at_most`` n days.
    """

    name: str
    points: Decimal = Decimal(0)
    when: Condition | None = None
    bands: Bands | None = None
    activity: str | None = None
    match: Match | None = None
    within: timedelta | None = None
    at_most: int | None = None
    up_to: Decimal | None = None
    decay: Decay | None = None
    group: str | None = None
    disqualify: str | None = None
    counted: tuple[Band, ...] = ()
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Score:
    """A sum of criteria with group caps, then floor and cap. ``grades`` go from the best threshold down."""

    name: str
    criteria: tuple[Criterion, ...]
    floor: Decimal | None = None
    cap: Decimal | None = None
    groups: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)
    grades: tuple[tuple[str, Decimal], ...] = ()
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """Row grade and column grade make the cell: fit A and interest 1 make A1."""

    rows: str
    columns: str


@dataclass(frozen=True, slots=True)
class Temperatures:
    """Cells by temperature in file order; ``otherwise`` is the rest."""

    cells: tuple[tuple[str, tuple[str, ...]], ...]
    otherwise: str | None = None


# --- lifecycle ---------------------------------------------------------------------------------------

StageKind = Literal["inventory", "gate", "sla", "detour", "final"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A place in the lifecycle. ``require`` lists fields that must be known before entry.

    ``exit`` must hold before the rules move anybody forward on the main path from here. ``renamed`` are names that
    the stage had in earlier versions of the book.
    """

    name: str
    kind: StageKind
    owner: str | None = None
    start: bool = False
    require: tuple[str, ...] = ()
    enter: Condition | None = None
    stay: Condition | None = None
    reasons: tuple[str, ...] = ()
    exit: Condition | None = None
    renamed: tuple[str, ...] = ()
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class Transition:
    """A legal move off the main path's forward direction, tried in file order.

    ``id`` is stable within a book: ``mql->recycled#2`` (from, to, position in ``paths``). Without ``when`` the
    target's entry criterion decides. ``after`` is a cool-down since entering ``source``, lifted by
    ``at_once_when``; ``at_most`` counts over the person's whole life.
    """

    id: str
    source: str
    target: str
    when: Condition | None = None
    reason: str | None = None
    after: timedelta | None = None
    at_once_when: Condition | None = None
    at_most: int | None = None
    new_pass: str | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)


@dataclass(frozen=True, slots=True)
class ByHand:
    """How long a stage set by a person in a CRM stands: until new activity, and/or a time."""

    new_activity: bool = True
    lasts: timedelta | None = timedelta(days=90)


# --- writing back ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StageTarget:
    """The CRM field that holds the stage. ``values``: stage -> CRM value; None leaves the CRM unchanged."""

    field: str
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class WriteTargets:
    """Fields of one CRM that Leadline may write: the allow-list. ``scores`` maps a score's name to a field."""

    crm: Crm
    stage: StageTarget | None = None
    scores: Mapping[str, str] = dataclasses.field(default_factory=dict)
    grade: str | None = None
    temperature: str | None = None
    why: str | None = None
    entered: Mapping[str, str] = dataclasses.field(default_factory=dict)
    pass_number: str | None = None
    previous: str | None = None
    mark: Mark = dataclasses.field(default_factory=Mark, compare=False)
    marks: Mapping[str, Mark] = dataclasses.field(default_factory=dict, compare=False)

    def mark_of(self, field: str) -> Mark:
        """Return where a CRM field is named in the book."""
        return self.marks.get(field, self.mark)

    def all_fields(self) -> tuple[str, ...]:
        """Return every CRM field named, sorted and unique."""
        single = [self.grade, self.temperature, self.why, self.pass_number, self.previous]
        names = {name for name in single if name} | set(self.scores.values()) | set(self.entered.values())
        if self.stage is not None:
            names.add(self.stage.field)
        return tuple(sorted(names))


@dataclass(frozen=True, slots=True)
class Publish:
    """When scores are written: at once on a grade or stage change, plain drift at most once in ``drift``."""

    on_grade_change: bool = True
    drift: timedelta | None = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Guards:
    """Limits on one plan: ``most_records`` and ``most_percent`` (the smaller binds), moves back, per stage."""

    most_records: int | None = 2000
    most_percent: Decimal | None = Decimal(10)
    backward: int | None = 50
    to_stage: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """One organisation's rule book. ``hash`` covers the resolved book (lists expanded, versions of meaning).

    ``zone`` is the time zone in which days begin; ``rates`` say what one unit of a currency is worth in a common one.
    """

    name: str
    fields: Mapping[str, Field]
    activities: Mapping[str, Activity]
    scores: Mapping[str, Score]
    stages: Mapping[str, Stage]
    main_path: tuple[str, ...]
    transitions: tuple[Transition, ...]
    deals: Deals = dataclasses.field(default_factory=Deals)
    grid: Grid | None = None
    temperatures: Temperatures | None = None
    by_hand: ByHand = dataclasses.field(default_factory=ByHand)
    machines: tuple[str, ...] = ()
    primary: tuple[str, ...] = ("Contact", "Lead", "contact")
    scope: Condition | None = None
    write: Mapping[Crm, WriteTargets] = dataclasses.field(default_factory=dict)
    publish: Publish = dataclasses.field(default_factory=Publish)
    guards: Guards = dataclasses.field(default_factory=Guards)
    zone: str = "UTC"
    rates: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)
    hash: str = ""

    @property
    def renamed(self) -> Mapping[str, str]:
        """Old names of stages and what they are called now."""
        return {old: stage.name for stage in self.stages.values() for old in stage.renamed}

    def forward(self, source: str, target: str) -> bool:
        """Tell whether a move goes on along the main path."""
        path = self.main_path
        return source in path and target in path and path.index(source) < path.index(target)

    @property
    def start_stage(self) -> str:
        """The stage that a person without one begins in."""
        return next(stage.name for stage in self.stages.values() if stage.start)
