"""One evaluation: choose who, fold each, store states and decisions in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from leadline.common.canonical import instant_text, plain
from leadline.rules.deciding import Engine, decision_to_json
from leadline.rules.model import Book
from leadline.sync.effects import concerned, record_effects, tidy_effects
from leadline.sync.evaluating.accounts import AccountValues
from leadline.sync.evaluating.choosing import EVALUATED_BOOK, forget_touched, joined_into, persons_to_evaluate
from leadline.sync.evaluating.folding import fold_person
from leadline.sync.evaluating.places import Fold, HeldBack, give_places
from leadline.sync.evaluating.standing import standing_after, standing_before
from leadline.sync.intake import PersonFacts, facts_of_persons
from leadline.sync.plan.remembering import compare_all_next
from leadline.sync.results import EvaluationResult
from leadline.sync.slas.editing import counted_edits
from leadline.sync.slas.recording import Told, record_timers, timed
from leadline.sync.store import Store
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks
from leadline.sync.store.cycles import evaluated_before, get_meta, set_evaluated, set_meta
from leadline.sync.store.outcomes import (
    DecisionRow,
    append_decisions,
    drop_lifecycle,
    load_lifecycle,
    save_lifecycle,
)


def evaluate(
    store: Store,
    book: Book,
    *,
    cycle: int,
    frontier: datetime,
    connection: Connection | None = None,
    engine: Engine | None = None,
) -> EvaluationResult:
    """Evaluate whoever changed or is due up to ``frontier`` (the cycle's, see ``PullResult``).

    All of it is one transaction: a failure leaves every state as it was. Give ``connection`` (from
    ``store.write()``) to make it part of a larger one, which the caller may still roll back. ``engine`` may be kept
    between cycles of one book. The book's files must have been kept with ``remember_book`` for ``verify`` to work.
    Raises RefusedError when the book cannot take over the states that are there.
    """
    with _transaction(store, connection) as writing:
        if get_meta(writing, EVALUATED_BOOK) != book.hash:
            compare_all_next(writing)
        work = _Work(engine or Engine(book), cycle, frontier, evaluated_before(writing, cycle))
        work.acting = concerned(writing, book)
        work.timed = timed(writing, book)
        joined = joined_into(writing)
        for batch in chunks(persons_to_evaluate(writing, book, frontier, joined), PEOPLE_AT_ONCE):
            _evaluate_batch(writing, work, batch, joined)
        _give_places(writing, work)
        work.accounts.store(writing, cycle)
        if work.acting:
            tidy_effects(writing, work.engine.book, cycle, frontier)
        forget_touched(writing, cycle)
        set_evaluated(writing, cycle, frontier)
        set_meta(writing, EVALUATED_BOOK, book.hash)
    return EvaluationResult(
        cycle=cycle,
        frontier=frontier,
        evaluated=work.evaluated,
        adopted=work.adopted,
        activated=work.activated,
        changed=tuple(sorted(work.changed)),
        decisions=work.decided,
        moves=dict(sorted(work.moves.items())),
        out_of_scope=work.out_of_scope,
        timers=counted_edits(work.edits),
    )


@dataclass(slots=True)
class _Work:
    """The engine, the cycle, whether anything is caused or timed, and what has been counted so far."""

    engine: Engine
    cycle: int
    frontier: datetime
    previous: datetime | None
    evaluated: int = 0
    adopted: int = 0
    activated: int = 0
    decided: int = 0
    out_of_scope: int = 0
    acting: bool = False
    timed: bool = False
    changed: list[str] = field(default_factory=list)
    moves: Counter[str] = field(default_factory=Counter)
    edits: dict[str, Counter[str]] = field(default_factory=dict)
    held: HeldBack = field(init=False)
    accounts: AccountValues = field(init=False)

    def __post_init__(self) -> None:
        self.held = HeldBack(self.engine.book)
        self.accounts = AccountValues(self.engine, self.frontier)

    def count(self, fold: Fold) -> None:
        """Count a fold that is final."""
        folded = fold.folded
        self.evaluated += 1
        self.adopted += folded.adopted
        self.activated += folded.activated
        self.decided += len(folded.decisions)
        self.moves.update(f"{move.source}->{move.target}" for made in folded.decisions for move in made.moves)
        for name, edits in folded.edits.items():
            self.edits.setdefault(name, Counter()).update(("open", *edits))
        if fold.own is None or fold.own.outcome != plain(folded.advance.state.outcome):
            self.changed.append(fold.person)


@contextmanager
def _transaction(store: Store, connection: Connection | None) -> Iterator[Connection]:
    if connection is not None:
        yield connection
        return
    with store.write() as own:
        yield own


def _evaluate_batch(
    connection: Connection, work: _Work, batch: Sequence[str], joined: Mapping[str, Sequence[str]]
) -> None:
    everyone = {*batch, *(name for person in batch for name in joined.get(person, ()))}
    before = load_lifecycle(connection, everyone)
    known = facts_of_persons(connection, work.engine.book, batch, work.cycle)
    folds: list[Fold] = []
    gone: list[str] = []
    for person in batch:
        own = before.get(person)
        younger = [before[name] for name in joined.get(person, ()) if name in before]
        gone += [row.person_id for row in younger]
        if not _takes_part(work, known[person]):
            work.out_of_scope += 1
            gone += [person] if own else []
            continue
        start = standing_before(work.engine.book, person, own, younger)
        folded = fold_person(work.engine, start, known[person], work.previous, work.frontier)
        folds.append(Fold(person, own, start, folded))
    drop_lifecycle(connection, gone)
    work.accounts.learn(known, gone)
    mine = {person: names for person in batch if (names := joined.get(person))}
    _take_in(connection, work, folds, joined=mine, gone=gone)


def _give_places(connection: Connection, work: _Work) -> None:
    """Give places until nobody gets one any more: a place may lead to the next stage that not all may enter."""
    engine = work.engine
    while winners := give_places(connection, engine.book, work.cycle, work.frontier):
        for batch in chunks(winners, PEOPLE_AT_ONCE):
            held = {person: fold for person in batch if (fold := work.held.take(person)) is not None}
            others = load_lifecycle(connection, (person for person in batch if person not in held))
            known = facts_of_persons(connection, engine.book, batch, work.cycle)
            folds = []
            for person in batch:
                own = held[person].own if person in held else others[person]
                start = held[person].start if person in held else standing_before(engine.book, person, own, ())
                folded = fold_person(engine, start, known[person], work.previous, work.frontier)
                folds.append(Fold(person, own, start, folded))
            work.accounts.learn(known, [])
            _take_in(connection, work, folds)
    _tell(connection, work, work.held.rest())


def _take_in(
    connection: Connection,
    work: _Work,
    folds: Sequence[Fold],
    *,
    joined: Mapping[str, Sequence[str]] | None = None,
    gone: Sequence[str] = (),
) -> None:
    """Store the states of these folds, and tell what was decided where no place can change it any more."""
    book = work.engine.book
    save_lifecycle(
        connection, [standing_after(book, fold.person, fold.own, fold.folded, work.cycle) for fold in folds]
    )
    _tell(connection, work, [final for fold in folds for final in work.held.final(fold)], joined=joined, gone=gone)


def _tell(
    connection: Connection,
    work: _Work,
    folds: Sequence[Fold],
    *,
    joined: Mapping[str, Sequence[str]] | None = None,
    gone: Sequence[str] = (),
) -> None:
    """Count the folds, append their decisions and record what these cause, and their timers."""
    for fold in folds:
        work.count(fold)
    append_decisions(connection, [row for fold in folds for row in _decision_rows(work, fold)])
    if work.acting:
        record_effects(
            connection,
            work.engine.book,
            [made for fold in folds for made in fold.folded.decisions],
            cycle=work.cycle,
            frontier=work.frontier,
            joined=joined,
            gone=gone,
        )
    if work.timed:
        record_timers(
            connection,
            work.engine,
            [Told(fold.folded.advance.state, fold.folded.decisions) for fold in folds],
            cycle=work.cycle,
            frontier=work.frontier,
            joined=joined,
            gone=gone,
        )


def _takes_part(work: _Work, facts: PersonFacts) -> bool:
    """Say whether the book's scope takes the person in: undecided is in, and so nobody drops out unnoticed."""
    if not facts.live:
        return False
    return work.engine.in_scope(facts.all(), work.frontier) is not False


def _decision_rows(work: _Work, fold: Fold) -> list[DecisionRow]:
    start, folded = fold.start, fold.folded
    before = {
        "cycle": start.cycle if start else None,
        "book": start.book_hash if start else None,
        "previous": instant_text(work.previous) if work.previous else None,
    }
    found = []
    for made in folded.decisions:
        found.append(
            DecisionRow(
                id=made.id,
                person_id=fold.person,
                number=0,
                at=made.at,
                cycle=work.cycle,
                frontier=work.frontier,
                book_hash=made.book,
                cause=made.cause,
                source_stage=made.before.stage if made.before else None,
                stage=made.after.stage,
                input_hash=folded.input_hash,
                before_state=start.state if start else None,
                before=before,
                body=decision_to_json(made),
            )
        )
    return found
