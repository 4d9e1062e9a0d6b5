"""Stages that a person set in a CRM: how long they stand, and what is stronger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leadline.rules.deciding import Engine
from leadline.rules.model import ByHand
from leadline.rules.state import Adopted, Hold
from tests.rules.deciding.books import by_hand, day, days, deal, did, said, waterfall

BOOK = waterfall()
KNOWN = [said("email", "vp@acme.example"), said("title", "VP")]


def test_a_stage_set_by_hand_stands_until_new_activity() -> None:
    """Sales sets SQL; entry criteria are not asked; a later activity lets the rules resume, and the stage stays."""
    engine = Engine(BOOK)
    start = engine.begin("p", KNOWN, day(1))
    held = engine.advance(start.state, [by_hand("sql", 2), said("status", "Rejected", 3)], day(4))
    (made,) = held.decisions
    assert [(move.source, move.target, move.by, move.implied) for move in made.moves] == [
        ("inquiry", "sql", "human", ("mql", "sal"))
    ]
    assert made.after.why == "SQL: set by hand"
    assert held.state.hold == Hold("sql", "jo", day(2), day(92))
    assert engine.explain(held.state).hold == held.state.hold
    resumed = engine.advance(held.state, [did("webinar", 5)], day(5))
    assert (resumed.state.outcome.stage, resumed.state.hold) == ("sql", None)


def test_a_held_stage_lets_no_listed_or_main_path_move_pass() -> None:
    """A person put the lead back to inquiry: the demo request before does not make it an MQL, the next one does."""
    engine = Engine(BOOK)
    state = engine.begin("p", [*KNOWN, did("demo_request", 1)], day(1)).state
    assert state.outcome.stage == "mql"
    held = engine.advance(state, [by_hand("inquiry", 2)], day(4))
    assert held.state.outcome.stage == "inquiry"
    assert [way.result for way in engine.explain(held.state).ways if way.target == "mql"] == ["held"]
    again = engine.advance(held.state, [did("demo_request", 5)], day(5))
    assert again.state.outcome.stage == "mql"
    assert again.state.outcome.entered["mql"].at == day(1)


def test_a_hold_ends_with_its_time() -> None:
    """Ninety days later the rules resume by themselves, to the instant; that is the next change."""
    engine = Engine(replace(BOOK, by_hand=ByHand(new_activity=False, lasts=days(3))))
    state = engine.begin("p", [*KNOWN, did("demo_request", 1)], day(1)).state
    held = engine.advance(state, [by_hand("inquiry", 2), did("webinar", 3)], day(4))
    assert held.state.outcome.stage == "inquiry"
    assert held.next_change == day(5)
    after = engine.advance(held.state, (), day(5))
    assert [(made.at, made.cause, made.after.stage) for made in after.decisions] == [(day(5), "time", "mql")]
    assert after.state.hold is None


def test_disqualification_outranks_a_person() -> None:
    """A competitor cannot be moved on by hand, and trying is no circle."""
    engine = Engine(BOOK)
    facts = [said("email", "spy@rival.example")]
    state = engine.begin("p", facts, day(1)).state
    assert state.outcome.stage == "disqualified"
    after = engine.advance(state, [by_hand("sql", 2)], day(3))
    assert (after.decisions, after.state.hold, after.state.livelock) == ((), None, False)
    held = engine.begin("q", KNOWN, day(1)).state
    held = engine.advance(held, [by_hand("mql", 2)], day(2)).state
    caught = engine.advance(held, [said("email", "spy@rival.example", 3)], day(3))
    assert (caught.state.outcome.stage, caught.state.hold) == ("disqualified", None)


def test_the_last_person_wins() -> None:
    """Of two stages set at one instant the last in order counts; an unknown stage is passed over."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(1)).state
    two = engine.advance(state, [by_hand("sql", 2, "ann"), by_hand("sal", 2, "zoe")], day(2))
    assert (two.state.outcome.stage, two.state.hold and two.state.hold.who) == ("sal", "zoe")
    strange = engine.advance(state, [by_hand("elsewhere", 2)], day(2))
    assert (strange.decisions, strange.state.hold) == ((), None)


def test_confirming_the_stage_holds_it_without_a_decision() -> None:
    """Nothing that a CRM shows changes, but the rules are held off."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(1)).state
    after = engine.advance(state, [by_hand("inquiry", 2)], day(3))
    assert after.decisions == ()
    assert after.state.hold is not None


def test_a_person_may_take_someone_out_of_a_detour() -> None:
    """That begins a new pass, like any other way back to the main path."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(1), Adopted("recycled", day(-9))).state
    after = engine.advance(state, [by_hand("sal", 2)], day(3))
    assert (after.state.outcome.stage, after.state.outcome.pass_number) == ("sal", 2)


def test_a_late_move_by_hand_counts_at_the_frontier_and_once() -> None:
    """It is applied where the fold stands, its hold counts from its own instant, and it is not applied again."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(10)).state
    late = by_hand("sql", 8)
    after = engine.advance(state, [late], day(11))
    assert [(made.at, made.after.stage) for made in after.decisions] == [(day(10), "sql")]
    assert after.state.hold == Hold("sql", "jo", day(8), day(98))
    moved = engine.advance(after.state, [by_hand("sal", 12)], day(12)).state
    again = engine.advance(moved, [late, said("country", "Peru", 9)], day(13))
    assert again.state.outcome.stage == "sal"
    older = engine.advance(moved, [by_hand("mql", 9)], day(13))
    assert older.state.outcome.stage == "sal"


def test_news_about_the_past_does_not_repeat_a_move_by_hand() -> None:
    """The stage was set, the hold is over, a deal moved the person on: a late fact leaves it so."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(1)).state
    state = engine.advance(state, [by_hand("sal", 2), did("webinar", 3), deal("open", 4)], day(5)).state
    assert state.outcome.stage == "opportunity"
    after = engine.advance(state, [said("country", "Peru", 3)], day(6))
    assert (after.decisions, after.state.outcome.stage) == ((), "opportunity")


def test_going_back_and_on_again_keeps_the_first_dates() -> None:
    """A stage that was really entered keeps its date when it is skipped later."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(1)).state
    state = engine.advance(state, [by_hand("mql", 2), by_hand("inquiry", 3), did("webinar", 4)], day(4)).state
    state = engine.advance(state, [deal("open", 5)], day(5)).state
    dates = {name: (date.at, date.implied) for name, date in state.outcome.entered.items()}
    assert dates == {
        "inquiry": (day(1), False),
        "mql": (day(2), False),
        "sal": (day(5), True),
        "sql": (day(5), True),
        "opportunity": (day(5), False),
    }


@pytest.mark.parametrize(("stage", "held"), [("sal", True), ("mql", False), (None, True)])
def test_adoption_keeps_a_stage_that_was_set_by_hand(stage: str | None, held: bool) -> None:
    """If the CRM still shows that stage, or none, it stands; if another one, that came later."""
    facts = [*KNOWN, by_hand("sal", 5), said("status", "Rejected", 6)]
    state = Engine(BOOK).begin("p", facts, day(9), Adopted(stage, day(4))).state
    assert (state.hold is not None) is held
    assert state.outcome.stage == ("sal" if held else "recycled")


def test_adoption_forgets_a_hold_that_is_over() -> None:
    """A later activity ended it before anybody looked."""
    facts = [*KNOWN, by_hand("sal", 5), did("webinar", 6)]
    assert Engine(BOOK).begin("p", facts, day(9), Adopted("sal", day(4))).state.hold is None
    assert Engine(BOOK).begin("p", facts, day(9)).state.outcome.stage == "inquiry"
