"""The ledgers of the state as rows, in the order of their instant, streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, select

from leadline.history.warehouse.people import Telling
from leadline.rules.deciding.decisions import decision_from_json
from leadline.rules.state import Unreadable
from leadline.sync.store.schema import decisions, effects, journal, records, timers
from leadline.sync.store.types import dump

Row = dict[str, Any]
STREAMED: Final = 1000
"""Rows of the database in memory at a time."""
_SECOND: Final = 1_000_000


def ledger_rows(
    connection: Connection, telling: Telling, cycle: int, since: datetime | None
) -> dict[str, Callable[[], Iterator[tuple[str, Row]]]]:
    """Return, by table, what yields its rows with the place of each: ``month=...``, or the object of a record."""

    def dated(query: Select[Any], at: ColumnElement[Any], rows: Callable[[RowMapping], Iterator[Row]]) -> Any:
        chosen = query if since is None else query.where(at >= since)
        for found in _streamed(connection, chosen):
            month = f"month={found[at.key]:%Y-%m}" if at.key else ""
            for row in rows(found):
                yield month, row

    told = select(decisions).where(decisions.c.cycle <= cycle).order_by(decisions.c.at, decisions.c.id)
    ran = select(timers).order_by(timers.c.started, timers.c.person_id, timers.c.sla)
    wrote = select(journal).order_by(journal.c.planned_at, journal.c.id)
    caused = select(effects).order_by(effects.c.at, effects.c.key)
    return {
        "records": lambda: _records(connection, telling),
        "decisions": lambda: dated(told, decisions.c.at, lambda row: _decision(telling, row)),
        "stage_history": lambda: dated(told, decisions.c.at, lambda row: _moves(telling, row)),
        "sla_timers": lambda: dated(ran, timers.c.started, _timer),
        "writes": lambda: dated(wrote, journal.c.planned_at, lambda row: _writes(telling, row)),
        "effects": lambda: dated(caused, effects.c.at, _effect),
    }


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[RowMapping]:
    return iter(connection.execute(query.execution_options(yield_per=STREAMED)).mappings())


def _records(connection: Connection, telling: Telling) -> Iterator[tuple[str, Row]]:
    query = select(records).order_by(records.c.crm, records.c.object, records.c.record_id)
    for row in _streamed(connection, query):
        found = _same(row, "crm", "object", "record_id", "person_id", "created", "deleted", "merged_into")
        if telling.personal:
            found |= {"email": row["email"], "fields": dump(row["fields"])}
        yield f"crm={row['crm']}/object={row['object']}", {**found, "modified": row["stamp"]}


def _decision(telling: Telling, row: RowMapping) -> Iterator[Row]:
    decision = decision_from_json(row["body"])
    same = _same(row, "person_id", "at", "cause", "source_stage", "stage", "cycle", "frontier")
    told = {"decision_id": row["id"], "moves": len(decision.moves), "book": row["book_hash"]}
    yield {**same, **told, "why": telling.text(decision.after.why)}


def _moves(telling: Telling, row: RowMapping) -> Iterator[Row]:
    decision = decision_from_json(row["body"])
    for number, move in enumerate(decision.moves, 1):
        yield {
            "person_id": row["person_id"],
            "at": row["at"],
            "number": number,
            "source": move.source,
            "target": move.target,
            "by": move.by,
            "reason": telling.text(move.reason),
            "skipped": ";".join(move.implied),
            "pass": decision.after.pass_number,
            "decision_id": row["id"],
        }


def _timer(row: RowMapping) -> Iterator[Row]:
    names = ("sla", "started", "stage", "status", "due", "breached", "ended", "target", "calendar", "owner")
    used = None if row["used"] is None else row["used"] / _SECOND
    yield {**_same(row, "person_id", "corrected", *names), "used_seconds": used}


def _writes(telling: Telling, row: RowMapping) -> Iterator[Row]:
    names = (
        "id",
        "crm",
        "object",
        "record_id",
        "person_id",
        "status",
        "code",
        "attempts",
        "planned_at",
        "changed_at",
    )
    for field, (old, new) in sorted(row["writes"].items()):
        values = {"field": field, "old": telling.text(_value(old)), "new": telling.text(_value(new))}
        yield {**_same(row, *names, "decision_id"), "plan": row["plan_hash"], **values}


def _effect(row: RowMapping) -> Iterator[Row]:
    names = ("key", "person_id", "at", "cause", "status", "crm", "object", "record_id", "attempts", "code")
    kind = row["action"].get("kind") if isinstance(row["action"], Mapping) else None
    yield {**_same(row, *names, "changed_at", "decision_id"), "kind": kind}


def _same(row: RowMapping, *names: str) -> Row:
    return {name: row[name] for name in names}


def _value(value: Any) -> str | None:
    if value is None or isinstance(value, Unreadable):
        return None
    return value if isinstance(value, str) else dump(value)
