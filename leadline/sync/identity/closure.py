"""Everything that a set of records can be joined with, found without reading the rest of the mirror."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy import Column, Connection, select

from leadline.common.values import RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.rules.model import Identity
from leadline.sync.identity.addresses import further, keys_of
from leadline.sync.store.batches import by_object, chunks
from leadline.sync.store.mirror import MirrorRecord, links_from, links_to, load_records
from leadline.sync.store.schema import addresses, records

Why = Literal["converted", "linked", "merged", "email"]

STRENGTH: Final[tuple[Why, ...]] = ("converted", "linked", "merged", "email")

EXPLICIT: Final[dict[str, Why]] = {
    "converted_contact": "converted",
    "salesforce_contact": "linked",
    "salesforce_lead": "linked",
    "hubspot_contact": "linked",
}


@dataclass(slots=True)
class Closure:
    """Records that may be one person with each other, and the pairs that say so.

    ``asked`` are all references that lead here, also to what was never pulled. ``near`` are pairs that lead to each
    other and do not make one person: by the person they are now, or by the e-mail address of a deleted record.
    """

    records: dict[RecordRef, MirrorRecord] = field(default_factory=dict)
    pairs: set[tuple[RecordRef, RecordRef]] = field(default_factory=set)
    why: dict[RecordRef, Why] = field(default_factory=dict)
    near: set[tuple[RecordRef, RecordRef]] = field(default_factory=set)
    asked: set[RecordRef] = field(default_factory=set)

    def pair(self, one: RecordRef, other: RecordRef, why: Why) -> None:
        """Note that two records are one person; of several reasons a record keeps the strongest."""
        if one != other:
            self.pairs.add((min(one, other), max(one, other)))
            for ref in (one, other):
                self.why[ref] = min(why, self.why.get(ref, why), key=STRENGTH.index)


def is_person(ref: RecordRef) -> bool:
    """Say whether a record is of an object that holds people."""
    return ref.object in PERSON_OBJECTS[ref.crm]


def closure_of(connection: Connection, start: Iterable[RecordRef], rule: Identity) -> Closure:
    """Return the start records with all that explicit ids, merges, e-mail and present membership lead to.

    Whatever leads there leads back again, also over records that were never pulled and from deleted ones, which join
    nobody by e-mail: so the closures of any two records are the same or have nothing in common. Each round asks the
    database for whole batches, so the number of queries follows the longest chain, not the number of records.
    """
    closure = Closure()
    emails: set[str] = set()
    persons: set[str] = set()
    keys: dict[RecordRef, set[str]] = {}
    fresh = {ref for ref in start if is_person(ref)}
    while fresh:
        closure.asked |= fresh
        found = load_records(connection, fresh)
        closure.records.update(found)
        near = _linked(connection, closure, fresh) | _merged(connection, closure, fresh, found)
        more = further(connection, found) if rule != Identity() else {}
        keys |= {ref: keys_of(record.email, more.get(ref, ()), rule) for ref, record in found.items()}
        wanted = {key for ref in found for key in keys[ref]} - emails
        members = {record.person_id for record in found.values() if record.person_id} - persons
        near |= _where(connection, records.c.email, wanted) | _where(connection, records.c.person_id, members)
        if rule != Identity():
            near |= _where(connection, addresses.c.email, wanted)
        emails |= wanted
        persons |= members
        fresh = near - closure.asked
    _by_email(closure, keys)
    _by_person(closure)
    return closure


def _linked(connection: Connection, closure: Closure, fresh: set[RecordRef]) -> set[RecordRef]:
    near: set[RecordRef] = set()
    for direction in (links_from(connection, fresh), links_to(connection, fresh)):
        for links in direction.values():
            for link in links:
                if link.name in EXPLICIT:
                    closure.pair(link.source, link.target, EXPLICIT[link.name])
                    near |= {link.source, link.target}
    return near


def _merged(
    connection: Connection, closure: Closure, fresh: set[RecordRef], found: dict[RecordRef, MirrorRecord]
) -> set[RecordRef]:
    near: set[RecordRef] = set()
    for record in found.values():
        if record.merged_into:
            survivor = RecordRef(record.ref.crm, record.ref.object, record.merged_into)
            closure.pair(record.ref, survivor, "merged")
            near.add(survivor)
    for crm, name, ids in by_object(fresh):
        into = (records.c.crm == crm) & (records.c.object == name) & records.c.merged_into.in_(ids)
        for loser, survivor in connection.execute(select(records.c.record_id, records.c.merged_into).where(into)):
            ref = RecordRef(crm, name, loser)  # type: ignore[arg-type]
            closure.pair(ref, RecordRef(crm, name, survivor), "merged")  # type: ignore[arg-type]
            near.add(ref)
    return near


def _where(connection: Connection, column: Column[str], values: set[str]) -> set[RecordRef]:
    near: set[RecordRef] = set()
    table = column.table
    for batch in chunks(sorted(values)):
        query = select(table.c.crm, table.c.object, table.c.record_id).where(column.in_(batch))
        near |= {RecordRef(crm, name, key) for crm, name, key in connection.execute(query)}
    return near


def _by_email(closure: Closure, keys: Mapping[RecordRef, set[str]]) -> None:
    first: dict[str, RecordRef] = {}
    # Live records first: what is deleted is near them, and joins nobody.
    for ref in sorted(closure.records, key=lambda ref: (closure.records[ref].deleted, ref)):
        for key in sorted(keys[ref]):
            other = first.setdefault(key, ref)
            if closure.records[ref].deleted:
                closure.near.add((other, ref))
            else:
                closure.pair(other, ref, "email")


def _by_person(closure: Closure) -> None:
    first: dict[str, RecordRef] = {}
    for ref in sorted(closure.records):
        person = closure.records[ref].person_id
        if person is not None:
            closure.near.add((first.setdefault(person, ref), ref))
