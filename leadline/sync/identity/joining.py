"""Joining records into persons with minted ids that are never derived from an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from leadline.common.values import CRMS, RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.rules.model import Identity
from leadline.sync.identity.addresses import settle_addresses
from leadline.sync.identity.closure import Closure, closure_of
from leadline.sync.store.batches import insert, upsert
from leadline.sync.store.outcomes import LifecycleRow, load_lifecycle, save_lifecycle
from leadline.sync.store.schema import person_records, persons, records, touched

_ORDER: Final[Mapping[tuple[str, str], int]] = {
    pair: place for place, pair in enumerate((crm, name) for crm in CRMS for name in PERSON_OBJECTS[crm])
}


@dataclass(frozen=True, slots=True)
class People:
    """How many persons there are now, and what this run did."""

    total: int
    new: int
    joined: int
    split: int


def join_people(connection: Connection, cycle: int, rule: Identity | None = None) -> People:
    """Join the records that changed since the last evaluation with what they belong to.

    Ids are minted in the order of (CRM, object, record id) of each person's first record and never given twice.
    A join keeps the older id and makes the younger its alias. A record that no longer belongs leaves with a new
    person that starts from the same state. Deleted records keep their person and join nobody by e-mail. ``rule`` says
    which addresses are one; with another rule than the last time everybody is joined anew.
    """
    work = _Work(cycle, connection.execute(select(func.max(persons.c.number))).scalar() or 0)
    by = rule if rule is not None else Identity()
    settle_addresses(connection, by, cycle)
    closure = closure_of(connection, _touched(connection), by)
    groups = _components(closure)
    kept = _claims(closure, groups)
    for place, group in enumerate(groups):
        _settle(work, closure, group, kept.get(place, ()))
    _split_states(connection, work)
    _save(connection, work)
    live = select(func.count()).select_from(persons).where(persons.c.alias_of.is_(None))
    total = connection.execute(live).scalar_one()
    return People(total, len(work.minted) - len(work.left), len(work.aliases), len(work.left))


def person_id(number: int) -> str:
    """Return the id of the n-th person."""
    return f"p-{number:06d}"


@dataclass(slots=True)
class _Work:
    """What one run changes."""

    cycle: int
    last: int
    minted: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    moves: list[tuple[RecordRef, str | None, str, str]] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def mint(self) -> str:
        self.last += 1
        self.minted.append(person_id(self.last))
        return self.minted[-1]


def _touched(connection: Connection) -> list[RecordRef]:
    query = select(touched.c.crm, touched.c.object, touched.c.record_id).where(touched.c.object != "")
    return [RecordRef(crm, name, key) for crm, name, key in connection.execute(query)]


def _order(ref: RecordRef) -> tuple[int, str]:
    return _ORDER[ref.crm, ref.object], ref.id


def _components(closure: Closure) -> list[list[RecordRef]]:
    """Return the records that hang together, each group and the groups themselves in the order of ids."""
    parent: dict[RecordRef, RecordRef] = {ref: ref for ref in closure.records}

    def root(ref: RecordRef) -> RecordRef:
        while parent[ref] != ref:
            parent[ref] = parent[parent[ref]]
            ref = parent[ref]
        return ref

    for one, other in sorted(closure.pairs):
        # A survivor that was never pulled still holds its losers together.
        first, second = root(parent.setdefault(one, one)), root(parent.setdefault(other, other))
        if first != second:
            low, high = sorted((first, second), key=_order)
            parent[high] = low
    _keep_deleted(closure, parent)
    groups: dict[RecordRef, list[RecordRef]] = {}
    for ref in closure.records:
        groups.setdefault(root(ref), []).append(ref)
    return sorted((sorted(group, key=_order) for group in groups.values()), key=lambda group: _order(group[0]))


def _keep_deleted(closure: Closure, parent: dict[RecordRef, RecordRef]) -> None:
    """Let deleted records that nothing else holds stay with their person, beside its first live record."""
    first: dict[str, RecordRef] = {}
    for ref in sorted(closure.records, key=lambda ref: (closure.records[ref].deleted, _order(ref))):
        person = closure.records[ref].person_id
        if person is not None:
            first.setdefault(person, ref)
    for ref, record in closure.records.items():
        if record.deleted and record.person_id is not None and ref not in closure.why:
            parent[ref] = first[record.person_id]


def _claims(closure: Closure, groups: list[list[RecordRef]]) -> dict[int, tuple[str, ...]]:
    """Return which present persons each group keeps: a person stays with the group of its first live record."""
    first: dict[str, tuple[bool, tuple[int, str], int]] = {}
    for place, group in enumerate(groups):
        for ref in group:
            record = closure.records[ref]
            if record.person_id is not None:
                rank = (record.deleted, _order(ref), place)
                first[record.person_id] = min(first.get(record.person_id, rank), rank)
    kept: dict[int, list[str]] = {}
    for person, (_, _, place) in sorted(first.items()):
        kept.setdefault(place, []).append(person)
    return {place: tuple(names) for place, names in kept.items()}


def _settle(work: _Work, closure: Closure, group: list[RecordRef], kept: tuple[str, ...]) -> None:
    members = [ref for ref in group if not (closure.records[ref].deleted and _nobody(closure, ref))]
    if not members:
        return
    whole = kept[0] if kept else work.mint()
    for other in kept[1:]:
        work.aliases[other] = whole
    for ref in members:
        before = closure.records[ref].person_id
        if before == whole:
            continue
        if not kept and before is not None:
            work.left.setdefault(whole, before)
        work.moves.append((ref, before, whole, closure.why.get(ref, "new")))


def _nobody(closure: Closure, ref: RecordRef) -> bool:
    """Say whether a deleted record was never anybody and leads to nobody."""
    record = closure.records[ref]
    return record.person_id is None and record.merged_into is None


def _split_states(connection: Connection, work: _Work) -> None:
    """Give a person that left another one the same state to start from."""
    states = load_lifecycle(connection, work.left.values())
    copies = [_copied(states[old], new) for new, old in sorted(work.left.items()) if old in states]
    save_lifecycle(connection, copies)


def _copied(row: LifecycleRow, person: str) -> LifecycleRow:
    from leadline.rules.deciding import state_from_json, state_to_json

    state = replace(state_from_json(row.state), person=person)
    return replace(row, person_id=person, state=state_to_json(state))


def _save(connection: Connection, work: _Work) -> None:
    start = work.last - len(work.minted)
    insert(
        connection,
        persons,
        [
            {"number": start + place, "id": name, "created_cycle": work.cycle}
            for place, name in enumerate(work.minted, 1)
        ],
    )
    for younger, elder in sorted(work.aliases.items()):
        values = {"alias_of": elder, "alias_cycle": work.cycle}
        connection.execute(update(persons).where(persons.c.id == younger).values(values))
        connection.execute(update(persons).where(persons.c.alias_of == younger).values(alias_of=elder))
    _move(connection, work)


def _move(connection: Connection, work: _Work) -> None:
    if not work.moves:
        return
    which = [
        {"b_crm": ref.crm, "b_object": ref.object, "b_id": ref.id, "b_person": whole}
        for ref, _, whole, _ in work.moves
    ]
    table = person_records.c
    own = (table.crm == bindparam("b_crm")) & (table.object == bindparam("b_object"))
    present = own & (table.record_id == bindparam("b_id")) & table.until_cycle.is_(None)
    leavers = [row for row, (_, before, _, _) in zip(which, work.moves, strict=True) if before is not None]
    if leavers:
        connection.execute(update(person_records).where(present).values(until_cycle=work.cycle), leavers)
    rows = [
        {
            "crm": ref.crm,
            "object": ref.object,
            "record_id": ref.id,
            "since_cycle": work.cycle,
            "person_id": whole,
            "until_cycle": None,
            "why": why,
        }
        for ref, _, whole, why in work.moves
    ]
    upsert(connection, person_records, rows)
    here = (records.c.crm == bindparam("b_crm")) & (records.c.object == bindparam("b_object"))
    statement = update(records).where(here & (records.c.record_id == bindparam("b_id")))
    connection.execute(statement.values(person_id=bindparam("b_person")), which)
    _touch_movers(connection, work)


def _touch_movers(connection: Connection, work: _Work) -> None:
    changed: Iterable[RecordRef] = {ref for ref, _, _, _ in work.moves}
    rows = [
        {"crm": ref.crm, "object": ref.object, "record_id": ref.id, "cycle": work.cycle} for ref in sorted(changed)
    ]
    upsert(connection, touched, rows)
