"""Explaining one person: the state and the facts of the last evaluation, traced again by the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from leadline.common.errors import RefusedError
from leadline.common.instants import require_plausible
from leadline.common.messages import Language
from leadline.rules.deciding import Engine, state_from_json
from leadline.rules.deciding.trace import Trace
from leadline.rules.deciding.units import Standing
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.rules.state import PersonState, Unreadable
from leadline.sync.effects.due import name_of
from leadline.sync.evaluating import fold_person
from leadline.sync.handoff import HandOff, hand_off
from leadline.sync.intake import PersonFacts, facts_of_persons
from leadline.sync.people import find_person
from leadline.sync.store import Store
from leadline.sync.store.cycles import Cycle, book_sources, last_read
from leadline.sync.store.mirror import records_of_persons
from leadline.sync.store.outcomes import LifecycleRow, decisions_of, load_lifecycle

MOST_DECISIONS = 10


@dataclass(frozen=True, slots=True)
class ExplainedAccount:
    """What the person's account comes to, and who makes it.

    ``record`` is where the account is, as ``crm:object/id``, None for a person who is alone; ``people`` are the ids
    of everybody in it.
    """

    record: str | None
    people: tuple[str, ...]
    facts: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """One person's trace.

    ``decisions`` are ids, newest first; ``records`` where the person is, as ``crm:object/id``. ``tried`` says that
    nothing was decided for the person yet: the trace shows what the present book would decide. ``edited`` says that
    the book's files are not those the person was decided by. ``evaluated`` is the last evaluation's instant (UTC).
    ``account`` is None for a book that asks for no account facts.
    """

    trace: Trace
    decisions: tuple[str, ...]
    records: tuple[str, ...]
    tried: bool
    edited: bool
    evaluated: datetime
    account: ExplainedAccount | None = None


def explain_person(store: Store, book: Book, text: str, at: datetime | None = None) -> Explained:
    """Explain the person that ``text`` means at ``at`` (UTC), by default at the last evaluation.

    A person is explained by the book that decided, also after its files were edited. Raises RefusedError for a
    person who is not there, is out of the book's scope, or was never pulled, UsageError for an absurd instant.
    """
    if at is not None:
        require_plausible(at, "--at")
    person = find_person(store, text)
    with store.read() as connection:
        row, engine, state = standing_of(connection, book, person, at)
        records = records_of_persons(connection, [person]).get(person, [])
        decisions = decisions_of(connection, person, MOST_DECISIONS)
        account = _account(connection, engine, person, row, at or state.frontier)
    return Explained(
        trace=engine.explain(state, at),
        decisions=tuple(decision.id for decision in decisions),
        records=tuple(str(record.ref) for record in records if not record.deleted),
        tried=row is None,
        edited=row is not None and row.book_hash != book.hash,
        evaluated=state.frontier,
        account=account,
    )


def explain_note(
    store: Store, book: Book, text: str, *, masked: bool = True, language: Language | None = None
) -> HandOff:
    """Return the hand-off note on the person that ``text`` means; masked, it names them by their id.

    It is in the ``language``, by default in that of the book that decided.

    Raises as ``explain_person`` does.
    """
    person = find_person(store, text)
    with store.read() as connection:
        _, engine, state = standing_of(connection, book, person, None)
        records = records_of_persons(connection, [person]).get(person, [])
    name = person if masked else name_of(engine.book, records, person)
    return hand_off(engine.book, state, engine.explain(state), name, masked=masked, language=language)


def standing_of(
    connection: Connection, book: Book, person: str, at: datetime | None
) -> tuple[LifecycleRow | None, Engine, PersonState]:
    """Return a person's row, the engine of the book that decided, and their state with all facts.

    Without a row the person was never decided, and the state is what an adoption would begin with.
    """
    row = load_lifecycle(connection, [person]).get(person)
    if row is None:
        engine = Engine(book)
        return None, engine, _tried(connection, engine, person)
    engine = Engine(_book_of(connection, row, book))
    facts = _facts(connection, engine.book, person, row.cycle)
    since = row.frontier if at is None else min(at, row.frontier)
    return row, engine, state_from_json(row.state, (*facts.all(), *facts.shared(engine.unit, since)))


def _account(
    connection: Connection, engine: Engine, person: str, row: LifecycleRow | None, at: datetime
) -> ExplainedAccount | None:
    """Return what the account comes to at ``at``, by what was known when the person was decided."""
    if engine.unit is None:
        return None
    cycle = row.cycle if row is not None else _last_read(connection).id
    together = _facts(connection, engine.book, person, cycle).together
    if together is None:
        return None
    people = together.histories()
    record = None if together.account is None else str(together.account)
    standing = engine.unit.standing(people, at)
    # Numbers, or this word: nothing that a person said of themselves.
    told = (replace(item, value="unreadable") if isinstance(item.value, Unreadable) else item for item in standing)
    best = _best_stages(connection, engine.book, tuple(people))
    return ExplainedAccount(record, tuple(people), (*told, *best))


def _best_stages(connection: Connection, book: Book, people: tuple[str, ...]) -> Iterator[Standing]:
    """Yield the facts that are the furthest main-path stage of anybody at the last evaluation."""
    named = [fact.name for fact in book.accounts.values() if not fact.read]
    rows = load_lifecycle(connection, people) if named else {}
    placed = [row for row in rows.values() if row.stage in book.main_path]
    best = max((book.main_path.index(row.stage) for row in placed), default=None)
    stage = None if best is None else book.main_path[best]
    for name in named:
        who = tuple(sorted(row.person_id for row in placed if row.stage == stage))
        yield Standing(name, stage, who, len(people))


def _tried(connection: Connection, engine: Engine, person: str) -> PersonState:
    """Take the person up as an adoption would, without keeping it."""
    cycle = _last_read(connection)
    assert cycle.frontier is not None
    facts = _facts(connection, engine.book, person, cycle.id)
    if not facts.live or engine.in_scope(facts.all(), cycle.frontier) is False:
        raise RefusedError(f"{person} is out of the book's scope, or no record of theirs is left; see `scope`")
    return fold_person(engine, None, facts, None, cycle.frontier).advance.state


def _last_read(connection: Connection) -> Cycle:
    cycle = last_read(connection)
    if cycle is None:
        raise RefusedError("nothing was ever read completely, so nothing can be explained; run `leadline pull`")
    return cycle


def _book_of(connection: Connection, row: LifecycleRow, book: Book) -> Book:
    if row.book_hash == book.hash:
        return book
    sources = book_sources(connection, row.book_hash)
    if sources is None:
        raise RefusedError(f"the files of rule book {row.book_hash[:12]}, which decided, were not kept")
    return read_book(sources)


def _facts(connection: Connection, book: Book, person: str, cycle: int) -> PersonFacts:
    return facts_of_persons(connection, book, [person], cycle)[person]
