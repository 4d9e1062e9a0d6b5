"""Rows of CSV and Parquet files, read as they stream past, each with the place it came from."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from leadline.common.canonical import decimal_text, instant_text
from leadline.common.errors import UsageError
from leadline.common.files import whole_file
from leadline.common.spreadsheets import as_it_was, write_csv
from leadline.common.values import Raw

PARQUET_BATCH_ROWS = 65_536
CSV_CELL_CHARACTERS = 1_000_000
_OTHER_KINDS = frozenset(
    {".xlsx", ".xls", ".ods", ".json", ".jsonl", ".gz", ".zip", ".zst", ".arrow", ".feather", ".avro"}
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``line`` counts from 1 in the file (for Parquet, the row's number; in a directory, over its files)."""

    line: int
    cells: Mapping[str, Raw]


class Table:
    """A file of rows: ``columns`` at once, rows as a stream. Raises UsageError for what cannot be read.

    A directory is one table of all Parquet files in it and below, in order of their names (``files``); names such as
    ``bucket=0003`` only say where a row lies and are no columns.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = _files_of(path) if path.is_dir() else (path,)
        self.is_parquet = _is_parquet(self.files[0])
        _require_kind(self.files[0])
        self.columns = _parquet_columns(self.files[0]) if self.is_parquet else _csv_columns(path)
        for other in self.files[1:]:
            if _parquet_columns(other) != self.columns:
                raise UsageError(f"{other}: not the columns of {self.files[0]}; the files of {path} must be alike")
        repeated = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if repeated:
            raise UsageError(f"{path}:1: the column {repeated[0]} stands twice; keep one of them")

    def require(self, *columns: str) -> None:
        """Raise UsageError when a column that must be there is not."""
        missing = [name for name in columns if name not in self.columns]
        if missing:
            there = ", ".join(self.columns[:12]) or "no columns"
            mark = next((mark for mark in ";\t|" if len(self.columns) == 1 and mark in there), None)
            hint = f"; separate the cells by commas, not by {mark!r}" if mark else ""
            raise UsageError(f"{self.path}:1: the column {', '.join(missing)} is missing (there: {there}){hint}")

    def __iter__(self) -> Iterator[Row]:
        return _parquet_rows(self.files) if self.is_parquet else _csv_rows(self.path, self.columns)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str | int | Decimal | None]]) -> int:
    """Write rows as CSV or, by the suffix ``.parquet``, Parquet; return how many.

    The file appears whole or not at all. Parquet columns are texts except ``pass`` (int64): decimals keep their
    exact text, because a score is not a float.
    """
    _require_kind(path)
    writer = _write_parquet if _is_parquet(path) else _write_csv
    with whole_file(path) as partial:
        return writer(partial, columns, rows)


def write_tables(path: Path, columns: Sequence[str], tables: Iterable[Any]) -> int:
    """Write Arrow tables of texts and whole numbers as ``write_table`` writes rows; return how many rows."""
    _require_kind(path)
    with whole_file(path) as partial:
        if _is_parquet(path):
            return _write_batches(partial, columns, tables)
        with partial.open("w", encoding="utf-8", newline="") as file:
            cells = (zip(*(table[name].to_pylist() for name in columns), strict=True) for table in tables)
            return write_csv(file, columns, (list(row) for rows in cells for row in rows))


def parquet_tables(table: Table, rows: int) -> Iterator[Any]:
    """Yield a Parquet table's rows as Arrow tables of one schema, at most ``rows`` in each.

    Raises UsageError for what ``plain_cells`` cannot read and where the files of a directory have no types in common.
    """
    import pyarrow

    schema = None
    for path, batch in _parquet_batches(table.files, rows):
        _require_readable(path, batch)
        if schema is None:
            schema = _common_schema(table)
        try:
            yield pyarrow.Table.from_batches([batch]).cast(schema)
        except pyarrow.ArrowException as error:
            raise UsageError(f"{path}: other types than {table.files[0]}; write the files alike") from error


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in {".parquet", ".pq"}


def _files_of(folder: Path) -> tuple[Path, ...]:
    found = sorted(
        path
        for path in folder.rglob("*")
        if _is_parquet(path) and not any(part[0] in "._" for part in path.relative_to(folder).parts)
    )
    if not found:
        raise UsageError(f"{folder}: there is no Parquet file in this directory; name a CSV or Parquet file")
    return tuple(found)


def _require_kind(path: Path) -> None:
    """Refuse what is surely neither CSV nor Parquet, rather than read or write it as if it were CSV."""
    if path.suffix.lower() in _OTHER_KINDS:
        raise UsageError(f"{path}: {path.suffix} is neither CSV nor Parquet; save it as .csv or .parquet")


def _csv_columns(path: Path) -> tuple[str, ...]:
    for cells in _csv_lines(path):
        return tuple(name.strip() for name in cells[1])
    raise UsageError(f"{path}: the file is empty; its first line must name the columns")


def _csv_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    lines = _csv_lines(path)
    next(lines)
    for line, cells in lines:
        if not cells:
            continue
        if len(cells) != len(columns):
            raise UsageError(f"{path}:{line}: {len(cells)} cells where the first line names {len(columns)} columns")
        yield Row(line, dict(zip(columns, map(as_it_was, cells), strict=True)))


def _csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(CSV_CELL_CHARACTERS)
    reader = None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for cells in reader:
                yield reader.line_num, cells
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a CSV or Parquet file") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}:{_undecodable(path)}: not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        line = reader.line_num if reader else 1
        raise UsageError(f"{path}:{line}: not readable as CSV: {error}") from error


def _undecodable(path: Path) -> int:
    """Return the first line that is not UTF-8, from 1; the reader itself is some lines ahead of its rows."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _parquet_columns(path: Path) -> tuple[str, ...]:
    with _parquet_file(path) as file:
        return tuple(file.schema_arrow.names)


def _common_schema(table: Table) -> Any:
    import pyarrow

    schemas = []
    for path in table.files:
        with _parquet_file(path) as file:
            schemas.append(without_views(file.schema_arrow.remove_metadata()))
    try:
        return pyarrow.unify_schemas(schemas, promote_options="permissive")
    except pyarrow.ArrowException as error:
        raise UsageError(f"{table.path}: its files have other types in one column; write them alike") from error


def _parquet_rows(files: Sequence[Path]) -> Iterator[Row]:
    number = 0
    for path, batch in _parquet_batches(files, PARQUET_BATCH_ROWS):
        names = batch.schema.names
        columns = [_parquet_values(path, name, column) for name, column in zip(names, batch.columns, strict=True)]
        for cells in zip(*columns, strict=True):
            number += 1
            yield Row(number, dict(zip(names, cells, strict=True)))


def _parquet_batches(files: Sequence[Path], rows: int) -> Iterator[tuple[Path, Any]]:
    for path in files:
        with _parquet_file(path) as file:
            for batch in file.iter_batches(batch_size=rows):
                yield path, batch


def _require_readable(path: Path, batch: Any) -> None:
    """Refuse cells that ``plain_cells`` cannot read, without reading those that it surely can."""
    import pyarrow
    import pyarrow.compute
    from pyarrow import types

    try:
        batch.validate(full=True)
    except pyarrow.ArrowException:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            _parquet_values(path, name, column)
    surely = (types.is_string, types.is_integer, types.is_floating, types.is_boolean)
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        kind = column.type.value_type if types.is_dictionary(column.type) else column.type
        if types.is_timestamp(column.type) or types.is_date(column.type):
            edges = pyarrow.compute.min_max(column)
            _parquet_values(path, name, pyarrow.array([edges["min"], edges["max"]], column.type))
        elif not any(plain(kind) for plain in surely):
            _parquet_values(path, name, column)


def _parquet_values(path: Path, name: str, column: Any) -> list[Raw]:
    import pyarrow

    try:
        return plain_cells(column)
    except (pyarrow.ArrowException, ValueError, OverflowError, KeyError) as error:
        raise UsageError(
            f"{path}: the column {name} ({column.type}) holds what is no text, number or date of the years 1 to 9999"
        ) from error


def without_views(schema: Any) -> Any:
    """Return an Arrow schema with plain types for views of texts and bytes, which Arrow itself can hardly take."""
    import pyarrow

    plain = {pyarrow.string_view(): pyarrow.string(), pyarrow.binary_view(): pyarrow.binary()}
    return pyarrow.schema([column.with_type(plain.get(column.type, column.type)) for column in schema])


def plain_cells(column: Any) -> list[Raw]:
    """Return an Arrow column's cells. Nanoseconds, which Python has not, are cut to microseconds; bytes are UTF-8."""
    import pyarrow
    from pyarrow import types

    kind = column.type
    if types.is_timestamp(kind):
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    elif types.is_time64(kind):
        column = column.cast(pyarrow.time64("us"), safe=False)
    elif types.is_duration(kind):
        column = column.cast(pyarrow.duration("us"), safe=False)
    elif any(
        of(kind) for of in (types.is_binary, types.is_large_binary, types.is_fixed_size_binary, types.is_binary_view)
    ):
        column = column.cast(pyarrow.string())
    return [_raw(value) for value in column.to_pylist()]


@contextmanager
def _parquet_file(path: Path) -> Iterator[Any]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or 'cannot be read'}; name a CSV or Parquet file") from error
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not readable as Parquet") from error


def _raw(value: Any) -> Raw:
    if isinstance(value, float):
        return None if math.isnan(value) else Decimal(repr(value))
    if isinstance(value, datetime):
        return instant_text(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ";".join(str(item) for item in value)
    if value is None or isinstance(value, bool | int | Decimal | str):
        return value
    return str(value)


def stripped(cell: object) -> str:
    """Return a cell as a text without spaces around it; an empty one is an empty text."""
    return "" if cell is None else str(cell).strip()


def cell_text(value: str | int | Decimal | None) -> str | int | None:
    """Return a cell of a result as it is written: decimals with their exact text."""
    return decimal_text(value) if isinstance(value, Decimal) else value


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str | int | Decimal | None]]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        return write_csv(file, columns, ([cell_text(row.get(name)) for name in columns] for row in rows))


def _write_parquet(
    path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str | int | Decimal | None]]
) -> int:
    import pyarrow
    from pyarrow import parquet

    schema = _written_schema(columns)
    written, waiting = 0, []
    with parquet.ParquetWriter(path, schema) as writer:
        for row in rows:
            waiting.append({name: cell_text(row.get(name)) for name in columns})
            written += 1
            if len(waiting) == PARQUET_BATCH_ROWS:
                writer.write_batch(pyarrow.RecordBatch.from_pylist(waiting, schema=schema))
                waiting.clear()
        if waiting:
            writer.write_batch(pyarrow.RecordBatch.from_pylist(waiting, schema=schema))
    return written


def _write_batches(path: Path, columns: Sequence[str], tables: Iterable[Any]) -> int:
    """Write tables in groups of as many rows as ``_write_parquet`` does, however many each has."""
    import pyarrow
    from pyarrow import parquet

    schema = _written_schema(columns)
    waiting, written = schema.empty_table(), 0
    with parquet.ParquetWriter(path, schema) as writer:
        for table in tables:
            waiting = pyarrow.concat_tables([waiting, table.select(list(columns)).cast(schema)])
            while waiting.num_rows >= PARQUET_BATCH_ROWS:
                writer.write_table(waiting.slice(0, PARQUET_BATCH_ROWS))
                waiting = waiting.slice(PARQUET_BATCH_ROWS)
            written += table.num_rows
        if waiting.num_rows:
            writer.write_table(waiting)
    return written


def _written_schema(columns: Sequence[str]) -> Any:
    import pyarrow

    types = [pyarrow.int64() if name == "pass" else pyarrow.string() for name in columns]
    return pyarrow.schema(list(zip(columns, types, strict=True)))
