"""Arrays that columns are made of: instants as whole microseconds, truth as small integers, people as positions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import prod
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Whole = npt.NDArray[np.signedinteger[Any]]
"""Whole numbers of 32 bits where all of them fit, else of 64."""
Codes = npt.NDArray[np.int32]
Small = npt.NDArray[np.integer[Any]]
"""Codes from 0, in as few bits as hold them."""
Truths = npt.NDArray[np.uint8]
"""``NO``, ``OPEN`` or ``YES`` a person, so that all-of is the least and any-of the greatest."""
Bools = npt.NDArray[np.bool_]
Instants = Ints | int
"""Microseconds since 1970 (UTC): one for all people, or one each."""

Item = TypeVar("Item", bound=np.generic)

NO: Final = 0
OPEN: Final = 1
YES: Final = 2

NEVER: Final = 2**62
"""An instant that does not come."""
LONG_AGO: Final = -(2**62)

_TABLED: Final = (1 << 16) - 1
"""So many different rows are looked up in a table."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return an aware instant as whole microseconds."""
    return (at - _EPOCH) // _MICRO


def span(length: timedelta) -> int:
    """Return a duration as whole microseconds."""
    return length // _MICRO


def instant(at: int) -> datetime:
    """Return the UTC instant of whole microseconds."""
    return _EPOCH + timedelta(microseconds=int(at))


def truth_of(answer: bool | None) -> int:
    """Return one answer as columns hold it."""
    return OPEN if answer is None else YES if answer else NO


def taken(values: Instants, who: Ints) -> Instants:
    """Return the instants of some of the people."""
    return values[who] if isinstance(values, np.ndarray) else values


def each(values: Instants, count: int) -> Ints:
    """Return an instant for each of ``count`` people."""
    return values if isinstance(values, np.ndarray) else np.full(count, values, np.int64)


def looked(table: npt.NDArray[Item], codes: Small) -> npt.NDArray[Item]:
    """Return what stands in a table at each code."""
    return table.take(codes.astype(np.intp, copy=False))


def narrow(size: int) -> type[np.uint8] | type[np.int64]:
    """Return the type for codes of so many different values."""
    return np.uint8 if size <= 256 else np.int64


def tight(size: int) -> np.dtype[np.integer[Any]]:
    """Return the narrowest type whose numbers reach ``size``, which is at most 65,535."""
    return np.dtype(np.uint8) if size < 256 else np.dtype(np.uint16)


def classes(values: Whole, edges: Sequence[int]) -> Small:
    """Return how many edges lie below each value, plus how many at or below it."""
    if len(edges) > 120:
        ordered = np.sort(np.array(edges, np.int64))
        return np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    found = np.zeros(values.size, np.uint8)
    for edge in edges:
        np.add(found, (values >= edge).view(np.uint8), out=found)
        np.add(found, (values > edge).view(np.uint8), out=found)
    return found


def distinct(codes: Ints) -> tuple[Ints, Ints]:
    """Return the different values, and for each element the position of its value among them.

    Small non-negative ranges are counted instead of sorted.
    """
    if codes.size == 0:
        return codes, codes
    top = int(codes.max())
    if int(codes.min()) >= 0 and top < 4 * codes.size + 1024:
        there = np.zeros(top + 1, np.bool_)
        there[codes] = True
        values = np.flatnonzero(there)
        places = np.zeros(top + 1, np.int64)
        places[values] = np.arange(values.size)
        return values, places[codes]
    values, inverse = np.unique(codes, return_inverse=True)
    return values, inverse.reshape(-1)


def rows_where(mask: npt.NDArray[np.bool_], who: Ints | None = None) -> Ints:
    """Return the positions that a mask names, or what ``who`` has there."""
    found = np.flatnonzero(mask)
    return found if who is None else who.take(found)


def packed(columns: list[tuple[npt.NDArray[Any], int]], count: int) -> Ints:
    """Return one integer a person for several small ones, each with how many values it can have.

    Equal integers are equal columns, and no others; what they are depends on the other people at hand.
    """
    code = np.zeros(count, np.int64)
    size = 1
    for column, values in columns:
        if size * values >= 2**62:
            found, code = distinct(code)
            size = found.size
        code = code * values + column
        size *= values
    return code


def grouped(columns: list[tuple[npt.NDArray[Any], int]], count: int) -> tuple[list[tuple[int, ...]], Small]:
    """Return the different rows of several columns, and for each person the position of their row among them.

    Each column comes with how many values it can have.
    """
    size = prod(values for _, values in columns)
    if size > _TABLED:
        codes, places = distinct(packed(columns, count))
        sample = np.zeros(codes.size, np.int64)
        sample[places] = np.arange(count)
        return [tuple(int(column[row]) for column, _ in columns) for row in sample.tolist()], places
    kind = tight(size)
    code: Small = np.zeros(count, kind)
    for column, values in columns:
        if values > 1:
            code *= values
            code += column.astype(kind, copy=False)
    cells = code.astype(np.intp)
    there = np.zeros(size, np.bool_)
    there[cells] = True
    known = np.flatnonzero(there)
    table: Small = np.zeros(size, np.uint16)
    table[known] = np.arange(known.size)
    rows = []
    for whole in known.tolist():
        row, rest = [], whole
        for _, values in reversed(columns):
            rest, value = divmod(rest, values)
            row.append(value)
        rows.append(tuple(reversed(row)))
    return rows, table.take(cells)
