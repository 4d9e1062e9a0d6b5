"""Python libraries of rules, a rule a criterion: rule-engine and business-rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.peer import CHOICES, ByLead, Work, facts_of, limited
from benchmarks.workload import FLAGS, Rules

SCORES = ("fit", "open", "interest")


def criteria(chosen: Rules) -> Iterator[tuple[str, str, int, int]]:
    """Yield the score of each rule, its feature, from which number on it holds (-1: it is empty), and its points."""
    for number, one in enumerate(chosen.attributes):
        yield "fit", f"a{number}", 1, one.points
        if one.points < 0:
            yield "open", f"a{number}", -1, one.points
    for number, edge in enumerate(chosen.edges):
        yield "fit", f"e{number}", 1, edge.points
    for number, line in enumerate(chosen.counted):
        for times in range(1, line.most + 1):
            yield "interest", f"c{number}", times, line.points


@dataclass(frozen=True, slots=True)
class RuleEngine(ByLead):
    """Each criterion is a compiled rule that is asked whether it matches."""

    name: str = "rule-engine"
    most: int = 10_000

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        import rule_engine

        def text(name: str, least: int) -> str:
            if name[0] != "c":
                return f"{name} == null" if least < 0 else f"{name} == true"
            return f"{name} >= {least}"

        rules = [
            (SCORES.index(score), rule_engine.Rule(text(name, least)), points)
            for score, name, least, points in criteria(work.rules)
        ]
        follows = [
            [
                (rule_engine.Rule(" and ".join(f"{name} >= {least}" for name, least in conditions)), value)
                for conditions, value in choices
            ]
            for choices in CHOICES.values()
        ]
        rows = facts_of(work)

        def evaluate() -> Any:
            found = []
            for row in rows:
                sums = [0, 0, 0]
                for place, rule, points in rules:
                    if rule.matches(row):
                        sums[place] += points
                known = limited(row, *sums)
                rest = [next(value for rule, value in one if rule.matches(known)) for one in follows]
                found.append((known["fit"], known["interest"], *rest))
            return found

        return evaluate


@dataclass(frozen=True, slots=True)
class BusinessRules(ByLead):
    """Each criterion is a rule with conditions on variables and an action; features are numbers, -1 for empty."""

    name: str = "business-rules"
    most: int = 10_000

    def prepare(self, work: Work) -> Callable[[], Any]:
        """See ``Peer``."""
        from business_rules import run_all
        from business_rules.actions import BaseActions, rule_action
        from business_rules.fields import FIELD_NUMERIC
        from business_rules.variables import BaseVariables, numeric_rule_variable

        sums_of, rest_of = _scores(work.rules), _choices()

        def variable(name: str) -> Any:
            def read(self: Any) -> Any:
                return self.row[name]

            read.__name__ = name
            return numeric_rule_variable(read)

        def variables(names: Iterable[str]) -> Any:
            body: dict[str, Any] = {"__init__": lambda self, row: setattr(self, "row", row)}
            return type("Lead", (BaseVariables,), body | {name: variable(name) for name in names})

        class Actions(BaseActions):  # type: ignore[misc]
            def __init__(self) -> None:
                self.found = [0, 0, 0]

            @rule_action(params={"place": FIELD_NUMERIC, "points": FIELD_NUMERIC})  # type: ignore[misc]
            def give(self, place: int, points: int) -> None:
                self.found[place] += points

        names = [name for name in work.features.column_names if name[0] in "ace" and name[1:].isdigit()]
        scored, placed = variables(names), variables(["fit", "lowest", "interest", *FLAGS])
        rows = facts_of(work)
        given = [{name: -1 if row[name] is None else int(row[name]) for name in names} for row in rows]

        def evaluate() -> Any:
            found = []
            for row, numbers in zip(rows, given, strict=True):
                sums, rest = Actions(), Actions()
                run_all(sums_of, scored(numbers), sums)
                known = limited(row, *sums.found)
                for rules in rest_of:
                    run_all(rules, placed(known), rest, stop_on_first_trigger=True)
                found.append((known["fit"], known["interest"], *rest.found))
            return found

        return evaluate


def _scores(chosen: Rules) -> list[dict[str, Any]]:
    return [
        _business_rule([_at_least(name, least)], SCORES.index(score), points)
        for score, name, least, points in criteria(chosen)
    ]


def _choices() -> list[list[dict[str, Any]]]:
    return [
        [_business_rule([_at_least(*one) for one in conditions], place, value) for conditions, value in choices]
        for place, choices in enumerate(CHOICES.values())
    ]


def _at_least(name: str, least: int) -> dict[str, Any]:
    if least < 0:
        return {"name": name, "operator": "equal_to", "value": -1}
    return {"name": name, "operator": "greater_than_or_equal_to", "value": least}


def _business_rule(conditions: list[dict[str, Any]], place: int, points: int) -> dict[str, Any]:
    action = {"name": "give", "params": {"place": place, "points": points}}
    return {"conditions": {"all": conditions}, "actions": [action]}
