"""Compare what the CRMs should show with what they show, and price the difference in calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from leadline.common.values import Crm, ObjectDescription, Raw, RecordWrite
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.protocol import Creation, CreationKind, ReadConnector
from leadline.rules.model import Book, WriteTargets
from leadline.rules.state import Outcome
from leadline.sync.plan.desired import Desired, basis_of, desired_values
from leadline.sync.plan.effects import EffectPlanner, effect_counts
from leadline.sync.plan.effectwrites import EffectWrites
from leadline.sync.plan.file import plan_hash
from leadline.sync.plan.limits import record_limit
from leadline.sync.plan.model import Counts, NotWritten, Plan, PlannedEffect, PlannedWrite, grouped, record_write
from leadline.sync.plan.normal import same
from leadline.sync.plan.owners import Owners
from leadline.sync.plan.source import DueEffect, PersonView, PlanSource, Published, RecordView

STEPWISE: Final = "lifecyclestage"

Described = Mapping[Crm, Mapping[str, ObjectDescription]]


def build_plan(
    source: PlanSource,
    book: Book,
    readers: Mapping[Crm, ReadConnector],
    described: Described | None = None,
    channels: Collection[str] | None = None,
) -> Plan:
    """Return the plan that would make every record agree with its person's outcome.

    Nothing given here can write. ``described`` saves the describe calls when the pull of this cycle has just
    made them. ``channels`` are the names to which messages can be sent (None: not asked). Only effects that are due
    make it ask for users, lists and campaigns. The same state gives the same plan, byte for byte. Raises what the
    connectors raise.
    """
    if described is None:
        described = {crm: readers[crm].describe(PERSON_OBJECTS[crm]) for crm in sorted(readers)}
    shown = {crm: described.get(crm, {}) for crm in readers}
    acting = EffectPlanner(book, readers, EffectWrites(shown, Owners(readers)), channels)
    planner = _Planner(book, source.frontier, shown, acting)
    writes = planner.plan(source.people(), source.effects(book))
    effects = tuple(acting.planned)
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
        not_written=planner.not_written(),
        effects=effects,
        held=acting.held(),
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
        people=len({write.person for write in writes}),
    )


def goes_back(book: Book, before: str | None, after: str) -> bool:
    """Whether a move goes to an earlier main-path stage or leaves the main path for a detour."""
    path = book.main_path
    if before not in path or before == after:
        return False
    return after not in path or path.index(after) < path.index(before)


def moves_back(crm: Crm, field: str, old: Raw, new: Raw, options: Sequence[str]) -> bool:
    """Whether HubSpot's own lifecycle property would move back: only after it was cleared (facts.md, hazard 1)."""
    if crm != "hubspot" or field != STEPWISE or old in {None, ""}:
        return False
    if old not in options or new not in options:
        return True
    return options.index(str(new)) < options.index(str(old))


@dataclass(slots=True)
class _Planner:
    book: Book
    frontier: datetime
    described: Described
    acting: EffectPlanner
    _skipped: Counter[tuple[Crm, str, str]] = field(default_factory=Counter)

    def plan(self, people: Iterator[PersonView], due: Sequence[DueEffect]) -> tuple[PlannedWrite, ...]:
        concerned: dict[str, PersonView | None] = dict.fromkeys(effect.person for effect in due)
        found: list[tuple[RecordView, tuple[PlannedWrite, ...]]] = []
        population = 0
        for person in people:
            population += len(person.records)
            if person.person in concerned:
                concerned[person.person] = person
            found += [
                (record, writes) for record in person.records if (writes := tuple(self._record(person, record)))
            ]
        self.acting.plan(due, {name: person for name, person in concerned.items() if person is not None})
        kept = self._with_room(found, population)
        kept += [(record, (write,)) for record, write in self.acting.writes.all()]
        keyed: list[tuple[tuple[object, ...], PlannedWrite]] = []
        for record, writes in kept:
            order = PERSON_OBJECTS[record.ref.crm].index(record.ref.object)
            for write in writes:
                # Records of one account stand together: a CRM locks the account's row for each of them.
                key = (write.ref.crm, write.phase, order, record.account, write.ref.id, write.field)
                keyed.append((key, write))
        return tuple(write for _, write in sorted(keyed, key=lambda pair: pair[0]))

    def not_written(self) -> tuple[NotWritten, ...]:
        return tuple(
            NotWritten(crm, name, reason, records) for (crm, name, reason), records in sorted(self._skipped.items())
        )

    def _with_room(
        self, found: list[tuple[RecordView, tuple[PlannedWrite, ...]]], population: int
    ) -> list[tuple[RecordView, tuple[PlannedWrite, ...]]]:
        """Leave out plain score drift that would pass the guard, the longest unpublished first to be kept.

        Decay touches many records by time alone; if it counted against the guard, a sync that paused for a week
        would stop itself for good. Moves are never left out: those the guard must see.
        """
        limit = record_limit(self.book.guards, population)
        drift = [item for item in found if _only_drift(item[0], item[1])]
        if limit is None or len(found) <= limit.records or not drift:
            return found
        room = max(0, limit.records - (len(found) - len(drift)))
        oldest_first = sorted(drift, key=lambda item: (_scores_at(item[0]), item[0].ref))
        waiting = {record.ref for record, _ in oldest_first[room:]}
        for record, _ in oldest_first[room:]:
            self._skip(record, "score drift waits for room under guards.most")
        return [item for item in found if item[0].ref not in waiting]

    def _record(self, person: PersonView, record: RecordView) -> Iterator[PlannedWrite]:
        crm, name = record.ref.crm, record.ref.object
        targets = self.book.write.get(crm)
        if targets is None or crm not in self.described or name not in PERSON_OBJECTS[crm]:
            return
        described = self.described[crm].get(name)
        if described is None:
            self._skip(record, "the object is hidden from this user")
            return
        desired = desired_values(self.book, person.outcome, targets, described)
        marked = "stage" if any(item.role == "stage" for item in desired) else "why"
        if targets.stage is not None and marked != "stage":
            self._skip(record, f"stage {person.outcome.stage} has no value here")
        for item in desired:
            old = record.fields.get(item.field)
            if same(old, item.value, item.kind, crm):
                continue
            reason = self._refused(item, record, described, person.outcome)
            if reason:
                self._skip(record, reason)
            else:
                yield from self._writes(person, record, item, old, targets, move=item.role == marked)

    def _refused(
        self, item: Desired, record: RecordView, described: ObjectDescription, outcome: Outcome
    ) -> str | None:
        known = described.fields.get(item.field)
        if known is None:
            return f"{item.field} is hidden from this user or does not exist"
        if not known.updateable:
            return f"{item.field} is read-only for this user"
        parked = item.field in record.parked and same(
            record.parked[item.field], item.value, item.kind, record.ref.crm
        )
        if parked:
            return f"{item.field} is parked: the CRM refused this value before"
        if item.role == "score" and not self._due(record.published, outcome):
            return "score drift waits for its next publication"
        return None

    def _due(self, published: Published | None, outcome: Outcome) -> bool:
        if published is None:
            return True
        if published.basis != basis_of(outcome) and self.book.publish.on_grade_change:
            return True
        drift = self.book.publish.drift
        return drift is not None and self.frontier - published.scores_at >= drift

    def _writes(
        self, person: PersonView, record: RecordView, item: Desired, old: Raw, targets: WriteTargets, *, move: bool
    ) -> Iterator[PlannedWrite]:
        """Yield the write of one value; ``move`` says that it is the one by which this record tells of a move."""
        write = PlannedWrite(
            record.ref, person.person, item.field, item.kind, old, item.value, decision=person.decision
        )
        if not move or targets.stage is None:
            yield replace(write, basis=basis_of(person.outcome)) if item.role == "score" else write
            return
        stage = person.outcome.stage
        shown = item.role == "stage"
        before = _stage_shown(targets.stage.values, person, old) if shown else person.came_from
        write = replace(
            write,
            stage=stage,
            transition=f"{before or 'new'} -> {stage}" + (f" ({person.by})" if person.by else ""),
            backward=goes_back(self.book, before, stage),
        )
        if shown and self._must_clear(record, item, old):
            yield replace(write, new=None, phase=1)
            write = replace(write, old=None)
        yield write

    def _must_clear(self, record: RecordView, item: Desired, old: Raw) -> bool:
        if record.ref.crm != "hubspot" or item.field != STEPWISE:
            return False
        options = self.described["hubspot"][record.ref.object].fields[item.field].options
        return moves_back(record.ref.crm, item.field, old, item.value, options)

    def _skip(self, record: RecordView, reason: str) -> None:
        self._skipped[record.ref.crm, record.ref.object, reason] += 1


def _only_drift(record: RecordView, writes: tuple[PlannedWrite, ...]) -> bool:
    """Say whether nothing but scores would be written, under the stage and grades that were published before."""
    published = record.published
    return published is not None and all(write.basis == published.basis for write in writes)


def _scores_at(record: RecordView) -> datetime:
    assert record.published is not None
    return record.published.scores_at


def _stage_shown(values: Mapping[str, str | None], person: PersonView, old: Raw) -> str | None:
    """Return the stage that the record shows now, where that can be told; several stages may share a value."""
    shown = [stage for stage, value in values.items() if value is not None and value == old]
    return person.came_from if person.came_from in shown or not shown else shown[0]


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
