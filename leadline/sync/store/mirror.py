"""The mirror: present records with their observations, links between records, activities, cursors, what we wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, select

from leadline.common.values import Crm, Raw, RecordRef
from leadline.rules.state import UNREADABLE, Unreadable
from leadline.sync.store.batches import by_object, chunks, upsert
from leadline.sync.store.schema import cursors, links, records, written

VALUES_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class MirrorRecord:
    """The present row of a record as last pulled. ``cycle`` is when it changed last.

    ``unreadable`` are fields that rules read and the CRM does not show to us; what was not asked for is absent.
    """

    ref: RecordRef
    stamp: datetime
    created: datetime | None
    fields: Mapping[str, Raw]
    author: str
    deleted: bool
    merged_into: str | None
    email: str | None
    person_id: str | None
    cycle: int
    unreadable: frozenset[str] = frozenset()

    def all_fields(self) -> dict[str, Raw | Unreadable]:
        """Return the fields, the unreadable ones among them."""
        return {**self.fields, **dict.fromkeys(self.unreadable, UNREADABLE)}


@dataclass(frozen=True, slots=True)
class Link:
    """One present link from a record to another.

    Names: company, deal, contact, converted_contact, converted_deal,
    salesforce_contact, salesforce_lead, hubspot_contact. Position 0 is the primary one.
    """

    source: RecordRef
    name: str
    target: RecordRef
    position: int = 0


@dataclass(frozen=True, slots=True)
class StreamCursor:
    """Where a stream stopped. ``upper`` None: the first full read did not finish."""

    stamp: datetime
    id: str
    upper: datetime | None
    shape: str


@dataclass(frozen=True, slots=True)
class Written:
    """A value that we wrote, kept so that it is not news when it comes back.

    ``settled``: a pull has seen this field change since, so the next change is somebody else's.
    """

    ref: RecordRef
    field: str
    value: Raw
    plan_hash: str
    at: datetime
    settled: bool = False


def load_records(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, MirrorRecord]:
    """Return the present rows of these records; the unknown ones are absent."""
    found: dict[RecordRef, MirrorRecord] = {}
    for crm, name, ids in by_object(refs):
        table = records.c
        query = select(records).where(table.crm == crm, table.object == name, table.record_id.in_(ids))
        for row in connection.execute(query).mappings():
            record = _record(row)
            found[record.ref] = record
    return found


def records_of_persons(connection: Connection, person_ids: Iterable[str]) -> dict[str, list[MirrorRecord]]:
    """Return each person's present records (deleted ones too), ordered by CRM, object, id."""
    found: dict[str, list[MirrorRecord]] = {}
    order = (records.c.crm, records.c.object, records.c.record_id)
    for batch in chunks(sorted(set(person_ids))):
        query = select(records).where(records.c.person_id.in_(batch)).order_by(*order)
        for row in connection.execute(query).mappings():
            record = _record(row)
            if record.person_id is not None:
                found.setdefault(record.person_id, []).append(record)
    return found


def links_from(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, list[Link]]:
    """Return the present links that go out from these records, primary first within a name."""
    found: dict[RecordRef, list[Link]] = {}
    for crm, name, ids in by_object(refs):
        own = and_(links.c.crm == crm, links.c.object == name, links.c.record_id.in_(ids))
        query = select(links).where(own, links.c.until_cycle.is_(None)).order_by(links.c.name, links.c.position)
        for row in connection.execute(query).mappings():
            link = _link(row)
            found.setdefault(link.source, []).append(link)
    return found


def links_to(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, list[Link]]:
    """Return the present links that point at these records."""
    found: dict[RecordRef, list[Link]] = {}
    for crm, name, ids in by_object(refs):
        there = and_(links.c.to_crm == crm, links.c.to_object == name, links.c.to_id.in_(ids))
        for row in connection.execute(select(links).where(there, links.c.until_cycle.is_(None))).mappings():
            link = _link(row)
            found.setdefault(link.target, []).append(link)
    return found


def load_cursors(connection: Connection, crm: Crm) -> dict[str, StreamCursor]:
    """Return one CRM's cursors by stream (``Lead``, ``activity:task``)."""
    query = select(cursors).where(cursors.c.crm == crm)
    return {
        row["stream"]: StreamCursor(row["stamp"], row["id"], row["upper"], row["shape"])
        for row in connection.execute(query).mappings()
    }


def move_cursor(connection: Connection, crm: Crm, stream: str, cursor: StreamCursor, cycle: int) -> None:
    """Move a stream's cursor; call it in the transaction that stores the page."""
    values = {"stamp": cursor.stamp, "id": cursor.id, "upper": cursor.upper, "shape": cursor.shape}
    upsert(connection, cursors, [{"crm": crm, "stream": stream, "cycle": cycle, **values}])


def remember_written(connection: Connection, entries: Iterable[Written]) -> None:
    """Remember values we wrote (the latest for each record and field)."""
    for some in chunks(entries, VALUES_AT_ONCE):
        rows = [
            {
                "crm": entry.ref.crm,
                "object": entry.ref.object,
                "record_id": entry.ref.id,
                "field": entry.field,
                "value": [entry.value],
                "plan_hash": entry.plan_hash,
                "at": entry.at,
                "settled": entry.settled,
            }
            for entry in some
        ]
        upsert(connection, written, rows)


def load_written(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, dict[str, Written]]:
    """Return what we wrote last, by record and field."""
    found: dict[RecordRef, dict[str, Written]] = {}
    for crm, name, ids in by_object(refs):
        own = and_(written.c.crm == crm, written.c.object == name, written.c.record_id.in_(ids))
        for row in connection.execute(select(written).where(own)).mappings():
            ref = RecordRef(row["crm"], row["object"], row["record_id"])
            entry = Written(ref, row["field"], row["value"][0], row["plan_hash"], row["at"], row["settled"])
            found.setdefault(ref, {})[entry.field] = entry
    return found


def _record(row: RowMapping) -> MirrorRecord:
    values: dict[str, Any] = dict(row)
    ref = RecordRef(values.pop("crm"), values.pop("object"), values.pop("record_id"))
    fields = values.pop("fields")
    hidden = frozenset(name for name, value in fields.items() if value is UNREADABLE)
    if hidden:
        fields = {name: value for name, value in fields.items() if name not in hidden}
    return MirrorRecord(ref=ref, fields=fields, unreadable=hidden, **values)


def _link(row: RowMapping) -> Link:
    source = RecordRef(row["crm"], row["object"], row["record_id"])
    target = RecordRef(row["to_crm"], row["to_object"], row["to_id"])
    return Link(source, row["name"], target, row["position"])
