"""Files of any order put aside by partition: people by their account, what happened to them by where they went.

Memory holds some rows at a time and one partition: the way from a person to their account is itself taken by parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.batch.columns import OddError
from leadline.batch.columns.sources import activity_table, odd_values, tables_of
from leadline.batch.columns.spilling import ArrowFile, Spill, batches_of, part_path, parts_of, read_part
from leadline.batch.partitions.normal import deal_tables, named_people, units_of
from leadline.batch.partitions.parts import ROW, Aside
from leadline.batch.tables import Table
from leadline.rules.model import Book

PEOPLE: Final = 1 << 13
"""People of one partition, about: they are held as the facts of the one-person evaluator."""
MOST_PARTS: Final = 256
"""Files that are written to at a time."""
_PART: Final = " part"


@dataclass(frozen=True, slots=True)
class PutAside:
    """The partitions, and what was read of people who are not in the people file: it is in no partition."""

    parts: Aside
    strangers: int
    activities: int
    later: int


def put_aside(
    book: Book, people: Table, activities: Table | None, deals: Table | None, as_of: datetime, folder: Path
) -> PutAside:
    """Write the rows of the files to ``folder`` by partition. Raises OddError."""
    rows = _read_people(people, folder)
    parts = min(MOST_PARTS, max(1, -(-rows // PEOPLE)))
    _spread_people(book, folder, parts)
    happened: dict[str, Callable[[], Iterator[Any]]] = {}
    if activities is not None:
        happened["activities"] = lambda: _activity_tables(book, activities)
    if deals is not None:
        happened["deals"] = lambda: deal_tables(book, deals, as_of)
    for name, tables in happened.items():
        with Spill(folder, f"all-{name}") as spill:
            for table in tables():
                if table.num_rows:
                    spill.add(table, parts_of(table["person_id"].combine_chunks(), parts))
    strangers, lost, later = _follow(folder, tuple(happened), parts, as_of)
    return PutAside(Aside(folder, parts), strangers, lost, later)


def _activity_tables(book: Book, activities: Table) -> Iterator[Any]:
    for table in tables_of(activities):
        with odd_values():
            yield activity_table(book, table)


def _read_people(people: Table, folder: Path) -> int:
    rows = 0
    with closing(ArrowFile(part_path(folder, "read", 0))) as file:
        for table in tables_of(people):
            numbers = pyarrow.array(np.arange(rows, rows + table.num_rows))
            file.write(named_people(table).append_column(ROW, numbers))
            rows += table.num_rows
    return rows


def _spread_people(book: Book, folder: Path, parts: int) -> None:
    """Put people into their account's partition, and by id where that is."""
    path = part_path(folder, "read", 0)
    with Spill(folder, "people") as spill, Spill(folder, "homes") as homes:
        for batch in batches_of(path):
            table = pyarrow.Table.from_batches([batch])
            units = units_of(book, table)[1]
            units = units.combine_chunks() if isinstance(units, pyarrow.ChunkedArray) else units
            part = parts_of(units, parts)
            spill.add(table, part)
            ids = table["person_id"].combine_chunks()
            homes.add(pyarrow.table({"person_id": ids, _PART: part}), parts_of(ids, parts))
    path.unlink()


def _follow(folder: Path, names: tuple[str, ...], parts: int, as_of: datetime) -> tuple[int, int, int]:
    """Bring what happened to where its people are; return the strangers, their activities, and those to come."""
    strangers = lost = later = 0
    spills = {name: Spill(folder, name) for name in names}
    for number in range(parts):
        home = read_part(folder, "homes", number)
        ids = pyarrow.array([], pyarrow.string()) if home is None else home["person_id"].combine_chunks()
        if pyarrow.compute.count_distinct(ids).as_py() != len(ids):
            raise OddError
        unknown = []
        for name in names:
            table = read_part(folder, f"all-{name}", number)
            if table is None:
                continue
            part_path(folder, f"all-{name}", number).unlink()
            place = pyarrow.compute.index_in(table["person_id"].combine_chunks(), value_set=ids)
            there = place.is_valid()
            apart = table.filter(pyarrow.compute.invert(there))
            unknown.append(apart["person_id"])
            lost += apart.num_rows if name == "activities" else 0
            later += pyarrow.compute.sum(pyarrow.compute.greater(apart["at"], as_of)).as_py() or 0
            if home is not None and apart.num_rows < table.num_rows:
                at = home[_PART].combine_chunks().take(place.drop_null()).to_numpy()
                spills[name].add(table.filter(there), at)
        if unknown:
            chunks = [chunk for column in unknown for chunk in column.chunks]
            strangers += pyarrow.compute.count_distinct(pyarrow.chunked_array(chunks, pyarrow.string())).as_py()
    for spill in spills.values():
        spill.__exit__()
    return strangers, lost, later
