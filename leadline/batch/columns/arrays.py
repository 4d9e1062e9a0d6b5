"""Arrays that columns are made of: instants as whole microseconds, truth as small integers, people as positions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Truths = npt.NDArray[np.uint8]
"""``NO``, ``OPEN`` or ``YES`` a person, so that all-of is the least and any-of the greatest."""
Bools = npt.NDArray[np.bool_]
Instants = Ints | int
"""Microseconds since 1970 (UTC): one for all people, or one each."""

NO: Final = 0
OPEN: Final = 1
YES: Final = 2

NEVER: Final = 2**62
"""An instant that does not come."""
LONG_AGO: Final = -(2**62)

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
