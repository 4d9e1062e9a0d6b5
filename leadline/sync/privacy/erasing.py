"""Erasing a person: every row that is theirs alone, with a tombstone that says so and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from leadline.common.errors import RefusedError
from leadline.sync.plan.keeping import empty_plans, plans_naming
from leadline.sync.privacy.tombstones import bury
from leadline.sync.privacy.traces import Traces, traces_of
from leadline.sync.store import Store
from leadline.sync.store.applying import unfinished_plans
from leadline.sync.store.batches import chunks
from leadline.sync.store.schema import activities, activity_records, decisions


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: rows by table, and how many plans lost their text because the person was in them."""

    person: str
    rows: Mapping[str, int]
    plans: int


def forget(store: Store, person: str, now: datetime) -> Erased:
    """Erase everything of one person from the state; ``now`` is UTC. Their CRM records are not touched.

    Their records stay out of later pulls, their address is let in again for what happens after now. Call it with the
    writer lease held. Raises RefusedError, with nothing erased, while a plan is unfinished: its journal is needed.
    """
    with store.write() as connection:
        if unfinished_plans(connection):
            raise RefusedError("a plan is unfinished; `leadline sync` finishes it, then erase the person")
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        traces = traces_of(connection, person)
        decided = connection.execute(select(decisions.c.id).where(decisions.c.person_id.in_(traces.ids))).scalars()
        bury(connection, [*traces.ids, *traces.refs, *traces.emails, *decided], now)
        emptied = empty_plans(connection, plans_naming(connection, traces.ids, traces.refs))
        rows = _erase(connection, traces)
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return Erased(person, rows, emptied)


def _erase(connection: Connection, traces: Traces) -> dict[str, int]:
    rows: Counter[str] = Counter()
    mine = set(traces.refs)
    for batch in chunks(traces.shared):
        connection.execute(update(activities).where(activities.c.row.in_(batch)).values(email=None, attributes={}))
    for ref in mine:
        at = (activity_records.c.crm == ref.crm) & (activity_records.c.object == ref.object)
        rows["activity_records"] += connection.execute(
            activity_records.delete().where(at, activity_records.c.record_id == ref.id)
        ).rowcount
    for table, condition in traces.rows():
        rows[table.name] += connection.execute(table.delete().where(condition)).rowcount
    return {name: count for name, count in sorted(rows.items()) if count}
