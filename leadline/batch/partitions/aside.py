"""Files of any order put aside by partition: people by their account, what happened to them by where they went.

Memory holds some rows at a time and one partition: the way from a person to their account is itself taken by parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.batch.columns import OddError
from leadline.batch.columns.sources import Piece, activity_table, odd_values, pieces_of, tables_of
from leadline.batch.columns.spilling import ArrowFile, Spill, batches_of, part_path, parts_of, read_part
from leadline.batch.partitions.normal import deal_tables, named_people, units_of
from leadline.batch.partitions.parts import ROW, Aside, piece_name
from leadline.batch.tables import Table
from leadline.rules.model import Book

PEOPLE: Final = 1 << 16
"""People of one partition, about: enough that arrays win, few enough that they stay near the processor."""
IN_ACCOUNTS: Final = 1 << 13
"""The same under a book that asks for facts of accounts: everybody's facts are held."""
MOST_PARTS: Final = 256
"""Files that are written to at a time."""
_PART: Final = " part"

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PutAside:
    """The partitions, and what was read of people of whom is known already that they are in none of them."""

    parts: Aside
    strangers: int = 0
    activities: int = 0
    later: int = 0


class Readers(Protocol):
    """Who reads files: this process, or several, each of them pieces of one."""

    @property
    def pieces(self) -> int:
        """Into how many pieces a file is best taken apart."""

    def map(self, work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Yield what became of each item, in order."""


def put_aside(
    book: Book,
    people: Table,
    activities: Table | None,
    deals: Table | None,
    as_of: datetime,
    folder: Path,
    readers: Readers,
) -> PutAside:
    """Write the rows of the files to ``folder`` by partition. Raises OddError."""
    named = (named_people(table) for table in tables_of(people))
    if not book.accounts:
        parts = _spread_by_person(named, folder)
        if deals is not None:
            _spread(deal_tables(book, deals, as_of), folder, "deals", parts)
        pieces = [] if activities is None else pieces_of(activities, readers.pieces)
        for _ in readers.map(_Activities(book, folder, parts), list(enumerate(pieces))):
            pass
        return PutAside(Aside(folder, parts, len(pieces)))
    happened: dict[str, Callable[[], Iterator[Any]]] = {}
    if activities is not None:
        happened["activities"] = lambda: _activity_tables(book, tables_of(activities))
    if deals is not None:
        happened["deals"] = lambda: deal_tables(book, deals, as_of)
    lost = later = 0

    def follow(name: str, _: Any, apart: Any) -> None:
        nonlocal lost, later
        lost += apart.num_rows if name == "activities" else 0
        later += pyarrow.compute.sum(pyarrow.compute.greater(apart["at"], as_of)).as_py() or 0

    found, strangers = spread_out(
        named, lambda table: units_of(book, table)[1], happened, folder, IN_ACCOUNTS, follow
    )
    return PutAside(Aside(folder, len(found)), strangers, lost, later)


def _spread_by_person(people: Iterator[Any], folder: Path) -> int:
    """Put everybody where their id says; return how many partitions there are."""
    parts = _parts_for(_read_people(people, folder), PEOPLE)
    _spread(_people_read(folder), folder, "people", parts)
    return parts


@dataclass(frozen=True, slots=True)
class _Activities:
    """Puts a piece of the activities where their people's ids say, those of strangers too, in whatever process."""

    book: Book
    folder: Path
    parts: int

    def __call__(self, numbered: tuple[int, Piece]) -> None:
        number, piece = numbered
        _spread(_activity_tables(self.book, piece.tables()), self.folder, piece_name(number), self.parts)


def spread_out(
    people: Iterator[Any],
    units: Callable[[Any], Any],
    happened: Mapping[str, Callable[[], Iterator[Any]]],
    folder: Path,
    size: int,
    follow: Callable[[str, Any, Any], None],
) -> tuple[tuple[int, ...], int]:
    """Write tables to ``folder`` by partitions of about ``size`` people; return how many each has, and the strangers.

    ``units`` says for each row of ``people`` with whom it must stay together. The tables of ``happened`` go by their
    ``person_id`` to where that person is; ``follow`` is called with a name, rows that found their people, and rows of
    strangers. The files are named ``people``, as those of ``happened``, and ``homes`` (see ``home_of``).
    Raises OddError for a person who stands twice.
    """
    parts = _parts_for(_read_people(people, folder), size)
    found = _spread_people(units, folder, parts)
    for name, tables in happened.items():
        _spread(tables(), folder, f"all-{name}", parts)
    return found, _follow(folder, tuple(happened), parts, follow)


def home_of(folder: Path, parts: int, person: str) -> int | None:
    """Return the partition of a person in a folder of ``spread_out``, None for a stranger."""
    asked = pyarrow.array([person], pyarrow.string())
    home = read_part(folder, "homes", int(parts_of(asked, parts)[0]))
    place = -1 if home is None else pyarrow.compute.index(home["person_id"], asked[0]).as_py()
    return None if place < 0 else int(home[_PART][place].as_py())


def _activity_tables(book: Book, tables: Iterator[Any]) -> Iterator[Any]:
    for table in tables:
        with odd_values():
            yield activity_table(book, table)


def _read_people(people: Iterator[Any], folder: Path) -> int:
    rows, schema = 0, None
    with closing(ArrowFile(part_path(folder, "read", 0))) as file:
        for table in people:
            if schema is not None and table.schema != schema:
                raise OddError  # a type in common could give other texts: 7 and 7.0
            schema = table.schema
            file.write(table.append_column(ROW, pyarrow.array(np.arange(rows, rows + table.num_rows))))
            rows += table.num_rows
    return rows


def _parts_for(rows: int, size: int) -> int:
    return min(MOST_PARTS, max(1, -(-rows // size)))


def _people_read(folder: Path) -> Iterator[Any]:
    """Yield what was written of the people file; then it is gone."""
    path = part_path(folder, "read", 0)
    yield from (pyarrow.Table.from_batches([batch]) for batch in batches_of(path))
    path.unlink()


def _spread(tables: Iterator[Any], folder: Path, name: str, parts: int) -> None:
    with Spill(folder, name) as spill:
        for table in tables:
            if table.num_rows:
                spill.add(table, parts_of(table["person_id"].combine_chunks(), parts))


def _spread_people(units: Callable[[Any], Any], folder: Path, parts: int) -> tuple[int, ...]:
    """Put people into their account's partition, and by id where that is; return how many are in each."""
    found = np.zeros(parts, np.int64)
    with Spill(folder, "people") as spill, Spill(folder, "homes") as homes:
        for table in _people_read(folder):
            together = units(table)
            together = together.combine_chunks() if isinstance(together, pyarrow.ChunkedArray) else together
            part = parts_of(together, parts)
            spill.add(table, part)
            found += np.bincount(part, minlength=parts)
            ids = table["person_id"].combine_chunks()
            homes.add(pyarrow.table({"person_id": ids, _PART: part}), parts_of(ids, parts))
    return tuple(found.tolist())


def _follow(folder: Path, names: tuple[str, ...], parts: int, follow: Callable[[str, Any, Any], None]) -> int:
    """Bring what happened to where its people are; return the strangers."""
    strangers = 0
    with ExitStack() as opened:
        spills = {name: opened.enter_context(Spill(folder, name)) for name in names}
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
                found, apart = table.filter(there), table.filter(pyarrow.compute.invert(there))
                unknown += apart["person_id"].chunks
                follow(name, found, apart)
                if found.num_rows:
                    at = home[_PART].combine_chunks().take(place.drop_null()).to_numpy()
                    spills[name].add(found, at)
            strangers += pyarrow.compute.count_distinct(pyarrow.chunked_array(unknown, pyarrow.string())).as_py()
    return strangers
