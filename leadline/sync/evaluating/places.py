"""Giving places in stages that not all may enter: after everybody was folded to the frontier, at the frontier.

Who gets a place is folded again from where they stood before the cycle, with the place among their facts: what they
would have done without it is never told to anybody. So the decisions of those who may still get one are held back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from leadline.rules.allocation import Candidate, allocate, candidate, day_of_places, stages_in_turn, wish_for_place
from leadline.rules.deciding import outcome_from_json
from leadline.rules.model import Book
from leadline.sync.evaluating.folding import Before, Folded
from leadline.sync.store.allocations import (
    AllocationRow,
    add_allocations,
    places_given,
    waiting_for,
    waiting_parts,
)
from leadline.sync.store.outcomes import LifecycleRow


@dataclass(frozen=True, slots=True)
class Fold:
    """One person's fold in this cycle and where they stood before it: ``own`` is their row, ``start`` the state."""

    person: str
    own: LifecycleRow | None
    start: Before | None
    folded: Folded


@dataclass(slots=True)
class HeldBack:
    """The folds of who may still get a place: in each part not more than the places of one day."""

    book: Book
    _folds: dict[str, Fold] = field(default_factory=dict)
    _queues: dict[tuple[str, str], list[Candidate]] = field(default_factory=dict)

    def final(self, fold: Fold) -> list[Fold]:
        """Take in a fold and return those that no place can change any more: itself, or one it displaces."""
        one = candidate(self.book, fold.person, fold.folded.advance.state.outcome) if self.book.capacity else None
        if one is None:
            return [fold]
        queue = self._queues.setdefault((one.stage, one.part), [])
        self._folds[fold.person] = fold
        queue.append(one)
        most = self.book.capacity[one.stage].most
        if len(queue) <= 2 * most:
            return []
        queue.sort(key=lambda waiting: waiting.rank)
        beaten = queue[most:]
        del queue[most:]
        return [final for waiting in beaten if (final := self.take(waiting.person)) is not None]

    def take(self, person: str) -> Fold | None:
        """Return a fold that was held back, and forget it; None where the person was not folded in this cycle."""
        # Their rank in the queue stays: the room that they took is not there for others either.
        return self._folds.pop(person, None)

    def rest(self) -> list[Fold]:
        """Return all that are still held back: nobody of them gets a place in this cycle."""
        found = [self._folds[person] for person in sorted(self._folds)]
        self._folds.clear()
        self._queues.clear()
        return found


def give_places(connection: Connection, book: Book, cycle: int, frontier: datetime) -> list[str]:
    """Store who gets a place in one stage at ``frontier`` and return their ids, sorted; nobody where there is none.

    Places that a later cycle gave are not counted, so a cycle that is decided again gives the same ones.
    """
    if not book.capacity:
        return []
    begins, ends = day_of_places(book, frontier)
    parts: dict[str, list[str]] = {}
    for stage, part in waiting_parts(connection):
        parts.setdefault(stage, []).append(part)
    rows: list[AllocationRow] = []
    for stage in (name for name in stages_in_turn(book) if name in parts):
        given: dict[tuple[str, str], int] = {}
        for name in (stage, *book.stages[stage].renamed):
            for part, count in places_given(connection, name, begins, ends, cycle).items():
                given[stage, part] = given.get((stage, part), 0) + count
        for part in parts[stage]:
            if given.get((stage, part), 0) < book.capacity[stage].most:
                chosen = allocate(book, _candidates(connection, book, stage, part), given)
                rows += [_row(one, book, cycle, frontier) for one in chosen]
        if rows:
            break  # who got in may wait for a later stage now
    add_allocations(connection, rows)
    return sorted(row.person_id for row in rows)


def _candidates(connection: Connection, book: Book, stage: str, part: str) -> Iterable[Candidate]:
    for person, outcome in waiting_for(connection, stage, part).items():
        one = candidate(book, person, outcome_from_json(outcome))
        if one is not None:
            yield one


def _row(one: Candidate, book: Book, cycle: int, at: datetime) -> AllocationRow:
    wish = wish_for_place(one.stage, at)
    return AllocationRow(one.person, "capacity", one.stage, one.part, one.stage, wish, at, at, cycle, book.hash)
