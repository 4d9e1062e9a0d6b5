"""How often each activity happened in each window up to one instant: one count over all rows, in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from leadline.batch.columns.arrays import LONG_AGO, Codes, Ints

Window = tuple[str, int | None]
"""An activity and how many microseconds back it counts; None for ever."""
_AT_ONCE: Final = 1 << 22
"""Counters held at a time."""
_COMPARED: Final = 24
"""Up to so many edges are compared one after the other; more are searched."""


def tallies(
    windows: Iterable[Window], names: Sequence[str | None], kind: Codes, person: Codes, at: Ints, people: int, t: int
) -> Mapping[Window, Ints]:
    """Return for each window how many activities each person has in (t - within, t].

    ``kind`` (positions in ``names``), ``person`` and ``at`` are rows in any order. A window is a run of classes: each
    row has the class of how many edges of windows it lies behind, so activity and class together say what it counts
    for, and each row is counted once, for the narrowest window that holds it.
    """
    starts = {window: LONG_AGO if window[1] is None else t - window[1] for window in windows}
    edges = sorted({*starts.values(), t})
    runs: dict[str, list[tuple[int, Window]]] = defaultdict(list)
    for window, start in starts.items():
        runs[window[0]].append((edges.index(start) + 1, window))
    cells = np.multiply(kind, len(edges) + 1, dtype=np.int64)
    cells += _classes(at, edges)
    found: dict[Window, Ints] = {}
    waiting = [(name, sorted(run, key=lambda one: -one[0])) for name, run in runs.items()]
    while waiting:
        most = max(1, _AT_ONCE // max(1, people))
        chosen = [waiting.pop()]
        while waiting and sum(len(run) for _, run in chosen) + len(waiting[-1][1]) <= most:
            chosen.append(waiting.pop())
        found.update(_counted(chosen, names, cells, len(edges), person, people))
    return found


def _classes(at: Ints, edges: Sequence[int]) -> npt.NDArray[np.integer]:
    """Return how many edges lie before each instant."""
    if len(edges) > _COMPARED:
        return np.searchsorted(np.array(edges, np.int64), at, side="left")
    found = np.zeros(at.size, np.uint8)
    for edge in edges:
        found += (at > edge).view(np.uint8)
    return found


def _counted(
    chosen: Sequence[tuple[str, Sequence[tuple[int, Window]]]],
    names: Sequence[str | None],
    cells: Ints,
    now: int,
    person: Codes,
    people: int,
) -> Mapping[Window, Ints]:
    """Count some activities at once. Each run's windows stand from the latest start to the earliest."""
    slots = sum(len(run) for _, run in chosen)
    # A row that counts for nothing here goes to a slot behind the others.
    place = np.full((len(names), now + 1), slots * people, np.int64)
    numbers = {name: number for number, name in enumerate(names)}
    slot = 0
    for name, run in chosen:
        end = now
        for first, _ in run:
            if name in numbers:
                place[numbers[name], first:end] = slot * people
            slot, end = slot + 1, first
    rows = place.reshape(-1).take(cells)
    rows += person
    counts = np.bincount(rows, minlength=(slots + 1) * people)
    found: dict[Window, Ints] = {}
    slot = 0
    for _, run in chosen:
        before: Ints | None = None
        for _, window in run:
            own = counts[slot * people : (slot + 1) * people]
            before = found[window] = own if before is None else before + own
            slot += 1
    return found


__all__ = ["Window", "tallies"]
