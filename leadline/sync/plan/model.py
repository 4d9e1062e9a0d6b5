"""What a plan is: every write that would make the CRMs agree with the decisions, and its price in calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from leadline.common.values import Crm, Raw, RecordRef
from leadline.sync.plan.packing import Writes

FORMAT: Final = 1
"""The version of the plan file. A file of another version is refused, never guessed at."""

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
    writes: Writes
    calls: Mapping[Crm, Mapping[str, int]]
    counts: Counts
    not_written: tuple[NotWritten, ...] = ()
    format: int = FORMAT
    effects: tuple[PlannedEffect, ...] = ()
    held: tuple[Held, ...] = ()
    undoes: str = ""
    only: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "writes", Writes.of(self.writes))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write and nothing to carry out."""
        return not self.writes and not self.effects

    def record_count(self) -> int:
        """Return how many different records would be written."""
        return self.writes.record_count()
