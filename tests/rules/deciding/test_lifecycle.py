"""The step at an instant: precedence, skipped stages, detours and passes, cool-downs, circles, frozen transitions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from leadline.common.errors import RefusedError
from leadline.rules.deciding import Engine
from leadline.rules.model import (
    ActivityTest,
    All,
    Any,
    Book,
    NoActivityFor,
    Not,
    Stage,
    StayTest,
    TimeInStage,
    Transition,
)
from leadline.rules.state import UNREADABLE, Advance, Fact, Move
from tests.rules.deciding.books import day, days, deal, did, said, small_book, waterfall, where

VP = [said("email", "vp@acme.example"), said("title", "VP"), said("industry", "Software"), said("employees", 300)]


def lived(book: Book, facts: list[Fact], until: float, begin: float = 0.5) -> Advance:
    """Begin with the facts of the first day and fold the rest in one go."""
    engine = Engine(book)
    start = engine.begin("p", [item for item in facts if item.at <= day(begin)], day(begin))
    later = [item for item in facts if item.at > day(begin)]
    result = engine.advance(start.state, later, day(until))
    return replace(result, decisions=start.decisions + result.decisions)


def moves(result: Advance) -> list[tuple[str, str, str]]:
    """Return source, target and means of every move made."""
    return [(move.source, move.target, move.by) for made in result.decisions for move in made.moves]


def test_the_waterfall_in_order() -> None:
    """Demo request, acceptance, BANT, deal, won: each stage on its day, with the reason."""
    facts = [
        *VP,
        did("demo_request", 1),
        said("status", "Accepted", 2),
        said("authority", True, 3),
        said("need", True, 3),
        said("budget", True, 3),
        said("amount", Decimal(900), 4),
        deal("open", 5),
        deal("won", 6),
    ]
    result = lived(waterfall(), facts, 7)
    reached = {name: entered.at for name, entered in result.state.outcome.entered.items()}
    assert {name: reached[name] for name in ("mql", "sal", "sql", "opportunity", "customer")} == {
        "mql": day(1),
        "sal": day(2),
        "sql": day(4),
        "opportunity": day(5),
        "customer": day(6),
    }
    assert [made.after.why for made in result.decisions if made.moves] == [
        "MQL: demo request",
        "SAL: status in Accepted, Working",
        "SQL: budget yes",
        "Opportunity: deal open",
        "Customer: deal won",
    ]
    assert result.state.outcome.previous == "opportunity"
    assert result.state.outcome.pass_number == 1


def test_a_skipped_stage_is_dated_and_marked() -> None:
    """The furthest stage that is open is entered at once; the ones between are implied."""
    result = lived(waterfall(), [*VP, deal("open", 3)], 4)
    (move,) = [move for made in result.decisions for move in made.moves]
    assert move == Move("inquiry", "opportunity", "main path", None, ("mql", "sal", "sql"))
    entered = result.state.outcome.entered
    assert [name for name, date in entered.items() if date.implied] == ["mql", "sal", "sql"]
    assert not entered["opportunity"].implied and not entered["inquiry"].implied


def test_the_main_path_goes_forward_only() -> None:
    """An entry criterion that is true for an earlier stage moves nobody back."""
    facts = [*VP, said("status", "Accepted", 2), did("demo_request", 3)]
    assert moves(lived(waterfall(), facts, 4)) == [("inquiry", "sal", "main path")]


def test_a_required_field_must_be_known() -> None:
    """Without an e-mail nobody becomes an MQL; when it comes the stage follows."""
    facts = [*VP[1:], did("demo_request", 1), said("email", "vp@acme.example", 3)]
    result = lived(waterfall(), facts, 4)
    assert [made.at for made in result.decisions if made.moves] == [day(3)]


def test_disqualification_comes_first() -> None:
    """A competitor who asks for a demo is disqualified, with the reason, by no other way."""
    facts = [said("email", "spy@rival.example", 1), did("demo_request", 1)]
    result = lived(waterfall(), facts, 2)
    (move,) = [move for made in result.decisions for move in made.moves]
    assert move == Move("inquiry", "disqualified", "disqualified", "competitor")
    assert result.state.outcome.disqualified == ("competitor",)
    assert result.state.outcome.why == "Disqualified: competitor"


def test_a_detour_begins_a_new_pass_when_it_is_left() -> None:
    """Last pass's rejection does not reject again; dates start anew; the count of the transition grows."""
    facts = [*VP, did("demo_request", 1), said("status", "Rejected", 2), did("demo_request", 10), did("webinar", 11)]
    result = lived(waterfall(), facts, 12)
    assert moves(result) == [
        ("inquiry", "mql", "main path"),
        ("mql", "recycled", "mql->recycled#2"),
        ("recycled", "mql", "recycled->mql#4"),
    ]
    outcome = result.state.outcome
    assert (outcome.stage, outcome.pass_number, result.state.pass_began) == ("mql", 2, day(10))
    assert outcome.entered["mql"].at == day(10)
    assert outcome.entered["inquiry"].implied
    assert "recycled" not in outcome.entered
    assert result.state.taken == {"mql->recycled#2": 1, "recycled->mql#4": 1}
    again = Engine(waterfall()).advance(result.state, [said("status", "Working", 13)], day(13))
    back = Engine(waterfall()).advance(again.state, [said("status", "Rejected", 14)], day(14))
    assert back.state.outcome.stage == "recycled"


def test_what_led_into_a_detour_does_not_end_its_cool_down() -> None:
    """Only a demo request after the rejection lifts it at once; else thirty days pass."""
    ready = [*VP, did("demo_request", 1), said("status", "Rejected", 2), *(did("webinar", 20 + n) for n in range(4))]
    result = lived(waterfall(), ready, 50)
    assert [(made.at, made.after.stage) for made in result.decisions if made.moves] == [
        (day(1), "mql"),
        (day(2), "recycled"),
        (day(32), "mql"),
    ]


def test_what_happens_with_the_rejection_does_not_lift_it() -> None:
    """A demo request at the very instant of the rejection came before it; one a moment later lifts it."""
    facts = [*VP, did("demo_request", 1), said("status", "Rejected", 2)]
    assert lived(waterfall(), [*facts, did("demo_request", 2)], 3).state.outcome.stage == "recycled"
    assert lived(waterfall(), [*facts, did("demo_request", 2.001)], 3).state.outcome.stage == "mql"


def test_what_began_the_pass_belongs_to_it() -> None:
    """The demo request that led out of the detour keeps the lead in MQL, for as long as the stay criterion says."""
    intern = [VP[0], said("title", "Intern"), said("industry", "Arts"), said("employees", 3)]
    facts = [*intern, did("demo_request", 1), said("status", "Rejected", 2), did("demo_request", 10)]
    result = lived(waterfall(), facts, 30)
    assert [(made.at, made.after.stage) for made in result.decisions if made.moves][2:] == [
        (day(10), "mql"),
        (day(24), "recycled"),
    ]


def test_a_transition_is_taken_at_most_so_often() -> None:
    """The fourth return to MQL does not happen, in a whole life."""
    facts = [*VP]
    for n in range(5):
        facts += [said("status", "Working", 2 + 10 * n), did("demo_request", 3 + 10 * n)]
        facts += [said("status", "Rejected", 4 + 10 * n)]
    book = waterfall()
    sal = replace(book.stages["sal"], enter=None)
    result = lived(replace(book, stages={**book.stages, "sal": sal}), facts, 55)
    assert result.state.taken["recycled->mql#4"] == 3
    assert result.state.outcome.stage == "recycled"
    assert result.state.outcome.pass_number == 4


def test_cooling_recycles_without_anybody_touching_the_lead() -> None:
    """When the points have decayed the stay criterion fails, at the instant of the step."""
    result = lived(waterfall(), [*VP, did("demo_request", 1)], 90)
    last = [made for made in result.decisions if made.moves][-1]
    assert (last.cause, last.after.why, last.after.stage) == ("time", "Recycled: cooled", "recycled")
    assert last.at == day(1 + 14 * 3)


def test_a_detour_never_traps_a_deal() -> None:
    """From recycled a won deal leads to customer, in a new pass."""
    facts = [*VP, did("demo_request", 1), said("status", "Rejected", 2), deal("won", 3)]
    result = lived(waterfall(), facts, 4)
    assert moves(result)[-1] == ("recycled", "customer", "recycled->customer#5")
    assert result.state.outcome.pass_number == 2


def test_a_lost_deal_of_an_earlier_pass_does_not_count() -> None:
    """Won and lost count since the pass began; an open deal is open."""
    facts = [*VP, deal("open", 1), deal("lost", 2), did("demo_request", 5)]
    facts.append(replace(deal("open", 6), record="deal:2"))
    result = lived(waterfall(), facts, 7)
    assert result.state.outcome.stage == "opportunity"
    assert result.state.outcome.pass_number == 2


CIRCLE = small_book(
    [
        Stage("a", "inventory", start=True),
        Stage("b", "gate", enter=ActivityTest("webinar")),
        Stage("c", "gate"),
    ],
    ["a", "b", "c"],
    [
        Transition("b->c#1", "b", "c", ActivityTest("demo_request")),
        Transition("c->b#2", "c", "b", ActivityTest("demo_request")),
    ],
)


def test_a_circle_stops_at_the_stage_met_first() -> None:
    """The moves of the circle are dropped and the state is marked; evaluating again changes nothing."""
    result = lived(CIRCLE, [did("webinar", 1), did("demo_request", 1)], 2)
    assert moves(result) == [("a", "b", "main path")]
    assert result.state.livelock
    assert result.state.taken == {}
    assert Engine(CIRCLE).explain(result.state).livelock
    again = Engine(CIRCLE).advance(result.state, [said("country", "Peru", 1)], day(3))
    assert (again.decisions, again.state.livelock) == ((), True)


def test_a_circle_may_have_no_end() -> None:
    """Time in the other stage of a circle never passes, so nothing ever changes and nobody waits for it."""
    more = Transition("c->a#3", "c", "a", TimeInStage(days(5)))
    book = replace(CIRCLE, scores={}, grid=None, temperatures=None, transitions=(*CIRCLE.transitions, more))
    result = lived(book, [did("webinar", 1), did("demo_request", 1)], 2)
    assert (result.state.livelock, result.next_change) == (True, None)


def test_a_circle_is_left_when_time_opens_it() -> None:
    """The stage next in the circle lets nobody stay for four days after an activity; after that the move is made."""
    book = small_book(
        [Stage("a", "inventory", start=True), Stage("b", "gate"), Stage("x", "detour")],
        ["a", "b"],
        [
            Transition("x->a#1", "x", "a", ActivityTest("webinar", count=2)),
            Transition("a->x#2", "a", "x", Not(NoActivityFor(days(4)))),
        ],
    )
    known = lived(book, [did("webinar", 0), did("webinar", 7)], 8)
    assert (known.state.outcome.stage, known.state.livelock) == ("x", True)
    assert known.next_change == day(11)
    result = Engine(book).advance(known.state, (), day(20))
    assert [(made.at, made.after.stage) for made in result.decisions] == [(day(11), "a")]
    assert not result.state.livelock


@pytest.mark.parametrize("value", [UNREADABLE, None])
def test_a_transition_that_reads_an_unreadable_field_is_frozen(value: object) -> None:
    """Even where another part of the condition is true: unreadable is stronger than unknown."""
    enter = Any((ActivityTest("webinar"), where("authority", "is", True)))
    book = small_book([Stage("a", "inventory", start=True), Stage("b", "gate", enter=enter)], ["a", "b"])
    result = lived(book, [said("authority", value, 1), did("webinar", 1), said("authority", False, 5)], 4)
    assert moves(result) == ([] if value is UNREADABLE else [("a", "b", "main path")])
    assert Engine(book).explain(result.state).unreadable == (("authority",) if value is UNREADABLE else ())
    readable = Engine(book).advance(result.state, (), day(6))
    assert readable.state.outcome.stage == "b"


def test_the_stay_criterion_freezes_through_a_transition_that_asks_for_it() -> None:
    """`not stay` reads what the stay criterion reads."""
    stages = [
        Stage("a", "inventory", start=True, stay=Not(where("authority", "is", True))),
        Stage("x", "detour"),
    ]
    book = small_book(
        stages, ["a"], [Transition("a->x#1", "a", "x", Any((Not(StayTest()), ActivityTest("webinar"))))]
    )
    frozen = lived(book, [said("authority", UNREADABLE, 1), did("webinar", 2)], 3)
    assert moves(frozen) == []
    assert moves(lived(book, [did("webinar", 2)], 3)) == [("a", "x", "a->x#1")]


def test_time_in_stage_is_a_breakpoint() -> None:
    """Six days after entering, to the instant, without any fact."""
    stages = [Stage("a", "inventory", start=True), Stage("b", "gate", enter=TimeInStage(days(6)))]
    result = lived(small_book(stages, ["a", "b"]), [], 10, begin=1)
    assert [(made.at, made.cause) for made in result.decisions[1:]] == [(day(7), "time")]


def test_a_pass_can_begin_without_a_detour() -> None:
    """A listed transition may say so: cross-selling starts at the front again."""
    stages = [Stage("a", "inventory", start=True), Stage("b", "gate", enter=ActivityTest("webinar"))]
    again = Transition("b->a#1", "b", "a", ActivityTest("demo_request"), new_pass="cross-sell")
    result = lived(small_book(stages, ["a", "b"], [again]), [did("webinar", 1), did("demo_request", 2)], 3)
    assert (result.state.outcome.stage, result.state.outcome.pass_number) == ("a", 2)
    assert result.state.pass_began == day(2)


def test_a_stay_criterion_may_not_ask_for_itself() -> None:
    """It would go round for ever: the book is refused, naming the stage."""
    stages = [Stage("a", "inventory", start=True, stay=All((StayTest(),)))]
    with pytest.raises(RefusedError, match="`a`"):
        Engine(small_book(stages, ["a"]))
