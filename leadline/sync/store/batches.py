"""Reading and writing many rows at once within both databases' limits on bound values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from leadline.common import chunking
from leadline.common.values import RecordRef

T = TypeVar("T")

CHUNK: Final = 5_000
"""Values in one IN list; SQLite allows 32,766 bound values in a statement, PostgreSQL's protocol 65,535."""

PEOPLE_AT_ONCE: Final = 1_000
"""People, or accounts, whose rows and facts are in memory at a time."""


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[tuple[T, ...]]:
    """Split into parts of at most ``size``, order kept; by default each fits into one IN list."""
    return chunking.chunks(items, size)


def by_object(refs: Iterable[RecordRef]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Group references as (crm, object, ids), sorted, each group within the limit of one IN list."""
    groups: dict[tuple[str, str], set[str]] = {}
    for ref in refs:
        groups.setdefault((ref.crm, ref.object), set()).add(ref.id)
    for (crm, name), ids in sorted(groups.items()):
        for batch in chunks(sorted(ids)):
            yield crm, name, batch


def insert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert all rows with one executemany; nothing happens for none."""
    if rows:
        connection.execute(table.insert(), list(rows))


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], keep: Iterable[str] = ()) -> None:
    """Insert rows, or replace every non-key column that the rows name (but ``keep``) where the key exists."""
    if not rows:
        return
    statement = _dialect_insert(connection, table)
    keys = [column.name for column in table.primary_key.columns]
    replaced = [name for name in rows[0] if name not in keys and name not in set(keep)]
    if replaced:
        statement = statement.on_conflict_do_update(
            index_elements=keys, set_={name: statement.excluded[name] for name in replaced}
        )
    else:
        statement = statement.on_conflict_do_nothing()
    connection.execute(statement, list(rows))


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows whose key is not there yet; the others are left as they are."""
    if rows:
        connection.execute(_dialect_insert(connection, table).on_conflict_do_nothing(), list(rows))


def _dialect_insert(connection: Connection, table: Table) -> Any:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
