"""Files of people and activities as Arrow tables, some rows at a time, with the meaning of reading row by row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow
import pyarrow.compute
from pyarrow import csv, parquet

from leadline.batch.columns.arrays import micros
from leadline.batch.columns.fields import OddError
from leadline.batch.tables import CSV_CELL_CHARACTERS, Row, Table, parquet_tables, plain_cells, without_views
from leadline.common.instants import read_instant
from leadline.common.spreadsheets import as_it_was
from leadline.common.values import Raw
from leadline.rules.model import Book

ROWS: Final = 1 << 18
"""Rows of a file in memory at a time."""
LINE: Final = " line"
"""The column with each row's line, as ``Row`` counts them; no name of a file's column begins with a space."""
_BLOCK: Final = 1 << 24
_UTC: Final = pyarrow.timestamp("us", "UTC")
_FIRST, _LAST = micros(datetime(1, 1, 2, tzinfo=UTC)), micros(datetime(9999, 12, 30, tzinfo=UTC))
_PLAIN_INSTANT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"


def tables_of(table: Table) -> Iterator[Any]:
    """Yield a file's rows as Arrow tables. Raises OddError for what Arrow reads otherwise than rows are read."""
    with odd_values():
        if table.is_parquet:
            for path in table.files:
                yield from _rows_of(path)
        elif _is_plain(table.path):
            yield from _plain_csv(table)
        else:
            yield from _quoted_csv(table)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a file's rows that can be read alone: groups of rows of Parquet files; None for all of it."""

    table: Table
    groups: tuple[tuple[Path, int], ...] | None = None

    def tables(self) -> Iterator[Any]:
        """Yield its rows as ``tables_of`` does."""
        if self.groups is None:
            yield from tables_of(self.table)
            return
        with odd_values():
            for path, groups in groupby(self.groups, lambda group: group[0]):
                yield from _rows_of(path, [number for _, number in groups])


def pieces_of(table: Table, most: int) -> list[Piece]:
    """Return a file as at most so many pieces, in order. Raises OddError for what Arrow cannot read."""
    if most <= 1 or not table.is_parquet:
        return [Piece(table)]
    with odd_values():
        groups = [(path, n) for path in table.files for n in range(parquet.read_metadata(path).num_row_groups)]
    each = max(1, -(-len(groups) // most))
    return [Piece(table, tuple(groups[low : low + each])) for low in range(0, len(groups), each)]


def numbered_tables(table: Table) -> Iterator[Any]:
    """Yield a file's rows as Arrow tables with each row's ``LINE``. Raises UsageError as reading row by row does."""
    done = 0
    if table.is_parquet:
        for found in parquet_tables(table, ROWS):
            yield _numbered(found, done + 1)
            done += found.num_rows
        return
    if _is_plain(table.path) and not _has_empty_lines(table.path):
        try:
            with odd_values():
                for found in _plain_csv(table):
                    yield _numbered(found, done + 2)
                    done += found.num_rows
        except OddError:
            pass  # the rows from here on are read one by one, which tells what is wrong
        else:
            return
    rows = islice(iter(table), done, None)
    while chosen := list(islice(rows, ROWS)):
        cells = _texts_of(table, chosen)
        yield cells.append_column(LINE, pyarrow.array([row.line for row in chosen], pyarrow.int64()))


@contextmanager
def odd_values() -> Iterator[None]:
    """Turn what Arrow says of values that it cannot read or hold into OddError."""
    try:
        yield
    except (OSError, ValueError, OverflowError, KeyError, pyarrow.ArrowException) as error:
        raise OddError from error


def person_ids(column: Any) -> Any:
    """Return ids as texts without spaces around them. Raises OddError for an empty one."""
    column = column.combine_chunks()
    if pyarrow.types.is_integer(column.type) and not column.null_count:
        return column.cast(pyarrow.string())
    # What is written in visible ASCII alone has nothing to strip.
    if _all_match(column, "^[!-~]+$"):
        return column
    cells = plain_cells(column)
    found = [text if type(text) is str else str(text) for text in ("" if cell is None else cell for cell in cells)]
    stripped = [text.strip() for text in found]
    if not all(stripped):
        raise OddError
    return pyarrow.array(stripped, pyarrow.string())


def activity_table(book: Book, table: Any) -> Any:
    """Return rows of activities with typed instants. Raises OddError for an unknown name or an odd instant."""
    return dated_table(book.activities, "activity", table)


def dated_table(names: Collection[str], column: str, table: Any) -> Any:
    """Return rows that name one of ``names`` in ``column``, with typed instants. Raises OddError for any other."""
    coded = table[column].combine_chunks().dictionary_encode()
    known = ["" if cell is None else str(cell).strip() for cell in plain_cells(coded.dictionary)]
    if coded.indices.null_count or not set(known) <= set(names):
        raise OddError
    named = pyarrow.DictionaryArray.from_arrays(coded.indices, pyarrow.array(known, pyarrow.string()))
    at, days = instants(table["at"].combine_chunks())
    if "precision" in table.column_names:
        told = pyarrow.compute.equal(table["precision"].combine_chunks(), "day").fill_null(False)
        days |= told.to_numpy(zero_copy_only=False)
    columns = {"person_id": person_ids(table["person_id"]), column: named.cast(pyarrow.string()), "at": at}
    precision = pyarrow.array(["instant", "day"]).take(pyarrow.array(days.astype(np.int64)))
    return pyarrow.table({**columns, "precision": precision})


def instants(column: Any) -> tuple[Any, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return instants (UTC), and of which only the day is known. Raises OddError for an empty or odd one."""
    found = None
    if _all_match(column, _PLAIN_INSTANT):
        found = column.cast(_UTC)
    elif pyarrow.types.is_timestamp(column.type) and not column.null_count:
        found = column.cast(pyarrow.timestamp("us", column.type.tz), safe=False).cast(_UTC)
    if found is not None and len(found):
        # Arrow knows a year 0, too.
        edges = pyarrow.compute.min_max(found.cast(pyarrow.int64())).as_py()
        if edges["min"] >= _FIRST and edges["max"] <= _LAST:
            return found, np.zeros(len(column), np.bool_)
    coded = column.dictionary_encode()
    if coded.indices.null_count:
        raise OddError
    values, days = [], []
    for cell in plain_cells(coded.dictionary):
        try:
            at, precision = read_instant(str(cell or "").strip())
        except ValueError as error:
            raise OddError from error
        values.append(at)
        days.append(precision == "day")
    return pyarrow.array(values, _UTC).take(coded.indices), np.array(days, np.bool_)[coded.indices.to_numpy()]


def state_table(book: Book, table: Any, ids: Any, as_of: datetime) -> Any:
    """Return where people begin, None where the file does not say. Raises OddError for what cannot be so."""
    if not {"stage", "stage_since", "pass"} & set(table.column_names):
        return None
    stages, since, passes = (_texts(table, name) for name in ("stage", "stage_since", "pass"))
    if not set(stages) <= {"", *book.stages}:
        raise OddError
    read = {text: _instant(text) if text else None for text in set(since)}
    if any(at is not None and at > as_of for at in read.values()):
        raise OddError
    numbers = {text: _pass_number(text) for text in set(passes)}
    return pyarrow.table(
        {
            "person_id": ids,
            "stage": pyarrow.array([stage or None for stage in stages], pyarrow.string()),
            "stage_since": pyarrow.array([read[text] for text in since], _UTC),
            "pass": pyarrow.array([numbers[text] for text in passes], pyarrow.int64()),
        }
    )


def _rows_of(path: Path, groups: list[int] | None = None) -> Iterator[Any]:
    with parquet.ParquetFile(path) as file:
        schema = without_views(file.schema_arrow)
        for batch in file.iter_batches(batch_size=ROWS, row_groups=groups):
            found = pyarrow.Table.from_batches([batch])
            yield found if found.schema.equals(schema) else found.cast(schema)


def _texts(table: Any, name: str) -> list[str]:
    if name not in table.column_names:
        return [""] * int(table.num_rows)
    return [str(cell or "").strip() for cell in plain_cells(table[name].combine_chunks())]


def _pass_number(text: str) -> int:
    number = text.removesuffix(".0") or "1"
    if not (number.isascii() and number.isdigit() and int(number) >= 1):
        raise OddError
    return int(number)


def _instant(text: str) -> datetime:
    try:
        return read_instant(text)[0]
    except ValueError as error:
        raise OddError from error


def _all_match(column: Any, pattern: str) -> bool:
    """Tell whether a column is of texts alone that all match a pattern."""
    if not pyarrow.types.is_string(column.type) or column.null_count:
        return False
    matched = pyarrow.compute.match_substring_regex(column, pattern)
    return bool(pyarrow.compute.all(matched, min_count=0).as_py())


def _is_plain(path: Path) -> bool:
    """Tell whether a CSV file has no quotes, so that every comma parts two cells and every line is a row."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if b'"' in block or b"\r" in block or b"\0" in block:
                return False
    return True


def _plain_csv(table: Table) -> Iterator[Any]:
    names = list(table.columns)
    with csv.open_csv(
        table.path,
        csv.ReadOptions(column_names=names, skip_rows=1, block_size=_BLOCK),
        csv.ParseOptions(quote_char=False, double_quote=False, newlines_in_values=False),
        csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string()), null_values=[]),
    ) as reader:
        for batch in reader:
            if any(_longest(column) > CSV_CELL_CHARACTERS for column in batch.columns):
                raise OddError
            yield pyarrow.table({name: _as_it_was(batch[name]) for name in names})


def _as_it_was(column: Any) -> Any:
    if not pyarrow.compute.any(pyarrow.compute.starts_with(column, "'"), min_count=0).as_py():
        return column
    return pyarrow.array([as_it_was(cell) for cell in column.to_pylist()], pyarrow.string())


def _longest(column: Any) -> int:
    return int(pyarrow.compute.max(pyarrow.compute.binary_length(column)).as_py() or 0)


def _quoted_csv(table: Table) -> Iterator[Any]:
    rows = iter(table)
    while chosen := list(islice(rows, ROWS)):
        yield _texts_of(table, chosen)


def _texts_of(table: Table, rows: Sequence[Row]) -> Any:
    cells: dict[str, list[Raw]] = {name: [row.cells[name] for row in rows] for name in table.columns}
    return pyarrow.table({name: pyarrow.array(column, pyarrow.string()) for name, column in cells.items()})


def _numbered(table: Any, first: int) -> Any:
    return table.append_column(LINE, pyarrow.array(np.arange(first, first + table.num_rows)))


def _has_empty_lines(path: Path) -> bool:
    """Tell whether some lines are no rows, so that rows cannot be counted as lines."""
    last = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            if b"\n\n" in last + block:
                return True
            last = block[-1:]
    return False
