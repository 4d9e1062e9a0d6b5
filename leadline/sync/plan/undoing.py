"""The plan that takes another one back: old values where nobody has changed them since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from leadline.common.values import Crm, ObjectDescription, RecordRef
from leadline.common.vocabulary import ACCOUNT_OBJECTS, PERSON_OBJECTS
from leadline.connectors.protocol import ReadConnector
from leadline.sync.plan.build import calls_of, count
from leadline.sync.plan.file import plan_hash
from leadline.sync.plan.model import NotWritten, Plan
from leadline.sync.plan.normal import same
from leadline.sync.plan.packing import Group
from leadline.sync.plan.records import moves_back
from leadline.sync.plan.scratch import AT_ONCE
from leadline.sync.plan.sorting import Sorter
from leadline.sync.plan.stored import is_live
from leadline.sync.plan.write import NOTHING, PlannedWrite
from leadline.sync.store.applying import intent_states, verified_writes
from leadline.sync.store.batches import chunks
from leadline.sync.store.mirror import load_records
from leadline.sync.store.outcomes import latest_decisions

CHANGED = "it was changed since, by a later plan or by somebody else"
GONE = "the record is gone"

_Place = tuple[RecordRef, str]
_FirstAndLast = tuple[PlannedWrite, PlannedWrite]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an undoing is planned in: the cycle that refreshed the mirror, its frontier, the book."""

    cycle: int
    frontier: datetime
    book_hash: str


def plan_to_undo(
    connection: Connection,
    plan: Plan,
    occasion: Occasion,
    readers: Mapping[Crm, ReadConnector],
    described: Mapping[Crm, Mapping[str, ObjectDescription]],
) -> Plan:
    """Return the plan that writes the old values back where the record still shows what ``plan`` wrote.

    Only what was written and read back is taken back; what the plan created (tasks, notes, memberships) stays, and so
    do notices. Nothing given here can write. Raises what the connectors raise.
    """
    skipped: Counter[tuple[Crm, str, str]] = Counter()
    found = Sorter()
    for some in chunks(plan.writes.by_record(), AT_ONCE):
        for back in _undone(connection, _verified(connection, plan, some), skipped):
            found.add(tuple(_steps(back, described)), _place_of(back.ref), back.account or "", "undo")
    writes = found.finish()
    made = Plan(
        hash="",
        cycle=occasion.cycle,
        frontier=occasion.frontier,
        book_hash=occasion.book_hash,
        organisations={crm: readers[crm].organisation() for crm in sorted(readers)},
        adoption=False,
        writes=writes,
        calls={crm: calls_of(readers[crm], crm, writes) for crm in sorted(readers)},
        counts=count(writes),
        not_written=tuple(NotWritten(*key, records) for key, records in sorted(skipped.items())),
        undoes=plan.hash,
    )
    return replace(made, hash=plan_hash(made))


def _undone(
    connection: Connection, written: Mapping[_Place, _FirstAndLast], skipped: Counter[tuple[Crm, str, str]]
) -> Iterator[PlannedWrite]:
    """Yield what is to be written back, and count what is left as it is."""
    decided = latest_decisions(connection, {first.person for first, _ in written.values()})
    mirrored = load_records(connection, {ref for ref, _ in written})
    ours = verified_writes(connection, mirrored)
    for (ref, field), (first, last) in written.items():
        record = mirrored.get(ref)
        of_account = ref.object == ACCOUNT_OBJECTS[ref.crm]
        person = first.person if of_account else record.person_id if record is not None else None
        if record is None or not is_live(record) or person is None:
            skipped[ref.crm, ref.object, GONE] += 1
            continue
        present = {**record.fields, **ours.get(ref, {})}.get(field)
        if same(present, first.old, last.kind, ref.crm):
            continue
        if not same(present, last.new, last.kind, ref.crm):
            skipped[ref.crm, ref.object, f"{field}: {CHANGED}"] += 1
            continue
        yield _back(first, last, person, decided.get(person, last.decision))


def _verified(
    connection: Connection, plan: Plan, records: Sequence[tuple[RecordRef, list[tuple[int, Group]]]]
) -> dict[_Place, _FirstAndLast]:
    """Return, by record and field, the first and the last step of what was written and read back."""
    numbers = [number for _, groups in records for number, _ in groups]
    done = {one.seq for one in intent_states(connection, plan.hash, status="verified", seqs=numbers)}
    found: dict[_Place, _FirstAndLast] = {}
    for ref, groups in records:
        fields = {write.field for number, group in groups if number in done for write in group}
        for write in (write for _, group in groups for write in group if write.field in fields):
            key = (ref, write.field)
            found[key] = (found[key][0] if key in found else write, write)
    return found


def _back(first: PlannedWrite, last: PlannedWrite, person: str, decision: str) -> PlannedWrite:
    back = PlannedWrite(last.ref, person, last.field, last.kind, old=last.new, new=first.old, decision=decision)
    return replace(back, basis=None if last.basis is None else NOTHING, account=last.account)


def _steps(write: PlannedWrite, described: Mapping[Crm, Mapping[str, ObjectDescription]]) -> Iterable[PlannedWrite]:
    """Give the way back through an empty value where the CRM wants it."""
    known = described.get(write.ref.crm, {}).get(write.ref.object)
    options: Sequence[str] = known.fields[write.field].options if known and write.field in known.fields else ()
    if write.new not in {None, ""} and moves_back(write.ref.crm, write.field, write.old, write.new, options):
        yield replace(write, new=None, phase=1)
        write = replace(write, old=None)
    yield write


def _place_of(ref: RecordRef) -> int:
    places = PERSON_OBJECTS[ref.crm]
    return places.index(ref.object) if ref.object in places else len(places)
