"""Plans in the state store: what was begun can be continued and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from leadline.common.values import RecordRef
from leadline.sync.plan.file import head_text, read_kept
from leadline.sync.plan.model import Plan
from leadline.sync.plan.rows import Row, phase_of
from leadline.sync.plan.scratch import AT_ONCE
from leadline.sync.store.batches import by_object, chunks, insert
from leadline.sync.store.journal import PlanRow, get_plan, save_plan
from leadline.sync.store.schema import plan_writes, plans

ERASED = "{}"
"""The body of a plan of which nothing is left but that there was one."""


def keep_plan(connection: Connection, plan: Plan, at: datetime) -> None:
    """Keep a plan that is begun; a known one is left as it is."""
    if get_plan(connection, plan.hash) is not None:
        return
    save_plan(connection, PlanRow(plan.hash, plan.cycle, "applying", at, head_text(plan)))
    for some in chunks(enumerate(plan.writes.rows()), AT_ONCE):
        insert(connection, plan_writes, [_values(plan.hash, number, row) for number, row in some])


def kept_plan(connection: Connection, row: PlanRow, name: str) -> Plan:
    """Return a plan that was kept; ``name`` is said in errors."""
    return read_kept(row.body, _rows(connection, row.hash), name)


def empty_plans(connection: Connection, hashes: Iterable[str]) -> int:
    """Take the text out of these plans; return how many there were."""
    emptied = 0
    for batch in chunks(sorted(set(hashes))):
        connection.execute(plan_writes.delete().where(plan_writes.c.plan_hash.in_(batch)))
        emptied += connection.execute(update(plans).where(plans.c.hash.in_(batch)).values(body=ERASED)).rowcount
    return emptied


def plans_naming(connection: Connection, people: Sequence[str], refs: Sequence[RecordRef]) -> set[str]:
    """Return the hashes of the plans in which one of these people or records is."""
    found: set[str] = set()
    for batch in chunks(people):
        found |= set(_hashes(connection, plan_writes.c.person_id.in_(batch)))
    for crm, name, ids in by_object(refs):
        at = (plan_writes.c.crm == crm) & (plan_writes.c.object == name) & plan_writes.c.record_id.in_(ids)
        found |= set(_hashes(connection, at))
    for key in (*people, *(ref.id for ref in refs)):
        told = plans.c.body.contains(f'"{key}"', autoescape=True)
        found |= set(connection.execute(select(plans.c.hash).where(told)).scalars())
    return found


def _hashes(connection: Connection, condition: ColumnElement[bool]) -> Iterator[str]:
    return iter(connection.execute(select(plan_writes.c.plan_hash).where(condition).distinct()).scalars())


def _values(plan_hash: str, number: int, row: Row) -> dict[str, Any]:
    place = {"crm": row.crm, "object": row.object, "record_id": row.record_id}
    return {"plan_hash": plan_hash, "seq": number, "person_id": row.person, **place, "body": row.body}


def _rows(connection: Connection, plan_hash: str) -> Iterator[Row]:
    last = -1
    columns = plan_writes.c
    while True:
        page = select(plan_writes).where(columns.plan_hash == plan_hash, columns.seq > last).order_by(columns.seq)
        rows = connection.execute(page.limit(AT_ONCE)).all()
        for row in rows:
            yield Row(row.crm, phase_of(row.body), row.object, row.record_id, row.person_id, row.body)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].seq
