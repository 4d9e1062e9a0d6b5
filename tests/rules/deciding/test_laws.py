"""The laws of the fold on generated books and histories (design, section 4.1)."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from leadline.rules.allocation import place_fact
from leadline.rules.deciding.criteria import clamp
from leadline.rules.model import Book, Capacity, Known, Stage, Transition
from leadline.rules.state import Fact
from tests.rules.deciding.books import day, said, small_book
from tests.rules.deciding.generated import DAYS, HISTORIES, generated_books, until
from tests.rules.deciding.laws import (
    TICK,
    engine,
    incremental_is_replay,
    law,
    lived,
    next_change_is_exact,
    order_changes_nothing,
    splitting_changes_nothing,
)

LAW = law(80)
BEGIN = 10


@LAW
@given(generated_books(), HISTORIES, st.lists(st.integers(11, 69), max_size=4))
def test_splitting_an_interval_changes_nothing(book: Book, history: list[Fact], cuts: list[int]) -> None:
    """One fold over sixty days equals many folds over its parts: decisions, state and next change."""
    splitting_changes_nothing(book, history, cuts, BEGIN)


@LAW
@given(generated_books(), HISTORIES, st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing(book: Book, history: list[Fact], random: Random) -> None:
    """Facts that share a frontier may come in any order and more than once."""
    order_changes_nothing(book, history, random, BEGIN)


@LAW
@given(generated_books(), HISTORIES, st.lists(st.integers(0, 30), min_size=16, max_size=16))
def test_incremental_is_replay_as_known(book: Book, history: list[Fact], delays: list[int]) -> None:
    """Cycles that learn facts late, with the state stored and read between, give the same log when replayed."""
    incremental_is_replay(book, history, delays, BEGIN)


@LAW
@given(generated_books(), HISTORIES, st.lists(st.integers(111, 800), min_size=8, max_size=8, unique=True))
def test_nothing_changes_between_breakpoints(book: Book, history: list[Fact], instants: list[int]) -> None:
    """At any instant a fresh evaluation agrees with the fold: no instant of change was left out."""
    made = engine(book)
    result, _ = lived(made, history, [], BEGIN)
    last = float(BEGIN)
    for instant in sorted(instants):
        result = made.advance(result.state, until(history, last, instant / 10), day(instant / 10))
        last = instant / 10
        again = made.activate(result.state, result.state.frontier)
        assert again.decisions == ()
        assert again.state.outcome == result.state.outcome


@LAW
@given(generated_books(), HISTORIES)
def test_next_change_is_exact(book: Book, history: list[Fact]) -> None:
    """Nothing before the next change, something at it; without one nothing ever."""
    next_change_is_exact(book, history, BEGIN)


@LAW
@given(generated_books(), HISTORIES, HISTORIES)
def test_late_facts_never_undo(book: Book, history: list[Fact], late: list[Fact]) -> None:
    """Facts from before the frontier move stages at the frontier at the earliest; counts and passes only grow."""
    made = engine(book)
    before, decisions = lived(made, history, [60], BEGIN)
    after = made.advance(before.state, late, day(61))
    assert all(found.at >= before.state.frontier for found in after.decisions)
    assert after.state.outcome.pass_number >= before.state.outcome.pass_number
    for name, count in before.state.taken.items():
        assert after.state.taken[name] >= count
    if not any(found.moves for found in after.decisions):
        assert after.state.outcome.since == before.state.outcome.since
    if after.state.outcome.pass_number == before.state.outcome.pass_number:
        for name, entered in before.state.outcome.entered.items():
            assert after.state.outcome.entered[name] == entered or entered.implied
    corrected = made.activate(after.state, after.state.frontier)
    assert corrected.decisions == ()
    assert len({found.id for found in decisions}) == len(decisions)


@LAW
@given(generated_books(), HISTORIES, DAYS)
def test_bounds_and_caps_are_respected(book: Book, history: list[Fact], t: float) -> None:
    """Every score lies between its bounds, its floor and its cap; criteria and groups within their own limits."""
    result, _ = lived(engine(book), history, [BEGIN + t], BEGIN)
    trace = engine(book).explain(result.state)
    assert trace.outcome == result.state.outcome
    for found in trace.scores:
        score, value = book.scores[found.name], found.value
        assert value.lowest <= value.value <= value.highest
        assert score.floor is None or value.lowest >= score.floor
        assert score.cap is None or value.highest <= score.cap
        groups: dict[str, Decimal] = {}
        total = Decimal(0)
        for criterion, line in zip(score.criteria, found.criteria, strict=True):
            assert criterion.up_to is None or abs(line.points) <= criterion.up_to
            told = sum(match.points for match in line.matches) == line.points
            assert told or criterion.up_to or criterion.counted or not line.matches
            giving = [match for match in line.matches if match.points]
            assert criterion.at_most is None or len(giving) <= criterion.at_most
            if criterion.group is None:
                total += line.points
            else:
                groups[criterion.group] = groups.get(criterion.group, Decimal(0)) + line.points
        total += sum(clamp(points, score.groups[name]) for name, points in groups.items())
        total = total if score.floor is None else max(total, score.floor)
        assert value.value == (total if score.cap is None else min(total, score.cap))


def test_a_circle_through_a_place_is_over_right_after() -> None:
    """A place is given for one instant: whom it led round in a circle waits again from the next one on."""
    known = Known("country")
    stages = [Stage("a", "inventory", start=True), Stage("b", "sla", enter=known)]
    book = small_book(stages, ("a", "b"), [Transition("b->a", "b", "a", known)], capacity={"b": Capacity("b", 1)})
    made = engine(book)
    waiting = made.begin("p", [said("country", "Peru", 5)], day(BEGIN))
    assert (waiting.state.outcome.waits_for, waiting.state.livelock) == ("b", False)
    round_ = made.advance(waiting.state, [place_fact("b", day(20))], day(20))
    assert (round_.state.outcome.waits_for, round_.state.livelock) == (None, True)
    assert round_.next_change == day(20) + TICK
    after = made.advance(round_.state, [], day(21))
    assert (after.state.outcome.waits_for, after.state.outcome.waits_since) == ("b", day(20) + TICK)
    assert made.activate(after.state, day(21)).decisions == ()
