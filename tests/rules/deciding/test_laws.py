"""The laws of the fold on generated books and histories (design, section 4.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding import Engine, decision_to_json, state_from_json, state_to_json
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.deciding.scores import clamp
from leadline.rules.model import Book
from leadline.rules.state import Advance, Decision, Fact
from tests.rules.deciding.books import day
from tests.rules.deciding.generated import DAYS, HISTORIES, generated_books, until

LAW = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
BEGIN = 10
TICK = timedelta(microseconds=1)


def engine(book: Book) -> Engine:
    """Return an engine on the readable oracle; that durable_rules agrees with it is a law of its own."""
    return Engine(book, Oracle(Lifecycle(book).rules))


def lived(made: Engine, history: list[Fact], cuts: list[float]) -> tuple[Advance, list[Decision]]:
    """Begin on day ten and go on from cut to cut, each time with the facts of the interval."""
    result = made.begin("p", until(history, -1, BEGIN), day(BEGIN))
    decisions = list(result.decisions)
    for first, last in zip([BEGIN, *cuts], cuts, strict=False):
        result = made.advance(result.state, until(history, first, last), day(last))
        decisions += result.decisions
    return result, decisions


def texts(decisions: list[Decision]) -> list[str]:
    """Return the decision log as bytes are compared."""
    return [decision_to_json(made) for made in decisions]


@LAW
@given(generated_books(), HISTORIES, st.lists(st.integers(11, 69), max_size=4))
def test_splitting_an_interval_changes_nothing(book: Book, history: list[Fact], cuts: list[int]) -> None:
    """One fold over sixty days equals many folds over its parts: decisions, state and next change."""
    whole, decisions = lived(engine(book), history, [70])
    parts, split = lived(engine(book), history, [*sorted(map(float, set(cuts))), 70])
    assert texts(split) == texts(decisions)
    assert (parts.state, parts.state.history, parts.next_change) == (
        whole.state,
        whole.state.history,
        whole.next_change,
    )


@LAW
@given(generated_books(), HISTORIES, st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing(book: Book, history: list[Fact], random: Random) -> None:
    """Facts that share a frontier may come in any order and more than once."""
    shuffled = [*history, *history[:3]]
    random.shuffle(shuffled)
    one, decisions = lived(engine(book), history, [40, 70])
    other, again = lived(engine(book), shuffled, [40, 70])
    assert texts(decisions) == texts(again)
    assert state_to_json(one.state) == state_to_json(other.state)
    assert one.state.history == other.state.history


@LAW
@given(generated_books(), HISTORIES, st.lists(st.integers(0, 30), min_size=16, max_size=16))
def test_incremental_is_replay_as_known(book: Book, history: list[Fact], delays: list[int]) -> None:
    """Cycles that learn facts late, with the state stored and read between, give the same log when replayed."""
    late = [replace(item, seen=item.at + timedelta(days=delay)) for item, delay in zip(history, delays, strict=False)]

    def live(stored: bool) -> list[str]:
        made = engine(book)
        result = made.begin("p", [item for item in late if item.seen <= day(BEGIN)], day(BEGIN))
        log = texts(list(result.decisions))
        for frontier in range(BEGIN + 5, 100, 5):
            news = [item for item in late if day(frontier - 5) < item.seen <= day(frontier)]
            state = result.state
            if stored:
                state = state_from_json(state_to_json(state), reversed(state.history))
                news = list(reversed(news))
            result = made.advance(state, news, day(frontier))
            log += texts(list(result.decisions))
        return log

    assert live(stored=True) == live(stored=False)


@LAW
@given(generated_books(), HISTORIES, st.lists(st.integers(111, 800), min_size=8, max_size=8, unique=True))
def test_nothing_changes_between_breakpoints(book: Book, history: list[Fact], instants: list[int]) -> None:
    """At any instant a fresh evaluation agrees with the fold: no instant of change was left out."""
    made = engine(book)
    result, _ = lived(made, history, [])
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
    made = engine(book)
    result, _ = lived(made, history, [30])
    for _ in range(3):
        coming = result.next_change
        if coming is None:
            assert made.advance(result.state, (), day(4000)).decisions == ()
            return
        assert coming > result.state.frontier
        assert made.advance(result.state, (), coming - TICK).decisions == ()
        result = made.advance(result.state, (), coming)
        assert [found.at for found in result.decisions] == [coming]


@LAW
@given(generated_books(), HISTORIES, HISTORIES)
def test_late_facts_never_undo(book: Book, history: list[Fact], late: list[Fact]) -> None:
    """Facts from before the frontier move stages at the frontier at the earliest; counts and passes only grow."""
    made = engine(book)
    before, decisions = lived(made, history, [60])
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
    result, _ = lived(engine(book), history, [BEGIN + t])
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
