"""What a plan is: every write that would make the CRMs agree with the decisions, and its price in calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final, Literal

from leadline.common.values import Crm, Raw, RecordRef, RecordWrite
from leadline.sync.plan.normal import Kind

FORMAT: Final = 1
"""The version of the plan file. A file of another version is refused, never guessed at."""

Phase = Literal[1, 2]
"""2 is where values are set; 1 clears what must be empty before it may be set (facts.md, hazard 1)."""


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One field of one record: ``old`` is what the mirror has, ``new`` the absolute value to write.

    ``kind`` says how values compare. On the write by which a record tells of a move (the stage field, or the reason
    where this CRM has no value for the stage), ``stage`` is the book's stage, ``transition`` how the person got
    there, and ``backward`` whether that is a step back or off the main path.
    On a score field, ``basis`` is the stage and grades that it is published with.
    ``effect`` is the key of the effect (``assign`` or ``set``) that this write carries out.
    ``account`` is the id of the account whose row the CRM locks with the record's, None where there is none.
    """

    ref: RecordRef
    person: str
    field: str
    kind: Kind
    old: Raw
    new: Raw
    decision: str
    phase: Phase = 2
    stage: str | None = None
    transition: str | None = None
    backward: bool = False
    basis: str | None = None
    effect: str | None = None
    account: str | None = None


EffectKind = Literal["task", "note", "member", "unmember", "close", "notify", "assign", "set"]


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """One effect, to be carried out once under its ``key``; ``ref`` is the person's primary record there.

    ``payload`` by kind: ``task``, ``note``, ``member`` and ``unmember`` as in ``connectors.protocol.Creation``;
    ``close``: ``task`` (its id in the CRM) and ``closes`` (the key of the effect that made it);
    ``notify``: ``channel`` and ``text``, and ``ref`` is None; ``assign`` and ``set``: the new values by
    ``<object>.<field>``: they are carried out by the plan's writes that name this key, and none are left to write
    where the records are so already. The payload may hold personal data; ``title`` says the effect in a few words
    without any. ``at`` is the instant that caused it, so ``frontier - at`` is how late it is.
    """

    key: str
    person: str
    kind: EffectKind
    at: datetime
    cause: str
    number: int
    decision: str
    ref: RecordRef | None
    payload: Mapping[str, Raw]
    title: str

    @property
    def crm(self) -> Crm | None:
        """The CRM in which it is carried out; None outside the CRMs."""
        return None if self.ref is None else self.ref.crm


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """Why ``effects`` effects of one kind are due and not planned: no owner, no such list, no live record."""

    kind: str
    reason: str
    effects: int


@dataclass(frozen=True, slots=True, order=True)
class NotWritten:
    """Why ``records`` records of one object are not written though they could differ."""

    crm: Crm
    object: str
    reason: str
    records: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by CRM; people by the stage written and by the transition that led there; people going back.

    ``effects`` counts effects by kind.
    """

    records: Mapping[Crm, int] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)
    transitions: Mapping[str, int] = field(default_factory=dict)
    backward: int = 0
    people: int = 0
    effects: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The writes and effects of one cycle, in the order in which they are applied: effects after all writes.

    ``organisations`` pins the plan to the CRMs it was made from. ``calls`` is what applying takes when nothing
    fails: {crm: {"write": n, "read_back": n}}. ``hash`` covers everything else in the plan. ``undoes`` is the hash of
    the plan that this one takes back. ``only`` says what part of everything it is: a CRM, a person, or both.
    """

    hash: str
    cycle: int
    frontier: datetime
    book_hash: str
    organisations: Mapping[Crm, str]
    adoption: bool
    writes: tuple[PlannedWrite, ...]
    calls: Mapping[Crm, Mapping[str, int]]
    counts: Counts
    not_written: tuple[NotWritten, ...] = ()
    format: int = FORMAT
    effects: tuple[PlannedEffect, ...] = ()
    held: tuple[Held, ...] = ()
    undoes: str = ""
    only: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write and nothing to carry out."""
        return not self.writes and not self.effects

    def not_written_by(self, word: str) -> tuple[NotWritten, ...]:
        """Return what is not written for a reason that has this word."""
        return tuple(item for item in self.not_written if word in item.reason)

    def record_count(self) -> int:
        """Return how many different records would be written."""
        return len({write.ref for write in self.writes})


def grouped(writes: tuple[PlannedWrite, ...]) -> Iterator[tuple[PlannedWrite, ...]]:
    """Yield the writes of one record in one phase together; they travel in one call and share one fate."""
    for _, group in groupby(writes, key=lambda write: (write.phase, write.ref)):
        yield tuple(group)


def record_write(group: tuple[PlannedWrite, ...]) -> RecordWrite:
    """Return what a connector is told to write for one group."""
    return RecordWrite(group[0].ref, {write.field: write.new for write in group}, group[0].account or "")
