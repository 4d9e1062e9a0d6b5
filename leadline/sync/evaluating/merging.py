"""The state of a person that two became: the design's rule for joins (4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leadline.rules.deciding import state_from_json, state_to_json
from leadline.rules.model import Book, DisqualifiedTest
from leadline.rules.state import PersonState
from leadline.sync.evaluating.folding import Before
from leadline.sync.store.outcomes import LifecycleRow


def joined_state(book: Book, elder: str, rows: Sequence[LifecycleRow]) -> Before:
    """Return the state of ``elder`` after a join.

    Disqualified if anybody was, else the furthest main-path stage with its timers; counts are the greatest of each.
    ``rows`` are the elder's own row, if there is one, and those of the persons joined into it. What the others'
    records tell counts as learnt now.
    """
    states = [(state_from_json(row.state), row) for row in rows]
    chosen, row = max(states, key=lambda pair: (_rank(book, pair[0]), pair[1].person_id == elder))
    taken: dict[str, int] = {}
    for state, _ in states:
        for name, count in state.taken.items():
            taken[name] = max(count, taken.get(name, 0))
    frontier = max(state.frontier for state, _ in states)
    joined = replace(chosen, person=elder, taken=taken, frontier=frontier)
    own = next((item.cycle for item in rows if item.person_id == elder), 0)
    return Before(state_to_json(joined), own, row.book_hash)


def _rank(book: Book, state: PersonState) -> tuple[bool, int]:
    outs = {item.target for item in book.transitions if isinstance(item.when, DisqualifiedTest)}
    stage = state.outcome.stage
    disqualified = bool(state.outcome.disqualified) or stage in outs
    return disqualified, book.main_path.index(stage) if stage in book.main_path else -1
