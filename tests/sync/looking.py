"""What tests look at in the state and in plans, where the program itself never needs to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Row, select

from leadline.sync.plan import NotWritten, Plan, load_plan, save_plan
from leadline.sync.store.outcomes import DecisionRow
from leadline.sync.store.schema import decisions, journal


def decisions_in(connection: Connection, cycle: int) -> list[DecisionRow]:
    """Return the decisions of one cycle, in order of recording."""
    query = select(decisions).where(decisions.c.cycle == cycle).order_by(decisions.c.number)
    return [DecisionRow(**row) for row in connection.execute(query).mappings()]


def intents_of(connection: Connection, plan_hash: str, *statuses: str) -> Sequence[Row[Any]]:
    """Return a plan's rows of the journal in order, all or those with one of these statuses."""
    query = select(journal).where(journal.c.plan_hash == plan_hash).order_by(journal.c.seq)
    return connection.execute(query.where(journal.c.status.in_(statuses)) if statuses else query).all()


def not_written_by(plan: Plan, word: str) -> list[NotWritten]:
    """Return what is not written for a reason that has this word."""
    return [item for item in plan.not_written if word in item.reason]


def plan_text(plan: Plan) -> str:
    """Return the text of the plan's file."""
    with TemporaryDirectory() as home:
        save_plan(plan, Path(home, "plan.json"))
        return Path(home, "plan.json").read_text(encoding="utf-8")


def parse_plan(text: str) -> Plan:
    """Return the plan of a file with this text."""
    with TemporaryDirectory() as home:
        Path(home, "plan.json").write_text(text, encoding="utf-8")
        return load_plan(Path(home, "plan.json"))
