"""The trace: every line of the computation, what is undecided and what would decide it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from leadline.rules.deciding import CriterionTrace, Engine, MatchTrace, Trace, WayTrace
from leadline.rules.model import (
    ActivityTest,
    All,
    Any,
    AtLeast,
    Known,
    Months,
    Not,
    ScoreTest,
    Stage,
    TimeInStage,
    Transition,
)
from leadline.rules.state import UNREADABLE, Adopted, Fact
from tests.rules.deciding.books import day, days, did, said, small_book, waterfall, where

BOOK = waterfall()
LEAD = [said("email", "vp@acme.example"), said("title", "VP"), said("industry", "Software")]


def traced(facts: list[Fact], at: float, adopted: Adopted | None = None) -> Trace:
    """Return the trace of a person who just began."""
    engine = Engine(BOOK)
    return engine.explain(engine.begin("p", facts, day(at), adopted).state)


def line(trace: Trace, name: str) -> CriterionTrace:
    """Return one criterion."""
    return next(item for score in trace.scores for item in score.criteria if item.name == name)


def way(trace: Trace, target: str) -> WayTrace:
    """Return the first way to a stage."""
    return next(item for item in trace.ways if item.target == target)


def test_criteria_tell_their_points_and_what_they_come_from() -> None:
    """Matches with instants, points and when they fade; attributes with their answer; the unknown with its span."""
    trace = traced([*LEAD, did("demo_request", 1), did("webinar", 2)], 20)
    assert line(trace, "demo request").matches == (
        MatchTrace("demo_request", day(1), "salesforce", "demo_request@1", Decimal(20), day(29)),
    )
    assert line(trace, "webinar").matches[0].until == day(62)
    size = line(trace, "company size")
    assert (size.points, size.lowest, size.highest, size.reason) == (0, 0, 30, "`employees` is empty")
    assert line(trace, "senior title").condition is not None
    assert line(trace, "competitor").disqualifies == "competitor"
    missing = ("country", "region", "employees", "status", "authority", "need", "timeline", "topics")
    assert trace.empty == (*missing, "amount", "currency")


def test_undecided_says_what_would_decide() -> None:
    """The field that is empty, and the value from which the stage would follow."""
    found = way(traced([LEAD[0], LEAD[2], *(did("webinar", n) for n in range(4))], 5), "mql")
    assert found.result == "undecided"
    assert found.reason == "undecided: `employees`, `title` are empty"
    assert found.hint == "would be MQL at employees >= 200"


def test_an_open_question_about_one_field() -> None:
    """Text, yes or no, numbers and dates each say the value that the book asks for."""
    enters = {
        "status in Accepted": where("status", "in", "Accepted"),
        "need yes": where("need", "is", True),
        "need no": Not(where("need", "is", True)),
        "amount > 5": where("amount", "over", 5),
        "timeline within next 6 months": where("timeline", "within_next", Months(6)),
        "email domain in acme.example": where("email", "domain_in", "acme.example"),
    }
    for hint, enter in enters.items():
        book = small_book([Stage("a", "inventory", start=True), Stage("mql", "gate", enter=enter)], ["a", "mql"])
        engine = Engine(book)
        (found,) = engine.explain(engine.begin("p", [], day(1)).state).ways
        assert (found.result, found.hint) == ("undecided", f"would be MQL at {hint}")


def test_no_hint_where_one_value_is_not_enough() -> None:
    """Two empty fields that are both needed: both are named, nothing is promised."""
    enter = All((where("need", "is", True), where("authority", "is", True)))
    book = small_book([Stage("a", "inventory", start=True), Stage("b", "gate", enter=enter)], ["a", "b"])
    engine = Engine(book)
    (found,) = engine.explain(engine.begin("p", [], day(1)).state).ways
    assert (found.reason, found.hint) == ("undecided: `authority`, `need` are empty", "")


def test_each_way_out_says_why_it_is_not_taken() -> None:
    """Waiting, used up, missing, frozen, and plainly false."""
    stages = [
        Stage("a", "inventory", start=True),
        Stage("b", "gate", require=("email",), enter=ActivityTest("webinar")),
        Stage("c", "gate", enter=Any((where("authority", "is", True), ActivityTest("webinar")))),
        Stage("d", "gate", enter=ScoreTest("fit", "at_least", Decimal(90))),
        Stage("x", "detour"),
        Stage("y", "detour"),
    ]
    soon = Transition("a->x#1", "a", "x", ActivityTest("webinar"), after=days(30), at_once_when=Known("country"))
    once = Transition("a->y#2", "a", "y", ActivityTest("webinar"), at_most=0)
    engine = Engine(small_book(stages, ["a", "b", "c", "d"], [soon, once]))
    facts = [did("webinar", 1), said("authority", UNREADABLE, 1), said("employees", 10), said("title", "Intern")]
    trace = engine.explain(engine.begin("p", facts, day(2), Adopted("a", day(0))).state)
    found = {item.target: item for item in trace.ways}
    assert {name: item.result for name, item in found.items()} == {
        "x": "waiting",
        "y": "used up",
        "b": "missing",
        "c": "frozen",
        "d": "no",
    }
    assert found["x"].waits_until == day(30)
    assert found["x"].lift is not None and found["x"].lift.answer is False
    assert (found["y"].taken, found["y"].at_most) == (0, 0)
    assert found["b"].missing == ("email",)
    assert found["c"].reason == "`authority` may not be read now"
    assert found["d"].condition is not None
    assert found["d"].condition.reason == "fit is 0 (0 to 20)"
    assert trace.unreadable == ("authority",)


def test_conditions_are_trees_with_reasons() -> None:
    """Each part with its answer; numbers, dates and yes/no are shown, texts are not."""
    enter = AtLeast(
        3,
        (
            where("employees", "at_least", 500),
            where("email", "contains", "zzz"),
            where("timeline", "after", date(2027, 1, 1)),
            where("authority", "is", True),
            TimeInStage(days(3)),
        ),
    )
    engine = Engine(small_book([Stage("a", "inventory", start=True), Stage("b", "gate", enter=enter)], ["a", "b"]))
    facts = [
        said("employees", 300),
        said("email", "secret@acme.example"),
        said("timeline", date(2026, 5, 1)),
        said("authority", False),
    ]
    trace = engine.explain(engine.begin("p", facts, day(1)).state)
    (found,) = trace.ways
    assert found.condition is not None
    assert (found.condition.text, found.condition.answer) == ("at least 3 of", False)
    assert [(part.text, part.answer, part.reason) for part in found.condition.parts] == [
        ("employees >= 500", False, "`employees` is 300"),
        ("email contains zzz", False, ""),
        ("timeline after 2027-01-01", False, "`timeline` is 2026-05-01"),
        ("authority yes", False, "`authority` is no"),
        ("in stage for 3 days", False, "since 2026-01-02T00:00:00Z"),
    ]
    assert "secret" not in repr(trace)


def test_the_trace_knows_the_pass() -> None:
    """A signal from before it is told as such."""
    facts = [*LEAD, said("status", "Rejected", 1), did("demo_request", 6)]
    trace = traced(facts, 9, Adopted("mql", day(5), 2, {"mql": day(5)}))
    rejected = next(item for item in trace.ways if item.by == "mql->recycled#2")
    assert rejected.condition is not None
    assert (rejected.result, rejected.condition.reason) == ("no", "`status` was last set before this pass")


def test_what_changes_next_and_when() -> None:
    """The instant of the fold's next change, with what will differ."""
    engine = Engine(BOOK)
    result = engine.begin("p", [*LEAD, said("employees", 10), did("demo_request", 1)], day(2))
    trace = engine.explain(result.state)
    assert trace.next is not None
    assert trace.next.at == result.next_change == day(15)
    assert trace.next.changes == (
        "stage mql -> recycled (Recycled: cooled)",
        "grade B2 -> B3",
        "interest 40 -> 20",
        "temperature warm -> cold",
    )
    assert engine.explain(engine.begin("q", [], day(1)).state).next is None


def test_the_score_at_another_instant() -> None:
    """In the past by the facts of then; in the future by going on without news."""
    engine = Engine(BOOK)
    state = engine.begin("p", [*LEAD, said("employees", 10), did("demo_request", 1)], day(2)).state
    assert engine.explain(state, day(0.5)).outcome.scores["interest"].value == 0
    later = engine.explain(state, day(16))
    assert (later.at, later.outcome.scores["interest"].value, later.outcome.stage) == (day(16), 20, "recycled")


def test_limits_are_told() -> None:
    """What a group, the cap or the floor took away."""
    trace = traced([said("email", "x@free.example")], 1)
    fit = trace.scores[0]
    assert fit.limits == ("raised from -30 to the floor 0",)
    many = traced([*(did("webinar", n) for n in range(8)), *(did("pricing_page", n) for n in range(3))], 9)
    assert many.scores[1].limits == ("limited from 150 to the cap 100",)
