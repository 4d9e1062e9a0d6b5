"""The cells of an Arrow column: each different one as the value that files of rows give for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow
from pyarrow import types

from leadline.batch.columns.arrays import Codes, Ints
from leadline.batch.tables import plain_cells
from leadline.common.values import Raw


def distinct_cells(column: Any) -> tuple[Codes, list[Raw]]:
    """Return a code a row and what each code stands for; the first is an empty cell (None)."""
    column = _whole(column)
    if types.is_dictionary(column.type):
        found = column
    elif types.is_nested(column.type) or types.is_null(column.type):
        raw = plain_cells(column)
        known = {value: number for number, value in enumerate(dict.fromkeys(raw)) if value is not None}
        values: list[Raw] = [None, *known]
        places = {value: number for number, value in enumerate(values)}
        return np.array([places[value] for value in raw], np.int32), values
    else:
        found = column.dictionary_encode()
    codes = found.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32) + 1
    return codes, [None, *plain_cells(found.dictionary)]


def whole_numbers(column: Any) -> tuple[Ints, Any] | None:
    """Return a column of integers and which of its rows are known; None for a column of another kind."""
    column = _whole(column)
    if not types.is_integer(column.type) or types.is_uint64(column.type):
        return None
    return column.fill_null(0).cast(pyarrow.int64()).to_numpy(zero_copy_only=False), known_rows(column)


def known_rows(column: Any) -> Any:
    """Return which rows of a column are not empty."""
    return _whole(column).is_valid().to_numpy(zero_copy_only=False)


def instants(column: Any) -> Ints:
    """Return a column of instants as microseconds; instants without a zone are UTC. Others raise ArrowInvalid."""
    column = _whole(column)
    if types.is_date(column.type):
        column = column.cast(pyarrow.timestamp("us"))
    micro = column.cast(pyarrow.timestamp("us", getattr(column.type, "tz", None)), safe=False)
    found: Ints = micro.cast(pyarrow.int64()).to_numpy(zero_copy_only=False)
    return found


def texts(column: Any) -> list[str]:
    """Return the cells as texts; an empty one is an empty text."""
    return ["" if value is None else str(value) for value in _whole(column).to_pylist()]


def _whole(column: Any) -> Any:
    """Return one array for a column of chunks."""
    return column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
