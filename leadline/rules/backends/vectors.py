"""What a back end decides on: the possible moves out of one stage, as truth values and small integers only.

A *vector* is a tuple of small integers in the order of ``StageRules.signals``: 0 false, 1 true, 2 unknown. The answer
is the position of the move that is made, or None. Moves are listed by precedence: the first that may be made is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

FALSE: Final = 0
TRUE: Final = 1
UNKNOWN: Final = 2

HELD: Final = "held"
"""The signal that every vector begins with: a person set the stage in a CRM and it still stands."""

MOST_MOVES: Final = 60
"""Moves out of one stage: far below the 65 rules on one fact and 513 conditions on a level that break the engine."""

MoveKind = Literal["disqualify", "human", "listed", "main"]
Vector = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PossibleMove:
    """One move out of a stage and the signals that decide on it.

    ``when`` is three-valued and must be true. ``require`` is true when every required field is known, ``remaining``
    when the transition was not taken too often, ``waited`` when the cool-down is over; ``lift`` (three-valued) ends
    it at once. ``room`` is true when a place in a target with a capacity is given. A held stage lets only
    disqualification and a further human move pass.
    """

    kind: MoveKind
    when: str
    require: str | None = None
    remaining: str | None = None
    waited: str | None = None
    lift: str | None = None
    room: str | None = None

    def signals(self) -> tuple[str, ...]:
        """Return the names of the signals that this move reads, besides ``held``."""
        named = (self.when, self.require, self.remaining, self.waited, self.lift, self.room)
        return tuple(name for name in named if name is not None)

    @property
    def stopped_by_hold(self) -> bool:
        """Whether a stage set by hand stops this move."""
        return self.kind in ("listed", "main")


@dataclass(frozen=True, slots=True)
class StageRules:
    """The possible moves out of one stage, by precedence."""

    stage: str
    moves: tuple[PossibleMove, ...]

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the vector's places, in order."""
        return (HELD, *(name for move in self.moves for name in move.signals()))


class BackEnd(Protocol):
    """Something that decides stage moves for one book."""

    def decide(self, stage: str, vector: Vector) -> int | None:
        """Return the position of the move made out of ``stage``, or None when the person stays."""
