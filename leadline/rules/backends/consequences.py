"""What follows from a move or from a point of an SLA, derived by durable_rules from small integers alone.

For each *cause* (a stage entered, a rung reached) there is a small ruleset: the fact that it happened sets off one
rule for each of its actions, which gives the action's position. Every (cause, moved) is asked once and remembered.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from leadline.common.errors import RefusedError
from leadline.rules.backends.rulesets import Ruleset

MOST_ACTIONS: Final = 60
"""Rules that one fact sets off: below the 65 at which durable_rules fires none."""
MOST_BOOKS: Final = 8


@dataclass(frozen=True, slots=True)
class CauseRules:
    """One cause and how many actions it has; ``always``: also when a first run or a new book brought it about."""

    name: str
    actions: int
    always: bool = False


class Deriving(Protocol):
    """Something that derives the consequences of one book's causes."""

    def derive(self, cause: str, *, moved: bool) -> tuple[int, ...]:
        """Return the positions of the actions that follow, rising; ``moved`` is whether facts or time caused it."""


class ReadableConsequences:
    """The readable reference: all actions, or none where nothing moved and the book does not ask for them."""

    def __init__(self, rules: tuple[CauseRules, ...]) -> None:
        self._rules = {item.name: item for item in rules}

    def derive(self, cause: str, *, moved: bool) -> tuple[int, ...]:
        """Return the positions of the actions that follow."""
        rules = self._rules[cause]
        return tuple(range(rules.actions)) if moved or rules.always else ()


class DurableConsequences:
    """Derives for one book. Threads may share it; a forked child compiles its own."""

    def __init__(self, rules: tuple[CauseRules, ...]) -> None:
        for item in rules:
            if item.actions > MOST_ACTIONS:
                raise RefusedError(f"`{item.name}` has {item.actions} actions; at most {MOST_ACTIONS} can be derived")
        self._rules = {item.name: item for item in rules}
        self._remembered: dict[tuple[str, bool], tuple[int, ...]] = {}
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def derive(self, cause: str, *, moved: bool) -> tuple[int, ...]:
        """Return the positions of the actions that follow."""
        found = self._remembered.get((cause, moved))
        if found is not None:
            return found
        if os.getpid() != self._pid:
            self._lock, self._pid = threading.Lock(), os.getpid()
        with self._lock:
            # Two questions at most are ever asked of a cause, so its ruleset is not kept.
            return self._remembered.setdefault((cause, moved), _derived(self._rules[cause], moved=moved))


@lru_cache(maxsize=MOST_BOOKS)
def durable_consequences(rules: tuple[CauseRules, ...]) -> DurableConsequences:
    """Return what derives the consequences of these causes; one for equal books. Raises RefusedError."""
    return DurableConsequences(rules)


def _derived(rules: CauseRules, *, moved: bool) -> tuple[int, ...]:
    positions: list[int] = []
    seen: list[int] = []
    definition: dict[str, Any] = {"seen": {"all": [{"m": {"happened": 1}}], "run": _collect(seen, 0)}}
    for position in range(rules.actions):
        tests = [{"happened": 1}] if rules.always else [{"happened": 1}, {"moved": 1}]
        pattern = {"$and": tests} if len(tests) > 1 else tests[0]
        definition[f"do{position}"] = {"all": [{"m": pattern}], "run": _collect(positions, position)}
    Ruleset(rules.name, definition).ask([{"id": "c0", "happened": 1, "moved": int(moved)}])
    if seen != [0]:
        raise RuntimeError(f"durable_rules saw {len(seen)} causes for {rules.name}")
    return tuple(sorted(set(positions)))


def _collect(into: list[int], position: int) -> Callable[[Any], None]:
    def action(_: Any) -> None:
        into.append(position)

    return action
