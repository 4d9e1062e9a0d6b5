"""One lead's latency: from facts to the outcome, with its id and its next change, and with the full trace."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

from benchmarks.replaying import facts_of
from benchmarks.targets import Target
from benchmarks.workload import AT, book_of, leads, rules
from leadline.rules.deciding import Engine
from leadline.rules.deciding.history import History, ordered
from leadline.rules.state import Adopted, Fact

FEW = 300
AGAIN = 7


def run(_: int, seed: int) -> list[Target]:
    """Decide ``FEW`` leads of 40 criteria one after the other; print the median of the best CPU time of each."""
    book = book_of(rules(seed))
    people, activities = leads(FEW, seed)
    facts = [facts_of(people, activities, number) for number in range(FEW)]
    engine, counting = Engine(book), Engine(book, identify=False)
    start = counting.start(Adopted(), AT)

    def settled(known: tuple[Fact, ...]) -> object:
        history = History(ordered(known), book.readable, book.deals)
        return counting.settling.outcome(counting.settling.settle(history, AT, start))

    states = {known: engine.begin("p", known, AT).state for known in facts}
    print(f"one lead, 40 criteria and 6 stages, ten activities ({FEW} leads, seed {seed})")
    plain = _say("scores, grades and stage, from its facts", settled, facts)
    _say("with next change", lambda known: counting.begin("p", known, AT), facts)
    _say("with next change and decision id", lambda known: engine.begin("p", known, AT), facts)
    traced = _say("full trace, with next change", lambda known: engine.explain(states[known]), facts)
    _say("a year of it", lambda known: _year(counting, known), facts[:50])
    print()
    return [
        Target("one lead without trace", plain, 50, " us", at_most=True),
        Target("one lead with full trace", traced, 1_000, " us", at_most=True),
    ]


def _year(engine: Engine, known: tuple[Fact, ...]) -> object:
    begun = engine.begin("p", (), AT - timedelta(days=365, microseconds=1))
    return engine.advance(begun.state, known, AT)


def _say(what: str, work: Callable[[tuple[Fact, ...]], object], facts: list[tuple[Fact, ...]]) -> float:
    found = []
    for known in facts:
        best = float("inf")
        for _ in range(AGAIN):
            began = time.process_time_ns()
            work(known)
            best = min(best, time.process_time_ns() - began)
        found.append(best / 1000)
    print(f"  {what:<52} {median(found):>12,.1f} us")
    return median(found)
