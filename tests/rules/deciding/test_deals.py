"""Deals one by one: what is asked of each, how many, their sum; three-valued, in the pass, as of an instant."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.rules.deciding import Engine
from leadline.rules.deciding.conditions import compile_condition
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.moment import Moment
from leadline.rules.model import Condition, DealsTest, Known, Stage, Transition
from leadline.rules.state import UNREADABLE, Fact
from tests.rules.deciding.books import day, days, deal, deal_said, small_book, waterfall, where
from tests.rules.deciding.generated import deals_tests

BOOK = waterfall()
BIG = where("worth", "over", 1000, currency="EUR")
How = Literal["any", "all", "none", "newest"]


def holds(test: Condition, facts: list[Fact], at: float = 10, floor: float | None = None) -> bool | None:
    """Answer a condition."""
    history = History(ordered(facts), BOOK.fields, BOOK.deals)
    moment = Moment(history, day(at), None if floor is None else day(floor))
    return compile_condition(test, BOOK).holds(moment)


def one(record: str, worth: object, state: str | None = "open", at: float = 1, code: object = "EUR") -> list[Fact]:
    """Return a deal with an amount in a currency."""
    return [
        deal(state, at, record),
        deal_said("worth", None if worth is None else Decimal(str(worth)), at, record),
        deal_said("code", code, at, record),
    ]


SMALL, LARGE, EMPTY = one("d1", 500), one("d2", 2000, at=2), one("d3", None, at=3)


@pytest.mark.parametrize(
    ("how", "facts", "answer"),
    [
        ("any", [], False),
        ("any", [*SMALL, *LARGE], True),
        ("any", [*SMALL, *EMPTY], None),
        ("any", [*LARGE, *EMPTY], True),
        ("all", [], False),
        ("all", [*LARGE], True),
        ("all", [*LARGE, *EMPTY], None),
        ("all", [*SMALL, *EMPTY], False),
        ("none", [], True),
        ("none", [*SMALL], True),
        ("none", [*LARGE, *EMPTY], False),
        ("none", [*SMALL, *EMPTY], None),
        ("newest", [], False),
        ("newest", [*SMALL, *LARGE], True),
        ("newest", [*LARGE, *EMPTY], None),
        ("newest", [*LARGE, *one("d4", 1, at=5)], False),
    ],
)
def test_what_is_asked_of_each_deal(how: How, facts: list[Fact], answer: bool | None) -> None:
    """Unknown of one deal is unknown of all, unless another decides; without a deal only `none` is true."""
    assert holds(DealsTest(how, BIG), facts) is answer


def total(op: str, *operands: object, currency: str | None = "EUR", of: Condition | None = None) -> DealsTest:
    """Return a test of the sum of amounts."""
    return DealsTest("sum", of, total=where("worth", op, *operands, currency=currency))


@pytest.mark.parametrize(
    ("test", "facts", "answer"),
    [
        (total("over", 2400), [*SMALL, *LARGE], True),
        (total("over", 2500), [*SMALL, *LARGE], False),
        (total("under", 1), [], True),
        (total("over", 2400), [*SMALL, *LARGE, *EMPTY], None),
        (total("equals", 2500), [*SMALL, *LARGE], True),
        (total("between", 2500, 3000), [*SMALL, *LARGE], True),
        (total("over", 2300), [*SMALL, *one("d2", 2000, code="USD")], False),
        (total("over", 2300, currency=None), [*SMALL, *one("d2", 2000, code="USD")], True),
        (total("over", 1), one("d1", 5, code="JPY"), None),
        (total("over", 1), one("d1", 5, code=None), None),
        # `closes` is empty of both, so each is in the sum or not.
        (total("over", 2600, of=where("closes", "before", date(2026, 2, 1))), [*SMALL, *LARGE], False),
        (total("over", 2400, of=where("closes", "before", date(2026, 2, 1))), [*SMALL, *LARGE], None),
        (total("over", 1900, of=where("state", "in", "won")), [*SMALL, *one("d2", 2000, "won")], True),
    ],
)
def test_the_sum_of_a_field(test: DealsTest, facts: list[Fact], answer: bool | None) -> None:
    """Amounts are converted exactly; an empty one may be anything, a deal in doubt is in the sum or not."""
    assert holds(test, facts) is answer


def test_how_many_deals() -> None:
    """Deals that fit are counted; one in doubt leaves open what it could change."""
    facts = [*SMALL, *LARGE, *EMPTY]
    assert holds(DealsTest("count", count=3), facts) is True
    assert holds(DealsTest("count", BIG, count=1), facts) is True
    assert holds(DealsTest("count", BIG, count=2), facts) is None
    assert holds(DealsTest("count", BIG, count=3), facts) is False
    assert holds(DealsTest("count", BIG, 0, 1), facts) is None
    assert holds(DealsTest("count", count=0, most=0), []) is True


def test_deals_closed_before_the_pass_do_not_count() -> None:
    """Open deals always count; won and lost ones since the pass began, or ever."""
    closed = [*one("d1", 5000, "open", 1), deal("won", 3, "d1")]
    assert holds(DealsTest("any", BIG), closed, floor=3) is True
    assert holds(DealsTest("any", BIG), closed, floor=4) is False
    assert holds(DealsTest("any", BIG, ever=True), closed, floor=4) is True
    assert holds(DealsTest("any", BIG), one("d1", 5000), floor=4) is True


def test_a_deal_says_what_it_said_at_the_instant() -> None:
    """Amounts change, deals come and go: each instant is answered as of then."""
    facts = [*one("d1", 500, at=1), deal_said("worth", Decimal(3000), 5, "d1"), deal(None, 8, "d1")]
    assert [holds(DealsTest("any", BIG), facts, at) for at in (0.5, 1, 4.9, 5, 7.9, 8)] == [
        False, False, False, True, True, False,
    ]  # fmt: skip


def test_blank_and_known() -> None:
    """What empty means holds for deals, too, and emptiness itself can be asked."""
    assert holds(DealsTest("all", where("kind", "in", "new")), SMALL) is True
    assert holds(DealsTest("any", Known("worth", known=False)), [*LARGE, *EMPTY]) is True


def stages(*, when: Condition) -> tuple[list[Stage], list[Transition]]:
    """Return two stages of which the second is entered when the condition holds, and left when it does not."""
    return [Stage("a", "inventory", start=True), Stage("b", "gate", enter=when), Stage("x", "detour")], []


def test_a_relative_date_of_a_deal_is_a_breakpoint() -> None:
    """The person moves at the very midnight at which the close date comes near, though nothing new is known."""
    near = DealsTest("any", where("closes", "within_next", days(5)))
    engine = Engine(small_book(stages(when=near)[0], ("a", "b")))
    facts = [deal("open", 1), deal_said("closes", date(2026, 1, 21), 1)]
    begun = engine.begin("p", facts, day(2))
    assert begun.next_change == day(15)
    assert engine.advance(begun.state, [], day(15) - timedelta(microseconds=1)).state.outcome.stage == "a"
    assert engine.advance(begun.state, [], day(15)).state.outcome.stage == "b"


def test_an_unreadable_field_of_a_deal_freezes_what_reads_it() -> None:
    """Also where another deal would decide; a person whose deals do not have it is not concerned."""
    engine = Engine(small_book(stages(when=DealsTest("any", BIG))[0], ("a", "b")))
    hidden = [*LARGE, deal("open", 1, "d9"), deal_said("worth", UNREADABLE, 1, "d9")]
    assert engine.begin("p", hidden, day(4)).state.outcome.stage == "a"
    assert engine.begin("p", [*hidden, deal(None, 2, "d9")], day(4)).state.outcome.stage == "b"


def test_the_trace_tells_deals_in_words() -> None:
    """What was asked and what was found of how many deals; what is empty is named."""
    test = DealsTest("sum", where("state", "in", "open"), total=where("worth", "over", 1000, currency="EUR"))
    engine = Engine(small_book(stages(when=test)[0], ("a", "b")))
    found = engine.explain(engine.begin("p", SMALL, day(4)).state)
    (way,) = [way for way in found.ways if way.target == "b"]
    assert way.condition is not None
    said = f"{way.condition.text}: {way.condition.reason}"
    assert said == "sum of worth of deals > 1000 EUR, where state in open: 500 in 1 deals"
    undecided = engine.explain(engine.begin("p", EMPTY, day(4)).state)
    (way,) = [way for way in undecided.ways if way.target == "b"]
    assert "`deal.worth`" in way.reason


WORTHS = [None, Decimal(-100), Decimal(900), Decimal(1200)]
LIVES = st.lists(
    st.tuples(st.sampled_from(["open", "won", "lost"]), st.sampled_from(WORTHS), st.sampled_from([None, 10, 40])),
    max_size=3,
)


def story(lives: list[tuple[str, Decimal | None, int | None]]) -> list[Fact]:
    """Return deals in these states, with these amounts and close dates."""
    facts: list[Fact] = []
    for number, (state, worth, closes) in enumerate(lives):
        when = None if closes is None else date(2026, 1, 1) + timedelta(days=closes)
        facts += [*one(f"d{number}", worth, state, number + 1), deal_said("closes", when, number + 1, f"d{number}")]
    return facts


def asks_emptiness(test: DealsTest) -> bool:
    """Tell whether the test asks for emptiness itself, which more knowledge may turn."""
    return "Known(" in repr(test)


@settings(max_examples=150, deadline=None)
@given(deals_tests().filter(lambda test: not asks_emptiness(test)), LIVES)
def test_knowing_more_of_deals_never_turns_an_answer(
    test: DealsTest, lives: list[tuple[str, Decimal | None, int | None]]
) -> None:
    """True or false while something is empty is so whatever it turns out to be; unknown leaves it open."""
    answer = holds(test, story(lives))
    worths = [[worth] if worth is not None else [Decimal(-5000), Decimal(0), Decimal(5000)] for _, worth, _ in lives]
    closes = [[at] if at is not None else [-40, 12, 80] for _, _, at in lives]
    filled = [
        holds(test, story([(lives[n][0], worth[n], at[n]) for n in range(len(lives))]))
        for worth in product(*worths)
        for at in product(*closes)
    ]
    assert None not in filled
    assert answer is None or set(filled) == {answer}
