"""A private database of one process, for what does not fit into memory.

SQLite keeps it in memory while it is small and else in a file of its own, which nobody else can open and which is
gone with the process (in ``SQLITE_TMPDIR`` or ``TMPDIR``).
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from leadline.common.errors import OutsideError

AT_ONCE: Final = 1_000
"""Rows that are read or written at a time."""

SETTINGS: Final = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768; BEGIN;"
"""Nothing is ever taken back; 32 MiB stay in memory."""


class Scratch:
    """An empty database with these tables. Every method raises OutsideError where its file cannot grow."""

    def __init__(self, tables: str) -> None:
        self._database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        weakref.finalize(self, self._database.close)
        self._database.executescript(SETTINGS + tables)

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        """Execute one statement."""
        with _told():
            self._database.execute(statement, values)

    def add(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute one statement for each row."""
        with _told():
            self._database.executemany(statement, rows)

    def rows(self, query: str, values: Sequence[object] = ()) -> Iterator[Any]:
        """Yield what a query finds; few rows are in memory at a time."""
        with _told():
            cursor = self._database.execute(query, values)
            some = cursor.fetchmany(AT_ONCE)
        while some:
            yield from some
            with _told():
                some = cursor.fetchmany(AT_ONCE)

    def one(self, query: str, values: Sequence[object] = ()) -> Any:
        """Return the first row that a query finds."""
        return next(self.rows(query, values))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OutsideError(
            f"the plan does not fit into the directory for temporary files ({error}): "
            "make room there, or name another one in TMPDIR, and run again"
        ) from None
