"""Laws of single conditions and scores: when they may change, and what the unknown can do to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.rules.deciding.conditions import compile_condition
from leadline.rules.deciding.criteria import next_change
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.lifecycle import Lifecycle, Position
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import Scoring
from leadline.rules.model import Book, Condition, Known
from leadline.rules.state import Fact, StageDate
from tests.rules.deciding.books import day, waterfall
from tests.rules.deciding.generated import (
    ANYTHING,
    ATTRIBUTES,
    DAYS,
    HISTORIES,
    LEAVES,
    NAMED,
    generated_books,
    scores,
)

LAW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
BOOK = waterfall()
BOOKS = st.sampled_from([BOOK, waterfall(zone="Europe/Berlin"), waterfall(zone="America/New_York")])
KNOWABLE = ("employees", "email", "authority", "timeline", "topics", "amount", "currency")


def moment_of(facts: list[Fact], t: datetime) -> Moment:
    """Return a moment in a second pass that began at day five, in a stage since day eight."""
    return Moment(History(ordered(facts), BOOK.fields, BOOK.deals), t, day(5), None, day(8))


def instants_before(bound: datetime | None, t: datetime) -> list[datetime]:
    """Return instants from ``t`` up to a bound or for a hundred days, at odd and at even hours."""
    step = timedelta(hours=7, minutes=30)
    found = [t + step * number for number in range(1, 320)]
    near = [] if bound is None else [bound - timedelta(microseconds=1)]
    return [item for item in [*found, *near] if item > t and (bound is None or item < bound)]


@LAW
@given(BOOKS, st.one_of(LEAVES, ATTRIBUTES), HISTORIES, DAYS, st.integers(0, 23))
def test_an_answer_lasts_until_its_next_change(
    book: Book, condition: Condition, history: list[Fact], start: float, hour: int
) -> None:
    """No condition differs before the instant it names, or before the next fact."""
    node = compile_condition(condition, book)
    moment = moment_of(history, day(start) + timedelta(hours=hour))
    coming = [next_change(node, moment), moment.history.next_instant(moment.t)]
    bound = min((item for item in coming if item is not None), default=None)
    assert bound is None or bound > moment.t
    answer = node.holds(moment)
    for t in instants_before(bound, moment.t):
        assert node.holds(replace(moment, t=t)) is answer, t


@LAW
@given(scores("one"), HISTORIES, DAYS)
def test_a_score_lasts_until_its_next_change(score: object, history: list[Fact], start: float) -> None:
    """No score differs before the instant it names, or before the next fact."""
    book = waterfall(scores={"one": score}, grid=None, temperatures=None)
    scoring = Scoring(book)
    moment = moment_of(history, day(start))
    card = scoring.card(moment)
    coming = [scoring.next_change(card), moment.history.next_instant(moment.t)]
    bound = min((item for item in coming if item is not None), default=None)
    assert bound is None or bound > moment.t
    for t in instants_before(bound, moment.t):
        assert scoring.card(replace(moment, t=t)).scores() == card.scores(), t


@LAW
@given(generated_books(), HISTORIES, DAYS, st.sampled_from("abcxy"), st.integers(1, 2))
def test_a_vector_lasts_until_its_next_change(
    book: Book, history: list[Fact], start: float, stage: str, number: int
) -> None:
    """No way out opens or closes before the instant that the lifecycle or the scores name, or the next fact."""
    lifecycle, scoring = Lifecycle(book), Scoring(book)
    known, t = History(ordered(history), book.fields, book.deals), day(start) + timedelta(hours=3)
    position = Position(stage, t - timedelta(days=3), number, t - timedelta(days=9), None, "", {stage: StageDate(t)})

    def vector(at: datetime) -> tuple[int, ...]:
        card = scoring.card(Moment(known, at))
        return lifecycle.vector(lifecycle.moment(known, at, card, position), position, None)

    card = scoring.card(Moment(known, t))
    coming = [
        scoring.next_change(card),
        lifecycle.next_change(lifecycle.moment(known, t, card, position), position),
        known.next_instant(t),
    ]
    bound = min((item for item in coming if item is not None), default=None)
    given = vector(t)
    for at in instants_before(bound, t)[::3]:
        assert vector(at) == given, at


@LAW
@given(scores("one"), HISTORIES, DAYS, st.data())
def test_the_truth_lies_within_the_bounds(score: object, history: list[Fact], t: float, data: st.DataObject) -> None:
    """Whatever the empty fields turn out to be, the score was bounded, and the bounds only narrow."""
    book = waterfall(scores={"one": score}, grid=None, temperatures=None)
    if "Known(" in repr(score):
        return
    moment = moment_of([item for item in history if item.name not in KNOWABLE], day(t))
    scoring = Scoring(book)
    before = scoring.card(moment).score("one")
    for name in KNOWABLE:
        value = data.draw(NAMED[name].filter(lambda found: found is not None))
        moment = replace(moment, history=moment.history.supposing(name, value))
        after = scoring.card(moment).score("one")
        assert before.lowest <= after.lowest <= after.value <= after.highest <= before.highest
        before = after


@LAW
@given(generated_books(), st.one_of(LEAVES, ANYTHING), HISTORIES, DAYS, st.data())
def test_knowing_more_never_turns_an_answer(
    book: Book, condition: Condition, history: list[Fact], t: float, data: st.DataObject
) -> None:
    """A condition that is true or false while a field is empty stays so whatever the field turns out to be."""
    if Known.__name__ + "(" in repr((condition, book.scores)):
        return
    name = data.draw(st.sampled_from(KNOWABLE))
    scoring = Scoring(book)
    node = compile_condition(condition, book)
    moment = moment_of([item for item in history if item.name != name], day(t))
    moment.card = scoring.card(moment)
    answer = node.holds(moment)
    value = data.draw(NAMED[name].filter(lambda found: found is not None))
    supposed = replace(moment, history=moment.history.supposing(name, value))
    supposed.card = scoring.card(supposed)
    assert answer is None or node.holds(supposed) is answer
