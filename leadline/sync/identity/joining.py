"""Joining records into persons with minted ids that are never derived from an address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from sqlalchemy import Connection, bindparam, func, select, update

from leadline.common.values import CRMS, Crm, RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.rules.model import Identity
from leadline.sync.identity.addresses import settle_addresses
from leadline.sync.identity.closure import Closure, Why, closure_of
from leadline.sync.store.batches import chunks, insert, upsert
from leadline.sync.store.outcomes import LifecycleRow, load_lifecycle, save_lifecycle
from leadline.sync.store.schema import person_records, persons, records, touched

_ORDER: Final[Mapping[tuple[Crm, str], int]] = {
    pair: place for place, pair in enumerate((crm, name) for crm in CRMS for name in PERSON_OBJECTS[crm])
}


SLICE: Final = 2_000
"""Changed records that are joined at a time: with what they lead to, all that is in memory."""


@dataclass(frozen=True, slots=True)
class People:
    """How many persons there are now, and what this run did."""

    total: int
    new: int
    joined: int
    split: int


def join_people(connection: Connection, cycle: int, rule: Identity | None = None, at_once: int = SLICE) -> People:
    """Join the records that changed since the last evaluation with what they belong to.

    Ids are minted in the order of (CRM, object, record id) and never given twice: whoever hangs together comes where
    the first of their records that changed does, and among them each person where the first record does. A join keeps
    the older id and makes the younger its alias. A record that no longer belongs leaves with a new person that starts
    from the same state. Deleted records keep their person and join nobody by e-mail. ``rule`` says which addresses
    are one; with another rule than the last time everybody is joined anew. ``at_once`` changes nothing but the memory
    that it takes.
    """
    work = _Work(cycle, connection.execute(select(func.max(persons.c.number))).scalar() or 0)
    by = rule if rule is not None else Identity()
    settle_addresses(connection, by, cycle)
    ahead: set[RecordRef] = set()
    for refs in _slices(connection, at_once, ahead):
        closure = closure_of(connection, refs, by)
        last = _order(refs[-1])
        ahead |= {ref for ref in closure.asked if _order(ref) > last}
        groups = _components(closure, refs)
        kept = _claims(closure, groups)
        for place, group in enumerate(groups):
            _settle(work, closure, group, kept.get(place, ()))
        _split_states(connection, work)
        _save(connection, work)
    live = select(func.count()).select_from(persons).where(persons.c.alias_of.is_(None))
    total = connection.execute(live).scalar_one()
    return People(total, work.new, work.joined, work.split)


def person_id(number: int) -> str:
    """Return the id of the n-th person."""
    return f"p-{number:06d}"


@dataclass(frozen=True, slots=True)
class _Move:
    """A record that goes from one person (None: from nobody) to another, and why."""

    ref: RecordRef
    before: str | None
    why: Why | Literal["new"]


@dataclass(slots=True)
class _Work:
    """What one run changes: ``minted``, ``aliases``, ``moves`` and ``left`` of one slice, and counts of them all."""

    cycle: int
    last: int
    minted: list[int] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    moves: list[tuple[_Move, str]] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    new: int = 0
    joined: int = 0
    split: int = 0

    def mint(self) -> str:
        self.last += 1
        self.minted.append(self.last)
        return person_id(self.last)


def _slices(connection: Connection, at_once: int, ahead: set[RecordRef]) -> Iterator[list[RecordRef]]:
    """Yield what changed in the order of ids; what was joined ``ahead`` of its turn is left out."""
    for crm, name in _ORDER:
        own = (touched.c.crm == crm) & (touched.c.object == name)
        ids = sorted(connection.execute(select(touched.c.record_id).where(own)).scalars())
        for batch in chunks(ids, at_once):
            refs = {RecordRef(crm, name, key) for key in batch}
            left = sorted(refs - ahead)
            ahead -= refs
            if left:
                yield left


def _order(ref: RecordRef) -> tuple[int, str]:
    return _ORDER[ref.crm, ref.object], ref.id


class _Sets:
    """Records that hang together, told pair by pair; each set is known by its first record."""

    def __init__(self, refs: Iterable[RecordRef], pairs: Iterable[tuple[RecordRef, RecordRef]]) -> None:
        self.parent: dict[RecordRef, RecordRef] = {ref: ref for ref in refs}
        for one, other in sorted(pairs):
            # A survivor that was never pulled still holds its losers together.
            first = self.root(self.parent.setdefault(one, one))
            second = self.root(self.parent.setdefault(other, other))
            if first != second:
                low, high = sorted((first, second), key=_order)
                self.parent[high] = low

    def root(self, ref: RecordRef) -> RecordRef:
        parent = self.parent
        while parent[ref] != ref:
            parent[ref] = parent[parent[ref]]
            ref = parent[ref]
        return ref


def _components(closure: Closure, changed: Sequence[RecordRef]) -> list[list[RecordRef]]:
    """Return the records of each person, each group and the groups themselves in the order of ids.

    ``changed`` are in that order too.
    """
    people = _Sets(closure.records, closure.pairs)
    _keep_deleted(closure, people.parent)
    groups: dict[RecordRef, list[RecordRef]] = {}
    for ref in closure.records:
        groups.setdefault(people.root(ref), []).append(ref)
    wholes = _Sets(closure.records, closure.pairs | closure.near)
    first: dict[RecordRef, int] = {}
    for place, ref in enumerate(changed):
        if ref in wholes.parent:
            first.setdefault(wholes.root(ref), place)
    ordered = [sorted(group, key=_order) for group in groups.values()]
    return sorted(ordered, key=lambda group: (first.get(wholes.root(group[0]), len(changed)), _order(group[0])))


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
    work.joined += len(kept[1:])
    work.aliases |= dict.fromkeys(kept[1:], whole)
    moves = [_Move(ref, closure.records[ref].person_id, closure.why.get(ref, "new")) for ref in members]
    work.moves += [(move, whole) for move in moves if move.before != whole]
    if not kept:
        before = next((move.before for move in moves if move.before is not None), None)
        work.new += before is None
        work.split += before is not None
        work.left |= {whole: before} if before is not None else {}


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
    """Store what a slice came to, and forget it."""
    rows = [{"number": number, "id": person_id(number), "created_cycle": work.cycle} for number in work.minted]
    insert(connection, persons, rows)
    if work.aliases:
        pairs = [{"younger": younger, "elder": elder} for younger, elder in sorted(work.aliases.items())]
        now = update(persons).values(alias_of=bindparam("elder"))
        connection.execute(now.where(persons.c.id == bindparam("younger")).values(alias_cycle=work.cycle), pairs)
        connection.execute(now.where(persons.c.alias_of == bindparam("younger")), pairs)
    if work.moves:
        _move(connection, work)
    work.minted, work.aliases, work.moves, work.left = [], {}, [], {}


def _move(connection: Connection, work: _Work) -> None:
    which = [
        {"b_crm": move.ref.crm, "b_object": move.ref.object, "b_id": move.ref.id, "b_person": whole}
        for move, whole in work.moves
    ]
    table = person_records.c
    own = (table.crm == bindparam("b_crm")) & (table.object == bindparam("b_object"))
    present = own & (table.record_id == bindparam("b_id")) & table.until_cycle.is_(None)
    leavers = [row for row, (move, _) in zip(which, work.moves, strict=True) if move.before is not None]
    if leavers:
        connection.execute(update(person_records).where(present).values(until_cycle=work.cycle), leavers)
    places = [{"crm": move.ref.crm, "object": move.ref.object, "record_id": move.ref.id} for move, _ in work.moves]
    memberships = [
        {**place, "since_cycle": work.cycle, "person_id": whole, "until_cycle": None, "why": move.why}
        for place, (move, whole) in zip(places, work.moves, strict=True)
    ]
    upsert(connection, person_records, memberships)
    here = (records.c.crm == bindparam("b_crm")) & (records.c.object == bindparam("b_object"))
    statement = update(records).where(here & (records.c.record_id == bindparam("b_id")))
    connection.execute(statement.values(person_id=bindparam("b_person")), which)
    upsert(connection, touched, [{**place, "cycle": work.cycle} for place in places])
