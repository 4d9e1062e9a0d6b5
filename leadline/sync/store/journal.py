"""Plans and the journal of write intents: written before a call, claimed by compare-and-set, settled after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, select, update

from leadline.common.values import Raw, RecordRef
from leadline.sync.store.batches import chunks, insert, insert_new
from leadline.sync.store.schema import journal, plans
from leadline.sync.store.unsettled import unsettle_intents

IntentStatus = Literal[
    "planned", "claimed", "done", "verified", "ignored", "failed", "parked", "released", "stale", "gone"
]


INTERRUPTED: Final[tuple[IntentStatus, ...]] = ("planned", "claimed", "done")
"""Intents that only a run which was cut short leaves behind."""

REFUSED: Final[tuple[IntentStatus, ...]] = ("parked", "ignored")
"""Values that a CRM refused for good, or said yes to and dropped."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One plan; ``body`` is its canonical JSON, ``hash`` names it."""

    hash: str
    cycle: int | None
    status: str
    made_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Intent:
    """One record's planned write: ``seq`` is its place in the plan, ``writes`` maps a field to (old, new)."""

    plan_hash: str
    seq: int
    ref: RecordRef
    writes: Mapping[str, tuple[Raw, Raw]]
    person_id: str | None
    decision_id: str | None
    planned_at: datetime
    changed_at: datetime


def save_plan(connection: Connection, plan: PlanRow) -> None:
    """Keep a plan by hash; a known one is left as it is."""
    insert_new(connection, plans, [{name: getattr(plan, name) for name in PlanRow.__slots__}])


def get_plan(connection: Connection, plan_hash: str) -> PlanRow | None:
    """Return a plan by hash."""
    row = connection.execute(select(plans).where(plans.c.hash == plan_hash)).mappings().first()
    return PlanRow(**row) if row else None


def set_plan_status(connection: Connection, plan_hash: str, status: str, was: Iterable[str] = ()) -> bool:
    """Move a plan's status, only from one of ``was`` when given; False when it was something else."""
    statement = update(plans).where(plans.c.hash == plan_hash)
    if expected := tuple(was):
        statement = statement.where(plans.c.status.in_(expected))
    return connection.execute(statement.values(status=status)).rowcount == 1


def append_intents(connection: Connection, intents: Sequence[Intent]) -> None:
    """Journal intents as planned; the database numbers them."""
    insert(connection, journal, [_row(intent) for intent in intents])


def claim_intents(connection: Connection, ids: Iterable[int], owner: str, at: datetime) -> list[int]:
    """Claim planned intents by compare-and-set; return the ids that are now ``owner``'s."""
    won: list[int] = []
    wanted = sorted(set(ids))
    unsettle_intents(connection, wanted)
    for batch in chunks(wanted):
        free = (journal.c.id.in_(batch)) & (journal.c.status == "planned")
        values = {"status": "claimed", "claimed_by": owner, "changed_at": at, "attempts": journal.c.attempts + 1}
        connection.execute(update(journal).where(free).values(values))
        mine = (journal.c.id.in_(batch)) & (journal.c.status == "claimed") & (journal.c.claimed_by == owner)
        won += connection.execute(select(journal.c.id).where(mine).order_by(journal.c.id)).scalars()
    return won


def journal_counts(connection: Connection, plan_hash: str) -> dict[str, int]:
    """Return how many intents of a plan have each status."""
    mine = select(journal.c.status, func.count()).where(journal.c.plan_hash == plan_hash)
    rows = connection.execute(mine.group_by(journal.c.status))
    return {row[0]: row[1] for row in rows}


def _row(intent: Intent) -> dict[str, Any]:
    values = {name: getattr(intent, name) for name in Intent.__slots__ if name not in {"ref", "writes"}}
    place = {"crm": intent.ref.crm, "object": intent.ref.object, "record_id": intent.ref.id}
    writes = {name: list(pair) for name, pair in intent.writes.items()}
    return {**values, **place, "writes": writes, "status": "planned", "attempts": 0}
