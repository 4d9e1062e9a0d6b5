"""Rows put aside by partition in a folder, so that memory holds one partition at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.ipc


class ArrowFile:
    """A file of tables with the schema of the first one."""

    def __init__(self, path: Path) -> None:
        self._file = pyarrow.OSFile(str(path), "wb")
        self._writer: Any = None

    def write(self, table: Any) -> None:
        """Write a table behind those before."""
        if self._writer is None:
            self._writer = pyarrow.ipc.new_stream(self._file, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """End the file."""
        if self._writer is not None:
            self._writer.close()
        self._file.close()


class Spill:
    """Tables taken apart by row and kept in files, one for each part. Use as a context."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._writers: dict[int, ArrowFile] = {}

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def add(self, table: Any, parts: npt.NDArray[np.int64]) -> None:
        """Put each row into its part."""
        # Numbers of 16 bits are sorted by their digits, in a fraction of the time.
        few = bool(parts.size) and int(parts.max()) < 1 << 16
        order = np.argsort(parts.astype(np.uint16) if few else parts, kind="stable")
        ordered, ends = table.take(order), np.flatnonzero(np.diff(parts[order])) + 1
        for low, high in zip([0, *ends.tolist()], [*ends.tolist(), parts.size], strict=True):
            if high == low:
                continue
            part = int(parts[order[low]])
            writer = self._writers.get(part)
            if writer is None:
                writer = self._writers[part] = ArrowFile(part_path(self._folder, self._name, part))
            writer.write(ordered.slice(low, high - low))


def part_path(folder: Path, name: str, part: int) -> Path:
    """Return the file of one part."""
    return folder / f"{name}-{part}.arrow"


def read_part(folder: Path, name: str, part: int) -> Any:
    """Return the rows of a part in the order in which they came, None where there are none."""
    return read_together(folder, [name], part)


def read_together(folder: Path, names: Iterable[str], part: int) -> Any:
    """Return the rows of a part that several put aside, one after the other; None where there are none."""
    batches = (batch for name in names for batch in batches_of(part_path(folder, name, part)))
    tables = [pyarrow.Table.from_batches([batch]) for batch in batches]
    return pyarrow.concat_tables(tables).combine_chunks() if tables else None


def batches_of(path: Path) -> Iterator[Any]:
    """Yield what a file holds, some rows at a time; nothing where there is no file, or nothing was written."""
    if not path.exists() or not path.stat().st_size:
        return
    with pyarrow.OSFile(str(path), "rb") as file, pyarrow.ipc.open_stream(file) as reader:
        yield from reader


def parts_of(ids: Any, parts: int) -> npt.NDArray[np.int64]:
    """Return the part of each person, by a digest of the id that is the same in every process."""
    coded = ids.dictionary_encode()
    hashed = [zlib.crc32(one.encode()) % parts for one in coded.dictionary.to_pylist()]
    codes: npt.NDArray[np.int64] = coded.indices.to_numpy().astype(np.int64)
    return np.array(hashed, np.int64)[codes]
