"""What a state keeps, in a form that two runs can be compared by: cycle numbers and a server's ids apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from leadline.sync.operations.integrity import check_state
from leadline.sync.store import open_store
from leadline.sync.store.schema import (
    cursors,
    cycles,
    decisions,
    effects,
    leases,
    lifecycle,
    links,
    person_records,
    persons,
    plans,
    timers,
    touched,
)

Kept = dict[str, list[str]]

SAMPLE = 10
"""Decisions that are derived again."""

_TABLES = {
    # table -> columns that may differ between a run that was disturbed and one that was not. The mirror is left out:
    # who looks again after a crash has seen more of what was written.
    lifecycle: {"cycle", "changed_cycle", "published", "published_at"},
    decisions: {"number", "cycle", "before"},
    effects: {"cycle", "plan_hash", "claimed_by", "attempts", "changed_at", "remote_id"},
    timers: {"cycle"},
    links: {"since_cycle", "until_cycle"},
    persons: {"created_cycle", "alias_cycle"},
    person_records: {"since_cycle", "until_cycle"},
    cursors: {"cycle"},
    touched: {"cycle"},
}


def kept(url: str) -> Kept:
    """Read a state; ``wrong`` lists what must never be left over."""
    with open_store(url) as store:
        with store.read() as connection:
            found = {table.name: sorted(_rows(connection, table, apart)) for table, apart in _TABLES.items()}
            wrong = [*_left_over(connection)]
        wrong += [f"{one.id}: {one.message}" for one in check_state(store, sample=SAMPLE)]
    return {**found, "wrong": wrong}


def differences(one: Kept, other: Kept) -> list[str]:
    """Say what differs in ``other``."""
    found: list[str] = []
    for name in one:
        here, there = set(one[name]), set(other[name])
        found += [f"state {name} missing: {row[:400]}" for row in sorted(here - there)]
        found += [f"state {name} too many: {row[:400]}" for row in sorted(there - here)]
    return found


def _rows(connection: Connection, table: Any, apart: Iterable[str]) -> Iterable[str]:
    chosen = [column for column in table.columns if column.name not in set(apart)]
    for row in connection.execute(select(*chosen)):
        yield repr(tuple(row))


def _left_over(connection: Connection) -> Iterable[str]:
    for number, status in connection.execute(select(cycles.c.id, cycles.c.status)):
        if status == "running":
            yield f"cycle {number} never ended"
    for (owner,) in connection.execute(select(leases.c.owner)):
        yield f"the lease of {owner} is left"
    for (plan,) in connection.execute(select(plans.c.hash).where(plans.c.status == "applying")):
        yield f"plan {plan[:12]} is unfinished"
