"""The activities of a partition as rows; sorted only where a question needs their order, and then once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from leadline.batch.columns.arrays import NEVER, Codes, Ints, Whole, rows_where
from leadline.batch.columns.happened import Happened, sorted_happened
from leadline.batch.columns.tally import Rows, Window, tallies


class Activities:
    """What happened to the people of a partition.

    ``windows`` are those that rules will ask for: what is counted is counted for all of them at once.
    """

    def __init__(
        self, rows: Rows, windows: Iterable[Window], last: int = NEVER, *, fast: bool | None = False
    ) -> None:
        """``last`` is the last instant that anything is known of; ``fast`` as ``compiled`` has it."""
        self.rows = rows
        self.last = last
        self._fast = fast
        self.windows = frozenset(windows)
        self._sorted: Mapping[str | None, Happened] | None = None
        self._tallies: tuple[int, Mapping[Window, Whole]] | None = None

    @classmethod
    def none(cls, people: int) -> Activities:
        """Return no activities of so many people."""
        return cls(Rows((), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64), people), ())

    def happened(self, activity: str) -> Happened:
        """Return the occurrences of one activity, in order."""
        found = self._in_order().get(activity)
        if found is None:
            return Happened(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(self.rows.people + 1, np.int64))
        return found

    def __iter__(self) -> Iterator[Happened]:
        """Yield the occurrences of each activity, in order."""
        return iter(self._in_order().values())

    def number(self, window: Window, t: int) -> Whole:
        """Return how many of an activity each person has in (t - within, t]. The array is shared: do not write."""
        if self._tallies is None or self._tallies[0] != t or window not in self._tallies[1]:
            self.windows |= {window}
            rows = self.rows if t <= self.last else self.rows.here(self.last)
            self._tallies = (t, tallies(self.windows, rows, t, fast=self._fast))
        return self._tallies[1][window]

    def take(self, who: Ints, place: Codes) -> Activities:
        """Return those of some people; ``place`` is each one's new position, -1 for who is left out."""
        rows = self.rows.here(self.last)
        whose = place.take(rows.whose)
        keep = rows_where(whose >= 0)
        chosen = Rows(rows.names, rows.kind.take(keep), whose.take(keep), rows.at.take(keep), who.size)
        some = Activities(chosen, self.windows, self.last, fast=self._fast)
        if self._sorted is not None:
            some._sorted = {name: happened.take(who, place) for name, happened in self._sorted.items()}
        return some

    def _in_order(self) -> Mapping[str | None, Happened]:
        if self._sorted is None:
            rows = self.rows.here(self.last)
            found = sorted_happened(rows.kind, rows.whose, rows.at, len(rows.names), rows.people)
            self._sorted = dict(zip(rows.names, found, strict=True))
        return self._sorted
