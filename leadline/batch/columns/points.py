"""Points of everybody with their bounds: sums, limits, and what the values of fields give together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leadline.batch.columns.arrays import Small, Whole, tight

_TOGETHER: Final = 1 << 14
"""So many combinations of values are tabled: a table that stays near the processor."""
_BYTE: Final = (1 << 8) - 1
"""So many combinations of values are numbered in a byte, which is the quickest."""

_MOST_SUMS: Final = 64


@dataclass(frozen=True, slots=True)
class Points:
    """Points of everybody, and the lowest and highest they could be: the same array where that is the same."""

    value: Whole
    lowest: Whole
    highest: Whole


def added(one: Points | None, other: Points) -> Points:
    """Return the sums of two."""
    if one is None:
        return other
    value = one.value + other.value
    low = value if one.lowest is one.value and other.lowest is other.value else one.lowest + other.lowest
    high = value if one.highest is one.value and other.highest is other.value else one.highest + other.highest
    return Points(value, low, high)


def each(points: Points, change: Callable[[Whole], Whole]) -> Points:
    """Return what a rising function makes of them."""
    value = change(points.value)
    low = value if points.lowest is points.value else change(points.lowest)
    return Points(value, low, value if points.highest is points.value else change(points.highest))


@dataclass(frozen=True, slots=True)
class _Sums:
    """The sums of all combinations of some tables: value, lowest and highest, None where it is the value."""

    tables: Sequence[Whole]
    value: Whole
    lowest: Whole | None
    highest: Whole | None


class Sums(dict[tuple[int, ...], _Sums]):
    """Sums of tables by their identity, kept for the next partition, which mostly has the same tables."""

    def of(self, tables: Sequence[Whole]) -> _Sums:
        """Return the sums of all combinations; those of the last table lie beside each other."""
        key = tuple(map(id, tables))
        found = self.get(key)
        if found is None:
            if len(self) >= _MOST_SUMS:
                self.clear()
            sums = tables[0]
            for table in tables[1:]:
                sums = (sums[:, :, None] + table[:, None, :]).reshape(3, -1)
            low, high = (None if np.array_equal(sums[0], sums[row]) else sums[row] for row in (1, 2))
            found = _Sums(tables, sums[0], low, high)
            if sums.shape[1] <= _TOGETHER:
                # The tables are kept with them, so that no other one gets the identity of one of them.
                self[key] = found
        return found


def of_fields(fields: Sequence[tuple[Small, Whole]], before: Sums | None = None) -> Points:
    """Return the sum of what fields give. Each comes with everybody's code and, by code, value, lowest and highest.

    Fields with few values are looked up together: one table of the sums of all combinations (``before``: those of
    other partitions).
    """
    known = Sums() if before is None else before
    total: Points | None = None
    for together in _grouped(fields, _TOGETHER):
        groups = list(_grouped(together, _BYTE))
        code, _ = _joined([_joined([(codes, table.shape[1]) for codes, table in some]) for some in groups])
        sums = known.of([table for some in groups for _, table in some])
        places = code.astype(np.intp, copy=False)
        value = sums.value.take(places)
        low = value if sums.lowest is None else sums.lowest.take(places)
        high = value if sums.highest is None else sums.highest.take(places)
        total = added(total, Points(value, low, high))
    assert total is not None
    return total


def _joined(fields: Sequence[tuple[Small, int]]) -> tuple[Small, int]:
    """Return fields as one: a code of each combination, and how many there are."""
    code, size = fields[0]
    fresh = False
    for codes, values in fields[1:]:
        size *= values
        kind = tight(size)
        width = kind.type(values)
        if fresh and code.dtype == kind:
            code *= width
        else:
            code, fresh = code.astype(kind, copy=False) * width, True
        np.add(code, codes, out=code, casting="unsafe")
    return code, size


def _grouped(fields: Sequence[tuple[Small, Whole]], most: int) -> Iterator[list[tuple[Small, Whole]]]:
    together: list[tuple[Small, Whole]] = []
    size = 1
    for codes, table in sorted(fields, key=lambda field: field[1].shape[1]):
        if together and size * table.shape[1] > most:
            yield together
            together, size = [], 1
        together.append((codes, table))
        size *= table.shape[1]
    if together:
        yield together


__all__ = ["Points", "Sums", "added", "each", "of_fields"]
