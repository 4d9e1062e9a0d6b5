"""Every instant of everybody at which anything can change: one row each, in order of (person, instant)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np

from leadline.batch.columns.arrays import Bools, Ints
from leadline.history.columns.told import Steps, Told

Window = tuple[str, int | None]
"""An activity, and for how many microseconds an occurrence counts; None for ever."""


class OddError(Exception):
    """A book, or what is known of people, that columns do not know; ``str`` says what."""


class Rows:
    """The rows of some people; the first one of each is where they begin, with nothing known."""

    def __init__(self, told: Told, windows: Iterable[Window]) -> None:
        """Lay out the rows; ``windows`` are those that any rule asks for.

        Raises OddError where so many people and years have no keys of 64 bits.
        """
        self.told = told
        self._base = int(told.born.min()) - 1
        self._span = told.until - self._base + 2
        if told.count * self._span >= 2**63:
            raise OddError("too many years for so many people")
        asked = list(dict.fromkeys(windows))
        happened = self._key(told.person, told.at)
        sorts = {name: np.sort(happened[told.kind == number]) for number, name in enumerate(told.kinds)}
        begins = self._key(np.arange(told.count), told.born - 1)
        changed = {id(steps.at): self._key(steps.person, steps.at) for steps in told.fields.values()}
        looks = self._key(*told.looks)
        ends = {window: self._left(sorts[window[0]], window[1]) for window in asked if window[0] in sorts}
        self.keys, places = _ranked(
            [begins, *sorts.values(), *changed.values(), looks, *(keys for keys, _ in ends.values())]
        )
        self.size = int(self.keys.size)
        self.first: Ints = np.append(next(places), self.size)
        self._at = {name: next(places) for name in sorts}
        self._changed = {number: next(places) for number in changed}
        self._facts = [*self._at.values(), *self._changed.values(), next(places)]
        self._ends = {window: (next(places), within) for window, (_, within) in ends.items()}
        self._runs: dict[int, tuple[Ints, Ints, Ints]] = {}

    @cached_property
    def person(self) -> Ints:
        """Whose each row is."""
        return np.repeat(np.arange(self.told.count), np.diff(self.first))

    def instants(self, rows: Ints) -> Ints:
        """Return when some rows are."""
        return self.keys[rows] % self._span + self._base

    def holding(self, person: Ints, at: Ints) -> Ints:
        """Return the row that holds for each of some people at an instant not before they begin."""
        found: Ints = np.searchsorted(self.keys, self._key(person, at), "right") - 1
        return found

    def by_facts(self) -> Bools:
        """Tell which rows are the instant of a fact; at the others only time went by."""
        found = np.zeros(self.size, np.bool_)
        for rows in self._facts:
            found[rows] = True
        return found

    def counting(self, window: Window, most: int | None) -> tuple[Ints, Ints]:
        """Return from which row and up to which one each occurrence counts: its window, and ``most`` later ones."""
        starts = self._at.get(window[0])
        if starts is None:
            return _NONE, _NONE
        left, within = self._ends[window]
        ends = self.first[self._whose(window[0]) + 1]
        ends[within] = left
        if most is not None and most < starts.size:
            # The next person's occurrences lie beyond the end of this one's rows, so they end nothing.
            np.minimum(ends[:-most], starts[most:], out=ends[:-most])
        return starts, ends

    def summed(self, parts: Sequence[tuple[Ints, Ints, int]]) -> Ints:
        """Return at each row the sum of what counts there: (from, up to, points of each) of several lines."""
        if not parts:
            return np.zeros(self.size, np.int64)
        places = np.concatenate([part for starts, ends, _ in parts for part in (starts, ends)])
        weights = [np.full(starts.size, sign * points) for starts, _, points in parts for sign in (1, -1)]
        # Whole numbers far below 2**53, so their sums as floats are exact.
        steps = np.bincount(places, np.concatenate(weights).astype(np.float64), self.size + 1)
        return np.cumsum(steps[:-1].astype(np.int64))

    def runs(self, steps: Steps) -> tuple[Ints, Ints, Ints]:
        """Return the first rows of the runs of a field, how long each is, and the step of each (-1: nothing yet)."""
        found = self._runs.get(id(steps.at))
        if found is None:
            places = np.concatenate((self.first[:-1], self._changed[id(steps.at)]))
            number = np.concatenate((np.full(self.told.count, -1), np.arange(steps.at.size)))
            order = np.argsort(places, kind="stable")
            places, number = places[order], number[order]
            last = np.append(np.flatnonzero(np.diff(places)), places.size - 1)
            places, number = places[last], number[last]
            found = self._runs[id(steps.at)] = places, np.diff(places, append=self.size), number
        return found

    def _key(self, person: Ints, at: Ints) -> Ints:
        return person.astype(np.int64) * self._span + (at - self._base)

    def _left(self, keys: Ints, within: int | None) -> tuple[Ints, Bools]:
        """Return when occurrences leave a window, of those for which that comes in time, and which these are."""
        if within is None:
            return _NONE, np.zeros(keys.size, np.bool_)
        there = keys % self._span + within <= self._span - 2
        return keys[there] + within, there

    def _whose(self, activity: str) -> Ints:
        return self.person[self._at[activity]]


def _ranked(parts: Sequence[Ints]) -> tuple[Ints, Iterator[Ints]]:
    """Return all different keys in order, and for the keys of each part their places among them."""
    keys = np.concatenate(parts)
    order = np.argsort(keys)
    keys = keys.take(order)
    fresh = np.append(True, keys[1:] != keys[:-1])
    places = np.empty(keys.size, np.int64)
    places[order] = np.cumsum(fresh) - 1
    return keys[fresh], iter(np.split(places, np.cumsum([part.size for part in parts])[:-1]))


_NONE: Ints = np.zeros(0, np.int64)
