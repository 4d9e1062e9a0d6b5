"""durable_rules as its documentation shows it: each criterion a rule of one ruleset, each lead a session."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from benchmarks.peers.peer import Answer, Work, facts_of, finished, flags_of
from benchmarks.workload import Rules, features_of

_numbers = count()


@dataclass(frozen=True, slots=True)
class DurableDocumented:
    """Its 1,025th live session ends the process, so it is given fewer people."""

    name: str = "durable_rules as documented"
    from_features: bool = False
    most: int = 900

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``. From raw activities its features are made by whole columns, and timed."""
        from durable import lang

        known = _facts(work) if self.from_features else None

        def evaluate() -> Any:
            facts = known if known is not None else _facts(work)
            scores: dict[str, dict[str, int]] = {}
            ruleset = f"leads{next(_numbers)}"
            _declare(lang, ruleset, work.rules, scores)
            return _asserted(lang, ruleset, facts, scores), work.features

        return evaluate

    def answer(self, found: Any) -> Answer:
        """See ``Peer``."""
        scores, features = found
        fit, missing, interest = (np.array([one[name] for one in scores]) for name in ("fit", "open", "interest"))
        return finished(fit, fit + missing, interest, flags_of(features))


def _facts(work: Work) -> list[dict[str, Any]]:
    features = features_of(work.rules, work.people, work.activities)
    facts = []
    for number, row in enumerate(facts_of(Work(work.rules, None, None, features))):
        fact = {name: 2 if value is None else int(value) for name, value in row.items()}
        facts.append(fact | {"sid": str(number)})
    return facts


def _declare(lang: Any, ruleset: str, chosen: Rules, scores: dict[str, dict[str, int]]) -> None:
    def giving(score: str, points: int) -> Callable[[Any], None]:
        def action(context: Any) -> None:
            scores[context.m.sid][score] += points

        return action

    with lang.ruleset(ruleset):
        for number, one in enumerate(chosen.attributes):
            lang.when_all(getattr(lang.m, f"a{number}") == 1)(giving("fit", one.points))
            if one.points < 0:
                lang.when_all(getattr(lang.m, f"a{number}") == 2)(giving("open", one.points))
        for number, edge in enumerate(chosen.edges):
            lang.when_all(getattr(lang.m, f"e{number}") == 1)(giving("fit", edge.points))
        for number, line in enumerate(chosen.counted):
            for times in range(1, line.most + 1):
                lang.when_all(getattr(lang.m, f"c{number}") >= times)(giving("interest", line.points))


def _asserted(
    lang: Any, ruleset: str, facts: list[dict[str, Any]], scores: dict[str, dict[str, int]]
) -> list[dict[str, int]]:
    from durable import engine as durable_engine

    for fact in facts:
        scores[fact["sid"]] = {"fit": 0, "open": 0, "interest": 0}
        with suppress(durable_engine.MessageNotHandledException):  # nothing gives this lead points
            lang.assert_fact(ruleset, fact)
    return list(scores.values())
