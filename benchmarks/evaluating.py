"""Whole persons from raw activities: settle with the next change, advance with nothing new, explain."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.work import AT, people, show, timed, waterfall
from leadline.rules.backends.oracle import Oracle
from leadline.rules.deciding import Engine
from leadline.rules.deciding.lifecycle import Lifecycle


def run(count: int, seed: int) -> None:
    """Settle ``count`` people with 10 activities each in several ways; outcomes are checked equal."""
    book = waterfall()
    facts = people(book, count, seed)
    engine = Engine(book)
    plain = Engine(book, Oracle(Lifecycle(book).rules))
    settled, ours = timed(lambda: [engine.begin(f"p{i}", one, AT) for i, one in enumerate(facts)])
    reference, theirs = timed(lambda: [plain.begin(f"p{i}", one, AT) for i, one in enumerate(facts)])
    assert [one.state.outcome for one in ours] == [one.state.outcome for one in theirs]
    quiet, _ = timed(lambda: [engine.advance(one.state, (), AT + timedelta(minutes=5)) for one in ours])
    month, later = timed(lambda: [engine.advance(one.state, (), AT + timedelta(days=30)) for one in ours])
    explained, _ = timed(lambda: [engine.explain(one.state) for one in ours[:500]])
    show(
        f"people from raw activities ({sum(len(one.decisions) for one in later):,} decisions in the month)",
        "people",
        [
            ("settle once, with next change (durable_rules)", settled, count),
            ("settle once, with next change (readable reference)", reference, count),
            ("advance five minutes, nothing new", quiet, count),
            ("advance a month of decay and expiry", month, count),
            ("explain with the full trace", explained, min(500, count)),
        ],
    )
