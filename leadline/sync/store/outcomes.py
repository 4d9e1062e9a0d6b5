"""What evaluation leaves behind: each person's lifecycle row and the log of decisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks, insert_new, upsert
from leadline.sync.store.schema import decisions, lifecycle
from leadline.sync.store.unsettled import forget


@dataclass(frozen=True, slots=True)
class LifecycleRow:
    """One person's present state. ``outcome`` is ``common.canonical.plain`` of a rules.state.Outcome.

    ``published`` is what was last written and read back (free JSON, the plan's business), None before; when, stands
    in it too. ``published_at`` repeats that for whoever looks into the table; nothing here reads it.
    """

    person_id: str
    state: str
    stage: str
    next_change: datetime | None
    frontier: datetime
    book_hash: str
    cycle: int
    changed_cycle: int
    outcome: Mapping[str, Any]
    published: Any = None
    published_at: datetime | None = None
    waits_for: str | None = None
    waits_in: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One stored decision; ``body`` is the canonical JSON of a rules.state.Decision."""

    id: str
    person_id: str
    number: int
    at: datetime
    cycle: int
    frontier: datetime
    book_hash: str
    cause: str
    source_stage: str | None
    stage: str
    input_hash: str
    before_state: str | None
    before: Any
    body: str


def load_lifecycle(connection: Connection, person_ids: Iterable[str]) -> dict[str, LifecycleRow]:
    """Return these persons' rows; persons that were never evaluated are absent."""
    found: dict[str, LifecycleRow] = {}
    for batch in chunks(sorted(set(person_ids))):
        for row in connection.execute(select(lifecycle).where(lifecycle.c.person_id.in_(batch))).mappings():
            found[row["person_id"]] = LifecycleRow(**row)
    return found


def in_stage_since(connection: Connection, person_ids: Iterable[str]) -> dict[str, datetime]:
    """Return since when these persons have been in their stage; persons without a lifecycle are absent."""
    found: dict[str, datetime] = {}
    for batch in chunks(sorted(set(person_ids))):
        query = select(lifecycle.c.person_id, lifecycle.c.outcome).where(lifecycle.c.person_id.in_(batch))
        found.update(
            (person, datetime.fromisoformat(outcome["since"])) for person, outcome in connection.execute(query)
        )
    return found


def all_lifecycle(connection: Connection) -> list[LifecycleRow]:
    """Return every person's row, ordered by person."""
    return list(each_lifecycle(connection))


def each_lifecycle(connection: Connection, at_a_time: int = PEOPLE_AT_ONCE) -> Iterator[LifecycleRow]:
    """Yield every person's row, ordered by person; not more than ``at_a_time`` are in memory."""
    last = ""
    while True:
        page = select(lifecycle).where(lifecycle.c.person_id > last).order_by(lifecycle.c.person_id)
        rows = connection.execute(page.limit(at_a_time)).mappings().all()
        yield from (LifecycleRow(**row) for row in rows)
        if len(rows) < at_a_time:
            return
        last = rows[-1]["person_id"]


def due_persons(connection: Connection, frontier: datetime) -> list[str]:
    """Return the persons whose outcome differs at ``frontier`` without new facts (indexed), soonest first."""
    due = lifecycle.c.next_change <= frontier
    query = select(lifecycle.c.person_id).where(due).order_by(lifecycle.c.next_change, lifecycle.c.person_id)
    return list(connection.execute(query).scalars())


def save_lifecycle(connection: Connection, rows: Sequence[LifecycleRow]) -> None:
    """Store states and outcomes; what was published stays as it was."""
    values = [
        {name: getattr(row, name) for name in LifecycleRow.__slots__ if not name.startswith("published")}
        for row in rows
    ]
    upsert(connection, lifecycle, values)


def drop_lifecycle(connection: Connection, person_ids: Iterable[str]) -> None:
    """Forget the rows of persons that are no longer anybody (joined into an older one)."""
    people = sorted(set(person_ids))
    forget(connection, people)
    for batch in chunks(people):
        connection.execute(lifecycle.delete().where(lifecycle.c.person_id.in_(batch)))


def set_published(connection: Connection, published: Mapping[str, Any], at: datetime) -> None:
    """Store what was published for each person (JSON types) and when."""
    if not published:
        return
    statement = update(lifecycle).where(lifecycle.c.person_id == bindparam("who"))
    statement = statement.values(published=bindparam("what"), published_at=bindparam("moment"))
    rows = [{"who": person, "what": value, "moment": at} for person, value in published.items()]
    connection.execute(statement, rows)


def stock(connection: Connection) -> dict[str, int]:
    """Return how many persons are in each stage."""
    query = select(lifecycle.c.stage, func.count()).group_by(lifecycle.c.stage)
    return {row[0]: row[1] for row in connection.execute(query)}


def append_decisions(connection: Connection, rows: Sequence[DecisionRow]) -> None:
    """Append decisions; ``number`` is given here (the order of ``rows`` after the last). A known id is kept."""
    last = connection.execute(select(func.max(decisions.c.number))).scalar() or 0
    values = [
        {**{name: getattr(row, name) for name in DecisionRow.__slots__}, "number": last + place}
        for place, row in enumerate(rows, 1)
    ]
    insert_new(connection, decisions, values)


def get_decision(connection: Connection, decision_id: str) -> DecisionRow | None:
    """Return one decision."""
    row = connection.execute(select(decisions).where(decisions.c.id == decision_id)).mappings().first()
    return DecisionRow(**row) if row else None


def decisions_of(connection: Connection, person_id: str, count: int | None = None) -> list[DecisionRow]:
    """Return a person's decisions, newest first."""
    query = select(decisions).where(decisions.c.person_id == person_id).order_by(decisions.c.number.desc())
    return [DecisionRow(**row) for row in connection.execute(query.limit(count)).mappings()]


def latest_decisions(connection: Connection, person_ids: Iterable[str]) -> dict[str, str]:
    """Return the id of each person's latest decision, for the plan's writes."""
    found: dict[str, str] = {}
    for batch in chunks(sorted(set(person_ids))):
        mine = decisions.c.person_id.in_(batch)
        last = select(func.max(decisions.c.number)).where(mine).group_by(decisions.c.person_id)
        query = select(decisions.c.person_id, decisions.c.id).where(decisions.c.number.in_(last))
        found.update((person, decision) for person, decision in connection.execute(query))
    return found


def stages_decided(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return the stage in which each of these decisions left its person; unknown ids are absent."""
    found: dict[str, str] = {}
    for batch in chunks(sorted(set(ids))):
        query = select(decisions.c.id, decisions.c.stage).where(decisions.c.id.in_(batch))
        found.update((key, stage) for key, stage in connection.execute(query))
    return found
