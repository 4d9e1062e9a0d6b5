"""Many people out of few: the rows of a SQLite state copied under new ids, so that none need be evaluated."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

TEMPLATE: Final = 10_000
"""People of a state that is copied."""

_KEPT: Final = frozenset({"meta", "cycles", "books", "leases", "plans", "cursors", "users", "alembic_version"})
"""Tables that are about the state and not about people."""

_NUMBERS: Final = frozenset({"id", "row", "number", "seq"})
"""Columns that number the rows of a table, where they are integers."""

_DECISIONS: Final = frozenset({("decisions", "id"), ("journal", "decision_id")})


def mark(number: int) -> str:
    """Return what ids and addresses of the n-th person's records hold: a copy is told by one piece of text."""
    copy, place = divmod(number, TEMPLATE)
    return f"Z{copy:04d}{place:05d}Z"


def copy_state(template: Path, place: Path, times: int) -> Path:
    """Write a state to ``place`` that has the people of ``template`` so many times (1 to 100), and return ``place``.

    The n-th person of the k-th copy has the records of ``mark(k * TEMPLATE + n)`` and the id of that number plus 1.
    """
    shutil.copy(template, place)
    if times == 1:
        return place
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000"):
            connection.execute(f"PRAGMA {setting}")
        made = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        indices = connection.execute(made).fetchall()
        for name, _ in indices:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute("BEGIN")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table not in _KEPT and not table.startswith("sqlite_"):
                _multiply(connection, table, times)
        connection.execute("COMMIT")
        for _, statement in indices:
            connection.execute(statement)
    return place


def _multiply(connection: sqlite3.Connection, table: str, times: int) -> None:
    """Insert the copies of one table; all of it is SQLite's own work, as a million people are many rows."""
    last = connection.execute(f'SELECT max(rowid) FROM "{table}"').fetchone()[0]
    if last is None:
        return
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    values = ", ".join(_copied(connection, table, column[1]) for column in columns)
    statement = f'INSERT INTO "{table}" SELECT {values} FROM "{table}" WHERE rowid <= {last}'
    for copy in range(1, times):
        given = {
            "copy": copy,
            "upper": f"Z{copy:04d}",
            "lower": f"z{copy:04d}",
            "people": f"p-{copy:02d}",
            "final": f"p-{(copy + 1) * TEMPLATE:06d}",
        }
        connection.execute(statement, given)


def _copied(connection: sqlite3.Connection, table: str, column: str) -> str:
    """Return the expression of a column in the copy ``:copy``; the template's last person has other digits."""
    kind, greatest = connection.execute(f'SELECT typeof("{column}"), max("{column}") FROM "{table}"').fetchone()
    if (table, column) in _DECISIONS:
        return f"\"{column}\" || 'x' || :copy"
    if kind == "integer" and column in _NUMBERS:
        return f'"{column}" + :copy * {TEMPLATE if table == "persons" else greatest + 1}'
    made = f'"{column}"'
    if kind != "text":
        return made
    for old, new in (
        ("Z0000", ":upper"),
        ("z0000", ":lower"),
        (f"p-{TEMPLATE:06d}", "'@last'"),
        ("p-00", ":people"),
        ("@last", ":final"),
    ):
        made = f"replace({made}, '{old}', {new})"
    return made
