"""Places and turns: laws of the two pure functions, and what a book may say about them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.errors import BookError
from leadline.rules.allocation import (
    Candidate,
    allocate,
    candidate,
    day_of_places,
    next_in_rota,
    part_of_rota,
    place_fact,
)
from leadline.rules.check import check_book
from leadline.rules.deciding import Engine, outcome_from_json, outcome_to_json
from leadline.rules.deciding.localdays import day_of
from leadline.rules.diffing import differences
from leadline.rules.model import Book, Capacity, Rota
from leadline.rules.reading import read_book
from leadline.rules.state import Adopted, Advance
from tests.rules.deciding.books import by_hand, day, said

TEXT = """
leadline: 1
name: Test
zone: Europe/Berlin
fields:
  email: {type: text, hubspot: contact.email}
  team: {type: text, hubspot: contact.team}
  status: {type: text, hubspot: contact.status}
activities: {call: {hubspot: call}}
scores:
  fit: {criteria: {known: {points: 10, when: {known: email}}, calls: {points: 1, each: call}}}
stages:
  inquiry: {kind: inventory, owner: Marketing}
  mql: {kind: sla, owner: Marketing, enter: {status: {in: [good, great]}}}
  sal: {kind: gate, owner: sales, require: [email], enter: {status: {in: [great, best]}}}
  sql: {kind: gate, owner: sales, enter: {status: [best]}}
  out: {kind: detour}
paths:
  - inquiry -> mql -> sal -> sql
  - {from: [mql, sal], to: out, when: {status: bad}}
  - {from: out, to: [mql, sal]}
capacity:
  sal: {most: 2 a day, per: team, best: fit}
rotas:
  sdr: {EMEA: [anna@acme.example, ben@acme.example], otherwise: [Inbound Queue]}
  closers: [dora, emil]
"""


def book(old: str = "", new: str = "") -> Book:
    """Return the book, with a part of its text replaced."""
    assert old in TEXT
    return read_book({"rules.yml": TEXT.replace(old, new).encode()})


def begun(engine: Engine, *facts: object) -> Advance:
    """Begin a person on day one with facts of theirs."""
    return engine.begin("p", facts, day(1))  # type: ignore[arg-type]


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        st.integers(1, 40).map(lambda number: f"p-{number:06}"),
        st.sampled_from(["sal", "sql"]),
        st.sampled_from(["", "red", "blue"]),
        st.integers(0, 5).map(day),
        st.integers(0, 3).map(Decimal),
    ),
    unique_by=lambda one: one.person,
)
GIVEN = st.dictionaries(st.tuples(st.sampled_from(["sal", "sql"]), st.sampled_from(["", "red"])), st.integers(0, 4))


@settings(max_examples=200)
@given(CANDIDATES, GIVEN, st.integers(0, 4), st.randoms(use_true_random=False))
def test_places_go_to_the_best_never_too_many_and_never_too_few(
    waiting: list[Candidate], given_before: dict[tuple[str, str], int], most: int, random: Random
) -> None:
    """In any order of asking the same people; at most n a day in each part; nobody waits while there is room."""
    capped = replace(book(), capacity={name: Capacity(name, most) for name in ("sal", "sql")})
    chosen = allocate(capped, waiting, given_before)
    assert allocate(capped, random.sample(waiting, len(waiting)), given_before) == chosen
    count = Counter((one.stage, one.part) for one in chosen)
    asked = Counter((one.stage, one.part) for one in waiting)
    for key, number in asked.items():
        assert count[key] == min(number, max(0, most - given_before.get(key, 0)))
    for one in waiting:
        better = [two for two in chosen if (two.stage, two.part) == (one.stage, one.part)]
        assert one in chosen or all(two.rank < one.rank for two in better)


@given(st.lists(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
def test_turns_go_round(before: list[str], absent: set[str]) -> None:
    """Whoever has had no turn for longest is next; over a round everybody present has one turn."""
    rota = Rota("sdr", {"otherwise": ("a", "b", "c")})
    first = next_in_rota(rota, "otherwise", before, absent)
    present = [member for member in "abc" if member not in absent]
    taken = list(before)
    for _ in present:
        member = next_in_rota(rota, "otherwise", taken, absent)
        assert member is not None
        taken.append(member)
    assert sorted(taken[len(before) :]) == present
    assert first == (taken[len(before)] if present else None)
    last = {member: place for place, member in enumerate(before)}
    assert all(last.get(str(first), -1) <= last.get(member, -1) for member in present)


def test_a_rota_s_part_is_chosen_by_a_value() -> None:
    """Case makes no difference; other values and none are for `otherwise`; a rota without parts has all in it."""
    rotas = book().rotas
    assert [part_of_rota(rotas["sdr"], value) for value in ("emea", "APAC", "")] == ["EMEA", "otherwise", "otherwise"]
    assert next_in_rota(rotas["sdr"], "EMEA", ["ANNA@acme.example"]) == "ben@acme.example"
    assert next_in_rota(rotas["closers"], part_of_rota(rotas["closers"], "EMEA"), ["dora", "emil"]) == "dora"
    assert next_in_rota(Rota("r", {"EMEA": ("a",)}), "otherwise", []) is None
    assert next_in_rota(rotas["closers"], "otherwise", [], {"Dora", "EMIL"}) is None


def test_days_are_those_of_the_book_s_zone() -> None:
    """The day on which clocks go forward has 23 hours; the last instant of a day belongs to it."""
    begins, ends = day_of_places(book(), day(87) + timedelta(hours=12))
    assert day_of(begins, "Europe/Berlin").isoformat() == "2026-03-29"
    assert ends - begins == timedelta(hours=23)
    assert day_of_places(book(), ends - timedelta(microseconds=1)) == (begins, ends)


def test_who_qualifies_waits_where_they_are() -> None:
    """The outcome says for what, since when and where; a place lets them in at its instant."""
    engine = Engine(book())
    state = begun(engine, said("status", "great", 1), said("email", "a@b.example", 1), said("team", " Red ", 1)).state
    assert (state.outcome.stage, state.outcome.waits_for, state.outcome.waits_in) == ("mql", "sal", "red")
    state = engine.advance(state, [said("team", "Blue", 3)], day(4)).state
    assert (state.outcome.waits_since, state.outcome.waits_in) == (day(1), "blue")
    assert candidate(engine.book, "p", state.outcome) == Candidate("p", "sal", "blue", day(1), Decimal(10))
    assert outcome_from_json(outcome_to_json(state.outcome)) == state.outcome
    way = next(way for way in engine.explain(state).ways if way.target == "sal")
    assert (way.result, way.reason) == ("no room", "qualifies for SAL, waits for a place (2 a day per team)")
    entered = engine.advance(state, [place_fact("sal", day(4))], day(5))
    assert (entered.state.outcome.stage, entered.state.outcome.since) == ("sal", day(4))
    assert (entered.state.outcome.waits_for, entered.state.outcome.waits_since) == (None, None)
    assert "waits" not in outcome_to_json(entered.state.outcome)


def test_a_place_is_for_its_instant_and_for_one_entry() -> None:
    """Given too early it is lost, and whoever comes back needs another one."""
    engine = Engine(book())
    facts = [said("email", "a@b.example", 1), place_fact("sal", day(2)), said("status", "great", 3)]
    state = engine.advance(begun(engine).state, facts, day(4)).state
    assert (state.outcome.stage, state.outcome.waits_since) == ("mql", day(3))
    facts = [place_fact("sal", day(5)), said("status", "bad", 6), said("status", "great", 7)]
    state = engine.advance(state, facts, day(8)).state
    assert (state.outcome.stage, state.outcome.waits_for, state.outcome.waits_since) == ("mql", "sal", day(7))


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ([said("status", "best", 2)], "sql"),
        ([said("status", "great", 2), by_hand("sal", 3)], "sal"),
        ([said("status", "great", 2), said("status", "bad", 3)], "out"),
        ([by_hand("mql", 2), said("status", "great", 3)], "mql"),
    ],
)
def test_what_needs_no_place(facts: list[object], stage: str) -> None:
    """A skip over the stage, a stage set by hand, a detour; a stage set by hand that stands waits for none."""
    engine = Engine(book())
    begins = begun(engine, said("email", "a@b.example", 1))
    outcome = engine.advance(begins.state, facts, day(4)).state.outcome  # type: ignore[arg-type]
    assert (outcome.stage, outcome.waits_for) == (stage, None)


def test_only_room_is_waited_for() -> None:
    """Who lacks a required field waits for no place; who loses what qualified them waits no more."""
    engine = Engine(book())
    state = begun(engine, said("status", "great", 1)).state
    assert state.outcome.waits_for is None
    waits = engine.advance(state, [said("email", "a@b.example", 2)], day(2)).state
    assert waits.outcome.waits_since == day(2)
    assert engine.advance(waits, [said("status", "good", 3)], day(3)).state.outcome.waits_for is None


def test_the_team_that_owns_the_stage_may_be_the_part() -> None:
    """`owner team` is the owner of the stage in which they wait; without `per` all compete together."""
    facts = (said("status", "great", 1), said("email", "a@b.example", 1), said("team", "red", 1))
    for new, part in (("per: owner team", "marketing"), ("", "")):
        outcome = begun(Engine(book("per: team", new) if new else book("per: team, ", "")), *facts).state.outcome
        assert (outcome.waits_for, outcome.waits_in) == ("sal", part)


def test_adoption_and_a_new_book_take_people_as_they_are() -> None:
    """Who is in the stage stays; who waited still does under its new name; without a capacity nobody waits."""
    engine = Engine(book())
    facts = [said("status", "great", 1), said("email", "a@b.example", 1)]
    assert engine.begin("p", facts, day(1), Adopted("sal")).state.outcome.stage == "sal"
    state = engine.begin("p", facts, day(1), Adopted("mql")).state
    text = TEXT.replace("sal:", "accepted:").replace("-> sal", "-> accepted").replace("mql, sal", "mql, accepted")
    text = text.replace("owner: sales, require", "owner: sales, renamed: sal, require")
    renamed = Engine(read_book({"rules.yml": text.encode()}))
    outcome = renamed.activate(state, day(5)).state.outcome
    assert (outcome.waits_for, outcome.waits_since) == ("accepted", day(1))
    free = Engine(book("capacity:\n  sal: {most: 2 a day, per: team, best: fit}\n", ""))
    outcome = free.activate(state, day(5)).state.outcome
    assert (outcome.stage, outcome.waits_for, outcome.waits_since) == ("sal", None, None)


def test_it_is_compared_and_hashed() -> None:
    """Other numbers are another book, told in words; other spellings are the same."""
    old, new = book(), book("2 a day", "3 a day")
    assert [one.text for one in differences(old, new)] == ["capacity of sal: most is 3 instead of 2"]
    assert book("2 a day", "2  a day").hash == old.hash != new.hash
    turns = [one.text for one in differences(old, book("[dora, emil]", "[dora, fay]"))]
    assert turns == ["rota closers: members otherwise: adds fay; leaves out emil"]


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("2 a day", "2", "wrong-type", "15 a day"),
        ("2 a day", "2 a week", "wrong-type", "15 a day"),
        ("most: 2 a day, ", "", "missing-key", "most"),
        ("  sal: {most", "  sall: {most", "unknown-key", "sal"),
        ("per: team", "per: teem", "unknown-name", "team"),
        ("best: fit", "best: fat", "unknown-name", "fit"),
        ("best: fit", "bset: fit", "unknown-key", "best"),
        ("[dora, emil]", "[dora, Dora]", "twice", "one turn"),
        ("[dora, emil]", "[]", "empty-list", "at least one"),
        ("[dora, emil]", "{}", "empty-list", "at least one"),
        ("otherwise: [Inbound", "emea: [Inbound", "twice", "case"),
    ],
)
def test_bad_capacities_and_rotas_are_refused_in_their_place(old: str, new: str, code: str, told: str) -> None:
    """One problem each, with what would be right."""
    with pytest.raises(BookError) as refused:
        book(old, new)
    problem = refused.value.problems[0]
    assert (len(refused.value.problems), problem.code) == (1, code)
    assert told in str(problem)
    assert problem.line > 1


ACTION = "on_enter: {mql: {assign: {rota: sdr, by: team}}, sal: {assign: {rota: closers}}}\n"


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ("", "", "", ""),
        ("sal: {most: 2", "inquiry: {most: 2", "no-effect", "stops nobody"),
        ("per: team", "per: owner team", "", ""),
        (
            ACTION,
            "on_enter: {mql: {assign: {rota: sdr, by: team}}}\n",
            "no-effect",
            "takes turns of the rota `closers`",
        ),
        ("{rota: closers}", "{rota: closers, by: team}", "no-effect", "has no parts"),
        ("{rota: sdr, by: team}", "{rota: sdr}", "no-effect", "only `otherwise`"),
        (", otherwise: [Inbound Queue]", "", "assign", "nobody but for `EMEA`"),
    ],
)
def test_check_tells_what_stops_or_gives_nothing(old: str, new: str, code: str, told: str) -> None:
    """Each with its line; a book that means all it says has nothing to be told."""
    text = TEXT + ACTION
    assert old in text
    found = [problem for problem in check_book(read_book({"rules.yml": text.replace(old, new).encode()}))
             if problem.code in {"no-effect", "assign"}]  # fmt: skip
    assert [problem.code for problem in found] == [code] * bool(code)
    assert all(told in problem.message and problem.line > 1 for problem in found)


def test_check_tells_a_part_that_nobody_has() -> None:
    """`owner team` where no stage before has an owner is no part at all."""
    text = (TEXT + ACTION).replace(", owner: Marketing", "").replace("per: team", "per: owner team")
    messages = [problem.message for problem in check_book(read_book({"rules.yml": text.encode()}))]
    assert any("so all share the places" in message for message in messages)
