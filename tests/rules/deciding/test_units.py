"""Account facts: the laws of the fold for accounts of several people, and what single facts come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding import Engine, decision_to_json, state_to_json
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.deciding.together import advance_together, begin_together
from leadline.rules.deciding.units import from_account
from leadline.rules.model import AccountFact, Any, Bands, Book, Criterion, Known, ScoreTest, Stage, Transition
from leadline.rules.state import UNREADABLE, Advance, Fact
from tests.rules.deciding.books import bands, day, days, did, said, small_book, where
from tests.rules.deciding.generated import ATTRIBUTES, HISTORIES, generated_books, until

LAW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TICK = timedelta(microseconds=1)
BEGIN = 10
SCORED = ScoreTest("one", "at_least", Decimal(10))

Histories = Mapping[str, list[Fact]]


@st.composite
def account_books(draw: st.DrawFn) -> Book:
    """Return a generated book in which scores and stages read facts of the account."""
    book = draw(generated_books())
    when = st.one_of(st.none(), st.just(SCORED), ATTRIBUTES)
    accounts = {
        "engaged": AccountFact("engaged", "count", None, draw(when)),
        "countries": AccountFact("countries", "distinct", draw(st.sampled_from(["country", "topics"])), draw(when)),
        "total": AccountFact("total", "sum", draw(st.sampled_from(["one", "employees"])), draw(when)),
        "most": AccountFact("most", "most", draw(st.sampled_from(["two", "amount"])), draw(when)),
        "best": AccountFact("best", "best_stage"),
    }
    bonus = Criterion("bonus", bands=Bands("account.engaged", bands("", (1, 1, 4), (2, None, 20)).bands))
    rich = Criterion("rich", Decimal(11), when=where("account.total", "at_least", 30))
    one = book.scores["one"]
    together = where("account.engaged", "at_least", 2)
    stages = {
        name: replace(stage, enter=Any((together, stage.enter)) if stage.enter else together)
        if name == "b"
        else stage
        for name, stage in book.stages.items()
    }
    listed = Transition("b->x#99", "b", "x", draw(st.sampled_from([where("account.total", "under", 5)])))
    return replace(
        book,
        accounts=accounts,
        scores={**book.scores, "one": replace(one, criteria=(*one.criteria, bonus, rich))},
        stages=stages,
        transitions=(*book.transitions, listed),
    )


UNITS = st.lists(HISTORIES, min_size=1, max_size=3).map(
    lambda found: {f"p{number}": history for number, history in enumerate(found)}
)


def engine(book: Book) -> Engine:
    """Return an engine on the readable oracle."""
    return Engine(book, Oracle(Lifecycle(book).rules))


def lived(made: Engine, unit: Histories, cuts: list[float]) -> tuple[dict[str, Advance], dict[str, list[str]]]:
    """Begin on day ten and go on from cut to cut, each time with the facts of the interval."""
    result = begin_together(made, {name: until(facts, -1, BEGIN) for name, facts in unit.items()}, day(BEGIN))
    log = {name: [decision_to_json(item) for item in found.decisions] for name, found in result.items()}
    for first, last in zip([BEGIN, *cuts], cuts, strict=False):
        news = {name: until(facts, first, last) for name, facts in unit.items()}
        result = advance_together(made, {name: found.state for name, found in result.items()}, news, day(last))
        for name, found in result.items():
            log[name] += [decision_to_json(item) for item in found.decisions]
    return result, log


def shown(result: Mapping[str, Advance]) -> dict[str, object]:
    """Return what is carried on of each person, but for what the account says of itself."""
    return {
        name: (
            state_to_json(found.state),
            found.next_change,
            [fact for fact in found.state.history if not from_account(fact)],
        )
        for name, found in result.items()
    }


@LAW
@given(account_books(), UNITS, st.lists(st.integers(11, 69), max_size=4))
def test_splitting_an_interval_changes_nothing_for_an_account(book: Book, unit: Histories, cuts: list[int]) -> None:
    """One fold of the account over sixty days equals many folds over its parts."""
    whole, log = lived(engine(book), unit, [70])
    parts, split = lived(engine(book), unit, [*sorted(map(float, set(cuts))), 70])
    assert split == log
    assert shown(parts) == shown(whole)


@LAW
@given(account_books(), UNITS, st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing_for_an_account(book: Book, unit: Histories, random: Random) -> None:
    """Neither the order of facts nor that of people matters."""
    shuffled = {name: [*unit[name], *unit[name][:2]] for name in reversed(list(unit))}
    for facts in shuffled.values():
        random.shuffle(facts)
    one, log = lived(engine(book), unit, [40, 70])
    other, again = lived(engine(book), shuffled, [40, 70])
    assert again == log
    assert shown(other) == shown(one)


@LAW
@given(account_books(), UNITS)
def test_the_next_change_of_each_person_is_exact(book: Book, unit: Histories) -> None:
    """Nothing before it, something at it, though it may be another person's score that changes then."""
    made = engine(book)
    result, _ = lived(made, unit, [30])
    states = {name: found.state for name, found in result.items()}
    for name, found in result.items():
        coming = found.next_change
        if coming is None:
            assert made.advance(states[name], (), day(4000)).decisions == ()
            continue
        assert coming > day(30)
        assert advance_together(made, states, {}, coming - TICK)[name].decisions == ()
        assert [item.at for item in advance_together(made, states, {}, coming)[name].decisions] == [coming]


@LAW
@given(account_books(), UNITS, HISTORIES)
def test_late_facts_of_another_never_undo(book: Book, unit: Histories, late: list[Fact]) -> None:
    """What is learnt late of one person moves nobody of the account before the frontier."""
    made = engine(book)
    result, _ = lived(made, unit, [60])
    states = {name: found.state for name, found in result.items()}
    after = advance_together(made, states, {"p0": late}, day(61))
    for name, found in after.items():
        assert all(item.at >= day(60) for item in found.decisions)
        assert found.state.outcome.pass_number >= states[name].outcome.pass_number
    again = advance_together(made, {name: found.state for name, found in after.items()}, {}, day(61))
    assert all(found.decisions == () for found in again.values())


@LAW
@given(account_books(), UNITS, st.lists(st.integers(0, 800), min_size=4, max_size=4))
def test_steps_are_what_stands_at_every_instant(book: Book, unit: Histories, instants: list[int]) -> None:
    """The facts derived from day ten on say at any later instant what asking everybody then says."""
    unit_of = engine(book).unit
    assert unit_of is not None
    steps = unit_of.derive(unit, day(BEGIN))
    for t in (day(BEGIN + number / 10) for number in instants):
        said_then = {fact.name: fact.value for fact in steps if fact.at <= t}
        asked = {f"account.{item.name}": item.value for item in unit_of.standing(unit, t)}
        assert said_then == asked


def _agreeing() -> Book:
    """Return a book where two engaged people move everybody, and one alone cools."""
    line = Criterion("demo", Decimal(40), activity="demo_request", match="latest", within=days(14))
    bonus = Criterion("group", Decimal(5), when=where("account.engaged", "at_least", 2))
    small = small_book(
        [
            Stage("a", "inventory", start=True),
            Stage("b", "sla", enter=where("account.engaged", "at_least", 2)),
            Stage("x", "detour"),
        ],
        ("a", "b"),
        [Transition("b->x#1", "b", "x", where("account.engaged", "under", 2), "cooled")],
    )
    score = replace(small.scores["interest"], criteria=(line, bonus), floor=None, cap=None)
    engaged = AccountFact("engaged", "count", None, ScoreTest("interest", "at_least", Decimal(40)))
    return replace(small, scores={**small.scores, "interest": score}, accounts={"engaged": engaged})


def test_one_persons_cooling_moves_another() -> None:
    """Decay of one person's interest recycles another at that instant, who knew it in advance."""
    made = Engine(_agreeing())
    unit = {
        "ann": [did("demo_request", 1)],
        "bob": [did("demo_request", 3)],
        "cem": [said("email", "x@y.example", 2)],
    }
    begun = begin_together(made, dict.fromkeys(unit, ()), day(0))
    result = advance_together(made, {name: found.state for name, found in begun.items()}, unit, day(4))
    assert {name: found.state.outcome.stage for name, found in result.items()} == dict.fromkeys(unit, "b")
    assert {name: found.state.outcome.since for name, found in result.items()} == dict.fromkeys(unit, day(3))
    assert {name: found.next_change for name, found in result.items()} == dict.fromkeys(unit, day(15))
    cooled = advance_together(made, {name: found.state for name, found in result.items()}, {}, day(16))
    assert {name: found.state.outcome.stage for name, found in cooled.items()} == dict.fromkeys(unit, "x")
    assert {name: found.state.outcome.since for name, found in cooled.items()} == dict.fromkeys(unit, day(15))


def test_what_an_account_gives_does_not_engage_anybody() -> None:
    """Who has 40 points only with the account's own 5 is not counted: nothing is its own cause."""
    book = _agreeing()
    asked = AccountFact("engaged", "count", None, ScoreTest("interest", "at_least", Decimal(41)))
    unit = Engine(replace(book, accounts={"engaged": asked})).unit
    assert unit is not None
    people = {"ann": [did("demo_request", 1)], "bob": [did("demo_request", 1)]}
    assert [item.value for item in unit.standing(people, day(2))] == [0]


def test_people_out_of_scope_are_not_counted() -> None:
    """Who the scope leaves out makes no account fact; who is undecided does."""
    book = replace(_agreeing(), scope=where("email", "domain_in", "y.example"))
    unit = Engine(book).unit
    assert unit is not None
    people = {
        "in": [did("demo_request", 1), said("email", "a@y.example")],
        "out": [did("demo_request", 1), said("email", "a@z.example")],
        "undecided": [did("demo_request", 1)],
    }
    (engaged,) = unit.standing(people, day(2))
    assert (engaged.value, engaged.people, engaged.of) == (2, ("in", "undecided"), 3)


def test_an_unreadable_field_makes_the_account_fact_unreadable() -> None:
    """A field that may not be read of one person freezes what is made of it, and is no zero."""
    kinds = {
        "known": AccountFact("known", "count", None, Known("country")),
        "lands": AccountFact("lands", "distinct", "country"),
        "people": AccountFact("people", "count"),
        "most": AccountFact("most", "most", "employees"),
        "all": AccountFact("all", "sum", "employees"),
    }
    unit = Engine(replace(_agreeing(), accounts=kinds)).unit
    assert unit is not None
    people = {
        "a": [said("country", UNREADABLE), said("employees", 20)],
        "b": [said("country", "Peru")],
        "c": [said("country", "PERU"), said("employees", 30)],
    }
    assert {item.name: item.value for item in unit.standing(people, day(1))} == {
        "known": UNREADABLE, "lands": UNREADABLE, "people": 3, "most": Decimal(30), "all": Decimal(50),
    }  # fmt: skip
    del people["a"]
    assert {item.name: item.value for item in unit.standing(people, day(1))} == {
        "known": 2, "lands": 1, "people": 2, "most": Decimal(30), "all": Decimal(30),
    }  # fmt: skip
    assert {item.name: item.value for item in unit.standing({}, day(1))} == {
        "known": 0, "lands": 0, "people": 0, "most": None, "all": Decimal(0),
    }  # fmt: skip
