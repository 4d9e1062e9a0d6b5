"""How often each activity happened in each window up to one instant: one count over all rows, in any order.

The windows of an activity that are asked for lie in each other. Each row is counted once, for the narrowest window
that holds it (its slot); a wider one is the sum of the slots inside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from leadline.batch.columns.arrays import LONG_AGO, NEVER, Ints, Whole, rows_where
from leadline.batch.columns.compiled import compiled, count_rows

Window = tuple[str, int | None]
"""An activity and how many microseconds back it counts; None for ever."""
_AT_ONCE: Final = 1 << 22
"""Counters held at a time."""
_COMPARED: Final = 24
"""Up to so many edges are compared one after the other; more are searched."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Activities in any order: which (a position in ``names``), whose, when.

    ``whose`` counts from ``first``, which is the first person; what does not come below ``people`` so is nobody here.
    """

    names: tuple[str | None, ...]
    kind: Whole
    whose: Whole
    at: Ints
    people: int
    first: int = 0

    @property
    def all_here(self) -> bool:
        """Whether every row is of somebody here."""
        if not self.whose.size:
            return True
        return self.first <= int(self.whose.min()) and int(self.whose.max()) < self.first + self.people

    def here(self, last: int = NEVER) -> Rows:
        """Return the rows of people who are here, up to the instant ``last``, counted from 0."""
        whose = self.whose - self.first if self.first else self.whose
        if self.all_here and (not self.at.size or int(self.at.max()) <= last):
            return replace(self, whose=whose.astype(np.int32, copy=False), first=0)
        keep = rows_where((whose >= 0) & (whose < self.people) & (self.at <= last))
        some = whose.take(keep).astype(np.int32, copy=False)
        return Rows(self.names, self.kind.take(keep), some, self.at.take(keep), self.people)


Run = tuple[int, Sequence[tuple[int, Window]]]
"""An activity's number, and the starts of its windows with the windows, from the latest start to the earliest."""


def tallies(windows: Iterable[Window], rows: Rows, t: int, *, fast: bool | None) -> Mapping[Window, Whole]:
    """Return for each window how many activities each person has in (t - within, t].

    ``fast`` is as ``compiled`` has it.
    """
    by_name: dict[str, list[tuple[int, Window]]] = defaultdict(list)
    found: dict[Window, Whole] = {}
    for window in windows:
        if window[0] in rows.names:
            by_name[window[0]].append((LONG_AGO if window[1] is None else t - window[1], window))
        else:
            found[window] = np.zeros(rows.people, np.int64)
    runs = [(rows.names.index(name), sorted(run, reverse=True, key=_start)) for name, run in by_name.items()]
    count = compiled(count_rows, rows.kind.size, fast)
    if count is None and not rows.all_here:
        rows = rows.here()
    edges = sorted({t, *(start for _, run in runs for start, _ in run)})
    cells = np.zeros(0, np.int64) if count else _cells(edges, rows)
    for some in _at_once(runs, rows.people):
        slots = sum(len(run) for _, run in some)
        size = (slots + 1) * rows.people
        own, place = _places(some, rows, t)
        if count is None:
            counts: Whole = _counted(own, place, edges, rows, cells, size)
        else:
            counts = np.zeros(size, np.int32)
            count(rows.kind, rows.whose, rows.at, own, place, rows.first, rows.people, counts)
        found.update(_summed(some, counts.reshape(slots + 1, rows.people)))
    return found


def _start(one: tuple[int, Window]) -> int:
    return one[0]


def _at_once(runs: Sequence[Run], people: int) -> Iterator[list[Run]]:
    """Yield the runs in groups of which so many counters are not too many."""
    most = max(1, _AT_ONCE // max(1, people))
    some: list[Run] = []
    for run in runs:
        if some and sum(len(one) for _, one in some) + len(run[1]) > most:
            yield some
            some = []
        some.append(run)
    if some:
        yield some


def _places(runs: Sequence[Run], rows: Rows, t: int) -> tuple[Ints, Ints]:
    """Return for each activity the edges of its windows, rising, and the slot of who lies behind so many of them.

    A row that counts for nothing goes to a slot behind the others.
    """
    longest = max(len(run) for _, run in runs)
    edges = np.full((len(rows.names), longest + 1), NEVER, np.int64)
    place = np.full((len(rows.names), longest + 2), sum(len(run) for _, run in runs), np.int64)
    slot = 0
    for number, run in runs:
        edges[number, : len(run)] = [start for start, _ in reversed(run)]
        edges[number, len(run)] = t
        for behind in range(len(run), 0, -1):
            place[number, behind] = slot
            slot += 1
    return edges, place * rows.people


def _cells(edges: Sequence[int], rows: Rows) -> Ints:
    """Return for each row one number of its activity and of how many edges of any window it lies behind."""
    cells: Ints = np.multiply(rows.kind, len(edges) + 1, dtype=np.int64)
    if len(edges) > _COMPARED:
        cells += np.searchsorted(np.array(edges, np.int64), rows.at, side="left")
        return cells
    behind = np.zeros(rows.at.size, np.uint8)
    for edge in edges:
        np.add(behind, (rows.at > edge).view(np.uint8), out=behind)
    cells += behind
    return cells


def _counted(own: Ints, place: Ints, edges: Sequence[int], rows: Rows, cells: Ints, size: int) -> Ints:
    """Count rows by slot and person, as the compiled loop does."""
    lies = np.array([np.searchsorted(one, edges, side="right") for one in own])
    lies = np.concatenate((np.zeros((own.shape[0], 1), np.int64), lies), axis=1)
    found = (np.take_along_axis(place, lies, axis=1).reshape(-1) - rows.first).take(cells)
    found += rows.whose
    return np.bincount(found, minlength=size)


def _summed(some: Sequence[Run], counts: Whole) -> Iterator[tuple[Window, Whole]]:
    slot = 0
    for _, run in some:
        number: Whole | None = None
        for _, window in run:
            number = counts[slot] if number is None else number + counts[slot]
            yield window, number
            slot += 1


__all__ = ["Rows", "Window", "tallies"]
