"""The way through the stages: passes, stages before, exit criteria, stages with a new name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leadline.common.errors import RefusedError
from leadline.rules.backends.oracle import Oracle
from leadline.rules.convert import stage_of
from leadline.rules.deciding import Engine
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.model import (
    ActivityTest,
    Any,
    Book,
    ByHand,
    Condition,
    DealTest,
    Known,
    Not,
    PassTest,
    PreviousStage,
    Stage,
    StageTarget,
    Transition,
    WasIn,
    WriteTargets,
)
from leadline.rules.state import Adopted
from tests.rules.deciding.books import by_hand, day, days, deal, did, said, small_book


def engine(book: Book) -> Engine:
    """Return an engine on the readable oracle."""
    return Engine(book, Oracle(Lifecycle(book).rules))


def pilgrims(when: Condition, **changes: object) -> Book:
    """Return a book in which a webinar leads to b, a deal to c, and losing it to x; ``when`` leads from b to y."""
    stages = [
        Stage("a", "inventory", start=True),
        Stage("b", "sla", enter=ActivityTest("webinar")),
        Stage("c", "final", enter=DealTest("won")),
        Stage("x", "detour"),
        Stage("y", "detour"),
    ]
    listed = [
        Transition("b->y#1", "b", "y", when),
        Transition("b->x#2", "b", "x", DealTest("lost")),
        Transition("x->b#3", "x", "b", ActivityTest("demo_request")),
    ]
    return small_book(stages, ("a", "b", "c"), listed, **{"grid": None, "temperatures": None, **changes})


STORY = [did("webinar", 1), deal("open", 1.5), deal("lost", 2), did("demo_request", 3)]


@pytest.mark.parametrize(
    ("when", "stage"),
    [
        (PassTest(2), "y"),
        (PassTest(3), "b"),
        (PassTest(0, 1), "y"),
        (PassTest(2, 2), "y"),
        (PreviousStage(("x", "c")), "y"),
        (PreviousStage(("c",)), "b"),
        (WasIn(("x",)), "b"),
        (WasIn(("c", "b")), "y"),
        (Not(WasIn(("b",))), "b"),
    ],
)
def test_the_second_time_in_a_stage_is_told_from_the_first(when: Condition, stage: str) -> None:
    """In the second pass the person came from the detour; the stages of the first pass are gone."""
    made = engine(pilgrims(when))
    begun = made.begin("p", [], day(0))
    state = made.advance(begun.state, STORY, day(4)).state
    assert (state.outcome.stage, state.outcome.pass_number) in {(stage, 2), (stage, 1)}
    assert state.outcome.previous == ("b" if stage == "y" else "x")


def test_a_skipped_stage_was_not_entered() -> None:
    """A person who skipped b and is in c was not in b, though b has an implied date."""
    book = pilgrims(Known("title"))
    asks = Transition("c->x#4", "c", "x", WasIn(("b",)))
    made = engine(replace(book, transitions=(*book.transitions, asks)))
    state = made.advance(made.begin("p", [], day(0)).state, [deal("won", 2)], day(3)).state
    assert state.outcome.stage == "c"
    assert state.outcome.entered["b"].implied


def leaving(leave: Condition) -> Book:
    """Return the book above in which b has an exit criterion."""
    book = pilgrims(Any((Known("country"), ActivityTest("whitepaper"))))
    return replace(book, stages={**book.stages, "b": replace(book.stages["b"], exit=leave)})


def test_exit_holds_back_what_goes_forward() -> None:
    """Without the title the deal does not lead on, and the trace says so; with it it does, for the deal's reason."""
    made = engine(leaving(Known("title")))
    state = made.advance(made.begin("p", [did("webinar", 0)], day(0)).state, [deal("won", 1)], day(2)).state
    assert state.outcome.stage == "b"
    way = next(way for way in made.explain(state).ways if way.target == "c")
    assert way.condition is not None
    assert [(part.text, part.answer) for part in way.condition.parts] == [("deal won", True), ("title known", False)]
    on = made.advance(state, [said("title", "VP", 3)], day(4))
    assert (on.state.outcome.stage, on.state.outcome.why) == ("c", "C: deal won")


def test_exit_lets_back_and_by_hand_pass() -> None:
    """Detours and people do not ask for it."""
    made = engine(leaving(Known("title")))
    begun = made.begin("p", [did("webinar", 0)], day(0)).state
    assert made.advance(begun, [did("whitepaper", 1)], day(2)).state.outcome.stage == "y"
    assert made.advance(begun, [by_hand("c", 1)], day(2)).state.outcome.stage == "c"


def test_exit_waits_for_its_instant() -> None:
    """An exit that time alone opens is part of the next change."""
    made = engine(leaving(Not(ActivityTest("webinar", days(5)))))
    begun = made.begin("p", [did("webinar", 0), deal("won", 0)], day(0), Adopted("b", day(0)))
    assert begun.next_change == day(5)
    assert made.advance(begun.state, (), day(6)).state.outcome.stage == "c"


def renamed(book: Book) -> Book:
    """Return the book after b became bee."""
    stages = {
        "a": book.stages["a"],
        "bee": replace(book.stages["b"], name="bee", renamed=("b", "B 2024")),
        **{name: book.stages[name] for name in ("c", "x", "y")},
    }
    moved = tuple(
        replace(
            item,
            id=item.id.replace("b->", "bee->").replace("->b#", "->bee#").replace("#", "#1"),
            source=item.source.replace("b", "bee"),
            target=item.target.replace("b", "bee"),
        )
        for item in book.transitions
    )
    return replace(book, stages=stages, main_path=("a", "bee", "c"), transitions=moved)


def test_a_renamed_stage_keeps_its_people() -> None:
    """Stage, dates, the stage before, counts and the hand on it carry over; nobody moves."""
    book = pilgrims(Known("country"), by_hand=ByHand(False, days(30)))
    old, new = engine(book), engine(renamed(book))
    state = old.advance(old.begin("p", [], day(0)).state, STORY, day(4)).state
    state = old.advance(state, [by_hand("x", 5), by_hand("b", 6)], day(7)).state
    assert (state.hold and state.hold.stage, state.outcome.previous) == ("b", "x")
    after = new.activate(state, day(7))
    assert [made.moves for made in after.decisions] == [()]
    outcome = after.state.outcome
    assert (outcome.stage, outcome.since, outcome.pass_number) == ("bee", day(6), state.outcome.pass_number)
    assert set(outcome.entered) == {name.replace("b", "bee") for name in state.outcome.entered}
    assert after.state.hold is not None and after.state.hold.stage == "bee"
    assert state.taken == {"b->x#2": 1, "x->b#3": 1}
    assert after.state.taken == {"bee->x#12": 1, "x->bee#13": 1}
    again = new.activate(after.state, day(7))
    assert (again.decisions, again.state) == ((), after.state)


def test_an_old_name_in_a_crm_is_understood() -> None:
    """Adoption, people who still choose the old value, and reading a CRM all know it; a strange name is refused."""
    book = renamed(pilgrims(Known("country")))
    made = engine(book)
    begun = made.begin("p", [by_hand("b", 1)], day(2), Adopted("B 2024", day(1), entered={"b": day(1)}))
    assert (begun.state.outcome.stage, begun.state.outcome.since) == ("bee", day(1))
    assert begun.state.hold is not None and begun.state.hold.stage == "bee"
    moved = made.advance(made.begin("p", [], day(0)).state, [by_hand("b", 1)], day(2))
    assert moved.state.outcome.stage == "bee"
    targets = WriteTargets("hubspot", StageTarget("stage", {name: name for name in book.stages}))
    written = replace(book, write={"hubspot": targets})
    assert [stage_of(written, "hubspot", text) for text in ("BEE", "b 2024", "gone")] == ["bee", "bee", None]
    with pytest.raises(RefusedError, match="which the rule book does not have"):
        made.begin("p", [], day(0), Adopted("gone"))


def test_a_kind_of_deal_is_asked_alone() -> None:
    """A renewal that is won is no new deal that is won, and the other way round; losing it ends nothing."""
    stages = [
        Stage("a", "inventory", start=True),
        Stage("b", "inventory", enter=DealTest("won")),
        Stage("c", "final", enter=DealTest("won", kind="renewed")),
    ]
    made = engine(small_book(stages, ("a", "b", "c"), grid=None, temperatures=None))
    begun = made.begin("p", [], day(0)).state
    told = [(deal("won", 1), "b"), (deal("won", 1, kind="renewed"), "c"), (deal("lost", 1, kind="renewed"), "a")]
    for happening, stage in told:
        state = made.advance(begun, [happening], day(2)).state
        assert state.outcome.stage == stage
    assert made.advance(begun, [told[1][0]], day(2)).state.outcome.why == "C: deal renewed"
