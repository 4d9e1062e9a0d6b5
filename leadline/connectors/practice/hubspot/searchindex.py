"""What search sees of one object type: a copy of each row that may run behind, kept sorted by (stamp, id)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf


@dataclass(frozen=True, slots=True)
class Entry:
    """One indexed row: its number, when it was created and updated (milliseconds), and its values then."""

    id: int
    created: int
    updated: int
    values: Mapping[str, str]


class SearchIndex:
    """Entries by id and by (updated, id). A change waits until it is due, so search can lag behind the rows."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._order: list[tuple[int, int]] = []
        self._waiting: list[tuple[int, int, int, Entry | None]] = []
        self._arrived = 0
        self._shown: dict[int, int] = {}  # id -> which arrival is shown
        self._ids: tuple[float, float, list[int]] | None = None  # the last answer of ids_between

    def load(self, entries: Iterable[Entry]) -> None:
        """Take many entries at once."""
        self._entries = {entry.id: entry for entry in entries}
        self._order = sorted((entry.updated, entry.id) for entry in self._entries.values())
        self._ids = None

    def put(self, entry: Entry, due: int) -> None:
        """Show ``entry`` in place of what is known of its id, from ``due`` (milliseconds) on."""
        self._later(entry.id, entry, due)

    def drop(self, number: int, due: int) -> None:
        """Show an id no longer, from ``due`` on."""
        self._later(number, None, due)

    def settle(self, now: int) -> None:
        """Take in every change that is due by ``now``."""
        while self._waiting and self._waiting[0][0] <= now:
            _, order, number, entry = heappop(self._waiting)
            if order > self._shown.get(number, 0):  # else a later change was shown first
                self._shown[number] = order
                self._replace(number, entry)

    def __len__(self) -> int:
        """How many rows search knows."""
        return len(self._entries)

    def get(self, number: int) -> Entry | None:
        """Return what is known of one id."""
        return self._entries.get(number)

    def between(self, low: float, high: float) -> list[tuple[int, int]]:
        """Return (updated, id) of the entries updated from ``low`` to ``high``, both included, in order."""
        start = bisect_left(self._order, (low, -inf)) if low > -inf else 0
        stop = bisect_right(self._order, (high, inf)) if high < inf else len(self._order)
        return self._order[start:stop]

    def ids_between(self, low: float, high: float) -> list[int]:
        """Return the ids of the entries updated from ``low`` to ``high``, in order; do not change the list.

        The last answer is kept until the index changes, because a client that pages by id asks the same again.
        """
        if self._ids is None or self._ids[:2] != (low, high):
            self._ids = (low, high, sorted(number for _, number in self.between(low, high)))
        return self._ids[2]

    def _later(self, number: int, entry: Entry | None, due: int) -> None:
        self._arrived += 1
        heappush(self._waiting, (due, self._arrived, number, entry))

    def _replace(self, number: int, entry: Entry | None) -> None:
        self._ids = None
        known = self._entries.pop(number, None)
        if known is not None:
            del self._order[bisect_left(self._order, (known.updated, number))]
        if entry is not None:
            self._entries[number] = entry
            insort(self._order, (entry.updated, number))
