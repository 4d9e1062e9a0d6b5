"""The cells of an Arrow column: each different one as the value that files of rows give for it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow
from pyarrow import types

from leadline.batch.columns.arrays import Bools, Codes, Ints, Small, Whole, narrow
from leadline.batch.tables import plain_cells

_FLAGS: Final = (False, True)


def distinct_cells(column: Any) -> tuple[Small, Any]:
    """Return a code a row, 0 for an empty cell, and as Arrow what the codes from 1 on stand for."""
    column = whole(column)
    if types.is_boolean(column.type):
        codes = _flags(column)
        if codes is not None:
            return codes, pyarrow.array(_FLAGS)
    if types.is_dictionary(column.type):
        found = column
    elif types.is_nested(column.type) or types.is_null(column.type):
        found = pyarrow.array(plain_cells(column), pyarrow.string()).dictionary_encode()
    else:
        found = column.dictionary_encode()
    codes = _numbers(found.indices).astype(narrow(len(found.dictionary) + 1))
    codes += 1
    if found.indices.null_count:
        codes *= known_rows(found.indices).view(np.uint8)
    return codes, found.dictionary


def coded(column: Any) -> tuple[Codes, list[str | None]]:
    """Return a code a row and the different texts that codes stand for."""
    column = whole(column)
    found = column if types.is_dictionary(column.type) else column.dictionary_encode()
    names = found.dictionary.to_pylist()
    if len(set(names)) < len(names):
        found = found.dictionary_decode().dictionary_encode()
        names = found.dictionary.to_pylist()
    codes = found.indices
    if codes.null_count:
        codes, names = codes.fill_null(len(names)), [*names, None]
    return _numbers(codes).astype(np.int32, copy=False), names


def whole_numbers(column: Any) -> tuple[Whole, Bools | None] | None:
    """Return a column of integers and which of its rows are known (None: all); None for a column of another kind.

    What stands in rows that are not known means nothing.
    """
    column = whole(column)
    if not types.is_signed_integer(column.type):
        if not types.is_integer(column.type) or types.is_uint64(column.type):
            return None
        column = column.cast(pyarrow.int64())
    return _numbers(column), known_rows(column) if column.null_count else None


def known_rows(column: Any) -> Bools:
    """Return which rows of an array are not empty."""
    bits = column.buffers()[0]
    return np.ones(len(column), np.bool_) if bits is None else _bits(bits, column)


def instants(column: Any) -> Ints:
    """Return a column of instants as microseconds; instants without a zone are UTC. Others raise ArrowInvalid."""
    column = whole(column)
    if types.is_date(column.type):
        column = column.cast(pyarrow.timestamp("us"))
    wanted = pyarrow.timestamp("us", getattr(column.type, "tz", None))
    micro = column if column.type == wanted else column.cast(wanted, safe=False)
    return _numbers(micro.view(pyarrow.int64())).astype(np.int64, copy=False)


def texts(column: Any) -> list[str]:
    """Return the cells as texts; an empty one is an empty text."""
    return ["" if value is None else str(value) for value in whole(column).to_pylist()]


def whole(column: Any) -> Any:
    """Return one array for a column of chunks."""
    if not isinstance(column, pyarrow.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _numbers(column: Any) -> Whole:
    """Return an array of integers as it lies in memory: what stands in empty rows means nothing."""
    raw: Whole = np.frombuffer(column.buffers()[1] or b"", column.type.to_pandas_dtype())
    return raw[column.offset : column.offset + len(column)]


def _flags(column: Any) -> Small | None:
    """Return 0 for empty, 1 for false and 2 for true; None where not both of these are there."""
    empty, true = column.null_count, column.true_count
    if not true or true + empty == len(column):
        return None
    _, buffer = column.buffers()
    codes = _bits(buffer, column).view(np.uint8)
    codes += 1
    if empty:
        codes *= known_rows(column).view(np.uint8)
    return codes


def _bits(buffer: Any, column: Any) -> Bools:
    first, skipped = divmod(column.offset, 8)
    length = -(-(skipped + len(column)) // 8)
    packed = np.frombuffer(buffer, np.uint8, length, first)
    return np.unpackbits(packed, bitorder="little")[skipped : skipped + len(column)].view(np.bool_)
