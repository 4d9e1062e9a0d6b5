"""Explaining one person: the state and the facts of the last evaluation, traced again by the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from leadline.common.errors import RefusedError
from leadline.common.instants import require_plausible
from leadline.rules.deciding import Engine, state_from_json
from leadline.rules.deciding.trace import Trace
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.rules.state import PersonState
from leadline.sync.effects.due import name_of
from leadline.sync.evaluating import fold_person
from leadline.sync.handoff import HandOff, hand_off
from leadline.sync.intake import PersonFacts, facts_of_persons
from leadline.sync.people import find_person
from leadline.sync.store import Store
from leadline.sync.store.cycles import book_sources, last_cycles
from leadline.sync.store.mirror import records_of_persons
from leadline.sync.store.outcomes import LifecycleRow, decisions_of, load_lifecycle

MOST_DECISIONS = 10


@dataclass(frozen=True, slots=True)
class Explained:
    """One person's trace.

    ``decisions`` are ids, newest first; ``records`` where the person is, as ``crm:object/id``. ``tried`` says that
    nothing was decided for the person yet: the trace shows what the present book would decide. ``edited`` says that
    the book's files are not those the person was decided by. ``evaluated`` is the last evaluation's instant (UTC).
    """

    trace: Trace
    decisions: tuple[str, ...]
    records: tuple[str, ...]
    tried: bool
    edited: bool
    evaluated: datetime


def explain_person(store: Store, book: Book, text: str, at: datetime | None = None) -> Explained:
    """Explain the person that ``text`` means at ``at`` (UTC), by default at the last evaluation.

    A person is explained by the book that decided, also after its files were edited. Raises RefusedError for a
    person who is not there, is out of the book's scope, or was never pulled, UsageError for an absurd instant.
    """
    if at is not None:
        require_plausible(at, "--at")
    person = find_person(store, text)
    with store.read() as connection:
        row, engine, state = _standing(connection, book, person, at)
        records = records_of_persons(connection, [person]).get(person, [])
        decisions = decisions_of(connection, person, MOST_DECISIONS)
    return Explained(
        trace=engine.explain(state, at),
        decisions=tuple(decision.id for decision in decisions),
        records=tuple(str(record.ref) for record in records if not record.deleted),
        tried=row is None,
        edited=row is not None and row.book_hash != book.hash,
        evaluated=state.frontier,
    )


def explain_note(store: Store, book: Book, text: str, *, masked: bool = True) -> HandOff:
    """Return the hand-off note on the person that ``text`` means; masked, it names them by their id.

    Raises as ``explain_person`` does.
    """
    person = find_person(store, text)
    with store.read() as connection:
        _, engine, state = _standing(connection, book, person, None)
        records = records_of_persons(connection, [person]).get(person, [])
    name = person if masked else name_of(engine.book, records, person)
    return hand_off(engine.book, state, engine.explain(state), name, masked=masked)


def _standing(
    connection: Connection, book: Book, person: str, at: datetime | None
) -> tuple[LifecycleRow | None, Engine, PersonState]:
    """Return a person's row, the engine of the book that decided, and their state with all facts."""
    row = load_lifecycle(connection, [person]).get(person)
    if row is None:
        engine = Engine(book)
        return None, engine, _tried(connection, engine, person)
    engine = Engine(_book_of(connection, row, book))
    facts = _facts(connection, engine.book, person, row.cycle)
    since = row.frontier if at is None else min(at, row.frontier)
    return row, engine, state_from_json(row.state, (*facts.all(), *facts.shared(engine.unit, since)))


def _tried(connection: Connection, engine: Engine, person: str) -> PersonState:
    """Take the person up as an adoption would, without keeping it."""
    cycle = next((cycle for cycle in last_cycles(connection, 20) if cycle.frontier is not None), None)
    if cycle is None or cycle.frontier is None:
        raise RefusedError("nothing was ever read completely, so nothing can be explained; run `leadline pull`")
    facts = _facts(connection, engine.book, person, cycle.id)
    if not facts.live or engine.in_scope(facts.all(), cycle.frontier) is False:
        raise RefusedError(f"{person} is out of the book's scope, or no record of theirs is left; see `scope`")
    return fold_person(engine, None, facts, None, cycle.frontier).advance.state


def _book_of(connection: Connection, row: LifecycleRow, book: Book) -> Book:
    if row.book_hash == book.hash:
        return book
    sources = book_sources(connection, row.book_hash)
    if sources is None:
        raise RefusedError(f"the files of rule book {row.book_hash[:12]}, which decided, were not kept")
    return read_book(sources)


def _facts(connection: Connection, book: Book, person: str, cycle: int) -> PersonFacts:
    return facts_of_persons(connection, book, [person], cycle)[person]
