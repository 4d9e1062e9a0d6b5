"""Compare what the CRMs should show with what they show, and price the difference in calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from leadline.common.values import Crm, RecordRef, RecordWrite
from leadline.common.vocabulary import ACCOUNT_OBJECTS, PERSON_OBJECTS
from leadline.connectors.protocol import CREATIONS, Creation, ReadConnector
from leadline.rules.model import Book
from leadline.sync.plan.effects import EffectPlanner, effect_counts
from leadline.sync.plan.effectwrites import EffectWrites
from leadline.sync.plan.file import plan_hash
from leadline.sync.plan.limits import RecordLimit, enough_for, record_limit
from leadline.sync.plan.model import Counts, NotWritten, Plan, PlannedEffect
from leadline.sync.plan.narrowing import Narrowed
from leadline.sync.plan.owners import Owners
from leadline.sync.plan.packing import Move, Writes
from leadline.sync.plan.records import Compared, Described, RecordPlanner, Skipped
from leadline.sync.plan.rows import place_of
from leadline.sync.plan.sorting import Sorter
from leadline.sync.plan.source import AccountView, DueEffect, PersonView, PlanSource, RecordView
from leadline.sync.plan.write import PlannedWrite


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
    make it ask for users, lists, campaigns and how to create, by ``owners`` where they are given. With ``narrowed``
    it is only a part. The same state gives the same plan, byte for byte. Raises what the connectors raise.
    """
    if described is None:
        described = {crm: readers[crm].describe(_written_objects(book, crm)) for crm in sorted(readers)}
    shown = {crm: described.get(crm, {}) for crm in readers}
    asking = owners or Owners(readers)
    acting = EffectPlanner(book, readers, EffectWrites(shown, asking), channels)
    part = narrowed or Narrowed()
    planner = _Planner(book, source.frontier, shown, acting, part, source.population, source.hear)
    due = [effect for effect in source.effects(book) if part.about(effect.person)]
    writes, effects = part.parts(planner.plan(source.people(), source.accounts(), due), tuple(acting.planned))
    created = {(effect.crm, CREATIONS[effect.kind]) for effect in effects if effect.kind in CREATIONS}
    for crm in sorted(readers):
        asking.may_create(crm, {kind for where, kind in created if where == crm})
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


def count(writes: Writes) -> Counts:
    """Count the records, people, stages and transitions of a plan."""
    records: Counter[Crm] = Counter()
    for (crm, _), found in writes.records().items():
        records[crm] += found
    stages = sorted({move.stage for move in writes.moves if move.stage})
    transitions = sorted({move.transition for move in writes.moves if move.transition})
    return Counts(
        records=dict(sorted(records.items())),
        stages={stage: writes.people(_to_stage(stage)) for stage in stages},
        transitions={told: writes.people(_by_transition(told)) for told in transitions},
        backward=writes.people(lambda move: move.backward),
        people=writes.people(),
    )


def _to_stage(stage: str) -> Callable[[Move], bool]:
    return lambda move: move.stage == stage


def _by_transition(transition: str) -> Callable[[Move], bool]:
    return lambda move: move.transition == transition


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
    _skipped: Counter[tuple[Crm, str, str]] = field(default_factory=Counter)
    _found: Sorter = field(default_factory=Sorter)

    def plan(self, people: Iterator[PersonView], accounts: Iterator[AccountView], due: Sequence[DueEffect]) -> Writes:
        concerned: dict[str, PersonView | None] = dict.fromkeys(effect.person for effect in due)
        planner = RecordPlanner(self.book, self.frontier, self.described, self._now.append)
        found = drifting = 0
        for person in people:
            if not self.part.about(person.person):
                continue
            if person.person in concerned:
                concerned[person.person] = person
            before = found
            for record in person.records:
                if writes := tuple(planner.writes(person, record)):
                    drift = _drift_since(record, writes)
                    self._add(record, writes, "person", drift)
                    found += 1
                    drifting += drift is not None
            self._compared(person.person, None, writes=found > before)
        self.acting.plan(due, {name: person for name, person in concerned.items() if person is not None})
        self._accounts(planner, accounts, self._with_room(found, drifting))
        for record, write in self.acting.writes.all():
            self._add(record, (write,), "effect", None)
        return self._found.finish()

    def not_written(self, others: Mapping[tuple[Crm, str, str], int]) -> tuple[NotWritten, ...]:
        counted = Counter(others)
        counted.update(self._skipped)
        return tuple(
            NotWritten(crm, name, reason, records)
            for (crm, name, reason), records in sorted(counted.items())
            if self.part.crm in {None, crm}
        )

    def _add(self, record: RecordView, writes: Sequence[PlannedWrite], kind: str, drift: datetime | None) -> None:
        place = _ORDER[record.ref.crm].index(record.ref.object)
        if record.account:
            writes = [replace(write, account=record.account) for write in writes]
        self._found.add(writes, place, record.account, kind, drift)

    def _compared(self, person: str, account: RecordRef | None, *, writes: bool) -> None:
        """Tell what was found since the last comparison ended."""
        compared = Compared(person, account, writes, tuple(self._now))
        self.hear(compared)
        self._skipped.update(compared.left_out())
        self._now.clear()

    def _with_room(self, found: int, drifting: int) -> int:
        """Leave out plain score drift that would pass the guard, the longest unpublished first to be kept.

        Decay touches many records by time alone; if it counted against the guard, a sync that paused for a week
        would stop itself for good. Moves are never left out: those the guard must see. Return how many are left.
        """
        limit = self._limit(found)
        if limit is None or found <= limit.records or not drifting:
            return found
        room = max(0, limit.records - (found - drifting))
        for (crm, name), records in self._found.let_wait("person", room).items():
            self._skipped[crm, name, "score drift waits for room under guards.most"] += records
        return found - max(0, drifting - room)

    def _accounts(self, planner: RecordPlanner, accounts: Iterator[AccountView], taken: int) -> None:
        """Take in the writes to accounts. Those that show our values already wait where the guard has no room left.

        Their numbers drift by time alone, as scores do.
        """
        for account in accounts:
            if not self.part.about(account.person):
                continue
            writes = tuple(planner.account_writes(account))
            self._compared(account.person, account.record.ref, writes=bool(writes))
            if writes:
                self._add(account.record, writes, "account", self.frontier if account.ours else None)
        differing = self._found.places("account")
        limit = self._limit(taken + len(differing))
        waiting: list[RecordRef] = []
        for number, (ref, ours) in enumerate(differing):
            if ours and limit is not None and taken + number - len(waiting) >= limit.records:
                waiting.append(ref)
                self._skipped[ref.crm, ref.object, "account facts wait for room under guards.most"] += 1
        self._found.leave_out("account", waiting)

    def _limit(self, found: int) -> RecordLimit | None:
        """Return the limit; it may be too low where ``found`` records are within it."""
        return record_limit(self.book.guards, self.population(enough_for(self.book.guards, found)))


def _drift_since(record: RecordView, writes: Sequence[PlannedWrite]) -> datetime | None:
    """Return since when there is nothing but drift: scores, under the stage and grades that were published before."""
    published = record.published
    if published is None or any(write.basis != published.basis for write in writes):
        return None
    return published.scores_at


def calls_of(
    reader: ReadConnector, crm: Crm, writes: Writes, effects: Sequence[PlannedEffect] = ()
) -> Mapping[str, int]:
    """Price each portion and phase on its own, because a later one waits for the earlier; reading back happens once.

    What effects make is made and looked at after that; closing tasks is one more batch of writes.
    """
    result = {"write": 0, "read_back": 0}
    for people in writes.portions(crm=crm):
        rows = [row for _, row in writes.packed(writes.numbers_of(people)) if row.crm == crm]
        for phase in (1, 2):
            batch = [place_of(row) for row in rows if row.phase == phase]
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


def _effect_calls(reader: ReadConnector, effects: Sequence[PlannedEffect]) -> Iterator[Mapping[str, int]]:
    creations = [
        Creation(effect.key, CREATIONS[effect.kind], effect.ref, effect.payload)
        for effect in effects
        if effect.kind in CREATIONS and effect.ref is not None
    ]
    if creations:
        yield reader.forecast_creations(creations)
    closed = [RecordWrite(effect.ref, {}) for effect in effects if effect.kind == "close" and effect.ref is not None]
    if closed:
        yield {**reader.forecast(closed), "read_back": 0}
