"""Lives: what became of each person as far as it was decided, read in one stream, however many people there are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Text, func, select, type_coerce

from leadline.common.errors import UsageError
from leadline.rules.deciding.history import History
from leadline.rules.model import Book, Deals
from leadline.rules.state import StageDate
from leadline.sync.intake import facts_of_persons
from leadline.sync.sources import SOURCE, source_text
from leadline.sync.store import Store
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks
from leadline.sync.store.schema import books, cycles, decisions, lifecycle

_BY_THE_BOOK: Final = frozenset({"adopted", "activated"})

Entered = Mapping[str, StageDate]


@dataclass(frozen=True, slots=True)
class Turn:
    """One move. ``since`` is when the stage that was left had been entered; None where it was only passed through.

    ``band`` is the grade just before (``B2``, or the grade of each score); None in a book without grades.
    """

    at: datetime
    source: str
    target: str
    by: str
    reason: str | None
    since: datetime | None
    band: str | None


@dataclass(frozen=True, slots=True)
class Life:
    """One person: where they stand, every pass as it was known last, and the moves that were decided, in order.

    Moves that taking over the CRMs or activating a book caused are no part of ``turns``: nothing happened then.
    ``source`` is set where people are counted by a field.
    """

    person: str
    stage: str
    since: datetime
    number: int
    passes: Mapping[int, Entered]
    turns: tuple[Turn, ...]
    waits_for: str | None = None
    waits_since: datetime | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What every report stands on: the last evaluation (UTC; None before the first), the book's zone, its stages.

    ``began`` is when a book was first active: what began before that was seen only in part. ``stages`` are those of
    the book in order, then those in which people stand that the book no longer has.
    """

    frontier: datetime | None
    began: datetime | None
    zone: str
    stages: tuple[str, ...]
    main_path: tuple[str, ...]


def basis_of(connection: Connection, book: Book) -> Basis:
    """Return what a report over this state stands on."""
    frontier = connection.execute(select(func.max(lifecycle.c.frontier))).scalar()
    began = connection.execute(select(func.min(books.c.activated))).scalar()
    stand_in = connection.execute(select(lifecycle.c.stage).distinct()).scalars()
    stages = [*book.stages, *sorted(set(stand_in) - set(book.stages))]
    return Basis(frontier, began, book.zone, tuple(stages), book.main_path)


def dated(basis: Basis, when: StageDate) -> bool:
    """Tell whether a stage was entered in person at a known instant: not skipped, and not by the taking over."""
    return not when.implied and when.at != basis.began


def beyond(basis: Basis, entered: Entered, target: str) -> bool:
    """Tell whether a pass is past ``target`` without having entered it, as CRMs that are taken over may show it.

    That says nothing about who goes on to ``target``, nor how long it takes.
    """
    path = basis.main_path
    return target not in entered and any(stage in entered for stage in path[path.index(target) + 1 :])


def source_field(book: Book, name: str | None) -> str | None:
    """Return the field to count people by. Raises UsageError for one that the book does not have."""
    if name is not None and name not in book.fields:
        raise UsageError(f"the book has no field {name}; it has {', '.join(sorted(book.fields))}")
    return name or (SOURCE if SOURCE in book.fields else None)


@contextmanager
def lives(store: Store, book: Book, field: str | None = None) -> Iterator[tuple[Basis, Iterator[Life]]]:
    """Give the basis and everybody's life, by person, of one snapshot; with ``field`` also its value for each."""
    with store.read() as connection:
        basis = basis_of(connection, book)
        yield basis, everyone(connection, book, basis, field)


def everyone(connection: Connection, book: Book, basis: Basis, field: str | None = None) -> Iterator[Life]:
    """Yield everybody's life, by person; with ``field`` also its value for each at the frontier."""
    found = _lives(connection)
    return (
        found if field is None or basis.frontier is None else _sourced(connection, book, field, basis.frontier, found)
    )


def _lives(connection: Connection) -> Iterator[Life]:
    """Read people with the decisions that moved them; what only changed a score is never fetched."""
    moved = (
        (decisions.c.person_id == lifecycle.c.person_id)
        & (decisions.c.source_stage != decisions.c.stage)
        & decisions.c.cause.not_in(_BY_THE_BOOK)
    )
    query = (
        select(lifecycle.c.person_id, type_coerce(lifecycle.c.outcome, Text), decisions.c.body)
        .join_from(lifecycle, decisions, moved, isouter=True)
        .order_by(lifecycle.c.person_id, decisions.c.number)
        .execution_options(yield_per=PEOPLE_AT_ONCE)
    )
    for person, rows in groupby(connection.execute(query), key=lambda row: row[0]):
        first = next(rows)
        bodies = [row[2] for row in (first, *rows) if row[2] is not None]
        yield _life(person, json.loads(first[1]), [json.loads(body) for body in bodies])


def _life(person: str, outcome: Mapping[str, Any], moved: Sequence[Mapping[str, Any]]) -> Life:
    passes: dict[int, Entered] = {}
    for known in (side for made in moved for side in (made["before"], made["after"])):
        passes[known["pass_number"]] = _entered(known)
    passes[outcome["pass_number"]] = _entered(outcome)
    waits = outcome.get("waits_since")
    return Life(
        person,
        outcome["stage"],
        _instant(outcome["since"]),
        outcome["pass_number"],
        passes,
        tuple(turn for made in moved for turn in _turns(made)),
        outcome.get("waits_for"),
        None if waits is None else _instant(waits),
    )


def _turns(made: Mapping[str, Any]) -> Iterator[Turn]:
    before = made["before"]
    at = _instant(made["at"])
    since: datetime | None = _instant(before["since"])
    for move in made["moves"]:
        yield Turn(at, move["source"], move["target"], move["by"], move["reason"], since, _band(before))
        since = None


def _band(outcome: Mapping[str, Any]) -> str | None:
    if outcome["cell"] is not None:
        return str(outcome["cell"])
    return ", ".join(f"{name} {grade}" for name, grade in outcome["grades"].items() if grade is not None) or None


def _entered(outcome: Mapping[str, Any]) -> Entered:
    return {name: StageDate(_instant(item["at"]), item["implied"]) for name, item in outcome["entered"].items()}


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _sourced(
    connection: Connection, book: Book, field: str, frontier: datetime, found: Iterator[Life]
) -> Iterator[Life]:
    # Of everything that is known of a person only this field is read, and that by which a table tells it.
    table = book.fields[field].table
    asked = {name: book.fields[name] for name in (field, *([table.by] if table is not None else []))}
    narrow = replace(book, fields=asked, activities={}, accounts={}, deals=Deals(link=()), write={})
    cycle = connection.execute(select(func.max(cycles.c.id))).scalar() or 0
    for batch in chunks(found, PEOPLE_AT_ONCE):
        known = facts_of_persons(connection, narrow, [life.person for life in batch], cycle)
        for life in batch:
            value = History(known[life.person].all(), asked).value(field, frontier)
            yield replace(life, source=source_text(value))
