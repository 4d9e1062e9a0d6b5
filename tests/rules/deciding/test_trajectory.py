"""The whole course of a person's scores: exact, and without polling."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding import Engine
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.deciding.moment import Moment
from leadline.rules.model import Book
from leadline.rules.state import Fact
from tests.rules.deciding.books import day, did, said, waterfall
from tests.rules.deciding.generated import HISTORIES, generated_books

TICK = timedelta(microseconds=1)


def engine(book: Book) -> Engine:
    """Return an engine on the readable oracle: scores need no back end."""
    return Engine(book, Oracle(Lifecycle(book).rules))


def test_a_demo_fades_by_steps() -> None:
    """Forty points halve every two weeks, from the request to nothing; the person's quiet counts later."""
    made = engine(waterfall())
    found = made.trajectory([did("demo_request", 3)], day(0), day(60))
    assert [(step.at, step.scores["interest"].value, step.grades["interest"]) for step in found] == [
        (day(0), 0, "4"),
        (day(3), 40, "2"),
        (day(17), 20, "3"),
        (day(31), 10, "3"),
        (day(45), 5, "4"),
        (day(48), 0, "4"),
    ]


def test_a_state_has_the_same_trajectory_as_its_facts() -> None:
    """What is asked of a state is asked of its history; what is not known yet is not told."""
    made = engine(waterfall())
    facts = [said("title", "VP"), did("webinar", 2)]
    state = made.begin("p", facts, day(5)).state
    assert made.trajectory(state, day(0), day(90)) == made.trajectory(reversed(facts), day(0), day(90))
    with pytest.raises(ValueError, match="cannot end before"):
        made.trajectory(state, day(2), day(1))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(generated_books(), HISTORIES, st.integers(0, 40), st.lists(st.integers(0, 8000), min_size=12, max_size=12))
def test_every_instant_lies_on_its_step(book: Book, history: list[Fact], start: int, instants: list[int]) -> None:
    """At any instant the card is what the step says, also just before each step; neighbours differ."""
    made = engine(book)
    steps = made.trajectory(history, day(start), day(80))
    known = History(ordered(history), book.fields, book.deals)
    assert steps[0].at == day(start)
    tries = [day(number / 100) for number in instants] + [step.at - TICK for step in steps[1:]]
    for at in (at for at in tries if at >= day(start)):
        step = next(step for step in reversed(steps) if step.at <= at)
        card = made.settling.scoring.card(Moment(known, at))
        assert (step.scores, step.cell, step.disqualified) == (card.scores(), card.cell(), card.disqualified()), at
    for one, other in pairwise(steps):
        assert one.at < other.at
        assert (one.scores, one.disqualified) != (other.scores, other.disqualified)
    assert all(isinstance(value.value, Decimal) for step in steps for value in step.scores.values())
