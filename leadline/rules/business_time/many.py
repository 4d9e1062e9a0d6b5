"""Due instants by columns: the same bisections over arrays, equal to the scalar form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from leadline.rules.business_time.model import SECOND, Calendar
from leadline.rules.business_time.tables import BEGINNING, END, Grown, Table, table_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEVER: Final = -(2**63)
"""What stands for a due instant that is never reached; NumPy's datetime64 reads it as NaT."""


Pauses = Sequence[tuple["NDArray[np.int64]", "NDArray[np.int64]"]]
"""The first pause of each start, the second of each, and so on: from (inclusive) and to (exclusive), in microseconds.

Those of one start are in order and do not overlap; a start that has fewer is given empty ones (from = to).
"""


def due_many(
    calendar: Calendar, starts: NDArray[np.int64], seconds: NDArray[np.int64] | int, pauses: Pauses = ()
) -> NDArray[np.int64]:
    """Return when ``seconds`` of business time are reached from each of ``starts``.

    Instants are UTC microseconds since 1970 (int64); ``seconds`` is one number or one for each start, above, at or
    below zero; with pauses not below. A target that is never reached gives ``NEVER``. Equal to ``add``, start by
    start. Raises ValueError when the shapes do not fit, and for pauses with a target below zero.
    """
    import numpy as np

    at = np.asarray(starts, dtype=np.int64)
    amount = np.asarray(seconds, dtype=np.int64)
    # Longer than all time that calendars know, and far below where microseconds overflow.
    most = (END - BEGINNING) // SECOND
    amount = np.clip(amount, -most, most) * SECOND
    at, amount = np.broadcast_arrays(at, amount)
    if not at.size:
        return at.copy()
    if pauses and int(amount.min()) < 0:
        raise ValueError("a target below zero has no pauses here")
    table = table_of(calendar)
    inside = np.clip(at, BEGINNING, END)
    table.cover(int(inside.min()))
    grown = table.cover(int(inside.max()))
    goal = _positions(_arrays(table, grown), inside) + amount
    table.reach(int(goal.min()))
    grown = table.reach(int(goal.max()))
    due = np.asarray(_reached(_arrays(table, grown), at, goal, amount))
    for start, end in pauses:
        due, goal = _put_off(
            table, at, amount, (due, goal), np.clip(start, inside, END), np.clip(end, BEGINNING, END)
        )
    return due


def _put_off(
    table: Table,
    at: NDArray[np.int64],
    amount: NDArray[np.int64],
    reached: tuple[NDArray[np.int64], NDArray[np.int64]],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return due instants and goals moved on by what a pause of each takes away, where it begins before that."""
    import numpy as np

    due, goal = reached
    table.cover(int(min(start.min(), end.min())))
    arrays = _arrays(table, table.cover(int(max(start.max(), end.max()))))
    lost = _positions(arrays, np.maximum(start, end)) - _positions(arrays, start)
    goal = goal + np.where((due != NEVER) & (due > start), lost, 0)
    grown = table.reach(int(goal.max()))
    return np.asarray(_reached(_arrays(table, grown), at, goal, amount)), goal


class _Arrays:
    """One state of a table as arrays, with an empty interval in front so that every index is one."""

    def __init__(self, grown: Grown) -> None:
        import numpy as np

        self.grown = grown
        self.starts = np.array([BEGINNING, *grown.starts], dtype=np.int64)
        self.ends = np.array([BEGINNING, *grown.ends], dtype=np.int64)
        self.before = np.array([grown.below, *grown.before], dtype=np.int64)
        self.by_start = _Finder(self.starts)
        self.by_before = _Finder(self.before)


class _Finder:
    """Where values stand among sorted ones: a first guess by equal buckets, then a few steps within the bucket."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        import numpy as np

        self.values = values
        width = max(1, int(values[-1] - values[0]) // (4 * len(values)))
        self.shift = width.bit_length() - 1
        self.low = int(values[0])
        edges = self.low + (np.arange(((int(values[-1]) - self.low) >> self.shift) + 2, dtype=np.int64) << self.shift)
        self.guess = np.searchsorted(values, edges, side="right") - 1
        self.steps = int(np.diff(self.guess).max())
        self.following = np.append(values[1:], np.iinfo(np.int64).max)

    def __call__(self, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the index of the last value at or below each wanted one, which is never below the first."""
        import numpy as np

        if self.steps > _MOST_STEPS:
            return np.searchsorted(self.values, wanted, side="right") - 1
        index: NDArray[np.int64] = self.guess[np.minimum((wanted - self.low) >> self.shift, len(self.guess) - 1)]
        for _ in range(self.steps):
            index += self.following[index] <= wanted
        return index


_MOST_STEPS: Final = 4


def _arrays(table: Table, grown: Grown) -> _Arrays:
    """Return the arrays of ``grown``, kept beside the table until it has grown further."""
    kept = table.arrays
    if isinstance(kept, _Arrays) and kept.grown is grown:
        return kept
    made = table.arrays = _Arrays(grown)
    return made


def _positions(arrays: _Arrays, at: NDArray[np.int64]) -> NDArray[np.int64]:
    import numpy as np

    index = arrays.by_start(at)
    position: NDArray[np.int64] = arrays.before[index] - arrays.starts[index] + np.minimum(at, arrays.ends[index])
    return position


def _reached(
    arrays: _Arrays, at: NDArray[np.int64], goal: NDArray[np.int64], amount: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the earliest instants of goals ahead, the latest of goals behind, and the start of a zero target."""
    import numpy as np

    ahead = amount > 0
    below, total = arrays.grown.below, arrays.grown.total
    never = np.where(ahead, goal > total, (goal < below) | (goal >= total))
    # In integers, the last value below a goal is the last one at or below the goal less one.
    index = arrays.by_before(np.clip(goal - ahead, below, total))
    due = arrays.starts[index] - arrays.before[index] + goal
    return np.where(amount == 0, at, np.where(never, NEVER, due))
