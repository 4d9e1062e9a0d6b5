"""durable_rules decides stage moves: a small ruleset per stage, forward chaining over truth values and integers.

How it is used without harm stands in ``rulesets``.

A pointer walks the moves by precedence: fact ``{at: i}`` with a move i that may be made chooses it, with one that may
not asserts ``{at: i + 1}``; past the last move the person stays. A move depends on (stage, vector) only, so each
distinct vector is asked once and remembered.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from leadline.common.errors import RefusedError
from leadline.rules.backends.rulesets import Ruleset
from leadline.rules.backends.vectors import HELD, MOST_MOVES, TRUE, UNKNOWN, PossibleMove, StageRules, Vector

MOST_REMEMBERED = 65_536
MOST_BOOKS = 8
_UNASKED = -1


class DurableBackEnd:
    """Decides for one book. Threads may share it; a forked child compiles its own."""

    def __init__(self, rules: Mapping[str, StageRules]) -> None:
        for stage in rules.values():
            if len(stage.moves) > MOST_MOVES:
                raise RefusedError(
                    f"stage `{stage.stage}` has {len(stage.moves)} ways out; at most {MOST_MOVES} can be decided:"
                    " join transitions that lead to the same stage with `any`"
                )
        self._rules = rules
        self._compiled: dict[str, _StageRuleset] = {}
        self._remembered: dict[tuple[str, Vector], int | None] = {}
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self.asked = 0

    def decide(self, stage: str, vector: Vector) -> int | None:
        """Return the position of the move made out of ``stage``, or None when the person stays."""
        key = (stage, vector)
        found = self._remembered.get(key, _UNASKED)
        if found != _UNASKED:
            return found
        if os.getpid() != self._pid:
            self._start_over()
        with self._lock:
            ruleset = self._compiled.get(stage)
            if ruleset is None:
                ruleset = self._compiled[stage] = _StageRuleset(self._rules[stage])
            answer = ruleset.decide(vector)
            self.asked += 1
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered = {}
            self._remembered[key] = answer
        return answer

    def forget(self) -> None:
        """Drop every remembered answer, so that each vector is asked again."""
        self._remembered = {}

    def _start_over(self) -> None:
        """Compile anew: a fork copied this object, perhaps with the lock held and a ruleset inside an action."""
        self._lock = threading.Lock()
        self._compiled = {}
        self._pid = os.getpid()


_books: OrderedDict[tuple[StageRules, ...], DurableBackEnd] = OrderedDict()
_books_lock = threading.Lock()


def durable_back_end(rules: Mapping[str, StageRules]) -> DurableBackEnd:
    """Return the back end for a book's rules, compiled once for equal ones; those used last are kept.

    Raises RefusedError for a stage with too many ways out.
    """
    key = tuple(rules.values())
    with _books_lock:
        found = _books.get(key)
        if found is None:
            found = _books[key] = DurableBackEnd(rules)
        _books.move_to_end(key)
        while len(_books) > MOST_BOOKS:
            _books.popitem(last=False)
        return found


def _forget_lock() -> None:
    global _books_lock  # noqa: PLW0603
    _books_lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_lock)


class _StageRuleset:
    """The ruleset of one stage inside durable_rules."""

    def __init__(self, rules: StageRules) -> None:
        self._rules = rules
        self._chosen: list[int | None] = []
        self._fired = 0
        self._ruleset = Ruleset(rules.stage, self._definition())

    def decide(self, vector: Vector) -> int | None:
        given = dict(zip(self._rules.signals, vector, strict=True))
        self._chosen.clear()
        self._fired = 0
        facts: list[Mapping[str, int | str]] = [
            {"id": f"f{position}", "move": position, **_facts_of(move, given)}
            for position, move in enumerate(self._rules.moves)
        ]
        self._ruleset.ask([*facts, {"id": "p0", "at": 0}])
        if len(self._chosen) != 1:
            raise RuntimeError(f"durable_rules made {len(self._chosen)} decisions for stage {self._rules.stage}")
        return self._chosen[0]

    def _definition(self) -> dict[str, Any]:
        definition: dict[str, Any] = {}
        for position, move in enumerate(self._rules.moves):
            pointer = {"a": {"at": position}}
            definition[f"make{position}"] = {
                "all": [pointer, {"b": {"$and": [{"move": position}, *_allowing(move)]}}],
                "run": self._choose(position),
            }
            for number, reason in enumerate(_forbidding(move)):
                definition[f"pass{position}_{number}"] = {
                    "all": [dict(pointer), {"b": {"$and": [{"move": position}, *reason]}}],
                    "run": self._move_on(position + 1),
                }
        definition["stay"] = {"all": [{"m": {"at": len(self._rules.moves)}}], "run": self._choose(None)}
        return definition

    def _choose(self, position: int | None) -> Callable[[Any], None]:
        def action(_: Any) -> None:
            self._chosen.append(position)

        return action

    def _move_on(self, position: int) -> Callable[[Any], None]:
        def action(context: Any) -> None:
            # Several reasons against one move fire one after the other; the pointer moves on once.
            if self._fired < position:
                self._fired = position
                context.assert_fact({"id": f"p{position}", "at": position})

        return action


def _facts_of(move: PossibleMove, given: Mapping[str, int]) -> dict[str, int]:
    """Every key of the move is always present; a three-valued signal becomes "is true" and "is unknown"."""
    facts = {"h": given[HELD]} if move.stopped_by_hold else {}
    for short, name in (("c", move.when), ("l", move.lift)):
        if name is not None:
            facts[short] = int(given[name] == TRUE)
            facts[short + "u"] = int(given[name] == UNKNOWN)
    for short, name in (*_needed(move), ("w", move.waited)):
        if name is not None:
            facts[short] = given[name]
    return facts


def _needed(move: PossibleMove) -> tuple[tuple[str, str | None], ...]:
    """Return the two-valued signals that must all be true, each with its key in the facts."""
    return ("r", move.require), ("n", move.remaining), ("g", move.room)


def _allowing(move: PossibleMove) -> list[dict[str, Any]]:
    """Return the tests that must all hold for the move to be made."""
    tests: list[dict[str, Any]] = [{"c": 1}, {"cu": 0}]
    tests += [{"h": 0}] if move.stopped_by_hold else []
    tests += [{short: 1} for short, name in _needed(move) if name is not None]
    if move.lift is not None:
        tests.append({"$or": [{"w": 1}, {"$and": [{"w": 0}, {"l": 1}, {"lu": 0}]}]})
    elif move.waited is not None:
        tests.append({"w": 1})
    return tests


def _forbidding(move: PossibleMove) -> list[list[dict[str, int]]]:
    """Return the reasons of which one is enough against the move; with ``_allowing`` they cover every case."""
    reasons: list[list[dict[str, int]]] = [[{"c": 0}]]
    reasons += [[{"h": 1}]] if move.stopped_by_hold else []
    reasons += [[{short: 0}] for short, name in _needed(move) if name is not None]
    if move.lift is not None:
        reasons.append([{"w": 0}, {"l": 0}])
    elif move.waited is not None:
        reasons.append([{"w": 0}])
    return reasons
