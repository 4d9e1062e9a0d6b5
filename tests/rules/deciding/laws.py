"""The laws of the fold, said once for every kind of generated book (design, section 4.1)."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import HealthCheck, settings

from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding import Engine, decision_to_json, state_from_json, state_to_json
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.model import Book
from leadline.rules.state import Advance, Decision, Fact
from tests.rules.deciding.books import day
from tests.rules.deciding.generated import until

TICK = timedelta(microseconds=1)


def law(examples: int) -> settings:
    """Return how long a law is tried; LAW_EXAMPLES=500 looks longer."""
    return settings(
        max_examples=int(os.environ.get("LAW_EXAMPLES", examples)),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


def engine(book: Book) -> Engine:
    """Return an engine on the readable oracle; that durable_rules agrees with it is a law of its own."""
    return Engine(book, Oracle(Lifecycle(book).rules))


def lived(made: Engine, history: list[Fact], cuts: list[float], begin: float) -> tuple[Advance, list[Decision]]:
    """Begin on a day and go on from cut to cut, each time with the facts of the interval."""
    result = made.begin("p", until(history, -1, begin), day(begin))
    decisions = list(result.decisions)
    for first, last in zip([begin, *cuts], cuts, strict=False):
        result = made.advance(result.state, until(history, first, last), day(last))
        decisions += result.decisions
    return result, decisions


def texts(decisions: list[Decision]) -> list[str]:
    """Return the decision log as bytes are compared."""
    return [decision_to_json(made) for made in decisions]


def splitting_changes_nothing(book: Book, history: list[Fact], cuts: list[int], begin: float) -> None:
    """One fold over sixty days equals many folds over its parts: decisions, state and next change."""
    whole, decisions = lived(engine(book), history, [70], begin)
    parts, split = lived(engine(book), history, [*sorted(map(float, set(cuts))), 70], begin)
    assert texts(split) == texts(decisions)
    assert (parts.state, parts.next_change) == (whole.state, whole.next_change)
    assert parts.state.history == whole.state.history


def order_changes_nothing(book: Book, history: list[Fact], random: Random, begin: float) -> None:
    """Facts that share a frontier may come in any order and more than once."""
    shuffled = [*history, *history[:3]]
    random.shuffle(shuffled)
    one, decisions = lived(engine(book), history, [40, 70], begin)
    other, again = lived(engine(book), shuffled, [40, 70], begin)
    assert texts(decisions) == texts(again)
    assert state_to_json(one.state) == state_to_json(other.state)
    assert one.state.history == other.state.history


def incremental_is_replay(book: Book, history: list[Fact], delays: list[int], begin: float) -> None:
    """Cycles that learn facts late, with the state stored and read between, give the same log when replayed."""
    late = [replace(item, seen=item.at + timedelta(days=delay)) for item, delay in zip(history, delays, strict=False)]

    def live(stored: bool) -> list[str]:
        made = engine(book)
        result = made.begin("p", [item for item in late if item.seen <= day(begin)], day(begin))
        log = texts(list(result.decisions))
        first = int(begin) + 5
        for frontier in range(first, 100, 5):
            news = [item for item in late if day(frontier - 5) < item.seen <= day(frontier)]
            state = result.state
            if stored:
                state = state_from_json(state_to_json(state), reversed(state.history))
                news = list(reversed(news))
            result = made.advance(state, news, day(frontier))
            log += texts(list(result.decisions))
        return log

    assert live(stored=True) == live(stored=False)


def next_change_is_exact(book: Book, history: list[Fact], begin: float) -> None:
    """Nothing before the next change, something at it; without one nothing ever."""
    made = engine(book)
    result, _ = lived(made, history, [30], begin)
    for _ in range(4):
        coming = result.next_change
        if coming is None:
            assert made.advance(result.state, (), day(4000)).decisions == ()
            return
        assert coming > result.state.frontier
        assert made.advance(result.state, (), coming - TICK).decisions == ()
        result = made.advance(result.state, (), coming)
        assert [found.at for found in result.decisions] == [coming]
