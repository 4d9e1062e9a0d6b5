"""Many people out of few: the rows of a SQLite state copied under new ids, so that none need be evaluated."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

_KEPT: Final = frozenset({"meta", "cycles", "books", "leases", "plans", "cursors", "users", "alembic_version"})
"""Tables that are about the state and not about people."""

_NUMBERS: Final = frozenset({"id", "row", "number", "seq"})
"""Columns that number the rows of a table, where they are integers."""

_IDS: Final = re.compile(r"([zZ])(\d{7})[zZ]|p-(\d{6,})\b|\bd-([0-9a-f]{8,})")
"""``Z0000017Z`` in ids and addresses of records, ``p-000017`` for a person, ``d-...`` for a decision."""


def copy_state(template: Path, place: Path, times: int, people: int) -> Path:
    """Write a state to ``place`` that has the ``people`` people of ``template`` so many times, and return ``place``.

    The template's first person is number 1 or 0 in every id, and no numbers are left out.
    """
    shutil.copy(template, place)
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-500000"):
            connection.execute(f"PRAGMA {setting}")
        made = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        indices = connection.execute(made).fetchall() if times > 1 else []
        for name, _ in indices:
            connection.execute(f'DROP INDEX "{name}"')
        connection.execute("BEGIN")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table not in _KEPT and not table.startswith("sqlite_"):
                _multiply(connection, table, times, people)
        connection.execute("COMMIT")
        for _, statement in indices:
            connection.execute(statement)
    return place


def _multiply(connection: sqlite3.Connection, table: str, times: int, people: int) -> None:
    rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
    if not rows:
        return
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    numbers = [at for at, one in enumerate(columns) if one[1] in _NUMBERS and isinstance(rows[0][at], int)]
    spans = {at: people if table == "persons" else max(row[at] for row in rows) + 1 for at in numbers}
    values = ", ".join("?" * len(columns))
    for copy in range(1, times):
        made = (_shifted(row, copy, people, spans) for row in rows)
        while batch := list(islice(made, 20_000)):
            connection.executemany(f'INSERT INTO "{table}" VALUES ({values})', batch)


def _shifted(row: tuple[Any, ...], copy: int, people: int, spans: Mapping[int, int]) -> tuple[Any, ...]:
    def other(found: re.Match[str]) -> str:
        letter, token, person, decision = found.groups()
        if token is not None:
            return f"{letter}{int(token) + copy * people:07d}{letter}"
        if person is not None:
            return f"p-{int(person) + copy * people:06d}"
        return f"d-{copy:04x}{decision}"

    return tuple(
        _IDS.sub(other, value) if isinstance(value, str) else value + copy * spans[at] if at in spans else value
        for at, value in enumerate(row)
    )
