"""Shadow mode: a candidate book decides beside the live one, cycle by cycle, and writes nothing to a CRM.

It follows the people whom the live book decides about. Under a new candidate everybody starts where the live book has
them; who comes later is taken up by the candidate itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from leadline.common.errors import RefusedError
from leadline.rules.deciding import Engine
from leadline.rules.model import Book
from leadline.sync.evaluating import Before, fold_person
from leadline.sync.evaluating.standing import standing_after, standing_before
from leadline.sync.intake import facts_of_persons
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks
from leadline.sync.store.cycles import evaluated_before, get_meta, remember_book, set_meta
from leadline.sync.store.outcomes import LifecycleRow, load_lifecycle
from leadline.sync.store.shadow import behind, clear_shadow, drop_shadow, gone, load_shadow, save_shadow

SHADOW_BOOK: Final = "shadow_book"
SHADOW_SINCE: Final = "shadow_since"
SHADOW_PROBLEM: Final = "shadow_problem"


@dataclass(frozen=True, slots=True)
class Shadow:
    """The candidate with its files, or why it cannot be read: a slip in it must not stop the live book."""

    book: Book | None
    sources: Mapping[str, bytes]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Scene:
    engine: Engine
    cycle: int
    frontier: datetime
    previous: datetime | None
    fresh: bool


def follow(connection: Connection, shadow: Shadow, cycle: int, frontier: datetime) -> None:
    """Bring the candidate's people to ``frontier``, after the live evaluation of the same cycle.

    What the candidate cannot do (it lacks a stage that people are in) is noted for `leadline shadow report`, and
    leaves its states as they were; it never stops the cycle.
    """
    if shadow.book is None:
        set_meta(connection, SHADOW_PROBLEM, shadow.problem)
        return
    trial = connection.begin_nested()
    try:
        _follow(connection, shadow.book, shadow.sources, cycle, frontier)
    except RefusedError as error:
        trial.rollback()
        set_meta(connection, SHADOW_PROBLEM, str(error))
    else:
        trial.commit()
        set_meta(connection, SHADOW_PROBLEM, "")


def _follow(connection: Connection, book: Book, sources: Mapping[str, bytes], cycle: int, frontier: datetime) -> None:
    fresh = get_meta(connection, SHADOW_BOOK) != book.hash
    if fresh:
        clear_shadow(connection)
        remember_book(connection, book.hash, book.name, sources)
        set_meta(connection, SHADOW_BOOK, book.hash)
        set_meta(connection, SHADOW_SINCE, frontier.isoformat())
    scene = _Scene(Engine(book), cycle, frontier, evaluated_before(connection, cycle), fresh)
    left = gone(connection)
    joined: dict[str, list[LifecycleRow]] = {}
    for person, row in load_shadow(connection, left).items():
        if (elder := left[person]) is not None:
            joined.setdefault(elder, []).append(row)
    for batch in chunks(behind(connection, frontier), PEOPLE_AT_ONCE):
        _follow_batch(connection, scene, batch, joined)
    drop_shadow(connection, left)


def _follow_batch(
    connection: Connection, scene: _Scene, batch: Sequence[str], joined: Mapping[str, Sequence[LifecycleRow]]
) -> None:
    book = scene.engine.book
    live = load_lifecycle(connection, batch)
    mine = load_shadow(connection, batch)
    known = facts_of_persons(connection, book, batch, scene.cycle)
    rows: list[LifecycleRow] = []
    for person in batch:
        before = _before(scene, person, live[person], mine.get(person), joined.get(person, ()))
        folded = fold_person(scene.engine, before, known[person], scene.previous, scene.frontier)
        rows.append(standing_after(book, person, mine.get(person), folded, scene.cycle))
    save_shadow(connection, rows)


def _before(
    scene: _Scene, person: str, live: LifecycleRow, mine: LifecycleRow | None, younger: Sequence[LifecycleRow]
) -> Before | None:
    """Return where a person stands: as the shadow has them, and under a new candidate as the live book does."""
    own = live if scene.fresh and mine is None and not younger else mine
    return standing_before(scene.engine.book, person, own, younger)
