"""Files of an export, row after row: Parquet, or CSV that a spreadsheet shows and does not run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow
from pyarrow import parquet

from leadline.common.canonical import decimal_text, instant_text
from leadline.common.spreadsheets import CsvRows
from leadline.history.warehouse.tables import Shape

ROWS: Final = 1 << 14
"""Rows of a file in memory at a time."""
_LARGEST: Final = Decimal(10) ** 28


class Files:
    """The files of one table: rows go to the file of their place, such as ``bucket=0003``. Use as a context.

    ``count`` is how many rows were written; ``too_large`` how many numbers no column holds, which are left empty.
    """

    def __init__(self, folder: Path, shape: Shape, *, personal: bool, csv: bool) -> None:
        self.count = 0
        self.too_large = 0
        self._folder = folder / shape.name
        self._schema = shape.schema(personal=personal)
        self._csv = csv
        self._open: dict[str, _File] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, place: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows to a place. Places that were closed must not come again."""
        for row in rows:
            cells = [self._cell(field.type, row.get(field.name)) for field in self._schema]
            self._file(place).add(cells)
            self.count += 1

    def open(self, place: str) -> None:
        """Begin the file of a place, which may stay without rows."""
        self._file(place)

    def close_all(self) -> None:
        """End the open files: nothing more comes for their places."""
        self._stack.close()
        self._open.clear()

    def _file(self, place: str) -> _File:
        if place not in self._open:
            folder = self._folder / place
            folder.mkdir(parents=True)
            opened: _File = _Csv(folder, self._schema) if self._csv else _Parquet(folder, self._schema)
            self._stack.callback(opened.close)
            self._open[place] = opened
        return self._open[place]

    def _cell(self, kind: Any, value: Any) -> Any:
        if pyarrow.types.is_integer(kind) and isinstance(value, int) and not -(2**63) <= value < 2**63:
            self.too_large += 1
            return None
        if pyarrow.types.is_decimal(kind) and value is not None:
            number = Decimal(value)
            if abs(number) >= _LARGEST:
                self.too_large += 1
                return None
            with localcontext(prec=60):
                return number.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_EVEN)
        return list(value) if isinstance(value, tuple) else value


class _File(Protocol):
    """One file of rows."""

    def add(self, cells: list[Any]) -> None:
        """Write a row."""

    def close(self) -> None:
        """End the file."""


class _Parquet:
    def __init__(self, folder: Path, schema: Any) -> None:
        self._schema = schema
        self._writer = parquet.ParquetWriter(folder / "rows.parquet", schema, compression="zstd")
        self._rows: list[list[Any]] = []

    def add(self, cells: list[Any]) -> None:
        self._rows.append(cells)
        if len(self._rows) == ROWS:
            self._flush()

    def close(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True)
        arrays = [pyarrow.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pyarrow.table(arrays, schema=self._schema))
        self._rows.clear()


class _Csv:
    def __init__(self, folder: Path, schema: Any) -> None:
        self._file = (folder / "rows.csv").open("w", encoding="utf-8", newline="")
        self._rows = CsvRows(self._file, schema.names)

    def add(self, cells: list[Any]) -> None:
        self._rows.write([_text(cell) for cell in cells])

    def close(self) -> None:
        self._file.close()


def _text(cell: Any) -> Any:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, Decimal):
        return decimal_text(cell)
    if isinstance(cell, datetime):
        return instant_text(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return ";".join(cell) if isinstance(cell, list) else cell
