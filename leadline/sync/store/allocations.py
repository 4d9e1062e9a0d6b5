"""What was given where not all could have it: rows of places and turns, and who waits for a place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from leadline.sync.store.batches import chunks, insert_new
from leadline.sync.store.schema import allocations, lifecycle

AllocationKind = Literal["capacity", "owner"]


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """One thing given to a person, in answer to one wish: the columns of the table (see ``store.schema``)."""

    person_id: str
    kind: AllocationKind
    name: str
    part: str
    value: str
    wish: str
    at: datetime
    seen: datetime
    cycle: int
    book_hash: str


def add_allocations(connection: Connection, rows: Sequence[AllocationRow]) -> None:
    """Append rows in their order; a wish that was answered already keeps its answer."""
    insert_new(
        connection, allocations, [{name: getattr(row, name) for name in AllocationRow.__slots__} for row in rows]
    )


def allocations_of(connection: Connection, persons: Iterable[str], cycle: int) -> list[AllocationRow]:
    """Return what these persons were given up to ``cycle``, in order of giving."""
    found: list[AllocationRow] = []
    for batch in chunks(sorted(set(persons))):
        mine = allocations.c.person_id.in_(batch) & (allocations.c.cycle <= cycle)
        found += _rows(connection, mine)
    return found


def answers(connection: Connection, kind: AllocationKind, wishes: Iterable[str]) -> dict[str, str]:
    """Return what was given already, by wish."""
    found: dict[str, str] = {}
    for batch in chunks(sorted(set(wishes))):
        own = (allocations.c.kind == kind) & allocations.c.wish.in_(batch)
        rows = connection.execute(select(allocations.c.wish, allocations.c.value).where(own))
        found.update((wish, value) for wish, value in rows)
    return found


def places_given(connection: Connection, stage: str, since: datetime, before: datetime, cycle: int) -> dict[str, int]:
    """Return how many places in a stage were given in [since, before) up to ``cycle``, by part."""
    own = (allocations.c.kind == "capacity") & (allocations.c.name == stage) & (allocations.c.cycle <= cycle)
    that_day = (allocations.c.at >= since) & (allocations.c.at < before)
    query = select(allocations.c.part, func.count()).where(own & that_day).group_by(allocations.c.part)
    return {row[0]: row[1] for row in connection.execute(query)}


def turns_taken(connection: Connection, rota: str, part: str, cycle: int) -> list[str]:
    """Return who took turns in a part of a rota up to ``cycle``, each once, whose last turn is oldest first."""
    own = (allocations.c.kind == "owner") & (allocations.c.name == rota) & (allocations.c.part == part)
    last = func.max(allocations.c.id)
    query = select(allocations.c.value).where(own & (allocations.c.cycle <= cycle)).group_by(allocations.c.value)
    return list(connection.execute(query.order_by(last)).scalars())


def waiting_parts(connection: Connection) -> list[tuple[str, str]]:
    """Return the stages that anybody waits for with the parts in which they do (indexed), sorted."""
    found = select(lifecycle.c.waits_for, lifecycle.c.waits_in).where(lifecycle.c.waits_for.is_not(None)).distinct()
    return sorted((stage, part) for stage, part in connection.execute(found))


def waiting_for(connection: Connection, stage: str, part: str) -> dict[str, Any]:
    """Return the outcomes (plain JSON) of who waits for a place in a stage within a part, by person."""
    own = (lifecycle.c.waits_for == stage) & (lifecycle.c.waits_in == part)
    rows = connection.execute(select(lifecycle.c.person_id, lifecycle.c.outcome).where(own))
    return {row[0]: row[1] for row in rows}


def _rows(connection: Connection, where: Any) -> list[AllocationRow]:
    columns = [allocations.c[name] for name in AllocationRow.__slots__]
    rows = connection.execute(select(*columns).where(where).order_by(allocations.c.id)).mappings()
    return [AllocationRow(**row) for row in rows]
