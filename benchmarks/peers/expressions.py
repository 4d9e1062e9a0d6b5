"""Engines of expressions, one evaluation a lead: JSON logic in Rust (datalogic-py), and a zen-engine expression."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.peer import CHOICES, ByLead, Choice, Work, facts_of, limited
from benchmarks.workload import Rules


def json_logic(chosen: Rules) -> list[Any]:
    """Return JSON logic of three sums: fit, what is open of it, interest."""
    truths = [(f"a{number}", one.points) for number, one in enumerate(chosen.attributes)]
    truths += [(f"e{number}", one.points) for number, one in enumerate(chosen.edges)]
    fit = [{"if": [{"var": name}, points, 0]} for name, points in truths]
    missing = [{"if": [{"===": [{"var": name}, None]}, points, 0]} for name, points in truths if points < 0]
    interest = [{"*": [{"var": f"c{number}"}, line.points]} for number, line in enumerate(chosen.counted)]
    return [{"+": fit}, {"+": missing}, {"+": interest}]


def chosen_logic() -> list[Any]:
    """Return JSON logic of both grades and the stage."""
    found = []
    for choices in CHOICES.values():
        cases: list[Any] = []
        for conditions, value in choices[:-1]:
            cases += [{"and": [{">=": [{"var": name}, least]} for name, least in conditions]}, value]
        found.append({"if": [*cases, choices[-1][1]]})
    return found


@dataclass(frozen=True, slots=True)
class Datalogic(ByLead):
    """Two rules a lead are compiled once, the scores and what follows from them; it takes JSON texts fastest."""

    name: str = "JSON logic: datalogic-py (Rust)"
    most: int = 10_000

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        from datalogic_py import Engine

        engine = Engine()
        scores, follows = engine.compile(json_logic(work.rules)), engine.compile(chosen_logic())
        rows = facts_of(work)
        texts = [json.dumps(row) for row in rows]
        session = engine.session()

        def evaluate() -> Any:
            found = []
            for row, text in zip(rows, texts, strict=True):
                known = limited(row, *json.loads(session.evaluate_str(scores, text)))
                rest = json.loads(session.evaluate_str(follows, json.dumps(known)))
                found.append((known["fit"], known["interest"], *rest))
            return found

        return evaluate


@dataclass(frozen=True, slots=True)
class ZenExpression(ByLead):
    """Two expressions a lead are compiled once; they are given mappings."""

    name: str = "zen-engine, expressions"
    most: int = 10_000

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        import zen

        scores = zen.compile_expression(_zen_sums(work.rules))
        follows = zen.compile_expression(f"[{', '.join(_zen_choice(choices) for choices in CHOICES.values())}]")
        rows = facts_of(work)

        def evaluate() -> Any:
            found = []
            for row in rows:
                known = limited(row, *scores.evaluate(row))
                found.append((known["fit"], known["interest"], *follows.evaluate(known)))
            return found

        return evaluate


def _zen_sums(chosen: Rules) -> str:
    truths = [(f"a{number}", one.points) for number, one in enumerate(chosen.attributes)]
    truths += [(f"e{number}", one.points) for number, one in enumerate(chosen.edges)]
    fit = " + ".join(f"({name} == true ? {points} : 0)" for name, points in truths)
    missing = " + ".join(f"({name} == null ? {points} : 0)" for name, points in truths if points < 0)
    interest = " + ".join(f"c{number} * {line.points}" for number, line in enumerate(chosen.counted))
    return f"[{fit}, {missing}, {interest}]"


def _zen_choice(choices: tuple[Choice, ...]) -> str:
    text = str(choices[-1][1])
    for conditions, value in reversed(choices[:-1]):
        test = " and ".join(f"{name} >= {least}" for name, least in conditions)
        text = f"({test} ? {value} : {text})"
    return text
