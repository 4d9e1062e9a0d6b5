"""A field of all people as codes: what a condition says is asked once for each different value.

What is asked is the compiled condition of the one-person evaluator, with a stand-in for the moment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np

from leadline.batch.columns.arrays import Ints, Small, Whole, classes, looked, narrow
from leadline.batch.columns.cells import distinct_cells, whole_numbers
from leadline.batch.tables import plain_cells
from leadline.rules.convert import convert
from leadline.rules.deciding.fields import Known
from leadline.rules.deciding.moment import Moment
from leadline.rules.model import Field

_MOST_EDGES: Final = 240
"""Numbers that lie as close together as this have codes of a byte."""


class OddError(Exception):
    """Something in the given tables that only reading row by row can tell the reader about."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a code stands for: the value, and whether it is a signal from before the pass."""

    value: Known
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One field: ``codes`` of the people, and what they stand for (``values``, before blanks mean anything).

    The first value is None: empty. ``said`` is when a signal was said. A number field may hold one value for each
    class of numbers that no rule tells apart.
    """

    field: Field
    codes: Small
    values: Sequence[Known]
    said: Ints | None = None
    complete: bool = False
    """Whether it is known that nobody's is empty."""

    def entries(self) -> list[Said]:
        """Return what conditions see of each value; then of a known and of an empty value from before the pass."""
        blank = self.field.blank if self.field.has_blank else None
        fresh = [Said(blank if value is None else value) for value in self.values]
        return [*fresh, Said(blank, stale=True), Said(blank)]

    def since(self, floor: Ints | None) -> Small:
        """Return the codes as a pass that began at ``floor`` sees them: signals from before are no news."""
        if floor is None or not self.field.signal:
            return self.codes
        known, count = self.codes != 0, len(self.values)
        old = known if self.said is None else known & (self.said < floor)
        return np.where(old, count, self.codes.astype(np.int64))

    def take(self, who: Ints) -> Column:
        """Return the column of some of the people."""
        return replace(self, codes=self.codes.take(who), said=None if self.said is None else self.said[who])


class Asked:
    """A stand-in for the moment: what a condition about fields may look at, one value after the other."""

    __slots__ = ("card", "stay", "t", "told")

    def __init__(self, t: datetime, told: Mapping[str, Said]) -> None:
        self.t = t
        self.told = told
        self.card = None
        self.stay = None

    def value(self, name: str) -> Known:
        """Return the field's value."""
        return self.told[name].value if name in self.told else None

    def value_in_pass(self, name: str) -> tuple[Known, bool]:
        """Return the field's value and whether it was said before the pass began."""
        said = self.told.get(name)
        return (None, False) if said is None else (said.value, said.stale)


def asked(t: datetime, told: Mapping[str, Said]) -> Moment:
    """Return a moment that knows these values and nothing else."""
    return cast(Moment, Asked(t, told))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the different cells of a column mean: ``places`` in ``values`` (None: as they stand), the first is empty.

    ``all_mean`` tells whether no other cell means an empty one.
    """

    cells: Any
    values: Sequence[Known]
    places: Small | None
    all_mean: bool


def read_column(
    field: Field, column: Any, edges: tuple[Decimal, ...] | None, at: int, before: dict[str, Meaning]
) -> Column:
    """Return one field of a table of people. With ``edges`` numbers between two of them share a code.

    ``before`` is by field what its cells meant in the partition before, mostly the same ones. Raises OddError for a
    cell that cannot be read as a value of the field.
    """
    numbers = whole_numbers(column) if edges is not None and not field.values else None
    if numbers is not None and edges is not None and field.type in ("integer", "decimal", "money"):
        classed = _classed(numbers[0], edges)
        if classed is not None:
            codes, values = classed
            codes += 1
            if numbers[1] is not None:
                codes *= numbers[1].view(np.uint8)
            return Column(field, codes, values, _said(field, codes, at), numbers[1] is None)
    codes, cells = distinct_cells(column)
    meaning = before.get(field.name)
    if meaning is None or not cells.equals(meaning.cells):
        meaning = before[field.name] = _meaning(field, cells, edges)
    if meaning.places is not None:
        codes = looked(meaning.places, codes)
    complete = meaning.all_mean and column.null_count == 0
    return Column(field, codes, meaning.values, _said(field, codes, at), complete)


def _meaning(field: Field, cells: Any, edges: tuple[Decimal, ...] | None) -> Meaning:
    known: dict[tuple[type, Known], int] = {(type(None), None): 0}
    places = np.zeros(len(cells) + 1, narrow(len(cells) + 1))
    for number, cell in enumerate(plain_cells(cells), 1):
        value: Known
        value, reason = convert(field, cell)
        if reason:
            raise OddError
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and edges is not None:
            value = _representatives(edges)[bisect_left(edges, value) + bisect_right(edges, value)]
        places[number] = known.setdefault((type(value), value), len(known))
    as_they_stand = np.array_equal(places, np.arange(places.size))
    values = [value for _, value in known]
    return Meaning(cells, values, None if as_they_stand else places, bool(places[1:].all()))


def _said(field: Field, codes: Small, at: int) -> Ints | None:
    return np.full(codes.size, at, np.int64) if field.signal else None


def _classed(numbers: Whole, edges: tuple[Decimal, ...]) -> tuple[Small, Sequence[Known]] | None:
    """Return a code from 0 for each number, and behind None what codes stand for; None beyond 64 bits.

    That is each number itself where there are few, else how many edges lie below it, plus how many at or below it: no
    rule tells numbers of one code apart.
    """
    low, high = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    if high - low <= 2 * len(edges) <= _MOST_EDGES:
        return (numbers - low if low else numbers).astype(np.uint8), _numbers(low, high)
    places = max((-int(edge.as_tuple().exponent) for edge in edges), default=0)
    factor = 10 ** max(0, places)
    scaled = [int(edge * factor) for edge in edges]
    if max([factor * max(-low, high), *map(abs, scaled)]) >= 2**62:
        return None
    codes = classes(numbers if factor == 1 else numbers.astype(np.int64) * factor, scaled)
    return codes, _classes(edges)


@lru_cache(maxsize=1024)
def _numbers(low: int, high: int) -> tuple[Known, ...]:
    return (None, *(Decimal(one) for one in range(low, high + 1)))


@lru_cache(maxsize=1024)
def _classes(edges: tuple[Decimal, ...]) -> tuple[Known, ...]:
    return (None, *_representatives(edges))


@lru_cache(maxsize=1024)
def _representatives(edges: tuple[Decimal, ...]) -> tuple[Known, ...]:
    """Return a number of each class: below the first edge, the edge itself, between it and the next, and so on."""
    if not edges:
        return (Decimal(0),)
    between = [(one + other) / 2 for one, other in pairwise(edges)]
    open_ends = [edges[0] - 1, *between, edges[-1] + 1]
    return (*(item for pair in zip(open_ends, edges, strict=False) for item in pair), open_ends[-1])


def looked_up(field: Field, by: Column, own: Column | None) -> Column:
    """Return a field that is looked up by another one, except where it has values of its own."""
    assert field.table is not None
    from leadline.common.folding import fold
    from leadline.rules.state import Unreadable

    values: dict[tuple[type, Known], int] = {(type(None), None): 0}
    places = np.zeros(len(by.values), np.int64)
    for number, said in enumerate(by.entries()[: len(by.values)]):
        key = said.value
        found: Known = key if isinstance(key, Unreadable) else None
        if isinstance(key, str):
            found = field.table.rows.get(fold(key))
        places[number] = values.setdefault((type(found), found), len(values))
    codes = looked(places, by.codes)
    if own is not None:
        mine = np.array([values.setdefault((type(value), value), len(values)) for value in own.values], np.int64)
        codes = np.where(own.codes != 0, looked(mine, own.codes), codes)
    return Column(field, codes, [value for _, value in values])
