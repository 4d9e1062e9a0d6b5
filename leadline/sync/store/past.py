"""Past values of fields as the CRMs' own histories tell them: beside the observations, which are what pulls saw.

Only what looks back reads them (replay and backtests as it happened): the live fold knows what it learnt, when it
learnt it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Table, Text, func, select

from leadline.common.values import Raw, RecordRef, SourceRecord
from leadline.sync.store.base import Number, metadata
from leadline.sync.store.batches import by_object, upsert
from leadline.sync.store.types import Instant, Json

past_values = Table(
    "past_values",
    metadata,
    Column("crm", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("record_id", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("value", Json, nullable=False),  # in a list of one, so that a cleared field is not SQL's NULL
    Column("author", Text, nullable=False),
    Column("by_user", Boolean, nullable=False),
    Column("seen", Instant, nullable=False),
    Column("cycle", Number, nullable=False),
)


@dataclass(frozen=True, slots=True)
class PastValue:
    """What a field became at an instant, and when we learnt it."""

    field: str
    value: Raw
    at: datetime
    seen: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far back the past of one field is known, and in how many changes."""

    crm: str
    object: str
    field: str
    since: datetime
    changes: int


def save_past(connection: Connection, page: Sequence[SourceRecord], seen: datetime, cycle: int) -> int:
    """Keep the histories that came with a page and return how many changes they tell."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in page:
        for change in record.history:
            ref = record.ref
            rows[ref, change.field, change.at] = {
                "crm": ref.crm,
                "object": ref.object,
                "record_id": ref.id,
                "field": change.field,
                "at": change.at,
                "value": [change.value],
                "author": change.author,
                "by_user": change.by_user,
                "seen": seen,
                "cycle": cycle,
            }
    upsert(connection, past_values, list(rows.values()))
    return len(rows)


def past_of(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, list[PastValue]]:
    """Return what is known of these records' past, oldest first; those without are absent."""
    found: dict[RecordRef, list[PastValue]] = {}
    table = past_values.c
    for crm, name, ids in by_object(refs):
        own = (table.crm == crm) & (table.object == name) & table.record_id.in_(ids)
        for row in connection.execute(select(past_values).where(own).order_by(table.at, table.field)).mappings():
            ref = RecordRef(row["crm"], row["object"], row["record_id"])
            past = PastValue(row["field"], row["value"][0], row["at"], row["seen"])
            found.setdefault(ref, []).append(past)
    return found


def coverage(connection: Connection) -> list[Coverage]:
    """Return how far back each field's past is known, in order of CRM, object and field."""
    table = past_values.c
    place = (table.crm, table.object, table.field)
    query = select(*place, func.min(table.at), func.count()).group_by(*place).order_by(*place)
    return [Coverage(*row) for row in connection.execute(query)]
