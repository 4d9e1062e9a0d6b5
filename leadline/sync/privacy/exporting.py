"""Everything that the state holds of one person, as JSON: what a person may ask for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from leadline.common.canonical import instant_text
from leadline.rules.state import Unreadable
from leadline.sync.privacy.traces import traces_of
from leadline.sync.store import Store
from leadline.sync.store.batches import chunks
from leadline.sync.store.schema import activities


def export(store: Store, person: str) -> dict[str, Any]:
    """Return {table: rows} as JSON types, activities that others took part in included; instants are UTC texts."""
    found: dict[str, Any] = {}
    with store.read() as connection:
        traces = traces_of(connection, person)
        where = [*traces.rows(), *((activities, activities.c.row.in_(batch)) for batch in chunks(traces.shared))]
        for table, condition in where:
            rows = connection.execute(select(table).where(condition)).mappings()
            found.setdefault(table.name, []).extend(
                {name: _plain(value) for name, value in row.items()} for row in rows
            )
    return {"person": person, "ids": list(traces.ids), **{name: rows for name, rows in found.items() if rows}}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Unreadable):
        return "(not readable)"
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tzinfo"):
        return instant_text(value)
    return str(value)
