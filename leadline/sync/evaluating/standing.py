"""Where a person stands, as a row: what a fold begins with and what it leaves, of the live book and of the shadow."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.common.canonical import plain
from leadline.rules.deciding import state_to_json
from leadline.rules.model import Book
from leadline.sync.evaluating.folding import Before, Folded
from leadline.sync.evaluating.merging import joined_state
from leadline.sync.store.outcomes import LifecycleRow


def standing_before(
    book: Book, person: str, own: LifecycleRow | None, younger: Sequence[LifecycleRow]
) -> Before | None:
    """Return where a person stood, joined with those (``younger``) who belong to them now; None where nowhere."""
    if younger:
        return joined_state(book, person, [own, *younger] if own else younger)
    return Before(own.state, own.cycle, own.book_hash) if own else None


def standing_after(book: Book, person: str, own: LifecycleRow | None, folded: Folded, cycle: int) -> LifecycleRow:
    """Return the row that a fold in ``cycle`` leaves in the place of ``own``."""
    state = folded.advance.state
    outcome = plain(state.outcome)
    waits = state.outcome.waits_for is not None
    return LifecycleRow(
        person_id=person,
        state=state_to_json(state),
        stage=state.outcome.stage,
        next_change=folded.advance.next_change,
        frontier=state.frontier,
        book_hash=book.hash,
        cycle=cycle,
        changed_cycle=own.changed_cycle if own is not None and own.outcome == outcome else cycle,
        outcome=outcome,
        waits_for=state.outcome.waits_for,
        waits_in=state.outcome.waits_in if waits else None,
    )
