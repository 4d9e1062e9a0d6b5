"""One person over time: what they did, what their scores were, and the moves that were decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from leadline.rules.deciding import Step, decision_from_json
from leadline.rules.model import Book
from leadline.rules.state import Move
from leadline.sync.explaining import Explained, explain_person, standing_of
from leadline.sync.people import find_person
from leadline.sync.store import Store
from leadline.sync.store.outcomes import decisions_of

LOOK_BACK: Final = timedelta(days=180)
AHEAD: Final = timedelta(days=45)
MOST_MOVES: Final = 500


@dataclass(frozen=True, slots=True)
class Happened:
    """One activity of the person; ``record`` is its id in the CRM ``source``."""

    at: datetime
    activity: str
    source: str
    record: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One stored move, with the decision that made it."""

    at: datetime
    move: Move
    cause: str
    decision: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A person from ``start`` to ``end`` (UTC, both included): the scores as steps, activities and moves in order.

    Everything is told by what is known now; ``explained`` is the trace at ``end``. ``coming`` are the steps of the
    ``AHEAD`` after it if nothing new comes; none for an instant of the past, after which things did come.
    """

    explained: Explained
    start: datetime
    end: datetime
    steps: tuple[Step, ...]
    happened: tuple[Happened, ...]
    moved: tuple[Moved, ...]
    coming: tuple[Step, ...] = ()


def timeline(
    store: Store, book: Book, text: str, at: datetime | None = None, back: timedelta = LOOK_BACK
) -> Timeline:
    """Return the person that ``text`` means over the time up to ``at``, by default the last evaluation.

    Raises as ``explain_person`` does.
    """
    explained = explain_person(store, book, text, at)
    person = find_person(store, text)
    end = explained.trace.at
    start = end - back
    with store.read() as connection:
        _, engine, state = standing_of(connection, book, person, at)
        made = decisions_of(connection, person, MOST_MOVES)
    return Timeline(
        explained,
        start,
        end,
        engine.trajectory(state, start, end),
        tuple(
            Happened(fact.at, fact.name, fact.source, fact.record)
            for fact in state.history
            if fact.kind == "activity" and fact.value is not False and start <= fact.at <= end
        ),
        tuple(moved for row in reversed(made) for moved in _moves(row.body) if start <= moved.at <= end),
        engine.trajectory(state, end, end + AHEAD) if end >= state.frontier else (),
    )


def _moves(body: str) -> Iterator[Moved]:
    decision = decision_from_json(body)
    for move in decision.moves:
        yield Moved(decision.at, move, decision.cause, decision.id)
