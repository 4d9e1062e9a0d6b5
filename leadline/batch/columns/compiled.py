"""Loops that numba compiles where the extra ``fast`` is installed; without it nobody calls them.

Each is plain Python, so that it can be read and tested as it stands. What numba made of it is kept beside this file,
or where numba keeps it if that cannot be written, so that one run in a machine's life waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leadline.batch.columns.arrays import Ints, Whole

_WORTH: Final = 1 << 27
"""After so many rows a process has spent on them about what loading numba and its code costs: a second."""
_counted = [0]
Loop = Callable[..., None]


def compiled(loop: Loop, rows: int, fast: bool | None) -> Loop | None:
    """Return a loop as machine code, None where it stays with arrays.

    ``fast`` asks for it at once, False never, None once this process has had so many rows that it will be worth it.
    """
    if fast is None:
        _counted[0] += rows
        fast = _counted[0] >= _WORTH
    return _compiled(loop) if fast else None


@cache
def _compiled(loop: Loop) -> Loop | None:
    if find_spec("numba") is None:
        return None
    import numba

    made: Loop = numba.njit(cache=True, nogil=True)(loop)
    return made


def count_rows(  # noqa: PLR0913, PLR0917
    kind: Whole,
    whose: Whole,
    at: Ints,
    edges: Ints,
    place: Ints,
    first: int,
    people: int,
    counts: npt.NDArray[np.int32],
) -> None:
    """Count each row at ``place[kind, b] + person``, where ``at`` lies behind ``b`` of the edges of its kind.

    Places are unsigned, as machine code looks first whether a signed one counts from the end.
    """
    edge_of, place_of = edges.ravel(), place.ravel()
    width, places = np.uint32(edges.shape[1]), np.uint32(edges.shape[1] + 1)
    for row in range(kind.size):
        person = whose[row] - first
        if person < 0 or person >= people:
            continue
        what, when = np.uint32(kind[row]), at[row]
        behind = np.uint32(0)
        for edge in range(width):
            behind += np.uint32(when > edge_of[what * width + np.uint32(edge)])
        counts[np.uint64(place_of[what * places + behind]) + np.uint64(person)] += np.int32(1)


__all__: list[Any] = ["compiled", "count_rows"]
