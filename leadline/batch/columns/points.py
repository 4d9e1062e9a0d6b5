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


def of_fields(fields: Sequence[tuple[Small, Whole]]) -> Points:
    """Return the sum of what fields give. Each comes with everybody's code and, by code, value, lowest and highest.

    Fields with few values are looked up together: one table of the sums of all combinations.
    """
    total: Points | None = None
    for together in _grouped(fields, _TOGETHER):
        code, sums = _joined([_joined(some) for some in _grouped(together, _BYTE)])
        places = code.astype(np.intp, copy=False)
        value = sums[0].take(places)
        low = value if np.array_equal(sums[0], sums[1]) else sums[1].take(places)
        high = value if np.array_equal(sums[0], sums[2]) else sums[2].take(places)
        total = added(total, Points(value, low, high))
    assert total is not None
    return total


def _joined(fields: Sequence[tuple[Small, Whole]]) -> tuple[Small, Whole]:
    """Return fields as one: a code of each combination, and what it gives."""
    code, sums = fields[0]
    fresh = False
    for codes, table in fields[1:]:
        sums = (sums[:, :, None] + table[:, None, :]).reshape(3, -1)
        kind = tight(sums.shape[1])
        width = kind.type(table.shape[1])
        if fresh and code.dtype == kind:
            code *= width
        else:
            code, fresh = code.astype(kind, copy=False) * width, True
        np.add(code, codes, out=code, casting="unsafe")
    return code, sums


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


__all__ = ["Points", "added", "each", "of_fields"]
