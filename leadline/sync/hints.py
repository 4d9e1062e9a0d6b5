"""What CRMs told us to look at: a durable queue of records in a file of its own, each in it once.

It is no part of the state: a cycle may hold the state's one writer for seconds, and a CRM waits for its answer.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from leadline.common.errors import UsageError
from leadline.common.values import RecordRef
from leadline.sync.store.types import from_microseconds, to_microseconds

MOST: Final = 10_000
"""Records in the queue. Beyond it a CRM is asked to tell again later; a cycle finds by its stamp what changed."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS hints (
    crm TEXT NOT NULL, object TEXT NOT NULL, record_id TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (crm, object, record_id)
)
"""
_TAKE_IN: Final = """
INSERT INTO hints (crm, object, record_id, first, last) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET last = max(last, excluded.last)
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many records wait to be looked at, and since when the oldest does (UTC; None for none)."""

    records: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """How many records are new in the queue, and how many found no room."""

    new: int
    left_out: int


class HintQueue:
    """The queue in one SQLite file; safe to use from several threads and processes. Close it when done."""

    def __init__(self, file: Path) -> None:
        """Open or make the file. Raises UsageError where it cannot be written."""
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
            # FULL: what was answered to a CRM is on the disk.
            self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;" + _TABLE)
        except sqlite3.Error as error:
            raise UsageError(f"{file}: the queue cannot be kept there: {error}") from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def take_in(self, refs: Iterable[RecordRef], now: datetime) -> Taken:
        """Queue records told at ``now`` (UTC). Afterwards no crash loses them. A full queue takes no new record."""
        at = to_microseconds(now)
        with self._lock, closing(self._connection.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            before = self._count(cursor)
            unique = sorted(set(refs))
            known = {ref for ref in unique if self._has(cursor, ref)}
            fresh = [ref for ref in unique if ref not in known][: max(MOST - before, 0)]
            cursor.executemany(_TAKE_IN, [(ref.crm, ref.object, ref.id, at, at) for ref in (*known, *fresh)])
            cursor.execute("COMMIT")
        return Taken(len(fresh), len(unique) - len(known) - len(fresh))

    def oldest(self, most: int) -> tuple[RecordRef, ...]:
        """Return at most so many records, those first that wait longest."""
        with self._lock, closing(self._connection.cursor()) as cursor:
            rows = cursor.execute("SELECT crm, object, record_id FROM hints ORDER BY first, 1, 2, 3 LIMIT ?", (most,))
            return tuple(RecordRef(*row) for row in rows)

    def waiting(self) -> Waiting:
        """Return what waits."""
        with self._lock, closing(self._connection.cursor()) as cursor:
            count, oldest = cursor.execute("SELECT count(*), min(first) FROM hints").fetchone()
        return Waiting(count, None if oldest is None else from_microseconds(oldest))

    def done(self, began: datetime) -> int:
        """Take out what was told last before a cycle began that ended well; return how many records that were.

        What was told again since then stays: the cycle may not have seen it.
        """
        with self._lock, closing(self._connection.cursor()) as cursor:
            return cursor.execute("DELETE FROM hints WHERE last < ?", (to_microseconds(began),)).rowcount

    def _count(self, cursor: sqlite3.Cursor) -> int:
        return int(cursor.execute("SELECT count(*) FROM hints").fetchone()[0])

    def _has(self, cursor: sqlite3.Cursor, ref: RecordRef) -> bool:
        key = (ref.crm, ref.object, ref.id)
        found = cursor.execute("SELECT 1 FROM hints WHERE crm = ? AND object = ? AND record_id = ?", key)
        return found.fetchone() is not None
