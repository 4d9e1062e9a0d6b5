"""Deriving a stored decision again, byte for byte, from what was known when it was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from sqlalchemy import Connection, select

from leadline.common.errors import RefusedError
from leadline.rules.deciding import Engine, decision_to_json
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.sync.evaluating import Before, Folded, fold_person
from leadline.sync.intake import facts_of_persons
from leadline.sync.privacy.tombstones import erased_on
from leadline.sync.store import Store
from leadline.sync.store.cycles import book_sources
from leadline.sync.store.outcomes import DecisionRow, get_decision
from leadline.sync.store.schema import decisions


@dataclass(frozen=True, slots=True)
class Verification:
    """What deriving a decision again gave.

    ``same`` says that ``stored`` and ``derived`` (canonical JSON; None when nothing like it was derived) are equal
    bytes; ``same_input`` that the facts and the state it was made from are still the same; ``same_book`` that the
    book's files still mean the same under this version of Leadline, its zones and its lists.
    """

    decision: DecisionRow
    same: bool
    same_input: bool
    same_book: bool
    stored: str
    derived: str | None


def verify(store: Store, decision_id: str, engines: dict[str, Engine] | None = None) -> Verification:
    """Derive a decision again from the mirror as it was known at its cycle, under the book it was made with.

    Who derives many gives a dictionary of ``engines`` to keep, so that each book is read once. Raises RefusedError
    for a decision that is not there and for a book whose files were not kept.
    """
    with store.read() as connection:
        row = get_decision(connection, decision_id)
        if row is None:
            raise RefusedError(_unknown(connection, decision_id))
        kept = {} if engines is None else engines
        if row.book_hash not in kept:
            kept[row.book_hash] = Engine(_book(connection, row.book_hash))
        engine = kept[row.book_hash]
        book = engine.book
        folded = _again(connection, row, engine)
    derived = next((decision_to_json(made) for made in folded.decisions if made.id == row.id), None)
    if derived is None:
        derived = next((decision_to_json(made) for made in folded.decisions if made.at == row.at), None)
    return Verification(
        decision=row,
        same=derived == row.body,
        same_input=folded.input_hash == row.input_hash,
        same_book=book.hash == row.book_hash,
        stored=row.body,
        derived=derived,
    )


def _unknown(connection: Connection, decision_id: str) -> str:
    erased = erased_on(connection, decision_id)
    if erased is not None:
        return f"the person whom {decision_id} was about was erased on {erased:%Y-%m-%d}, and the decision with them"
    if connection.execute(select(decisions.c.id).limit(1)).scalar() is None:
        return "nothing is decided yet: `leadline plan -o plan.json`, then `leadline apply plan.json`"
    near = decisions.c.id.startswith(decision_id[:5], autoescape=True)
    ids = list(connection.execute(select(decisions.c.id).where(near).limit(50)).scalars())
    # A shortened id is no near spelling, but means the ids that begin so.
    close = [full for full in ids if len(decision_id) > 3 and full.startswith(decision_id)][:3]
    close = close or get_close_matches(decision_id, ids, 3, 0.6)
    hint = f"; near it are {', '.join(close)}" if close else "; `leadline explain PERSON` names a person's decisions"
    return f"there is no decision {decision_id[:40]!r}{hint}"


def _book(connection: Connection, book_hash: str) -> Book:
    sources = book_sources(connection, book_hash)
    if sources is None:
        raise RefusedError(
            f"the files of rule book {book_hash[:12]} were not kept, so the decision cannot be derived"
        )
    return read_book(sources)


def _again(connection: Connection, row: DecisionRow, engine: Engine) -> Folded:
    book = engine.book
    facts = facts_of_persons(connection, book, [row.person_id], row.cycle)[row.person_id]
    before = None
    if row.before_state is not None:
        # The state was made under another book exactly when this fold activated the present one.
        made_under = row.before["book"] if row.before["book"] != row.book_hash else book.hash
        before = Before(row.before_state, row.before["cycle"], made_under)
    previous = row.before["previous"]
    return fold_person(
        engine, before, facts, None if previous is None else datetime.fromisoformat(previous), row.frontier
    )
