"""What comparisons of people and accounts with the CRMs left unsettled, and who may have changed since a cycle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, union

from leadline.common.values import CRMS, Crm, RecordRef
from leadline.common.vocabulary import ACCOUNT_OBJECTS
from leadline.sync.store.batches import by_object, chunks, insert, upsert
from leadline.sync.store.effects import OPEN
from leadline.sync.store.ledgers import account_values, unsettled
from leadline.sync.store.schema import (
    conflicts,
    effects,
    journal,
    lifecycle,
    person_records,
    records,
)

AT_ONCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The ``until`` of who is compared again in any case."""

LeftOut = tuple[Crm, str, str]
"""A CRM, an object, and why records of it are not written though they differ."""

_ACCOUNTS: Final = tuple((crm, ACCOUNT_OBJECTS[crm]) for crm in CRMS)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What one comparison left: of a person, or of a record of an account (``ref``) whose first person that is.

    ``until``: from then on the answer may be another by time alone; None: never. ``left_out`` counts records.
    """

    person: str
    ref: RecordRef | None
    until: datetime | None
    left_out: Sequence[tuple[LeftOut, int]] = ()


def save_unsettled(connection: Connection, rows: Iterable[Unsettled]) -> None:
    """Store rows for what has none: ``forget`` took away those that were compared before."""
    values = [
        {**_place(row.person, row.ref), "until": row.until, "left_out": [[*why, n] for why, n in row.left_out]}
        for row in rows
    ]
    insert(connection, unsettled, values)


def forget_all(connection: Connection) -> None:
    """Forget every row: everybody is compared anew."""
    connection.execute(unsettled.delete())


def forget(connection: Connection, people: Iterable[str]) -> None:
    """Forget the rows of these people: they are compared now, or have no stage any more."""
    for batch in chunks(sorted(set(people))):
        connection.execute(unsettled.delete().where(unsettled.c.person_id.in_(batch), unsettled.c.crm == ""))


def forget_accounts(connection: Connection, refs: Iterable[RecordRef]) -> None:
    """Forget the rows of these records of accounts."""
    for crm, name, ids in by_object(refs):
        mine = (unsettled.c.crm == crm) & (unsettled.c.object == name) & unsettled.c.record_id.in_(ids)
        connection.execute(unsettled.delete().where(mine))


def left_out(connection: Connection) -> Counter[LeftOut]:
    """Count the records that all rows leave out."""
    found: Counter[LeftOut] = Counter()
    query = select(unsettled.c.left_out, func.count()).group_by(unsettled.c.left_out)
    for whys, rows in connection.execute(query):
        for crm, name, why, count in whys:
            found[crm, name, why] += count * rows
    return found


def unsettle_intents(connection: Connection, ids: Iterable[int]) -> None:
    """Let whoever these journalled intents are about be compared again: what they show changes with them."""
    names = (journal.c.person_id, journal.c.crm, journal.c.object, journal.c.record_id)
    for batch in chunks(sorted(set(ids))):
        found = connection.execute(select(*names).where(journal.c.id.in_(batch), journal.c.person_id.is_not(None)))
        places = {
            (person, RecordRef(crm, name, key) if (crm, name) in _ACCOUNTS else None)
            for person, crm, name, key in found
        }
        rows = [{**_place(*place), "until": AT_ONCE, "left_out": []} for place in sorted(places, key=str)]
        upsert(connection, unsettled, rows)


def people_since(connection: Connection, cycle: int, frontier: datetime) -> list[str]:
    """Return the ids of the people whose comparison may come to something else than after ``cycle``, sorted.

    They were evaluated since, a record of theirs changed, came or went, a conflict was found on one, the instant of
    their row has come at ``frontier``, or an effect of theirs is open. Every part is found by an index.
    """
    members, news = person_records.c, _same_place(records, conflicts)
    parts: list[Select[Any]] = [
        select(lifecycle.c.person_id).where(lifecycle.c.cycle > cycle),
        select(records.c.person_id).where(records.c.cycle > cycle, records.c.person_id.is_not(None)),
        select(members.person_id).where(members.since_cycle > cycle),
        select(members.person_id).where(members.until_cycle > cycle),
        select(records.c.person_id).join(conflicts, news).where(conflicts.c.cycle > cycle),
        select(unsettled.c.person_id).where(unsettled.c.until <= frontier, unsettled.c.crm == ""),
        select(effects.c.person_id).where(effects.c.status.in_(OPEN)),
    ]
    return sorted(row[0] for row in connection.execute(union(*parts)) if row[0] is not None)


def accounts_since(connection: Connection, cycle: int, frontier: datetime) -> list[RecordRef]:
    """Return the records of accounts whose comparison may come to something else than after ``cycle``, sorted.

    Their values were told anew since, the record changed, or the instant of their row has come at ``frontier``.
    """
    values = account_values.c
    is_account = or_(*(and_(records.c.crm == crm, records.c.object == name) for crm, name in _ACCOUNTS))
    parts = [
        select(values.crm, values.object, values.record_id).where(values.cycle > cycle),
        select(records.c.crm, records.c.object, records.c.record_id).where(records.c.cycle > cycle, is_account),
        select(unsettled.c.crm, unsettled.c.object, unsettled.c.record_id).where(
            unsettled.c.until <= frontier, unsettled.c.crm != ""
        ),
    ]
    return sorted(RecordRef(*row) for row in connection.execute(union(*parts)))


def _same_place(one: object, other: object) -> ColumnElement[bool]:
    return and_(*(one.c[name] == other.c[name] for name in ("crm", "object", "record_id")))  # type: ignore[attr-defined]


def _place(person: str, ref: RecordRef | None) -> dict[str, str]:
    crm, name, key = (ref.crm, ref.object, ref.id) if ref is not None else ("", "", "")
    return {"person_id": person, "crm": crm, "object": name, "record_id": key}
