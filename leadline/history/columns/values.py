"""The values of one field, asked one after the other, or a few of them for many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from leadline.batch.columns.arrays import Ints
from leadline.rules.deciding.criteria import CompiledCriterion
from leadline.rules.deciding.fields import Known
from leadline.rules.model import Field, FieldTest

FEW_VALUES = 200
_BY_SIZE = ("at_least", "at_most", "over", "under", "equals", "between")


def classes_of(lines: Sequence[CompiledCriterion], values: Sequence[Known]) -> tuple[list[Known], Ints] | None:
    """Return a few values that stand for all (the first is empty), and for each value the place of the one for it.

    None where the values are not many whole numbers, or are asked for more than their size.
    """
    tests = [leaf.condition for line in lines if line.node is not None for leaf in line.node.leaves()]
    known = [value for value in values if type(value) is int and abs(value) < 2**62]
    if len(values) < FEW_VALUES or len(known) + sum(value is None for value in values) < len(values):
        return None
    edges: set[Decimal] = set()
    for test in tests:
        if not isinstance(test, FieldTest) or test.op not in _BY_SIZE:
            return None
        edges.update(Decimal(one) for one in test.operands if isinstance(one, int | Decimal))
    for line in lines:
        bands = line.criterion.bands.bands if line.criterion.bands is not None else ()
        edges.update(edge for band in bands for edge in (band.lowest, band.highest) if edge is not None)
    wholes = sorted({edge for one in edges for edge in (math.floor(one), math.ceil(one)) if abs(one) < 2**61})
    numbers = np.array(known, np.int64)
    between = np.searchsorted(wholes, numbers, "left") + np.searchsorted(wholes, numbers, "right")
    _, firsts, inverse = np.unique(between, return_index=True, return_inverse=True)
    places = np.zeros(len(values), np.int64)
    places[[value is not None for value in values]] = inverse.reshape(-1) + 1
    return [None, *(known[first] for first in firsts.tolist())], places


class Stands:
    """A field that has one value for now, with what blank means where it is empty."""

    def __init__(self, field: Field) -> None:
        self.signal = field.signal
        self.known: Known = None
        self._blank = field.blank if field.has_blank else None

    def value(self, t: datetime) -> Known:
        """Return the value."""
        del t
        return self._blank if self.known is None else self.known

    def value_since(self, t: datetime, floor: datetime) -> tuple[Known, bool]:
        """Return the value, as said in this pass."""
        del floor
        return self.value(t), False
