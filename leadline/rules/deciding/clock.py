"""The timers of one person beside their position, at one instant; without SLAs ``UNTIMED``, which loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from leadline.rules.deciding.history import History
from leadline.rules.deciding.lifecycle import Position
from leadline.rules.deciding.scores import Card, Scoring
from leadline.rules.deciding.timers import withdrawn
from leadline.rules.model import Book
from leadline.rules.state import Move, Timer

if TYPE_CHECKING:
    from leadline.rules.deciding.timing import Timing

Timers = Mapping[str, Timer]


def timing_of(book: Book, scoring: Scoring) -> Timing | None:
    """Return the SLAs of a book, compiled; None where it has none."""
    if not book.slas:
        return None
    # Only a book with SLAs waits for the arithmetic of business time to load.
    from leadline.rules.deciding.timing import Timing

    return Timing(book, scoring)


def carried_timers(timing: Timing | None, history: History, at: datetime, timers: Timers) -> Timers:
    """Return the timers of a former book as this one continues them; without SLAs those that run are void."""
    if timing is None:
        return {name: withdrawn(timer, at) for name, timer in timers.items()}
    return timing.carried(history, at, timers)


@dataclass(frozen=True, slots=True)
class Hop:
    """One stage change, ``by`` as in ``state.Move``; ``floor`` is when the pass after it began (None: the first)."""

    target: str
    by: str
    floor: datetime | None


class Untimed:
    """The clock of a book without SLAs: positions stay as they are."""

    __slots__ = ()

    def measured(self, position: Position, late: datetime | None) -> Position:
        """See ``Clock``."""
        del late
        return position

    def moved(self, after: Position, move: Move) -> Position:
        """See ``Clock``."""
        del move
        return after

    def rested(self, position: Position) -> Position:
        """See ``Clock``."""
        return position

    def back(self, position: Position, kept: int) -> Position:
        """See ``Clock``."""
        del kept
        return position


UNTIMED = Untimed()


class Clock:
    """The timers of one person at one instant, kept beside their position."""

    def __init__(self, timing: Timing, history: History, t: datetime, card: Card, starts: bool) -> None:
        self._timing = timing
        self._history = history
        self._t = t
        self._card = card
        self._starts = starts
        self._base: Timers = {}
        self._hops: list[Hop] = []
        self._before = 0

    def measured(self, position: Position, late: datetime | None) -> Position:
        """Return the position with its timers by the facts of this instant."""
        self._base = self._timing.measured(self._history, self._t, self._card, position.timers, late)
        return replace(position, timers=self._base)

    def moved(self, after: Position, move: Move) -> Position:
        """Return the position after a move: a stage that is only passed through starts a timer for that long."""
        hop = Hop(after.stage, move.by, after.floor)
        self._hops.append(hop)
        timers = self._timing.moved(hop, self._t, after.timers)
        if self._starts:
            timers = self._timing.entered(hop, self._t, self._history, self._card, timers)
        return replace(after, timers=timers)

    def rested(self, position: Position) -> Position:
        """Return the position as it is where nothing moves; the same one when that changes no timer."""
        timers = self._at_rest(self._hops)
        self._before += len(self._hops)
        self._base, self._hops = timers, []
        return position if timers == position.timers else replace(position, timers=timers)

    def back(self, position: Position, kept: int) -> Position:
        """Return an earlier position of this instant, with the timers after its first ``kept`` moves."""
        if kept < self._before:
            self._base = position.timers
            return replace(position, timers=self._at_rest(()))
        return replace(position, timers=self._at_rest(self._hops[: kept - self._before]))

    def _at_rest(self, hops: Sequence[Hop]) -> Timers:
        return self._timing.rested(hops, self._t, self._history, self._card, self._base, starts=self._starts)
