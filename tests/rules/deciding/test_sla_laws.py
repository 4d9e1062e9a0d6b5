"""The laws of the fold on generated books with SLAs (design, sections 4.1 and 4.5)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from leadline.rules.effects import effects_of
from leadline.rules.model import AssignOwner, Book, CreateTask, StageActions
from leadline.rules.state import Fact
from tests.rules.deciding.books import day
from tests.rules.deciding.generated import books_with_slas, facts, until
from tests.rules.deciding.laws import (
    engine,
    incremental_is_replay,
    law,
    lived,
    next_change_is_exact,
    order_changes_nothing,
    splitting_changes_nothing,
    texts,
)
from tests.rules.deciding.promised import busy

SLA_LAW = law(10)
"""These books are the dearest of all to make: LAW_EXAMPLES=500 looks longer."""
BEGIN = -1
HISTORIES = st.lists(st.one_of(facts(), busy()), min_size=8, max_size=24)


@SLA_LAW
@given(books_with_slas(), HISTORIES, st.lists(st.integers(11, 69), max_size=4))
def test_splitting_an_interval_changes_nothing(book: Book, history: list[Fact], cuts: list[int]) -> None:
    """One fold over sixty days equals many folds over its parts: decisions, timers and next change."""
    splitting_changes_nothing(book, history, cuts, BEGIN)


@SLA_LAW
@given(books_with_slas(), HISTORIES, st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing(book: Book, history: list[Fact], random: Random) -> None:
    """Facts that share a frontier may come in any order and more than once."""
    order_changes_nothing(book, history, random, BEGIN)


@SLA_LAW
@given(books_with_slas(), HISTORIES, st.lists(st.integers(0, 30), min_size=24, max_size=24))
def test_incremental_is_replay_as_known(book: Book, history: list[Fact], delays: list[int]) -> None:
    """Cycles that learn facts late, with the timers stored and read between, give the same log when replayed."""
    incremental_is_replay(book, history, delays, BEGIN)


@SLA_LAW
@given(books_with_slas(), HISTORIES, st.lists(st.integers(11, 800), min_size=8, max_size=8, unique=True))
def test_nothing_changes_between_breakpoints(book: Book, history: list[Fact], instants: list[int]) -> None:
    """At any instant a fresh look agrees with the fold, and so do timers measured anew from their beginning."""
    made = engine(book)
    result, _ = lived(made, history, [], BEGIN)
    last = float(BEGIN)
    for instant in sorted(instants):
        result = made.advance(result.state, until(history, last, instant / 10), day(instant / 10))
        last = instant / 10
        if not result.state.livelock:
            # A circle through a timer that would begin is none for an activation, which begins none.
            again = made.activate(result.state, result.state.frontier)
            assert again.decisions == ()
            assert again.state.outcome == result.state.outcome
        known = [item for item in result.state.history if item.at <= result.state.frontier]
        if known:
            retold = made.advance(result.state, known[:1], result.state.frontier)
            assert retold.decisions == ()
            assert retold.state.timers == result.state.timers


@SLA_LAW
@given(books_with_slas(), HISTORIES)
def test_next_change_is_exact(book: Book, history: list[Fact]) -> None:
    """Nothing before the next change, something at it: a breach or a rung happens at its own instant."""
    next_change_is_exact(book, history, BEGIN)


@SLA_LAW
@given(books_with_slas(), HISTORIES, HISTORIES)
def test_late_facts_never_undo(book: Book, history: list[Fact], late: list[Fact]) -> None:
    """What fired stays fired while a timer goes on; a breach that is known to be none is marked, not forgotten."""
    made = engine(book)
    before, _ = lived(made, history, [60], BEGIN)
    after = made.advance(before.state, late, day(61))
    assert all(found.at >= before.state.frontier for found in after.decisions)
    for name, timer in before.state.timers.items():
        now = after.state.timers[name]
        assert now.entered >= timer.entered
        if now.started == timer.started:
            assert set(timer.reached) <= set(now.reached)
            assert now.alarmed or not timer.alarmed
            assert after.state.outcome.slas[name].corrected == (now.alarmed and now.breached is None)


@SLA_LAW
@given(books_with_slas(), books_with_slas(), HISTORIES)
def test_activation_and_adoption_start_nothing(old: Book, new: Book, history: list[Fact]) -> None:
    """Neither a first run nor a changed book starts a timer or causes an action, whatever moves."""
    acting = {name: StageActions(name, (CreateTask(), AssignOwner(to="Inbound Queue"))) for name in old.stages}
    old, new = (replace(book, on_enter=acting) for book in (old, new))
    adopted = engine(old).begin("p", until(history, -1, 30), day(30))
    assert adopted.state.timers == {}
    before, _ = lived(engine(old), history, [40], BEGIN)
    after = engine(new).activate(before.state, day(40))
    assert set(after.state.timers) <= set(before.state.timers)
    for book, run in ((old, adopted), (new, after)):
        assert not [effect.cause for made in run.decisions for effect in effects_of(book, made)]


@SLA_LAW
@given(books_with_slas(), HISTORIES)
def test_adoption_starts_nothing(book: Book, history: list[Fact]) -> None:
    """Whatever is known when a person is taken up, no timer runs then."""
    begun = engine(book).begin("p", until(history, -1, 30), day(30))
    assert begun.state.timers == {}
    assert "slas" not in texts(list(begun.decisions))[0]


@SLA_LAW
@given(books_with_slas(), books_with_slas(), HISTORIES)
def test_a_changed_book_starts_nothing_and_keeps_what_is_due(old: Book, new: Book, history: list[Fact]) -> None:
    """Activation starts no timer, and with `keep` the due instants of running ones stay as they were."""
    before, _ = lived(engine(old), history, [40], BEGIN)
    after = engine(new).activate(before.state, day(40))
    assert set(after.state.timers) == set(before.state.timers)
    for name, timer in before.state.timers.items():
        now = after.state.timers[name]
        assert now.entered == timer.entered
        if name not in new.slas:
            assert now.ended is not None
        elif new.slas[name].on_edit == "keep" and now.ended is None:
            assert (now.started, now.due) == (timer.started, timer.due) or now.started == day(40)
