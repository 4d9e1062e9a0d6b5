"""Where the rows of a partition are: put aside in a folder, or in place in directories of Parquet by bucket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow

from leadline.batch.columns.sources import activity_table, odd_values, tables_of
from leadline.batch.columns.spilling import read_part, read_together
from leadline.batch.partitions.normal import deal_tables, named_people
from leadline.batch.tables import Table
from leadline.common.errors import OutsideError
from leadline.rules.model import Book

ROW: Final = " row"
"""The column with each row's place in the people file; no name of a file's column begins with a space."""
_BUCKET: Final = re.compile(r"bucket=(\w+)")


class Parts(Protocol):
    """Partitions of whole accounts, numbered from 0. It can be pickled."""

    @property
    def count(self) -> int:
        """How many partitions there are."""

    def people(self, part: int) -> Any:
        """Return a partition's people as an Arrow table, None without any."""

    def activities(self, book: Book, part: int) -> Any:
        """Return their activities, and those of strangers; None without any."""

    def deals(self, book: Book, part: int, as_of: datetime) -> Any:
        """Return the facts about their deals; None without any."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Rows that were put aside in a folder, each partition's in files of its own; activities by pieces, if any."""

    folder: Path
    count: int
    pieces: int = 0

    def people(self, part: int) -> Any:
        """See ``Parts``; each row has its place in the file (``ROW``)."""
        _require_seen(self.folder)
        return read_part(self.folder, "people", part)

    def activities(self, book: Book, part: int) -> Any:  # noqa: ARG002
        """See ``Parts``."""
        names = map(piece_name, range(self.pieces)) if self.pieces else ["activities"]
        return read_together(self.folder, names, part)

    def deals(self, book: Book, part: int, as_of: datetime) -> Any:  # noqa: ARG002
        """See ``Parts``."""
        return read_part(self.folder, "deals", part)


def piece_name(number: int) -> str:
    """Return under which name a piece of the activities is put aside."""
    return f"activities-{number}"


@dataclass(frozen=True, slots=True)
class InPlace:
    """Directories of Parquet whose rows lie in ``bucket=<name>/``, all of one account in buckets of one name."""

    people_in: Path
    activities_in: Path | None
    deals_in: Path | None
    buckets: tuple[str, ...]

    @property
    def count(self) -> int:
        """See ``Parts``."""
        return len(self.buckets)

    def people(self, part: int) -> Any:
        """See ``Parts``."""
        table = self._bucket(self.people_in, part)
        if table is None:
            return None
        return _whole(named_people(one) for one in tables_of(table))

    def activities(self, book: Book, part: int) -> Any:
        """See ``Parts``."""
        table = self._bucket(self.activities_in, part)
        if table is None:
            return None
        with odd_values():
            return _whole(activity_table(book, one) for one in tables_of(table))

    def deals(self, book: Book, part: int, as_of: datetime) -> Any:
        """See ``Parts``."""
        table = self._bucket(self.deals_in, part)
        return None if table is None else _whole(deal_tables(book, table, as_of))

    def _bucket(self, folder: Path | None, part: int) -> Table | None:
        if folder is None:
            return None
        _require_seen(folder)
        bucket = folder / f"bucket={self.buckets[part]}"
        return Table(bucket) if bucket.is_dir() else None


def in_place(people: Table, activities: Table | None, deals: Table | None) -> InPlace | None:
    """Return the partitions of tables that are directories by bucket already; None where one of them is not."""
    names: set[str] = set()
    for table in (people, activities, deals):
        if table is None:
            continue
        if not table.path.is_dir():
            return None
        found = [_BUCKET.fullmatch(file.relative_to(table.path).parts[0]) for file in table.files]
        if None in found:
            return None
        names |= {match[1] for match in found if match is not None}
    # Processes on other machines do not stand in the directory that relative paths begin in.
    happened, told = (None if table is None else table.path.resolve() for table in (activities, deals))
    return InPlace(people.path.resolve(), happened, told, tuple(sorted(names)))


def _require_seen(folder: Path) -> None:
    """Refuse to take a directory that another machine has for one without rows."""
    if not folder.is_dir():
        raise OutsideError(f"{folder} is not seen by every machine; share it, and name it by the same path")


def _whole(tables: Iterator[Any]) -> Any:
    found = list(tables)
    return pyarrow.concat_tables(found).combine_chunks() if found else None
