"""Replay as known: the mirror's own cycles again, with their recorded frontiers and with what was known at each.

Under the books that decided then this gives the stored decision log again, byte for byte (design 4.1): the same fold
is asked for everybody whom news or time could have moved, in every cycle that was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from leadline.common.canonical import plain
from leadline.common.errors import RefusedError
from leadline.rules.deciding import Engine, state_to_json
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.rules.state import Decision
from leadline.sync.evaluating import Before, fold_person
from leadline.sync.evaluating.merging import joined_state
from leadline.sync.intake import PersonFacts, facts_of_persons
from leadline.sync.store import Store
from leadline.sync.store.cycles import book_sources
from leadline.sync.store.outcomes import LifecycleRow
from leadline.sync.store.schema import cycles, links, person_records, persons

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Known:
    """One decision of a replay as known, and the cycle that would have made it."""

    cycle: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class _Cycle:
    number: int
    frontier: datetime
    book_hash: str
    previous: datetime | None


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    created: int
    elder: str | None
    joined: int | None

    def alone(self, cycle: int) -> bool:
        """Tell whether this was somebody of their own at the end of a cycle."""
        return self.created <= cycle and (self.joined is None or self.joined > cycle)


def replay_known(
    store: Store, book: Book | None = None, progress: Callable[[int], None] = lambda _: None
) -> list[Known]:
    """Return the decisions of every kept cycle, by cycle and person: the order in which they were recorded.

    (Under a book with ``capacity`` a cycle records those who may still get a place after the others.)

    ``book`` decides in every cycle; without it each cycle's own does. ``progress`` is called with the number of
    people done. Raises RefusedError where no cycle was kept, or where a book's files were not.
    """
    found: list[Known] = []
    with store.read() as connection:
        scene = _scene(connection, book)
        for batch in _batches(connection):
            found += scene.replay(connection, batch)
            progress(len(batch))
    return sorted(found, key=lambda known: (known.cycle, known.decision.person))


def books_by_hash(store: Store) -> dict[str, Book]:
    """Return the books of every kept cycle, by hash."""
    with store.read() as connection:
        return dict(_scene(connection, None).books)


@dataclass(slots=True)
class _Scene:
    """The cycles, their books and engines, and in which of them links between records ended."""

    cycles: Sequence[_Cycle]
    books: Mapping[str, Book]
    engines: Mapping[str, Engine]
    ended: frozenset[int]

    def replay(self, connection: Connection, batch: Sequence[_Person]) -> Iterator[Known]:
        """Yield these people's decisions, cycle by cycle."""
        last = self.cycles[-1].number
        ids = [person.id for person in batch]
        news: dict[str, set[int]] = {person: set() for person in ids}
        for book in self.books.values():
            for person, facts in facts_of_persons(connection, book, ids, last).items():
                news[person].update(cycle for cycle, _ in facts.learned)
        for person, since, until in _memberships(connection, ids):
            news[person].update(cycle for cycle in (since, until) if cycle is not None)
        work = _Work(batch, news, self.ended)
        for cycle in self.cycles:
            yield from work.live(connection, self.engines[cycle.book_hash], cycle)


@dataclass(slots=True)
class _Work:
    """Where each of some people stands while the cycles go by, and in which cycle they were looked at last."""

    batch: Sequence[_Person]
    news: Mapping[str, set[int]]
    ended: frozenset[int]
    rows: dict[str, LifecycleRow] = field(default_factory=dict)
    looked: dict[str, int] = field(default_factory=dict)

    def live(self, connection: Connection, engine: Engine, cycle: _Cycle) -> Iterator[Known]:
        """Evaluate one cycle for these people."""
        alone = [person for person in self.batch if person.alone(cycle.number)]
        chosen = [person.id for person in alone if self._due(person, engine.book, cycle)]
        if not chosen:
            return
        facts = facts_of_persons(connection, engine.book, chosen, cycle.number)
        for person in sorted(chosen):
            younger = [self.rows.pop(name) for name in self._joined(person, cycle)]
            self.looked[person] = cycle.number
            known = facts[person]
            if not known.live or engine.in_scope(known.all(), cycle.frontier) is False:
                self.rows.pop(person, None)
                continue
            before = self._before(engine.book, person, younger)
            yield from self._fold(engine, before, known, cycle)

    def _due(self, person: _Person, book: Book, cycle: _Cycle) -> bool:
        if book.accounts:
            # News of a colleague, and of who was one then, is news of the person. Looking once too often is harmless.
            return True
        looked = self.looked.get(person.id)
        if looked is None or any(looked < number <= cycle.number for number in self.news[person.id] | self.ended):
            return True
        if self._joined(person.id, cycle):
            return True
        row = self.rows.get(person.id)
        if row is None:
            return False
        return row.book_hash != book.hash or (row.next_change is not None and row.next_change <= cycle.frontier)

    def _joined(self, elder: str, cycle: _Cycle) -> list[str]:
        return [
            person.id
            for person in self.batch
            if person.elder == elder and not person.alone(cycle.number) and person.id in self.rows
        ]

    def _before(self, book: Book, person: str, younger: Sequence[LifecycleRow]) -> Before | None:
        own = self.rows.get(person)
        if younger:
            return joined_state(book, person, [own, *younger] if own else younger)
        return Before(own.state, own.cycle, own.book_hash) if own else None

    def _fold(self, engine: Engine, before: Before | None, known: PersonFacts, cycle: _Cycle) -> Iterator[Known]:
        folded = fold_person(engine, before, known, cycle.previous, cycle.frontier)
        state = folded.advance.state
        self.rows[known.person] = LifecycleRow(
            known.person,
            state_to_json(state),
            state.outcome.stage,
            folded.advance.next_change,
            state.frontier,
            engine.book.hash,
            cycle.number,
            cycle.number,
            plain(state.outcome),
        )
        for made in folded.decisions:
            yield Known(cycle.number, made)


def _scene(connection: Connection, book: Book | None) -> _Scene:
    kept: list[_Cycle] = []
    query = select(cycles.c.id, cycles.c.evaluated, cycles.c.book_hash).where(cycles.c.evaluated.is_not(None))
    latest: datetime | None = None
    for number, frontier, book_hash in connection.execute(query.order_by(cycles.c.id)):
        kept.append(_Cycle(number, frontier, book.hash if book else book_hash or "", latest))
        latest = frontier if latest is None else max(latest, frontier)
    if not kept:
        raise RefusedError("no cycle was kept yet, so there is nothing to replay; run `leadline apply` or `sync`")
    books = {book.hash: book} if book else {name: _book(connection, name) for name in {c.book_hash for c in kept}}
    ended: set[int] = set()
    for table in (links, person_records):
        over = select(table.c.until_cycle).where(table.c.until_cycle.is_not(None)).distinct()
        ended.update(connection.execute(over).scalars())
    engines = {name: Engine(item) for name, item in books.items()}
    return _Scene(kept, books, engines, frozenset(ended))


def _book(connection: Connection, book_hash: str) -> Book:
    sources = book_sources(connection, book_hash)
    if sources is None:
        raise RefusedError(f"the files of rule book {book_hash[:12]} were not kept; give --rules")
    return read_book(sources)


def _batches(connection: Connection) -> Iterator[list[_Person]]:
    """Yield people in batches; who was joined into somebody stays with them."""
    query = select(persons.c.id, persons.c.created_cycle, persons.c.alias_of, persons.c.alias_cycle)
    families: dict[str, list[_Person]] = {}
    for row in connection.execute(query.order_by(persons.c.number)):
        person = _Person(*row)
        families.setdefault(person.elder or person.id, []).append(person)
    batch: list[_Person] = []
    for _, family in sorted(families.items()):
        if batch and len(batch) + len(family) > BATCH:
            yield batch
            batch = []
        batch += family
    if batch:
        yield batch


def _memberships(connection: Connection, ids: Sequence[str]) -> list[tuple[str, int, int | None]]:
    table = person_records.c
    query = select(table.person_id, table.since_cycle, table.until_cycle).where(table.person_id.in_(ids))
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]
