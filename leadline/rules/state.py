"""Facts that a book is evaluated over, the state that the fold carries, and the decisions it gives.

Instants are aware UTC datetimes. All of this is canonical (``common.canonical``), so it hashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from leadline.common.canonical import SPARSE
from leadline.common.sealed import sealed
from leadline.common.values import Precision, Value
from leadline.rules.model.actions import Consequence
from leadline.rules.model.slas import SlaStatus

FactKind = Literal["field", "activity", "deal", "human", "allocation"]


class Unreadable:
    """The one value of a field that exists but may not be read now; see ``UNREADABLE``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE = Unreadable()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known about one person: append-only.

    ``kind`` and what the rest means:
    ``field``: ``name`` is the book's field, ``value`` its typed value or None (empty) or UNREADABLE; ``record``
    is where it lives, ``rank`` the position of that source in the field's ``sources``;
    ``activity``: ``name`` is the book's activity, ``record`` the activity's own id;
    ``deal``: ``record`` is the deal, ``value`` is open, won, lost or None (gone, or not meant); ``name`` is ``deal``,
    or one of the book's kinds of deals (``renewed``): then ``value`` is None where the deal is of another kind;
    ``human``: ``value`` is the stage a person set in a CRM, ``name`` who did it;
    ``allocation``: what was given where not all can have it: ``name`` is ``capacity`` with ``value`` the stage that
    may be entered, or ``owner`` with ``value`` the user who took their turn; ``record`` says for which wish.
    Facts of the account (``rules.model.accounts``) are ``field`` facts named ``account.<name>``, source ``account``.
    ``at`` is when it was so in the world; ``seen`` when we learnt it (both UTC).
    """

    kind: FactKind
    name: str
    value: Value | Unreadable
    at: datetime
    source: str
    record: str
    seen: datetime
    rank: int = 0
    precision: Precision = "instant"


@sealed
class ScoreValue:
    """A score with its bounds over what is unknown: lowest <= value <= highest."""

    value: Decimal
    lowest: Decimal
    highest: Decimal


@sealed
class StageDate:
    """When a stage was first entered in this pass; ``implied`` when it was skipped over."""

    at: datetime
    implied: bool = False


@dataclass(frozen=True, slots=True)
class SlaState:
    """One timer as it can be shown: ``reached`` are the shares of the target whose rungs were reached, in order.

    ``due`` is None while it is paused or where no calendar ever opens long enough. ``ended`` is when it was met or
    voided; a breached one goes on until then. ``corrected``: it was breached as far as was known then, and is not.
    """

    status: SlaStatus
    started: datetime
    due: datetime | None
    breached: datetime | None = None
    ended: datetime | None = None
    reached: tuple[Decimal, ...] = ()
    corrected: bool = field(default=False, metadata=SPARSE)


@dataclass(frozen=True, slots=True)
class Timer:
    """One run of an SLA as the fold carries it. All instants are UTC.

    ``entered`` is when the ``stage`` was entered that started it; ``started`` is later where a new owner started it
    anew.
    ``target`` (a text of ``rules.business_time``) and ``calendar`` (a name) were chosen then; ``rules`` is a digest
    of what the SLA and that calendar said. ``floor`` is when the pass began (None in the first). ``pauses`` are from
    (inclusive) and to (exclusive), the last one open where it has no end; ``due`` is by the pauses that ended.
    ``stopped`` is the instant of a move that met or (``withdrawn``) voided it: decided, so never corrected.
    ``alarmed``: a breach was decided, whatever is known now. ``kept`` is when the book changed and the due instant of
    the former one, ``kept_due``, stayed. ``again``: it replaced an earlier run, of which nothing is known any more.
    """

    stage: str
    entered: datetime
    started: datetime
    target: str
    calendar: str
    rules: str
    floor: datetime | None = None
    due: datetime | None = None
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    stopped: datetime | None = None
    withdrawn: bool = False
    breached: datetime | None = None
    ended: datetime | None = None
    void: bool = False
    reached: tuple[Decimal, ...] = ()
    alarmed: bool = False
    kept: datetime | None = None
    kept_due: datetime | None = None
    again: bool = field(default=False, metadata=SPARSE)


@sealed
class Outcome:
    """What one person is at one instant: the part of a decision that CRMs can show.

    ``why`` is one short English line that changes only when the stage does. ``slas`` are the timers of this person by
    SLA. ``waits_for`` is the stage that they qualify for and that has no room yet (``capacity``), ``waits_since``
    when that began, ``waits_in`` the team or other part in which they compete for a place (folded; may be empty).
    """

    stage: str
    since: datetime
    pass_number: int
    scores: Mapping[str, ScoreValue]
    grades: Mapping[str, str | None]
    cell: str | None
    temperature: str | None
    disqualified: tuple[str, ...]
    previous: str | None
    why: str
    entered: Mapping[str, StageDate]
    slas: Mapping[str, SlaState] = field(default_factory=dict, metadata=SPARSE)
    waits_for: str | None = field(default=None, metadata=SPARSE)
    waits_since: datetime | None = field(default=None, metadata=SPARSE)
    waits_in: str = field(default="", metadata=SPARSE)


@sealed
class Move:
    """One stage change. ``by`` is a transition id, ``main path``, ``disqualified``, ``human``, ``adoption``."""

    source: str
    target: str
    by: str
    reason: str | None = None
    implied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """One action that a decision causes, to be carried out once.

    ``key`` is its idempotency key: ``e-`` and 32 hex digits of a digest.
    ``cause`` is ``enter <stage>`` or ``sla <name> <share>``; ``at`` the instant that caused it; ``number`` its place
    among the actions of that cause. A task is closed with the cause ``leave <stage>``.
    """

    key: str
    person: str
    at: datetime
    cause: str
    number: int
    action: Consequence
    decision: str


Cause = Literal["adopted", "activated", "facts", "time"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A change of one person's outcome at one instant. ``id`` is ``d-`` and 20 hex digits of its content's hash."""

    id: str
    person: str
    at: datetime
    cause: Cause
    book: str
    moves: tuple[Move, ...]
    before: Outcome | None
    after: Outcome


@dataclass(frozen=True, slots=True)
class Hold:
    """A stage set by a person in a CRM, standing until new activity or ``until``."""

    stage: str
    who: str
    at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class PersonState:
    """What the fold carries for one person from frontier to frontier.

    ``history`` is every fact known so far, ordered by (at, source, record, name); it is not stored with the
    state but attached again from the mirror. ``taken`` counts each transition (by id) over the person's life.
    ``timers`` are the last run of each SLA.
    """

    person: str
    frontier: datetime
    outcome: Outcome
    pass_began: datetime
    taken: Mapping[str, int] = field(default_factory=dict)
    hold: Hold | None = None
    livelock: bool = False
    history: tuple[Fact, ...] = field(default=(), compare=False)
    timers: Mapping[str, Timer] = field(default_factory=dict, metadata=SPARSE)


@dataclass(frozen=True, slots=True)
class Adopted:
    """The starting state of a person that the CRMs already know, for adoption and for ``evaluate``."""

    stage: str | None = None
    since: datetime | None = None
    pass_number: int = 1
    entered: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Advance:
    """The result of one fold: the new state, what was decided on the way, and when to look again.

    ``next_change`` is the first instant after the frontier at which the outcome differs without new facts;
    None when nothing ever will.
    """

    state: PersonState
    decisions: tuple[Decision, ...]
    next_change: datetime | None
