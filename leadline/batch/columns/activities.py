"""The activities of a partition as rows; sorted only where a question needs their order, and then once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from leadline.batch.columns.arrays import Codes, Ints
from leadline.batch.columns.happened import Happened, sorted_happened
from leadline.batch.columns.tally import Window, tallies


class Activities:
    """Rows in any order: which activity (a position in ``names``), whose (a position), when.

    ``windows`` are those that rules will ask for: what is counted is counted for all of them at once.
    """

    def __init__(
        self,
        people: int,
        names: Iterable[str | None],
        kind: Codes,
        person: Codes,
        at: Ints,
        windows: Iterable[Window],
    ) -> None:
        self.people = people
        self.names = tuple(names)
        self.windows = frozenset(windows)
        self._kind, self._person, self._at = kind, person, at
        self._sorted: Mapping[str | None, Happened] | None = None
        self._tallies: tuple[int, Mapping[Window, Ints]] | None = None

    @classmethod
    def none(cls, people: int) -> Activities:
        """Return no activities of so many people."""
        return cls(people, (), np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.int64), ())

    def happened(self, activity: str) -> Happened:
        """Return the occurrences of one activity, in order."""
        found = self._in_order().get(activity)
        if found is None:
            return Happened(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(self.people + 1, np.int64))
        return found

    def __iter__(self) -> Iterator[Happened]:
        """Yield the occurrences of each activity, in order."""
        return iter(self._in_order().values())

    def number(self, window: Window, t: int) -> Ints:
        """Return how many of an activity each person has in (t - within, t]. The array is shared: do not write."""
        if self._tallies is None or self._tallies[0] != t or window not in self._tallies[1]:
            self.windows |= {window}
            found = tallies(self.windows, self.names, self._kind, self._person, self._at, self.people, t)
            self._tallies = (t, found)
        return self._tallies[1][window]

    def take(self, who: Ints, place: Codes) -> Activities:
        """Return those of some people; ``place`` is each one's new position, -1 for who is left out."""
        whose = place[self._person]
        keep = np.flatnonzero(whose >= 0)
        some = Activities(who.size, self.names, self._kind[keep], whose[keep], self._at[keep], self.windows)
        if self._sorted is not None:
            some._sorted = {name: happened.take(who, place) for name, happened in self._sorted.items()}
        return some

    def _in_order(self) -> Mapping[str | None, Happened]:
        if self._sorted is None:
            found = sorted_happened(self._kind, self._person, self._at, len(self.names), self.people)
            self._sorted = dict(zip(self.names, found, strict=True))
        return self._sorted
