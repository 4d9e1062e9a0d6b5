"""A whole state as one file: for safekeeping, and to move between SQLite and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Table, func, select, text

from leadline.common.errors import LeadlineError, RefusedError, UsageError
from leadline.sync.store import Store, open_store
from leadline.sync.store.schema import leases, metadata

_AT_ONCE: Final = 2_000
"""Rows in memory at a time."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: rows by table, and the size of the file in bytes."""

    rows: Mapping[str, int]
    size: int


def back_up(store: Store, file: Path) -> Copied:
    """Copy the state, as it is at one instant, into a new SQLite file that only this user may read.

    A run at work goes on meanwhile. Raises UsageError where the file is there already or cannot be written.
    """
    if file.exists():
        raise UsageError(f"{file}: there is a file already; name a new one")
    partial = file.with_name(file.name + ".part")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise UsageError(f"{file}: cannot be written there: {error.strerror}") from None
    try:
        with open_store(f"sqlite:///{partial.absolute()}") as copy:
            rows = _copy(store, copy)
            with copy.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        partial.replace(file)
    except (LeadlineError, OSError):
        _clear_away(partial)
        raise
    _clear_away(partial)
    return Copied(rows, file.stat().st_size)


def restore(file: Path, store: Store) -> Copied:
    """Copy a backup into a state that is still empty. Raises UsageError and RefusedError, with nothing copied."""
    if not file.is_file():
        raise UsageError(f"{file}: there is no such file; name what `leadline state backup` wrote")
    with store.read() as connection:
        full = [table.name for table in _tables() if connection.execute(select(table).limit(1)).first() is not None]
    if full:
        raise RefusedError(
            f"the configured state is not empty ({', '.join(full[:3])}); name a new file or database under `state:`"
        )
    with open_store(f"sqlite:///{file.absolute()}") as backup:
        rows = _copy(backup, store)
    return Copied(rows, file.stat().st_size)


def _copy(source: Store, target: Store) -> dict[str, int]:
    counts: dict[str, int] = {}
    with source.read() as reading, target.write() as writing:
        if reading.dialect.name == "postgresql":
            reading.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        for table in _tables():
            counts[table.name] = 0
            found = reading.execution_options(yield_per=_AT_ONCE).execute(select(table)).mappings()
            for rows in found.partitions(_AT_ONCE):
                writing.execute(table.insert(), [dict(row) for row in rows])
                counts[table.name] += len(rows)
            _count_on(writing, table)
    return counts


def _tables() -> list[Table]:
    """Return every table but the leases: who is at work is not part of the state."""
    return [table for table in metadata.sorted_tables if table is not leases]


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after the copied ones; SQLite does so by itself."""
    number = table.autoincrement_column
    if connection.dialect.name != "postgresql" or number is None:
        return
    highest = connection.execute(select(func.max(number))).scalar()
    if highest is not None:
        sequence = text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)")
        connection.execute(sequence, {"table": table.name, "column": number.name, "highest": highest})


def _clear_away(partial: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        partial.with_name(partial.name + ending).unlink(missing_ok=True)
