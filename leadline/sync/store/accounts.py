"""Rows of account values: what the people of an account come to, for each of its records in both CRMs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Connection, select, tuple_

from leadline.common.values import RecordRef
from leadline.sync.store.batches import PEOPLE_AT_ONCE, by_object, chunks, upsert
from leadline.sync.store.ledgers import account_values
from leadline.sync.store.schema import lifecycle
from leadline.sync.store.unsettled import forget_accounts

AccountValue = Decimal | str | None
"""A number, a stage, or nothing, as an account of which nobody is on the main path has no best stage."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What one record of an account comes to, by fact; ``person`` is the first of its people who take part."""

    ref: RecordRef
    person: str
    values: Mapping[str, AccountValue]


def save_account_values(
    connection: Connection, rows: Sequence[AccountRow], looked_at: Iterable[str], cycle: int
) -> None:
    """Store these rows in place of all that name a person who was looked at: those are told anew, or are gone."""
    drop_account_values(connection, looked_at)
    for batch in chunks(rows):
        upsert(connection, account_values, [item for row in batch for item in _items(row, cycle)])


def drop_account_values(connection: Connection, persons: Iterable[str]) -> None:
    """Delete what stands for these people's accounts."""
    place = (account_values.c.crm, account_values.c.object, account_values.c.record_id)
    for batch in chunks(sorted(set(persons))):
        mine = account_values.c.person_id.in_(batch)
        forget_accounts(connection, [RecordRef(*row) for row in connection.execute(select(*place).where(mine))])
        connection.execute(account_values.delete().where(mine))


def drop_all_account_values(connection: Connection) -> None:
    """Delete every row: the book writes nothing to accounts."""
    drop_account_values(connection, connection.execute(select(account_values.c.person_id).distinct()).scalars())


def each_account_values(connection: Connection, at_a_time: int = PEOPLE_AT_ONCE) -> Iterator[AccountRow]:
    """Yield every account record that has values, by CRM, object and id; few are in memory at a time."""
    keys = (account_values.c.crm, account_values.c.object, account_values.c.record_id)
    last = ("", "", "")
    while True:
        page = select(*keys).distinct().where(tuple_(*keys) > last).order_by(*keys).limit(at_a_time)
        refs = [RecordRef(*row) for row in connection.execute(page)]
        found = account_values_of(connection, refs)
        yield from (found[ref] for ref in refs)
        if len(refs) < at_a_time:
            return
        last = (refs[-1].crm, refs[-1].object, refs[-1].id)


def account_values_of(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, AccountRow]:
    """Return what these account records come to; those without values are absent."""
    found: dict[RecordRef, AccountRow] = {}
    table = account_values.c
    for crm, name, ids in by_object(refs):
        own = (table.crm == crm) & (table.object == name) & table.record_id.in_(ids)
        query = select(table.record_id, table.name, table.person_id, table.value).where(own)
        rows = connection.execute(query.order_by(table.record_id, table.name))
        for key, group in groupby(rows, key=lambda row: row[0]):
            values = list(group)
            ref = RecordRef(crm, name, key)  # type: ignore[arg-type]
            found[ref] = AccountRow(ref, values[0][2], {row[1]: _value(row[3]) for row in values})
    return found


def account_records_of(connection: Connection, person: str) -> list[RecordRef]:
    """Return the account records with values of which this person is the first to take part, sorted."""
    table = account_values.c
    query = select(table.crm, table.object, table.record_id).where(table.person_id == person).distinct()
    return sorted(RecordRef(*row) for row in connection.execute(query))


def stages_of(connection: Connection, persons: Iterable[str]) -> dict[str, str]:
    """Return where people stand; who does not take part is absent."""
    found: dict[str, str] = {}
    for batch in chunks(sorted(set(persons))):
        query = select(lifecycle.c.person_id, lifecycle.c.stage).where(lifecycle.c.person_id.in_(batch))
        found.update((person, stage) for person, stage in connection.execute(query))
    return found


def _items(row: AccountRow, cycle: int) -> Iterator[dict[str, object]]:
    for name, value in row.values.items():
        yield {
            "crm": row.ref.crm,
            "object": row.ref.object,
            "record_id": row.ref.id,
            "name": name,
            "person_id": row.person,
            "value": [] if value is None else [value],
            "cycle": cycle,
        }


def _value(stored: Sequence[Decimal | int | str]) -> AccountValue:
    if not stored:
        return None
    return stored[0] if isinstance(stored[0], str) else Decimal(stored[0])
