"""The readable reference for stage moves: what every other back end must agree with, vector by vector."""

from __future__ import annotations

from collections.abc import Mapping

from leadline.rules.backends.vectors import HELD, TRUE, PossibleMove, StageRules, Vector


class Oracle:
    """Decides by reading the rules aloud: the first possible move that may be made is made."""

    def __init__(self, rules: Mapping[str, StageRules]) -> None:
        self._rules = rules

    def decide(self, stage: str, vector: Vector) -> int | None:
        """Return the position of the move made out of ``stage``, or None when the person stays."""
        rules = self._rules[stage]
        given = dict(zip(rules.signals, vector, strict=True))
        return next((position for position, move in enumerate(rules.moves) if _may_be_made(move, given)), None)


def _may_be_made(move: PossibleMove, given: Mapping[str, int]) -> bool:
    if move.stopped_by_hold and given[HELD] == TRUE:
        return False
    needed = [name for name in (move.when, move.require, move.remaining, move.room) if name is not None]
    if any(given[name] != TRUE for name in needed):
        return False
    if move.waited is None or given[move.waited] == TRUE:
        return True
    return move.lift is not None and given[move.lift] == TRUE
