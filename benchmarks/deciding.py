"""Stage decisions: durable_rules remembered, durable_rules asked every time, and the readable reference."""

from __future__ import annotations

import random

from benchmarks.work import show, timed, waterfall
from leadline.rules.backends.durable import DurableBackEnd
from leadline.rules.backends.oracle import Oracle
from leadline.rules.backends.vectors import FALSE, TRUE, UNKNOWN, BackEnd, StageRules, Vector
from leadline.rules.deciding.lifecycle import Lifecycle

DISTINCT = 500


def run(count: int, seed: int) -> None:
    """Decide ``count`` vectors drawn from at most ``DISTINCT`` different ones in three ways, checked equal."""
    rules = Lifecycle(waterfall()).rules
    chance = random.Random(seed)
    stages = sorted(rules)
    kinds: list[tuple[str, Vector]] = []
    for _ in range(DISTINCT):
        stage = chance.choice(stages)
        kinds.append((stage, tuple(chance.choice(_values(rules[stage], name)) for name in rules[stage].signals)))
    work = [chance.choice(kinds) for _ in range(count)]

    def all_by(back_end: BackEnd) -> list[int | None]:
        return [back_end.decide(stage, vector) for stage, vector in work]

    def forgetting() -> list[int | None]:
        back_end = DurableBackEnd(rules)
        answers = []
        for stage, vector in work:
            back_end.forget()
            answers.append(back_end.decide(stage, vector))
        return answers

    remembered, ours = timed(lambda: all_by(DurableBackEnd(rules)))
    asked, every_time = timed(forgetting)
    reference, oracle = timed(lambda: all_by(Oracle(rules)))
    assert ours == every_time == oracle
    show(
        f"stage decisions ({len(set(kinds))} distinct vectors)",
        "decisions",
        [
            ("durable_rules, each distinct vector once (ours)", remembered, count),
            ("durable_rules, asked for every decision", asked, count),
            ("readable reference in Python", reference, count),
        ],
    )


def _values(rules: StageRules, signal: str) -> tuple[int, ...]:
    """Return what a signal can be: conditions have three values, the limits on a move two."""
    three = {name for move in rules.moves for name in (move.when, move.lift) if name is not None}
    return (FALSE, FALSE, TRUE, UNKNOWN) if signal in three else (FALSE, TRUE)
