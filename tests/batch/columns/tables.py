"""Generated histories as the Arrow tables that a partition is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow

from leadline.common.canonical import decimal_text
from leadline.rules.state import Fact, Unreadable

AT = pyarrow.timestamp("us", "UTC")
ACTIVITIES = pyarrow.schema(
    [("person_id", pyarrow.string()), ("activity", pyarrow.string()), ("at", AT), ("record", pyarrow.string()),
     ("source", pyarrow.string()), ("seen", AT), ("withdrawn", pyarrow.bool_()), ("precision", pyarrow.string())]
)  # fmt: skip
CHANGES = pyarrow.schema(
    [("person_id", pyarrow.string()), ("kind", pyarrow.string()), ("field", pyarrow.string()),
     ("value", pyarrow.string()), ("unreadable", pyarrow.bool_()), ("at", AT), ("record", pyarrow.string()),
     ("source", pyarrow.string()), ("seen", AT), ("rank", pyarrow.int64()), ("precision", pyarrow.string())]
)  # fmt: skip


def tables_of(histories: Sequence[Sequence[Fact]]) -> tuple[Any, Any, Any]:
    """Return people ``p0``, ``p1`` ... with no cells, their activities, and all other facts as changes."""
    activities, changes = [], []
    for number, history in enumerate(histories):
        for fact in history:
            row: dict[str, Any] = {"person_id": f"p{number}", "at": fact.at, "record": fact.record}
            row |= {"source": fact.source, "seen": fact.seen, "precision": fact.precision}
            if fact.kind == "activity":
                activities.append({**row, "activity": fact.name, "withdrawn": fact.value is False})
            else:
                unreadable = isinstance(fact.value, Unreadable)
                changes.append(
                    {**row, "kind": fact.kind, "field": fact.name, "rank": fact.rank, "unreadable": unreadable,
                     "value": None if unreadable else _text(fact.value)}
                )  # fmt: skip
    people = pyarrow.table({"person_id": pyarrow.array([f"p{n}" for n in range(len(histories))], pyarrow.string())})
    return (
        people,
        pyarrow.Table.from_pylist(activities, schema=ACTIVITIES),
        pyarrow.Table.from_pylist(changes, schema=CHANGES),
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, tuple):
        return ";".join(value)
    return value.isoformat() if isinstance(value, date) else str(value)
