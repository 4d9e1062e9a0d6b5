"""Where a person's data stands: found by the columns of the schema, so that a new table is never forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, or_, select, tuple_

from leadline.common.values import RecordRef
from leadline.sync.store.batches import chunks
from leadline.sync.store.schema import (
    activities,
    activity_records,
    addresses,
    metadata,
    person_records,
    persons,
    records,
)

_KEPT: Final = frozenset({"persons", "tombstones", "activity_records"})
"""Ids are minted once and mean nothing by themselves; activities are looked at on their own."""


@dataclass(frozen=True, slots=True)
class Traces:
    """One person in the state: every id they had, every record that ever was theirs, their addresses (folded).

    ``own`` are the rows of activities that are nobody else's, ``shared`` those that others took part in.
    """

    ids: tuple[str, ...]
    refs: tuple[RecordRef, ...]
    emails: tuple[str, ...]
    own: tuple[int, ...]
    shared: tuple[int, ...]

    def rows(self) -> Iterator[tuple[Table, ColumnElement[bool]]]:
        """Yield every table that holds something of the person, with the condition that finds it."""
        for table in metadata.sorted_tables:
            found = self._of(table) if table.name not in _KEPT else []
            if found:
                yield table, or_(*found)
        for batch in chunks(self.own):
            yield activities, activities.c.row.in_(batch)

    def _of(self, table: Table) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if "person_id" in table.c:
            found.append(table.c.person_id.in_(self.ids))
        if {"crm", "object", "record_id"} <= set(table.c.keys()) and self.refs:
            found.append(_at(table, ("crm", "object", "record_id"), self.refs))
        if "to_id" in table.c and self.refs:
            found.append(_at(table, ("to_crm", "to_object", "to_id"), self.refs))
        if table.name == "touched" and self.emails:
            found.append((table.c.object == "") & table.c.record_id.in_(self.emails))
        return found


def traces_of(connection: Connection, person: str) -> Traces:
    """Return where the person (the id that aliases point to) is found."""
    known = select(persons.c.id).where(or_(persons.c.id == person, persons.c.alias_of == person))
    ids = tuple(connection.execute(known.order_by(persons.c.number)).scalars())
    refs = {
        RecordRef(*row)
        for table in (person_records, records)
        for row in connection.execute(
            select(table.c.crm, table.c.object, table.c.record_id).where(table.c.person_id.in_(ids))
        )
    }
    ordered = tuple(sorted(refs))
    own_addresses = select(records.c.email).where(records.c.person_id.in_(ids), records.c.email.is_not(None))
    told = set(connection.execute(own_addresses).scalars())
    if ordered:
        further = select(addresses.c.email).where(_at(addresses, ("crm", "object", "record_id"), ordered))
        told |= set(connection.execute(further).scalars())
    emails = tuple(sorted(told))
    own, shared = _activities(connection, ordered, emails)
    return Traces(ids, ordered, emails, own, shared)


def _activities(
    connection: Connection, refs: Sequence[RecordRef], emails: Sequence[str]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    mine: set[int] = set()
    if refs:
        at = _at(activity_records, ("crm", "object", "record_id"), refs)
        mine |= set(connection.execute(select(activity_records.c.row).where(at)).scalars())
    if emails:
        by_address = select(activities.c.row).where(activities.c.email.in_(emails))
        mine |= set(connection.execute(by_address).scalars())
    others: set[int] = set()
    known = set(refs)
    for batch in chunks(sorted(mine)):
        columns = (activity_records.c.row, activity_records.c.crm, activity_records.c.object)
        query = select(*columns, activity_records.c.record_id).where(activity_records.c.row.in_(batch))
        others |= {row for row, *ref in connection.execute(query) if RecordRef(*ref) not in known}
    return tuple(sorted(mine - others)), tuple(sorted(others))


def _at(table: Table, columns: Sequence[str], refs: Sequence[RecordRef]) -> ColumnElement[bool]:
    return tuple_(*(table.c[name] for name in columns)).in_([(ref.crm, ref.object, ref.id) for ref in refs])
