"""A rule book over files by columns: read once, put aside by partition, evaluated by so many processes, in order."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.batch.columns.fields import OddError
from leadline.batch.columns.partition import evaluate_partition, prepared
from leadline.batch.columns.sources import (
    Piece,
    activity_table,
    odd_values,
    person_ids,
    pieces_of,
    state_table,
    tables_of,
)
from leadline.batch.columns.spilling import (
    ArrowFile,
    Spill,
    batches_of,
    part_path,
    parts_of,
    read_part,
    read_together,
)
from leadline.batch.outcomes import as_written, output_columns
from leadline.batch.tables import Table
from leadline.rules.model import Book

PEOPLE: Final = 1 << 16
"""People of one partition, about: enough that arrays win, few enough that they stay near the processor."""
_ROW: Final = " row"
"""The column with each row's place in the people file; no name of a file's column begins with a space."""
_LARGE: Final = 1 << 22
"""Bytes of a file of so many people or more, as far as a guess goes."""
_PIECES: Final = 5
"""So many pieces each process reads, about, so that none waits long for the last one."""
_WANTED: Final = frozenset({"next_change", "decision_id"})

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True)
class Counts:
    """What was read: activities in all, of people who are not in the people file, and after the instant."""

    people: int = 0
    activities: int = 0
    strangers: int = 0
    later: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    one_by_one: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Task:
    """One partition, evaluated in whatever process."""

    book: Book
    as_of: datetime
    folder: Path
    pieces: int
    """Of how many pieces activities were put aside."""

    def __call__(self, part: int) -> tuple[int, int, dict[str, int], dict[str, int]]:
        """Write the outcomes of a part; return its people, its strangers, people by stage and those one by one."""
        with odd_values():
            return self._evaluate(part)

    def _evaluate(self, part: int) -> tuple[int, int, dict[str, int], dict[str, int]]:
        people = read_part(self.folder, "people", part)
        activities = read_together(self.folder, map(_piece_name, range(self.pieces)), part)
        strangers = 0
        if people is None:
            return 0, _strangers(activities, pyarrow.array([], pyarrow.string())), {}, {}
        if pyarrow.compute.count_distinct(people["person_id"]).as_py() != people.num_rows:
            raise OddError
        if activities is not None:
            strangers = _strangers(activities, people["person_id"].combine_chunks())
        state = state_table(self.book, people, people["person_id"], self.as_of)
        done = evaluate_partition(self.book, state, people, activities, None, self.as_of, _WANTED)
        table = as_written(done.table, output_columns(self.book)).append_column(_ROW, people[_ROW])
        with closing(ArrowFile(part_path(self.folder, "outcomes", part))) as file:
            file.write(table)
        stages = {one["values"]: one["counts"] for one in table["stage"].value_counts().to_pylist()}
        return people.num_rows, strangers, stages, dict(done.one_by_one)


def evaluated_tables(
    book: Book,
    people: Table,
    activities: Table | None,
    as_of: datetime,
    workers: int,
    counts: Counts,
    progress: Callable[[int], None],
) -> Generator[Any, None, None]:
    """Yield the outcomes as Arrow tables in the order of the people file, and fill ``counts``.

    Memory holds a partition for each process and one stretch of the output, however many people there are. Raises
    Odd before the first table for what only reading row by row can tell.
    """
    with tempfile.TemporaryDirectory(prefix="leadline-") as name, _Pool(workers) as pool:
        folder = Path(name)
        if _is_large(people):
            pool.begin(book)
        rows = _put_aside_people(people, folder)
        parts = max(1, -(-rows // PEOPLE))
        _spread_people(folder, parts)
        pieces = [] if activities is None else pieces_of(activities, pool.pieces)
        aside = [_Piece(number, piece, parts) for number, piece in enumerate(pieces)]
        for read, later in pool.map(_PutAside(book, as_of, folder), aside):
            counts.activities += read
            counts.later += later
        for found, strangers, by_stage, by_one in pool.map(Task(book, as_of, folder, len(pieces)), range(parts)):
            counts.people += found
            counts.strangers += strangers
            counts.stages.update(by_stage)
            counts.one_by_one.update(by_one)
            progress(counts.people)
        yield from _in_order(folder, parts)


def _put_aside_people(people: Table, folder: Path) -> int:
    """Write the people file as one stream with the number of each row; return how many rows there are."""
    rows = 0
    with closing(ArrowFile(part_path(folder, "read", 0))) as file:
        for table in tables_of(people):
            place = table.column_names.index("person_id")
            with odd_values():
                named = table.set_column(place, "person_id", person_ids(table["person_id"]))
            numbers = pyarrow.array(np.arange(rows, rows + table.num_rows))
            file.write(named.append_column(_ROW, numbers))
            rows += table.num_rows
    return rows


def _spread_people(folder: Path, parts: int) -> None:
    path = part_path(folder, "read", 0)
    with Spill(folder, "people") as spill:
        for batch in batches_of(path):
            table = pyarrow.Table.from_batches([batch])
            spill.add(table, parts_of(table["person_id"].combine_chunks(), parts))
    path.unlink()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some of the activities, to be put aside into so many parts."""

    number: int
    rows: Piece
    parts: int


@dataclass(frozen=True, slots=True)
class _PutAside:
    """Puts a piece of activities aside in whatever process; returns how many, and how many lie after ``as_of``."""

    book: Book
    as_of: datetime
    folder: Path

    def __call__(self, piece: _Piece) -> tuple[int, int]:
        count, later = 0, 0
        with Spill(self.folder, _piece_name(piece.number)) as spill:
            for table in piece.rows.tables():
                with odd_values():
                    found = activity_table(self.book, table)
                count += found.num_rows
                later += pyarrow.compute.sum(pyarrow.compute.greater(found["at"], self.as_of)).as_py() or 0
                spill.add(found, parts_of(found["person_id"].combine_chunks(), piece.parts))
        return count, later


def _piece_name(number: int) -> str:
    return f"activities-{number}"


def _strangers(activities: Any, ids: Any) -> int:
    if activities is None:
        return 0
    there = pyarrow.compute.is_in(activities["person_id"], value_set=ids)
    return int(pyarrow.compute.count_distinct(activities["person_id"].filter(pyarrow.compute.invert(there))).as_py())


class _Pool:
    """So many processes; with one worker, or one part, this one works itself. Use as a context."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> _Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(self, book: Book) -> None:
        """Start the processes and compile the book in each, while this one still reads."""
        if self._workers > 1:
            for _ in range(self._workers):
                self._started().submit(prepared, book)

    @property
    def pieces(self) -> int:
        """Into how many pieces a file is best taken apart that all processes read."""
        return 1 if self._pool is None else _PIECES * self._workers

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Yield what became of each item, in order."""
        if self._workers <= 1 or (len(items) == 1 and self._pool is None):
            return map(work, items)
        return self._started().map(work, items)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"))
        return self._pool


def _is_large(people: Table) -> bool:
    """Tell whether a file probably makes more than one part, so that more processes have something to do."""
    return sum(path.stat().st_size for path in people.files) > _LARGE


def _in_order(folder: Path, parts: int) -> Iterator[Any]:
    """Yield the outcomes by row: those of each stretch of rows are gathered from all parts first."""
    with Spill(folder, "ordered") as spill:
        stretches = 0
        for part in range(parts):
            table = read_part(folder, "outcomes", part)
            if table is None or not table.num_rows:
                continue
            part_path(folder, "outcomes", part).unlink()
            stretch = table[_ROW].to_numpy() // PEOPLE
            stretches = max(stretches, int(stretch.max()) + 1)
            spill.add(table, stretch)
    for stretch in range(stretches):
        found = read_part(folder, "ordered", stretch)
        yield found.sort_by(_ROW)
