"""Adoption, frontiers, late and future facts, books that change, and what is stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from leadline.common.canonical import canonical_json
from leadline.common.errors import RefusedError
from leadline.rules.deciding import (
    Engine,
    decision_from_json,
    decision_to_json,
    input_hash,
    one_line,
    outcome_from_json,
    outcome_to_json,
    state_from_json,
    state_to_json,
)
from leadline.rules.model import Transition
from leadline.rules.state import UNREADABLE, Adopted, StageDate
from tests.rules.deciding.books import by_hand, day, deal, did, said, waterfall, where

BOOK = waterfall(hash="book-1")
KNOWN = [said("email", "vp@acme.example"), said("title", "VP")]


def test_adoption_takes_the_crms_stage_and_dates() -> None:
    """Nothing before is decided again; the stage is settled once, caused by adoption."""
    adopted = Adopted("mql", day(3), 2, {"inquiry": day(1), "mql": day(3), "gone": day(2)})
    result = Engine(BOOK).begin("p", [*KNOWN, did("demo_request", 4)], day(9), adopted)
    (made,) = result.decisions
    assert (made.cause, made.before, made.at, made.moves) == ("adopted", None, day(9), ())
    outcome = result.state.outcome
    assert (outcome.stage, outcome.since, outcome.pass_number) == ("mql", day(3), 2)
    assert outcome.entered == {"inquiry": StageDate(day(1)), "mql": StageDate(day(3))}
    assert result.state.pass_began == day(1)
    assert one_line(BOOK, outcome) == "MQL: adopted"


def test_a_new_person_settles_on_everything_known() -> None:
    """The first pass has no earlier one: what happened before the first look counts."""
    result = Engine(BOOK).begin("p", [*KNOWN, said("status", "Accepted", 1), deal("won", 2)], day(40))
    assert result.state.outcome.stage == "customer"
    assert result.decisions[0].moves[0].implied == ("mql", "sal", "sql", "opportunity")
    assert one_line(BOOK, Engine(BOOK).begin("p", KNOWN, day(1)).state.outcome) == "Inquiry: start"


def test_a_stage_that_the_book_does_not_have_is_refused() -> None:
    """Adoption and activation both name it."""
    engine = Engine(BOOK)
    with pytest.raises(RefusedError, match="`nurture`"):
        engine.begin("p", [], day(1), Adopted("nurture"))
    state = engine.begin("p", KNOWN, day(1), Adopted("sql")).state
    stages = {name: stage for name, stage in BOOK.stages.items() if name != "sql"}
    path = tuple(name for name in BOOK.main_path if name != "sql")
    listed = tuple(item for item in BOOK.transitions if "sql" not in (item.source, item.target))
    smaller = replace(BOOK, stages=stages, main_path=path, transitions=listed, hash="book-2")
    with pytest.raises(RefusedError, match="`sql`"):
        Engine(smaller).activate(state, day(2))


def test_a_late_fact_corrects_scores_and_moves_only_from_the_frontier_on() -> None:
    """A demo request from day two, learnt after day five: the points decay from day two, the stage is of day five."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(5)).state
    result = engine.advance(state, [did("demo_request", 2)], day(17))
    first, second = result.decisions
    assert (first.at, first.cause, first.after.stage, first.after.since) == (day(5), "facts", "mql", day(5))
    assert first.after.scores["interest"].value == 40
    assert (second.at, second.cause, second.after.scores["interest"].value) == (day(16), "time", 20)


def test_a_late_fact_undoes_nothing() -> None:
    """Learning that the status was never accepted leaves the move where it was."""
    engine = Engine(BOOK)
    state = engine.begin("p", [*KNOWN, said("status", "Accepted", 1)], day(5)).state
    after = engine.advance(state, [said("status", None, 2)], day(6))
    assert (after.decisions, after.state.outcome.stage) == ((), "sal")


def test_a_fact_from_after_the_frontier_waits() -> None:
    """It is kept in the history, is the next change, and counts when its instant comes."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(1)).state
    early = engine.advance(state, [did("demo_request", 9)], day(3))
    assert (early.decisions, early.next_change) == ((), day(9))
    due = engine.advance(early.state, (), day(10))
    assert [(made.at, made.cause) for made in due.decisions] == [(day(9), "facts")]
    begun = engine.begin("p", [*KNOWN, by_hand("sql", 9)], day(3))
    assert (begun.state.outcome.stage, begun.next_change) == ("inquiry", day(9))


def test_facts_at_the_end_of_the_calendar_never_happen() -> None:
    """A task due on 9999-12-31 is kept; nobody's next change waits for it, and no window overflows."""
    engine = Engine(BOOK)
    far = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    facts = [*KNOWN, replace(did("webinar", 1), at=far), replace(by_hand("sql", 1), at=far)]
    begun = engine.begin("p", facts, day(3))
    assert begun.next_change is None
    assert len(begun.state.history) == 4
    after = engine.advance(begun.state, [did("pricing_page", 4)], day(5))
    assert after.next_change == day(34)
    assert engine.explain(after.state).outcome.stage == "inquiry"


def test_the_frontier_does_not_go_back() -> None:
    """That would be a fault of the caller, not of the data."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(5)).state
    with pytest.raises(ValueError, match="frontier"):
        engine.advance(state, (), day(4))
    with pytest.raises(ValueError, match="frontier"):
        engine.activate(state, day(4))


def test_a_new_book_carries_on_from_the_old_state() -> None:
    """Stage, dates and counts carry over; what the new book moves is caused by it."""
    state = Engine(BOOK).begin("p", [*KNOWN, did("webinar", 1)], day(5)).state
    same = Engine(replace(BOOK, hash="book-2")).activate(state, day(5))
    assert (same.decisions, state_to_json(same.state)) == ((), state_to_json(state))
    eager = replace(BOOK.stages["mql"], enter=where("title", "has_word", "vp"), stay=None)
    book = replace(BOOK, stages={**BOOK.stages, "mql": eager}, hash="book-3")
    (made,) = Engine(book).activate(state, day(6)).decisions
    assert (made.cause, made.book, made.at, made.after.stage) == ("activated", "book-3", day(6), "mql")


def test_counts_follow_a_transition_that_changed_its_number() -> None:
    """`recycled->mql#4` became `#7`: its count goes along, by the two stages; what is gone is dropped."""
    state = Engine(BOOK).begin("p", KNOWN, day(5), Adopted("recycled", day(1))).state
    state = replace(state, taken={"recycled->mql#4": 2, "mql->sql#9": 1})
    listed: list[Transition] = []
    for item in BOOK.transitions:
        listed.append(replace(item, id="recycled->mql#7") if item.id == "recycled->mql#4" else item)
    book = replace(BOOK, transitions=tuple(listed), hash="book-4")
    assert Engine(book).activate(state, day(6)).state.taken == {"recycled->mql#7": 2}


def test_what_is_stored_reads_back_as_it_was() -> None:
    """States (without history), outcomes and decisions have one canonical text."""
    engine = Engine(BOOK)
    state = engine.begin("p", [*KNOWN, said("employees", UNREADABLE)], day(1)).state
    result = engine.advance(state, [by_hand("sql", 2), did("webinar", 1.5)], day(3))
    text = state_to_json(result.state)
    assert state_from_json(text, reversed(result.state.history)) == result.state
    assert state_from_json(text).history == ()
    assert state_to_json(state_from_json(text)) == text
    assert "webinar@1.5" not in text
    outcome = result.state.outcome
    assert outcome_from_json(outcome_to_json(outcome)) == outcome
    assert outcome_to_json(outcome) == canonical_json(outcome)
    for made in result.decisions:
        assert decision_from_json(decision_to_json(made)) == made
        assert made.id.startswith("d-") and len(made.id) == 22


def test_a_decision_is_named_by_its_content() -> None:
    """Another person, instant or book gives another id; the way there does not."""
    ids = {
        Engine(replace(BOOK, hash=book)).begin(person, KNOWN, at).decisions[0].id
        for person, at, book in (("p", day(1), "a"), ("q", day(1), "a"), ("p", day(2), "a"), ("p", day(1), "b"))
    }
    assert len(ids) == 4


def test_the_input_hash_covers_everything_read() -> None:
    """State, history, news and frontier count; the order of the news does not."""
    engine = Engine(BOOK)
    state = engine.begin("p", KNOWN, day(1)).state
    news = [did("webinar", 2), said("country", "Peru", 2)]
    one = input_hash(state, news, day(3))
    assert input_hash(state, reversed(news), day(3)) == one
    others = [
        input_hash(state, news[:1], day(3)),
        input_hash(state, news, day(4)),
        input_hash(None, news, day(3)),
        input_hash(replace(state, history=()), news, day(3)),
        input_hash(state, [news[0], replace(news[1], value=UNREADABLE)], day(3)),
    ]
    assert len({one, *others}) == 6


def test_scope_is_three_valued() -> None:
    """In, out, or undecided where the field is empty."""
    book = replace(BOOK, scope=where("country", "in", "Peru"))
    engine = Engine(book)
    assert engine.in_scope([said("country", "Peru")], day(1)) is True
    assert engine.in_scope([said("country", "Germany")], day(1)) is False
    assert engine.in_scope([], day(1)) is None
    assert Engine(BOOK).in_scope([], day(1)) is True
