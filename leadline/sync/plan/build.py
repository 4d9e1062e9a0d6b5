"""Compare what the CRMs should show with what they show, and price the difference in calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from leadline.common.values import Crm, RecordRef, RecordWrite
from leadline.common.vocabulary import ACCOUNT_OBJECTS, PERSON_OBJECTS
from leadline.connectors.protocol import Creation, CreationKind, ReadConnector
from leadline.rules.model import Book
from leadline.sync.plan.effects import EffectPlanner, effect_counts
from leadline.sync.plan.effectwrites import EffectWrites
from leadline.sync.plan.file import plan_hash
from leadline.sync.plan.limits import RecordLimit, enough_for, record_limit
from leadline.sync.plan.model import Counts, NotWritten, Plan, PlannedEffect, PlannedWrite, grouped, record_write
from leadline.sync.plan.narrowing import Narrowed
from leadline.sync.plan.owners import Owners
from leadline.sync.plan.records import Compared, Described, RecordPlanner, Skipped
from leadline.sync.plan.source import AccountView, DueEffect, PersonView, PlanSource, RecordView


def build_plan(
    source: PlanSource,
    book: Book,
    readers: Mapping[Crm, ReadConnector],
    described: Described | None = None,
    channels: Collection[str] | None = None,
    narrowed: Narrowed | None = None,
    owners: Owners | None = None,
) -> Plan:
    """Return the plan that would make every record agree with its person's outcome.

    Nothing given here can write. ``described`` saves the describe calls when the pull of this cycle has just
    made them. ``channels`` are the names to which messages can be sent (None: not asked). Only effects that are due
    make it ask for users, lists and campaigns, by ``owners`` where they are given. With ``narrowed`` it is only a
    part. The same state gives the same plan, byte for byte. Raises what the connectors raise.
    """
    if described is None:
        described = {crm: readers[crm].describe(_written_objects(book, crm)) for crm in sorted(readers)}
    shown = {crm: described.get(crm, {}) for crm in readers}
    acting = EffectPlanner(book, readers, EffectWrites(shown, owners or Owners(readers)), channels)
    part = narrowed or Narrowed()
    planner = _Planner(book, source.frontier, shown, acting, part, source.population, source.hear)
    due = [effect for effect in source.effects(book) if part.about(effect.person)]
    writes, effects = part.parts(planner.plan(source.people(), source.accounts(), due), tuple(acting.planned))
    plan = Plan(
        hash="",
        cycle=source.cycle,
        frontier=source.frontier,
        book_hash=book.hash,
        organisations={crm: readers[crm].organisation() for crm in sorted(readers)},
        adoption=source.adoption,
        writes=writes,
        calls={crm: calls_of(readers[crm], crm, writes, effects) for crm in sorted(readers)},
        counts=replace(count(writes), effects=effect_counts(effects)),
        not_written=planner.not_written(source.left_out),
        effects=effects,
        held=acting.held(),
        only=str(part),
    )
    return replace(plan, hash=plan_hash(plan))


def count(writes: tuple[PlannedWrite, ...]) -> Counts:
    """Count the records, people, stages and transitions of a plan."""
    stages = {(write.person, write.stage) for write in writes if write.stage}
    transitions = {(write.person, write.transition) for write in writes if write.transition}
    return Counts(
        records=dict(sorted(Counter(ref.crm for ref in {write.ref for write in writes}).items())),
        stages=dict(sorted(Counter(str(stage) for _, stage in stages).items())),
        transitions=dict(sorted(Counter(str(transition) for _, transition in transitions).items())),
        backward=len({write.person for write in writes if write.backward}),
        people=len({write.person for write in writes if write.ref.object != ACCOUNT_OBJECTS[write.ref.crm]}),
    )


def _written_objects(book: Book, crm: Crm) -> tuple[str, ...]:
    accounts = crm in book.write and bool(book.write[crm].account)
    return (*PERSON_OBJECTS[crm], ACCOUNT_OBJECTS[crm]) if accounts else PERSON_OBJECTS[crm]


_ORDER: Final[Mapping[Crm, tuple[str, ...]]] = {
    crm: (*names, ACCOUNT_OBJECTS[crm]) for crm, names in PERSON_OBJECTS.items()
}


@dataclass(slots=True)
class _Planner:
    book: Book
    frontier: datetime
    described: Described
    acting: EffectPlanner
    part: Narrowed
    population: Callable[[int], int]
    hear: Callable[[Compared], None]
    _now: list[Skipped] = field(default_factory=list)
    _skipped: dict[tuple[Crm, str, str], set[RecordRef]] = field(default_factory=dict)

    def plan(
        self, people: Iterator[PersonView], accounts: Iterator[AccountView], due: Sequence[DueEffect]
    ) -> tuple[PlannedWrite, ...]:
        concerned: dict[str, PersonView | None] = dict.fromkeys(effect.person for effect in due)
        found: list[tuple[RecordView, tuple[PlannedWrite, ...]]] = []
        planner = RecordPlanner(self.book, self.frontier, self.described, self._now.append)
        for person in people:
            if not self.part.about(person.person):
                continue
            if person.person in concerned:
                concerned[person.person] = person
            mine = [
                (record, writes) for record in person.records if (writes := tuple(planner.writes(person, record)))
            ]
            self._compared(person.person, None, writes=bool(mine))
            found += mine
        self.acting.plan(due, {name: person for name, person in concerned.items() if person is not None})
        kept = self._with_room(found)
        kept += self._accounts(planner, accounts, len(kept))
        kept += [(record, (write,)) for record, write in self.acting.writes.all()]
        keyed: list[tuple[tuple[object, ...], PlannedWrite]] = []
        for record, writes in kept:
            order = _ORDER[record.ref.crm].index(record.ref.object)
            for write in writes:
                # Records of one account stand together: a CRM locks the account's row for each of them.
                key = (write.ref.crm, write.phase, order, record.account, write.ref.id, write.field)
                keyed.append((key, replace(write, account=record.account or None)))
        return tuple(write for _, write in sorted(keyed, key=lambda pair: pair[0]))

    def not_written(self, others: Mapping[tuple[Crm, str, str], int]) -> tuple[NotWritten, ...]:
        counted = Counter(others)
        counted.update({key: len(records) for key, records in self._skipped.items()})
        return tuple(
            NotWritten(crm, name, reason, records)
            for (crm, name, reason), records in sorted(counted.items())
            if self.part.crm in {None, crm}
        )

    def _compared(self, person: str, account: RecordRef | None, *, writes: bool) -> None:
        """Tell what was found since the last comparison ended."""
        self.hear(Compared(person, account, writes, tuple(self._now)))
        for skipped in self._now:
            self._skip(skipped)
        self._now.clear()

    def _with_room(
        self, found: list[tuple[RecordView, tuple[PlannedWrite, ...]]]
    ) -> list[tuple[RecordView, tuple[PlannedWrite, ...]]]:
        """Leave out plain score drift that would pass the guard, the longest unpublished first to be kept.

        Decay touches many records by time alone; if it counted against the guard, a sync that paused for a week
        would stop itself for good. Moves are never left out: those the guard must see.
        """
        limit = self._limit(len(found))
        drift = [item for item in found if _only_drift(item[0], item[1])]
        if limit is None or len(found) <= limit.records or not drift:
            return found
        room = max(0, limit.records - (len(found) - len(drift)))
        oldest_first = sorted(drift, key=lambda item: (_scores_at(item[0]), item[0].ref))
        waiting = {record.ref for record, _ in oldest_first[room:]}
        for record, _ in oldest_first[room:]:
            self._skip(Skipped(record, None, "drift", "score drift waits for room under guards.most"))
        return [item for item in found if item[0].ref not in waiting]

    def _accounts(
        self, planner: RecordPlanner, accounts: Iterator[AccountView], taken: int
    ) -> list[tuple[RecordView, tuple[PlannedWrite, ...]]]:
        """Return the writes to accounts. Those that show our values already wait where the guard has no room left.

        Their numbers drift by time alone, as scores do.
        """
        differing: list[tuple[AccountView, tuple[PlannedWrite, ...]]] = []
        for account in accounts:
            if not self.part.about(account.person):
                continue
            writes = tuple(planner.account_writes(account))
            self._compared(account.person, account.record.ref, writes=bool(writes))
            if writes:
                differing.append((account, writes))
        limit = self._limit(taken + len(differing))
        found: list[tuple[RecordView, tuple[PlannedWrite, ...]]] = []
        for account, writes in sorted(differing, key=lambda pair: pair[0].record.ref):
            if account.ours and limit is not None and taken + len(found) >= limit.records:
                self._skip(Skipped(account.record, None, "drift", "account facts wait for room under guards.most"))
            else:
                found.append((account.record, writes))
        return found

    def _limit(self, found: int) -> RecordLimit | None:
        """Return the limit; it may be too low where ``found`` records are within it."""
        return record_limit(self.book.guards, self.population(enough_for(self.book.guards, found)))

    def _skip(self, skipped: Skipped) -> None:
        ref = skipped.record.ref
        self._skipped.setdefault((ref.crm, ref.object, skipped.reason), set()).add(ref)


def _only_drift(record: RecordView, writes: tuple[PlannedWrite, ...]) -> bool:
    """Say whether nothing but scores would be written, under the stage and grades that were published before."""
    published = record.published
    return published is not None and all(write.basis == published.basis for write in writes)


def _scores_at(record: RecordView) -> datetime:
    assert record.published is not None
    return record.published.scores_at


def calls_of(
    reader: ReadConnector, crm: Crm, writes: tuple[PlannedWrite, ...], effects: tuple[PlannedEffect, ...] = ()
) -> Mapping[str, int]:
    """Price each phase on its own, because a later phase waits for the earlier; reading back happens once.

    What effects make is made and looked at after that; closing tasks is one more batch of writes.
    """
    result = {"write": 0, "read_back": 0}
    mine = tuple(write for write in writes if write.ref.crm == crm)
    for phase in (1, 2):
        batch = [record_write(group) for group in grouped(tuple(w for w in mine if w.phase == phase))]
        if not batch:
            continue
        forecast = reader.forecast(batch)
        result["write"] += forecast["write"]
        if phase == 2:
            result["read_back"] += forecast["read_back"]
    for forecast in _effect_calls(reader, [effect for effect in effects if effect.crm == crm]):
        result["write"] += forecast["write"]
        result["read_back"] += forecast["read_back"]
    return result


_CREATED: Final[Mapping[str, CreationKind]] = {
    "task": "task",
    "note": "note",
    "member": "member",
    "unmember": "unmember",
}


def _effect_calls(reader: ReadConnector, effects: Sequence[PlannedEffect]) -> Iterator[Mapping[str, int]]:
    creations = [
        Creation(effect.key, _CREATED[effect.kind], effect.ref, effect.payload)
        for effect in effects
        if effect.kind in _CREATED and effect.ref is not None
    ]
    if creations:
        yield reader.forecast_creations(creations)
    closed = [RecordWrite(effect.ref, {}) for effect in effects if effect.kind == "close" and effect.ref is not None]
    if closed:
        yield {**reader.forecast(closed), "read_back": 0}
