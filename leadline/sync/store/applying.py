"""What apply needs of plans and the journal beyond their rows: resuming, settling with blame, what was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, func, select, tuple_, update

from leadline.common.values import Raw, RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.sync.store.journal import IntentStatus, PlanRow
from leadline.sync.store.mirror import load_records
from leadline.sync.store.schema import journal, lifecycle, plans, records

OPEN: Final[tuple[IntentStatus, ...]] = ("planned", "claimed", "done", "failed")
"""Intents that applying the same plan again would still write or read back."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one intent ended. ``blamed`` are the fields that the CRM named."""

    id: int
    status: IntentStatus
    code: str = ""
    message: str = ""
    blamed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that a CRM refused for good (``parked``) or said yes to and dropped (``ignored``)."""

    ref: RecordRef
    writes: Mapping[str, tuple[Raw, Raw]]
    status: IntentStatus
    blamed: tuple[str, ...]
    at: datetime


def settle(connection: Connection, results: Sequence[Settlement], at: datetime) -> None:
    """Settle intents with what the CRM said."""
    if not results:
        return
    new: dict[str, Any] = {"status": bindparam("to"), "code": bindparam("why"), "message": bindparam("text")}
    statement = update(journal).where(journal.c.id == bindparam("which"))
    statement = statement.values(**new, blamed=bindparam("named", type_=journal.c.blamed.type), changed_at=at)
    rows = [
        {
            "which": result.id,
            "to": result.status,
            "why": result.code,
            "text": result.message,
            "named": list(result.blamed) or None,
        }
        for result in results
    ]
    connection.execute(statement, rows)


def reopen(connection: Connection, plan_hash: str, at: datetime) -> int:
    """Put what a dead or failed run left claimed or failed back to planned; return how many.

    Only the holder of the writer lease may call this. Field writes are absolute, so repeating one is harmless.
    """
    left = (journal.c.plan_hash == plan_hash) & journal.c.status.in_(("claimed", "failed"))
    values = {"status": "planned", "claimed_by": None, "changed_at": at}
    return connection.execute(update(journal).where(left).values(values)).rowcount


def unfinished_plans(connection: Connection) -> list[PlanRow]:
    """Return the plans whose applying began and did not end, oldest first."""
    query = select(plans).where(plans.c.status == "applying").order_by(plans.c.cycle, plans.c.hash)
    return [PlanRow(**row) for row in connection.execute(query).mappings()]


def supersede(connection: Connection, plan_hash: str, at: datetime) -> int:
    """Close every unfinished plan but this one: what they left open is stale. Return how many intents that were."""
    others = (plans.c.status == "applying") & (plans.c.hash != plan_hash)
    hashes = list(connection.execute(select(plans.c.hash).where(others)).scalars())
    if not hashes:
        return 0
    left = journal.c.plan_hash.in_(hashes) & journal.c.status.in_(OPEN)
    values = {"status": "stale", "code": "SUPERSEDED", "message": "a newer plan was applied", "changed_at": at}
    closed = connection.execute(update(journal).where(left).values(values)).rowcount
    connection.execute(update(plans).where(plans.c.hash.in_(hashes)).values(status="stale"))
    return closed


def refusals(connection: Connection, since: datetime) -> list[Refusal]:
    """Return the intents parked or ignored since an instant, oldest first."""
    refused = journal.c.status.in_(("parked", "ignored")) & (journal.c.changed_at >= since)
    query = select(journal).where(refused).order_by(journal.c.id)
    return [
        Refusal(
            RecordRef(row["crm"], row["object"], row["record_id"]),
            {name: (pair[0], pair[1]) for name, pair in row["writes"].items()},
            row["status"],
            tuple(row["blamed"] or ()),
            row["changed_at"],
        )
        for row in connection.execute(query).mappings()
    ]


def population(connection: Connection) -> int:
    """Return how many live records belong to people in the lifecycle: what a percentage guard counts against."""
    kinds = [(crm, name) for crm, names in PERSON_OBJECTS.items() for name in names]
    live = records.c.deleted.is_(False) & tuple_(records.c.crm, records.c.object).in_(kinds)
    query = select(func.count()).select_from(records.join(lifecycle, records.c.person_id == lifecycle.c.person_id))
    return int(connection.execute(query.where(live)).scalar_one())


def mirror_values(connection: Connection, values: Mapping[RecordRef, Mapping[str, Raw]]) -> None:
    """Bring mirrored fields to what was just read back; unknown records are left alone."""
    key = (records.c.crm == bindparam("in_crm"), records.c.object == bindparam("of"))
    own = and_(*key, records.c.record_id == bindparam("known_as"))
    rows = [
        {"in_crm": ref.crm, "of": ref.object, "known_as": ref.id, "now": {**record.fields, **values[ref]}}
        for ref, record in load_records(connection, values).items()
    ]
    if rows:
        statement = update(records).where(own).values(fields=bindparam("now", type_=records.c.fields.type))
        connection.execute(statement, rows)
