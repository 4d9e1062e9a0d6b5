"""What apply needs of plans and the journal beyond their rows: resuming, settling with blame, what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
    update,
)

from leadline.common.values import Crm, Raw, RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.sync.store.batches import by_object, chunks
from leadline.sync.store.journal import REFUSED, IntentStatus, PlanRow
from leadline.sync.store.schema import decisions, journal, lifecycle, plans, records, written
from leadline.sync.store.unsettled import unsettle_intents

OPEN: Final[tuple[IntentStatus, ...]] = ("planned", "claimed", "done", "failed")
"""Intents that applying the same plan again would still write or read back."""

_NOT_WRITTEN: Final[tuple[IntentStatus, ...]] = ("failed", "parked", "ignored", "stale", "gone")


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one intent ended. ``blamed`` are the fields that the CRM named."""

    id: int
    status: IntentStatus
    code: str = ""
    message: str = ""
    blamed: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class IntentState:
    """How far one intent is, without what it writes: the plan says that."""

    id: int
    seq: int
    status: IntentStatus
    code: str
    message: str
    blamed: tuple[str, ...]


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
    unsettle_intents(connection, [result.id for result in results])
    _forget(connection, [result.id for result in results if result.status in _NOT_WRITTEN])


def intent_states(
    connection: Connection,
    plan_hash: str,
    crm: Crm | None = None,
    status: IntentStatus | None = None,
    seqs: Iterable[int] | None = None,
) -> list[IntentState]:
    """Return how far a plan's intents are, in its order: all, or of one CRM, status, these numbers."""
    names = (journal.c.id, journal.c.seq, journal.c.status, journal.c.code, journal.c.message, journal.c.blamed)
    query = select(*names).where(journal.c.plan_hash == plan_hash).order_by(journal.c.seq)
    if crm is not None:
        query = query.where(journal.c.crm == crm)
    if status is not None:
        query = query.where(journal.c.status == status)
    queries = [query] if seqs is None else [query.where(journal.c.seq.in_(some)) for some in chunks(sorted(seqs))]
    return [
        IntentState(key, seq, found, code or "", message or "", tuple(blamed or ()))
        for part in queries
        for key, seq, found, code, message, blamed in connection.execute(part)
    ]


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


def give_up(connection: Connection, plan_hash: str, code: str, message: str, at: datetime) -> int:
    """Close a plan: what is open is stale, for a reason. Return how many intents that were."""
    left = (journal.c.plan_hash == plan_hash) & journal.c.status.in_(OPEN)
    values = {"status": "stale", "code": code, "message": message, "changed_at": at}
    closed = connection.execute(update(journal).where(left).values(values)).rowcount
    connection.execute(update(plans).where(plans.c.hash == plan_hash).values(status="stale"))
    return closed


def refusals(connection: Connection, since: datetime) -> list[Refusal]:
    """Return the intents parked or ignored since an instant, oldest first."""
    refused = journal.c.status.in_(REFUSED) & (journal.c.changed_at >= since)
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


def population(connection: Connection, enough: int | None = None) -> int:
    """Return how many live records belong to people in the lifecycle: what a percentage guard counts against.

    Counts no further than ``enough``. A converted lead is not live: it cannot be written.
    """
    kinds = [(crm, name) for crm, names in PERSON_OBJECTS.items() for name in names]
    live = records.c.deleted.is_(False) & records.c.merged_into.is_(None)
    live &= tuple_(records.c.crm, records.c.object).in_(kinds)
    live &= type_coerce(records.c.fields, Text).not_like('%"IsConverted":true%')
    both = records.join(lifecycle, records.c.person_id == lifecycle.c.person_id)
    found = select(literal(1)).select_from(both).where(live).limit(enough).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def written_since(connection: Connection, since: datetime) -> int:
    """Return how many different records any plan wrote since an instant of the CRMs, or was about to."""
    reached = journal.c.status.not_in(("planned", "stale", "gone")) & (journal.c.changed_at >= since)
    place = select(journal.c.crm, journal.c.object, journal.c.record_id).where(reached).distinct().subquery()
    return int(connection.execute(select(func.count()).select_from(place)).scalar_one())


def verified_writes(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, dict[str, Raw]]:
    """Return the values that we wrote and read back, and that no pull has seen come back yet.

    A search index lags behind: until the row comes back, these are what the CRM shows.
    """
    found: dict[RecordRef, dict[str, Raw]] = {}
    for crm, name, ids in by_object(refs):
        ours = and_(
            journal.c.plan_hash == written.c.plan_hash,
            journal.c.crm == written.c.crm,
            journal.c.object == written.c.object,
            journal.c.record_id == written.c.record_id,
        )
        query = select(written.c.record_id, written.c.field, written.c.value).select_from(written.join(journal, ours))
        fresh = written.c.settled.is_(False) & (journal.c.status == "verified")
        mine = (written.c.crm == crm) & (written.c.object == name) & written.c.record_id.in_(ids)
        for key, field, value in connection.execute(query.where(fresh, mine)):
            found.setdefault(RecordRef(crm, name, key), {})[field] = value[0]  # type: ignore[arg-type]
    return found


def unseen_records(connection: Connection, crm: Crm, name: str, since: datetime, most: int) -> list[str]:
    """Return the ids of records that we wrote to since an instant, and that no pull has seen come back, latest first.

    At most so many, of the latest ten times as many writes: an index lags by seconds or minutes. There it lags behind
    whatever anybody did to the record after us, too.
    """
    query = select(journal.c.crm, journal.c.object, journal.c.record_id).where(journal.c.changed_at >= since)
    latest = connection.execute(query.order_by(journal.c.changed_at.desc()).limit(10 * most))
    mine = dict.fromkeys(RecordRef(crm, name, key) for of, kind, key in latest if (of, kind) == (crm, name))
    unseen = verified_writes(connection, mine)
    return [ref.id for ref in mine if ref in unseen][:most]


def decision_bodies(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return the stored JSON of these decisions by id."""
    found: dict[str, str] = {}
    for batch in chunks(sorted(set(ids))):
        query = select(decisions.c.id, decisions.c.body).where(decisions.c.id.in_(batch))
        found.update((key, body) for key, body in connection.execute(query))
    return found


def _forget(connection: Connection, ids: Sequence[int]) -> None:
    """Close what the ledger says of values that did not arrive: the same value set by a person later is news."""
    for batch in chunks(ids):
        intents = select(journal).where(journal.c.id.in_(batch)).subquery()
        same = and_(
            written.c.plan_hash == intents.c.plan_hash,
            written.c.crm == intents.c.crm,
            written.c.object == intents.c.object,
            written.c.record_id == intents.c.record_id,
        )
        connection.execute(update(written).where(exists().where(same)).values(settled=True))
