"""What a decision causes: which moves do, once and under which key, by durable_rules as by the readable reference."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.rules.backends.consequences import (
    CauseRules,
    DurableConsequences,
    ReadableConsequences,
    durable_consequences,
)
from leadline.rules.consequences_json import consequence_from_json, consequence_to_json
from leadline.rules.deciding import Engine
from leadline.rules.effects import cause_rules, closing, effects_of
from leadline.rules.model import Book, CloseTask, CreateTask, Rung, SetField, Sla, WriteNote
from leadline.rules.reading import read_book
from leadline.rules.state import Decision, Effect, Fact, Outcome, SlaState

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOOK = b"""leadline: 1
name: Actions
fields:
  email: {type: text, salesforce: Lead.Email}
  title: {type: text, salesforce: Lead.Title}
  bought: {type: boolean, salesforce: Lead.Bought__c}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {known: email}, stay: {known: email}}
  sal: {kind: gate, enter: {known: title}}
  customer: {kind: final, enter: {bought: true}}
  recycled: {kind: detour, reasons: [cooled]}
paths:
  - inquiry -> mql -> sal -> customer
  - {from: mql, to: recycled, when: {not: stay}, reason: cooled}
  - {from: recycled, to: mql, when: {known: email}}
on_enter:
  mql: [{task: owner}, {note: hand-off}]
  sal: {do: [{set: {Lead.Rating: Hot}}], on_adoption: true}
  customer: {notify: "#wins"}
"""


def fact(name: str, value: object, hours: float) -> Fact:
    """A field's value, set so many hours after the start."""
    at = START + timedelta(hours=hours)
    return Fact("field", name, value, at, "salesforce", "Lead/1", at)  # type: ignore[arg-type]


def caused(book: Book, decisions: tuple[Decision, ...]) -> list[Effect]:
    """Every effect of some decisions, derived by durable_rules."""
    return [effect for decision in decisions for effect in effects_of(book, decision)]


def lived(book: Book, *facts: Fact, known: tuple[Fact, ...] = ()) -> list[Effect]:
    """The effects of a person taken up with what is known and followed for two days."""
    engine = Engine(book)
    first = engine.begin("p-1", known, START)
    last = engine.advance(first.state, facts, START + timedelta(days=2))
    return caused(book, (*first.decisions, *last.decisions))


@pytest.fixture(scope="module")
def book() -> Book:
    """The book of this file."""
    return read_book({"rules.yml": BOOK})


def test_entering_a_stage_causes_its_actions_in_order(book: Book) -> None:
    """Each action once, with the instant of the move and its place among the actions."""
    effects = lived(book, fact("email", "a@b.example", 1))
    assert [(item.cause, item.number, type(item.action)) for item in effects] == [
        ("enter mql", 0, CreateTask),
        ("enter mql", 1, WriteNote),
    ]
    assert {item.at for item in effects} == {START + timedelta(hours=1)}


def test_a_skipped_stage_causes_nothing(book: Book) -> None:
    """Only where the person comes to rest counts."""
    effects = lived(book, fact("email", "a@b.example", 1), fact("title", "VP", 1), fact("bought", True, 1))
    assert [item.cause for item in effects] == ["enter customer"]


def test_adoption_causes_only_what_asks_for_it(book: Book) -> None:
    """A person found in a stage at the first run causes nothing, but where the book wants it."""
    assert lived(book, known=(fact("email", "a@b.example", -1),)) == []
    found = lived(book, known=(fact("email", "a@b.example", -1), fact("title", "VP", -1)))
    assert [item.cause for item in found] == ["enter sal"]


def test_a_new_book_causes_nothing(book: Book) -> None:
    """A move by a change of the rules is not news."""
    engine = Engine(book)
    first = engine.begin("p-1", (fact("email", "a@b.example", -1),), START)
    changed = read_book({"rules.yml": BOOK.replace(b"enter: {bought: true}", b"enter: {known: email}")})
    advanced = Engine(changed).activate(first.state, START)
    assert advanced.state.outcome.stage == "customer"
    assert caused(changed, advanced.decisions) == []


def test_a_move_by_hand_causes_actions(book: Book) -> None:
    """Sales that accepts a lead by hand gets what acceptance brings."""
    moved = Fact(
        "human", "ann", "mql", START + timedelta(hours=2), "salesforce", "Lead/1", START + timedelta(hours=2)
    )
    assert [item.cause for item in lived(book, moved)] == ["enter mql", "enter mql"]


def test_entering_again_causes_again(book: Book) -> None:
    """Another entry at another instant is another cause."""
    effects = lived(book, fact("email", "a@b.example", 1), fact("email", None, 2), fact("email", "a@b.example", 3))
    entered = [item for item in effects if item.number == 0]
    assert len(entered) == 2
    assert len({item.key for item in effects}) == len(effects) == 4


def test_keys_are_stable_and_tell_everything_apart(book: Book) -> None:
    """The same decision gives the same keys; another person, instant or action another one."""
    effects = lived(book, fact("email", "a@b.example", 1))
    assert effects == lived(book, fact("email", "a@b.example", 1))
    assert len(effects[0].key) == 34 and effects[0].key.startswith("e-")
    shut = closing(dataclasses.replace(DECISION, moves=()), "mql", effects[0].key)
    assert (shut.cause, shut.action) == ("leave mql", CloseTask(effects[0].key))


OUTCOME = Outcome("mql", START, 1, {}, {}, None, None, (), None, "", {})
DECISION = Decision("d-1", "p-1", START, "time", "b", (), OUTCOME, OUTCOME)


def with_slas(before: SlaState | None, after: SlaState) -> Decision:
    """A decision between two states of the SLA ``accept``."""
    slas = {} if before is None else {"accept": before}
    return dataclasses.replace(
        DECISION,
        before=dataclasses.replace(OUTCOME, slas=slas),
        after=dataclasses.replace(OUTCOME, slas={"accept": after}),
    )


def test_a_rung_acts_when_it_is_reached(book: Book) -> None:
    """Only what was reached since the decision before, and all of it anew when the timer started again."""
    ladder = (Rung(Decimal("0.5"), (CreateTask("owner"),)), Rung(Decimal(1), (CreateTask("owner"), WriteNote())))
    sla = Sla("accept", ("mql",), (), (), ladder=ladder)
    timed = dataclasses.replace(book, slas={"accept": sla}, on_enter={})
    half = SlaState("running", START, None, reached=(Decimal("0.5"),))
    due = SlaState("breached", START, None, reached=(Decimal("0.5"), Decimal(1)))
    assert [item.cause for item in effects_of(timed, with_slas(half, due))] == ["sla accept 100%"] * 2
    assert [item.cause for item in effects_of(timed, with_slas(None, half))] == ["sla accept 50%"]
    again = dataclasses.replace(due, started=START + timedelta(days=1))
    assert len(effects_of(timed, with_slas(due, again))) == 3
    adopted = dataclasses.replace(with_slas(None, due), cause="adopted")
    assert effects_of(timed, adopted) == ()


def test_a_book_without_actions_asks_nobody(book: Book) -> None:
    """Nothing is compiled or derived where nothing can follow."""
    bare = dataclasses.replace(book, on_enter={})

    class Never:
        def derive(self, cause: str, *, moved: bool) -> tuple[int, ...]:
            raise AssertionError(cause)

    assert effects_of(bare, DECISION, Never()) == ()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=3),
    st.booleans(),
)
def test_durable_rules_derives_as_the_readable_reference(causes: list[tuple[int, bool]], moved: bool) -> None:
    """For every number of actions that is allowed, whether or not anything moved."""
    rules = tuple(CauseRules(f"enter s{place}", *given) for place, given in enumerate(causes))
    durable, readable = DurableConsequences(rules), ReadableConsequences(rules)
    for item in rules:
        assert durable.derive(item.name, moved=moved) == readable.derive(item.name, moved=moved)


def test_each_cause_is_asked_once(book: Book) -> None:
    """Equal books share one back end, and its answers are remembered."""
    rules = cause_rules(book)
    one = durable_consequences(rules)
    assert one is durable_consequences(cause_rules(read_book({"rules.yml": BOOK})))
    assert one.derive("enter mql", moved=True) is one.derive("enter mql", moved=True)


@pytest.mark.parametrize(
    "consequence",
    [
        CreateTask("Ann", "Call {name}", timedelta(days=1), urgent=True),
        SetField("salesforce", "Lead", "Score__c", Decimal("1.50")),
        SetField("hubspot", "contact", "x", None),
        WriteNote(),
        CloseTask("e-1"),
    ],
    ids=str,
)
def test_a_stored_consequence_is_read_back(consequence: CreateTask) -> None:
    """JSON types, and the same again."""
    assert consequence_from_json(consequence_to_json(consequence)) == consequence
