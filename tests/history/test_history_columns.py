"""Lives by columns are the one-person evaluator's, byte for byte: on generated books, histories and parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leadline.history.columns import OddError, Walker
from leadline.history.columns.crowd import crowd_of
from leadline.history.columns.journeys import journeys_by_columns
from leadline.history.columns.living import by_columns, by_walker
from leadline.history.journeys import journey_of
from leadline.history.living import OnePerson
from leadline.history.people import PersonHistory
from leadline.history.replaying import Span
from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding import Engine, decision_to_json
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.model import (
    ActivityTest,
    Book,
    Condition,
    Criterion,
    DealTest,
    DisqualifiedTest,
    GradeTest,
    Known,
    Notify,
    Score,
    ScoreTest,
    Stage,
    StageActions,
    TimeInStage,
    Transition,
)
from leadline.rules.state import Fact
from tests.history import tiny
from tests.rules.deciding.books import bands, by_hand, day, did, said, small_book, where
from tests.rules.deciding.generated import DAYS, NAMED, NAMES, POINTS, WINDOWS, combined, facts
from tests.rules.deciding.laws import law

TESTS: list[Condition] = [
    where("employees", "at_least", 100),
    where("employees", "between", 50, 1000),
    where("email", "domain_in", "free.example"),
    where("status", "in", "Accepted"),
    where("authority", "is", True),
    where("budget", "is", True),
    where("region", "in", "EMEA"),
    where("topics", "all_of", "crm", "price"),
    DealTest("won"),
    Known("country"),
    Known("region", known=False),
]
OWN = {**NAMED, "region": st.sampled_from(["APAC", "LATAM"])}
"""What is said of people, also in a field that a table tells of others."""
OF_ACTIVITIES = st.builds(ActivityTest, NAMES, WINDOWS, st.integers(0, 2), st.booleans(), st.sampled_from([None, 2]))
OF_SCORES: list[Condition] = [
    ScoreTest("one", "at_least", Decimal(10)),
    ScoreTest("one", "under", Decimal(30)),
    ScoreTest("two", "equals", Decimal(10)),
    GradeTest(("A",), "one"),
    GradeTest(("A1", "B1")),
    GradeTest(("hot",), temperature=True),
    DisqualifiedTest(),
]

ATTRIBUTES = combined(st.one_of(st.sampled_from(TESTS), OF_ACTIVITIES), 3)
WAYS = combined(st.one_of(st.sampled_from(TESTS), st.sampled_from(OF_SCORES), OF_ACTIVITIES), 3)


@st.composite
def lines(draw: st.DrawFn, name: str) -> Criterion:
    """Return one line of a score of a kind that columns know."""
    form = draw(st.sampled_from(["when", "bands", "activity", "activity", "disqualify"]))
    group = draw(st.sampled_from([None, "web"]))
    if form == "bands":
        sizes = bands("employees", (None, 49, -5), (50, 199, 10), (200, None, 30))
        return Criterion(name, bands=sizes, up_to=draw(st.sampled_from([None, Decimal(12)])), group=group)
    if form == "when":
        limit = draw(st.sampled_from([None, Decimal(12)]))
        return Criterion(name, draw(POINTS), when=draw(ATTRIBUTES), up_to=limit, group=group)
    if form == "disqualify":
        return Criterion(name, when=where("email", "domain_in", "rival.example"), disqualify="competitor")
    match, most = draw(st.sampled_from(["each", "first", "latest"])), draw(st.sampled_from([None, 1, 2]))
    return Criterion(name, draw(POINTS), None, None, draw(NAMES), match, draw(WINDOWS), most, None, group=group)


LISTED = [("a", "x"), ("b", "x"), ("b", "a"), ("x", "a"), ("c", "b")]


@st.composite
def plain_books(draw: st.DrawFn) -> Book:
    """Return a book of three main-path stages and a detour without anything that knows the time."""
    scores = {}
    for name, grades in (("one", (("A", 30), ("B", 5))), ("two", (("1", 8), ("2", 0)))):
        own = tuple(draw(lines(f"c{number}")) for number in range(draw(st.integers(1, 4))))
        floor, cap = draw(st.sampled_from([(None, None), (Decimal(0), Decimal(35))]))
        edges = tuple((grade, Decimal(edge)) for grade, edge in grades)
        scores[name] = Score(name, own, floor, cap, {"web": Decimal(15)}, edges)
    stages = [
        Stage(name, kind, start=name == "a", require=draw(st.sampled_from([(), (), ("email",)])),
              enter=draw(st.one_of(st.none(), WAYS)), exit=draw(st.one_of(st.none(), st.none(), WAYS)))
        for name, kind in (("a", "inventory"), ("b", "sla"), ("c", "gate"), ("x", "detour"))
    ]  # fmt: skip
    listed = [
        Transition(f"{source}->{target}", source, target, draw(WAYS), draw(st.sampled_from([None, "cooled"])))
        for source, target in draw(
            st.lists(
                st.sampled_from([("a", "x"), ("b", "x"), ("b", "a"), ("x", "a"), ("c", "b")]), max_size=3, unique=True
            )
        )
    ]
    grid = type(small_book([], []).grid)("one", "two")
    return small_book(stages, ("a", "b", "c"), listed, scores=scores, grid=grid)


@st.composite
def simple_facts(draw: st.DrawFn) -> Fact:
    """Return a fact that columns know."""
    if draw(st.booleans()):
        return did(draw(NAMES), draw(DAYS))
    name = draw(st.sampled_from(sorted(OWN)))
    return said(name, draw(OWN[name]), draw(DAYS), draw(st.sampled_from(["lead:1", "contact:1"])), rank=0)


SIMPLE = st.lists(simple_facts(), max_size=12)
PEOPLE = st.lists(
    st.one_of(SIMPLE, SIMPLE, st.lists(facts(), max_size=6)),
    min_size=1,
    max_size=5,
)


def lived(one: OnePerson, people: list[PersonHistory], until: float) -> list[list[str]]:
    """Return everybody's decisions as they are compared, by columns."""
    walker = by_columns(one)
    assert walker is not None
    return [
        [decision_to_json(made) for made in life.decisions] for life in by_walker(one, walker, people, day(until))
    ]


@law(60)
@given(plain_books(), PEOPLE, st.integers(20, 70))
def test_columns_live_as_one_person_does(book: Book, told: list[list[Fact]], until: int) -> None:
    """Every decision with its id: scores with bounds, grades, moves, reasons, causes; also of people who are odd."""
    one = OnePerson(book)
    one.engine = Engine(book, Oracle(Lifecycle(book).rules))
    try:
        Walker(one.engine)
    except OddError:
        assume(False)
    people = [PersonHistory(f"p{number}", day(-1), tuple(found)) for number, found in enumerate(told)]
    expected = [[decision_to_json(made) for made in life.decisions] for life in one.lives(people, day(until))]
    assert lived(one, people, until) == expected
    assert [log for person in people for log in lived(one, [person], until)] == expected


def test_what_columns_do_not_know() -> None:
    """A book whose first stage knows the time is left to the one-person evaluator; columns say why."""
    stages = [Stage("a", "inventory", start=True), Stage("b", "final", enter=TimeInStage(timedelta(days=3)))]
    one = OnePerson(small_book(stages, ("a", "b"), scores={"one": Score("one", ()), "two": Score("two", ())}))
    with pytest.raises(OddError, match="what may happen in `a`"):
        Walker(one.engine)
    assert by_columns(one) is None


def test_who_is_odd_and_who_is_not() -> None:
    """Of three people two are walked by columns; who was set by hand is lived through alone, in the same order."""
    one = OnePerson(tiny.book())
    walker = by_columns(one)
    assert walker is not None
    filled = tuple(Fact("activity", "form", True, day(2), "files", f"f{number}", day(2)) for number in range(2))
    people = [PersonHistory("a", day(1), filled), PersonHistory("b", day(1), ()),
              PersonHistory("c", day(1), (by_hand("sql", 2),))]  # fmt: skip
    found = list(by_walker(one, walker, people, day(9)))
    assert [life.history.person for life in found] == ["a", "b", "c"]
    assert [life.state.outcome.stage for life in found] == ["mql", "lead", "sql"]


@pytest.mark.parametrize(
    ("born", "until"), [(day(1), datetime(2999, 1, 1, tzinfo=UTC)), (datetime(1, 1, 3, tzinfo=UTC), day(9))]
)
def test_more_years_than_keys_hold(born: datetime, until: datetime) -> None:
    """A far end, or one person of long ago among many, leaves all of a part to the one-person evaluator."""
    one = OnePerson(tiny.book())
    walker = by_columns(one)
    assert walker is not None
    filled = tuple(Fact("activity", "form", True, day(2), "files", f"f{number}", day(2)) for number in range(2))
    people = [PersonHistory("first", born, ())]
    people += [PersonHistory(f"p{number}", day(1), filled if number > 395 else ()) for number in range(400)]
    found = list(by_walker(one, walker, people, until))
    assert [life.history.person for life in found] == [one.person for one in people]
    assert [life.state.outcome.stage for life in found[-6:]] == ["lead", "lead", *["mql"] * 4]


@law(40)
@given(plain_books(), PEOPLE, st.integers(20, 70), st.sampled_from([0, 3, 7]))
def test_journeys_by_columns_are_those_of_lives(book: Book, told: list[list[Fact]], until: int, days: int) -> None:
    """Visits, writes, actions and points at the landmark, of whomever columns walk and of those who are odd."""
    book = replace(
        book, on_enter={"b": StageActions("b", (Notify(),)), "a": StageActions("a", (Notify(),), on_adoption=True)}
    )
    one = OnePerson(book, identify=False)
    one.engine = Engine(book, Oracle(Lifecycle(book).rules), identify=False)
    try:
        walker = Walker(one.engine)
    except OddError:
        assume(False)
    span, landmark = Span(day(5), day(until)), timedelta(days=days)
    people = [PersonHistory(f"p{number}", day(number - 1), tuple(found)) for number, found in enumerate(told)]
    expected = {
        life.history.person: journey_of(life, one.engine, span, landmark) for life in one.lives(people, day(until))
    }
    found = journeys_by_columns(one, walker, crowd_of(book, people, day(until)), span, landmark)
    assert {journey.person: journey for journey in found} == expected
