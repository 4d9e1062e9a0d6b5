"""The funnel report over the state store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from leadline.common.canonical import plain
from leadline.common.errors import UsageError
from leadline.rules.deciding import decision_from_json, outcome_from_json
from leadline.rules.deciding.history import History
from leadline.rules.model import Book
from leadline.rules.state import Decision, Unreadable
from leadline.sync.intake import facts_of_persons
from leadline.sync.reporting import FunnelReport, Lifecycle, Pass, Standing, Stay, summarise
from leadline.sync.store import Store
from leadline.sync.store.batches import chunks
from leadline.sync.store.outcomes import LifecycleRow, all_lifecycle
from leadline.sync.store.schema import cycles, decisions

SOURCE = "source"
"""The field that people are counted by when none is named and the book has it."""

PEOPLE_AT_ONCE = 1_000


def funnel(store: Store, book: Book, source: str | None = None) -> FunnelReport:
    """Return stock, conversion, times and sources as of the last evaluation; a new state gives zeros.

    ``source`` names the book's field to count people by; by default the field ``source`` where the book has one.
    Raises UsageError for a field that the book does not have.
    """
    if source is not None and source not in book.fields:
        raise UsageError(f"the book has no field {source}; it has {', '.join(sorted(book.fields))}")
    field = source or (SOURCE if SOURCE in book.fields else None)
    with store.read() as connection:
        rows = all_lifecycle(connection)
        frontier = max((row.frontier for row in rows), default=None)
        sources = _sources(connection, book, field, rows, frontier) if field and frontier else {}
        made = list(_decisions(connection))
    stages = [*book.stages]
    # People may stand in a stage that the present book no longer has.
    stages += sorted({row.stage for row in rows} - set(stages))
    return summarise(
        Lifecycle(stages, book.main_path),
        frontier,
        [_standing(row, sources) for row in rows],
        _passes(rows, made),
        [stay for decision in made for stay in _stays(decision)],
        with_source=field is not None,
    )


def _decisions(connection: Connection) -> Iterator[Decision]:
    for body in connection.execute(select(decisions.c.body).order_by(decisions.c.number)).scalars():
        yield decision_from_json(body)


def _standing(row: LifecycleRow, sources: Mapping[str, str]) -> Standing:
    outcome = outcome_from_json(row.outcome)
    source = sources.get(row.person_id)
    return Standing(row.person_id, outcome.stage, outcome.since, source, outcome.waits_for, outcome.waits_since)


def _passes(rows: list[LifecycleRow], made: list[Decision]) -> list[Pass]:
    """Return every pass as it was known last: earlier ones from the log, the present one from the state."""
    present = {row.person_id for row in rows}
    found = {
        (decision.person, decision.after.pass_number): decision.after.entered
        for decision in made
        if decision.person in present
    }
    for row in rows:
        outcome = outcome_from_json(row.outcome)
        found[row.person_id, outcome.pass_number] = outcome.entered
    return [Pass(person, number, entered) for (person, number), entered in found.items()]


def _stays(decision: Decision) -> Iterator[Stay]:
    """Yield the stay that a decision ended. What adoption ended was never measured by us."""
    before = decision.before
    if before is not None and before.stage != decision.after.stage and decision.at >= before.since:
        yield Stay(before.stage, before.since, decision.at)


def _sources(
    connection: Connection, book: Book, field: str, rows: list[LifecycleRow], frontier: datetime
) -> dict[str, str]:
    narrow = replace(book, activities={}, accounts={})
    cycle = connection.execute(select(func.max(cycles.c.id))).scalar() or 0
    found: dict[str, str] = {}
    for batch in chunks([row.person_id for row in rows], PEOPLE_AT_ONCE):
        for person, facts in facts_of_persons(connection, narrow, batch, cycle).items():
            value = History(facts.all(), book.fields).value(field, frontier)
            if value is not None and not isinstance(value, Unreadable):
                found[person] = ", ".join(value) if isinstance(value, tuple) else str(plain(value))
    return found
