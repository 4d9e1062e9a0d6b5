"""Adoption: what the CRMs hold now, what becomes of it, and taking it over with or without writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from leadline.common.canonical import raw_text
from leadline.common.errors import RefusedError
from leadline.common.values import Crm
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.protocol import ReadConnector
from leadline.rules.convert import stage_of
from leadline.rules.model import Book
from leadline.rules.nearest import nearest
from leadline.sync.apply.admission import admit
from leadline.sync.cycle.deciding import owners_for, take_over
from leadline.sync.cycle.results import PlannedResult
from leadline.sync.cycle.running import make_plan
from leadline.sync.cycle.setting import Setting
from leadline.sync.plan import Plan
from leadline.sync.plan.keeping import keep_plan
from leadline.sync.plan.quiet import adopt_quietly
from leadline.sync.store.cycles import activate_book, finish_cycle, start_cycle
from leadline.sync.store.journal import set_plan_status
from leadline.sync.store.schema import lifecycle, records


@dataclass(frozen=True, slots=True)
class LegacyValue:
    """One value of a stage field as the CRM has it now ("" for none), and how many live records of people have it.

    ``stage`` is what it means in the book: None where it means nothing or could mean several; then ``hint`` names
    the nearest. ``becomes`` counts the records by the stage that their person has after adoption.
    """

    crm: Crm
    object: str
    value: str
    records: int
    stage: str | None
    hint: str
    becomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AdoptionPlanned:
    """The adoption as planned: the table, and the plan that writes it."""

    table: tuple[LegacyValue, ...]
    planned: PlannedResult

    @property
    def unknown(self) -> int:
        """Return how many records hold a value that means no stage."""
        return sum(line.records for line in self.table if line.stage is None and line.value)


def plan_adoption(setting: Setting, readers: Mapping[Crm, ReadConnector]) -> AdoptionPlanned:
    """Pull, evaluate and plan a first run, and say what becomes of each value; writes nothing.

    Raises RefusedError where a book is active already, and what ``make_plan`` raises.
    """
    table: list[LegacyValue] = []
    planned = make_plan(
        setting, readers, look=lambda connection: table.extend(legacy_values(connection, setting.book))
    )
    if not planned.plan.adoption:
        raise RefusedError("these CRMs were adopted already; `leadline plan` shows what would be written now")
    return AdoptionPlanned(tuple(table), planned)


def legacy_values(connection: Connection, book: Book) -> tuple[LegacyValue, ...]:
    """Return every value of the stage fields among live records of people, the most frequent first."""
    counted: dict[tuple[Crm, str, str], Counter[str]] = {}
    for crm, targets in book.write.items():
        if targets.stage is None:
            continue
        own = (records.c.crm == crm) & records.c.object.in_(PERSON_OBJECTS[crm]) & records.c.deleted.is_(False)
        joined = records.join(lifecycle, records.c.person_id == lifecycle.c.person_id)
        query = select(records.c.object, records.c.fields, lifecycle.c.stage).select_from(joined).where(own)
        for name, fields, stage in connection.execute(query):
            if fields.get("IsConverted") is not True:
                value = fields.get(targets.stage.field)
                text = raw_text(value) if isinstance(value, str | bool | int) else ""
                counted.setdefault((crm, name, text), Counter())[stage] += 1
    lines = [_line(book, crm, name, value, becomes) for (crm, name, value), becomes in counted.items()]
    return tuple(sorted(lines, key=lambda line: (line.crm, line.object, -line.records, line.value)))


def adopt_without_writing(setting: Setting, readers: Mapping[Crm, ReadConnector], plan: Plan) -> int:
    """Make the book active and keep its decisions, with no call that writes; return how many people it is about.

    What the plan would have written is left as it is until a person's stage or a grade changes. The plan is accepted
    by its hash, as with writing. Raises RefusedError when it may not be applied.
    """
    if not plan.adoption:
        raise RefusedError("only a first plan adopts; `leadline apply` writes this one")
    with setting.lease().held() as lease:
        admit(setting.store, plan, readers, setting.book, plan.hash)
        owners = owners_for(setting, plan, readers)
        with setting.store.write() as connection:
            lease.keep(connection)
            take_over(setting, plan, connection, owners)
            cycle = start_cycle(connection, "adopt", plan.frontier)
            activate_book(connection, plan.book_hash, plan.frontier, plan.cycle)
            adopt_quietly(connection, plan.cycle)
            keep_plan(connection, plan, plan.frontier)
            set_plan_status(connection, plan.hash, "applied")
            finish_cycle(connection, cycle, "done", plan.frontier, {"plan": plan.hash, "written": {}})
            return int(connection.execute(select(func.count()).select_from(lifecycle)).scalar_one())


def _line(book: Book, crm: Crm, name: str, value: str, becomes: Counter[str]) -> LegacyValue:
    stage = stage_of(book, crm, value) if value else None
    target = book.write[crm].stage
    hint = ""
    if value and stage is None and target is not None:
        known = {text: stage for stage, text in target.values.items() if text is not None}
        hint = nearest(value, {*known, *book.stages}, few=0, cutoff=0.5)
        shared = [stage for stage, text in target.values.items() if text == value]
        hint = f"could be {' or '.join(shared)}" if len(shared) > 1 else hint
    return LegacyValue(crm, name, value, sum(becomes.values()), stage, hint, dict(becomes.most_common()))
