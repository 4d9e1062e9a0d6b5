"""Mirror rows as they were known at a cycle, read in whole batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from leadline.common.values import Crm, Precision, Raw, RecordRef
from leadline.rules.state import Unreadable
from leadline.sync.store.batches import by_object, chunks
from leadline.sync.store.mirror import Link
from leadline.sync.store.schema import activities, activity_records, links, observations, person_records, records


@dataclass(frozen=True, slots=True)
class Member:
    """A record of a person, and since which cycle it is."""

    ref: RecordRef
    person: str
    since: int


@dataclass(frozen=True, slots=True)
class KnownLink:
    """A link as known at the cycle asked about, and since which cycle it is."""

    link: Link
    since: int


@dataclass(frozen=True, slots=True)
class Observation:
    """One observed change of one record."""

    ref: RecordRef
    at: datetime
    seen: datetime
    cycle: int
    changed: Mapping[str, Raw | Unreadable]
    author: str
    deleted: bool
    merged_into: str | None
    echo: frozenset[str]


@dataclass(frozen=True, slots=True)
class ActivityVersion:
    """One version of one activity; ``about`` are the records it happened to."""

    row: int
    crm: Crm
    kind: str
    id: str
    version: int
    email: str | None
    at: datetime
    precision: Precision
    stamp: datetime
    seen: datetime
    cycle: int
    attributes: Mapping[str, Raw]
    deleted: bool


def members(connection: Connection, person_ids: Iterable[str], cycle: int) -> list[Member]:
    """Return the records of these persons as known at ``cycle``, in order of record."""
    found: list[Member] = []
    for batch in chunks(sorted(set(person_ids))):
        mine = person_records.c.person_id.in_(batch) & _stood(person_records, cycle)
        for row in connection.execute(select(person_records).where(mine)).mappings():
            ref = RecordRef(row["crm"], row["object"], row["record_id"])
            found.append(Member(ref, row["person_id"], row["since_cycle"]))
    return sorted(found, key=lambda member: member.ref)


def owners(connection: Connection, refs: Iterable[RecordRef], cycle: int) -> list[Member]:
    """Return these records with the persons whose they were at ``cycle``, in order of record."""
    found: list[Member] = []
    for crm, name, ids in by_object(refs):
        own = (person_records.c.crm == crm) & (person_records.c.object == name) & person_records.c.record_id.in_(ids)
        for row in connection.execute(select(person_records).where(own & _stood(person_records, cycle))).mappings():
            ref = RecordRef(row["crm"], row["object"], row["record_id"])
            found.append(Member(ref, row["person_id"], row["since_cycle"]))
    return sorted(found, key=lambda member: member.ref)


def outward(connection: Connection, refs: Iterable[RecordRef], names: Sequence[str], cycle: int) -> list[KnownLink]:
    """Return the links of these names that go out from records, as known at ``cycle``, primary first."""
    found: list[KnownLink] = []
    for crm, name, ids in by_object(refs):
        own = (links.c.crm == crm) & (links.c.object == name) & links.c.record_id.in_(ids)
        found += _links(connection, own & links.c.name.in_(names) & _stood(links, cycle))
    return found


def inward(
    connection: Connection, refs: Iterable[RecordRef], name: str, sources: Sequence[str], cycle: int
) -> list[KnownLink]:
    """Return the links of one name that point at records from these objects, as known at ``cycle``."""
    found: list[KnownLink] = []
    for crm, target, ids in by_object(refs):
        there = (links.c.to_crm == crm) & (links.c.to_object == target) & links.c.to_id.in_(ids)
        there &= (links.c.name == name) & links.c.object.in_(sources)
        found += _links(connection, there & _stood(links, cycle))
    return found


def observed(connection: Connection, refs: Iterable[RecordRef], cycle: int) -> dict[RecordRef, list[Observation]]:
    """Return what was observed of records up to ``cycle``, in order of observation."""
    found: dict[RecordRef, list[Observation]] = {}
    table = observations.c
    for crm, name, ids in by_object(refs):
        own = (table.crm == crm) & (table.object == name) & table.record_id.in_(ids) & (table.cycle <= cycle)
        for row in connection.execute(select(observations).where(own).order_by(table.id)).mappings():
            ref = RecordRef(crm, name, row["record_id"])  # type: ignore[arg-type]
            found.setdefault(ref, []).append(
                Observation(
                    ref,
                    row["at"],
                    row["seen"],
                    row["cycle"],
                    row["changed"],
                    row["author"],
                    row["deleted"],
                    row["merged_into"],
                    frozenset(row["echo"]),
                )
            )
    return found


def created(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, datetime]:
    """Return when records were made, where the CRM says so (it never changes)."""
    found: dict[RecordRef, datetime] = {}
    for crm, name, ids in by_object(refs):
        own = (records.c.crm == crm) & (records.c.object == name) & records.c.record_id.in_(ids)
        query = select(records.c.record_id, records.c.created).where(own, records.c.created.is_not(None))
        for key, at in connection.execute(query):
            found[RecordRef(crm, name, key)] = at  # type: ignore[arg-type]
    return found


def activities_about(
    connection: Connection, refs: Iterable[RecordRef], cycle: int
) -> Iterator[tuple[RecordRef, ActivityVersion]]:
    """Yield every version known at ``cycle`` of the activities that happened to these records."""
    for crm, name, ids in by_object(refs):
        place = activity_records.c
        own = (place.crm == crm) & (place.object == name) & place.record_id.in_(ids)
        whole = activities.join(activity_records, activities.c.row == place.row)
        query = select(activities, place.record_id.label("about")).select_from(whole)
        for row in connection.execute(query.where(own, activities.c.cycle <= cycle)).mappings():
            values: dict[str, Any] = dict(row)
            about = RecordRef(crm, name, values.pop("about"))  # type: ignore[arg-type]
            yield about, ActivityVersion(**values)


def activities_by_email(
    connection: Connection, emails: Iterable[str], cycle: int
) -> Iterator[tuple[str, ActivityVersion]]:
    """Yield every version known at ``cycle`` of the activities known by these folded addresses."""
    for batch in chunks(sorted(set(emails))):
        own = activities.c.email.in_(batch) & (activities.c.cycle <= cycle)
        for row in connection.execute(select(activities).where(own)).mappings():
            yield row["email"], ActivityVersion(**row)


def _stood(table: Table, cycle: int) -> ColumnElement[bool]:
    still = table.c.until_cycle.is_(None) | (table.c.until_cycle > cycle)
    return (table.c.since_cycle <= cycle) & still


def _links(connection: Connection, where: ColumnElement[bool]) -> list[KnownLink]:
    query = select(links).where(where).order_by(links.c.name, links.c.position, links.c.to_id)
    return [
        KnownLink(
            Link(
                RecordRef(row["crm"], row["object"], row["record_id"]),
                row["name"],
                RecordRef(row["to_crm"], row["to_object"], row["to_id"]),
                row["position"],
            ),
            row["since_cycle"],
        )
        for row in connection.execute(query).mappings()
    ]
