"""Storing a page of activities: a changed one becomes a new version, the old one stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from leadline.common.values import RecordRef, SourceActivity
from leadline.sync.identity.addresses import plain_address
from leadline.sync.pull.bounds import Bound
from leadline.sync.pull.rows import touch
from leadline.sync.store.batches import chunks, insert
from leadline.sync.store.schema import activities, activity_records


@dataclass(frozen=True, slots=True)
class _Known:
    row: int
    version: int
    content: tuple[Any, ...]


def store_activities(connection: Connection, bound: Bound, kind: str, page: Sequence[SourceActivity]) -> int:
    """Store a page of one kind and return how many rows were news."""
    unique = {activity.id: activity for activity in page}
    known = _known(connection, bound.crm, kind, list(unique))
    last = connection.execute(select(func.max(activities.c.row))).scalar() or 0
    rows: list[dict[str, Any]] = []
    places: list[dict[str, Any]] = []
    refs: set[RecordRef] = set()
    emails: set[str] = set()
    rule = bound.book.identity
    for activity in unique.values():
        old = known.get(activity.id)
        email = plain_address(activity.email, rule) if activity.email else None
        content = _content(activity, email)
        if old is not None and old.content == content:
            continue
        row = last + len(rows) + 1
        rows.append(_row(bound, activity, email, row, old.version + 1 if old else 1))
        places += [{"row": row, "crm": ref.crm, "object": ref.object, "record_id": ref.id} for ref in content[-1]]
        refs.update(content[-1])
        if email:
            emails.add(email)
    insert(connection, activities, rows)
    insert(connection, activity_records, places)
    touch(connection, bound.cycle, refs, emails)
    return len(rows)


def _known(connection: Connection, crm: str, kind: str, ids: Sequence[str]) -> dict[str, _Known]:
    found: dict[str, tuple[int, int, tuple[Any, ...]]] = {}
    for batch in chunks(ids):
        own = (activities.c.crm == crm) & (activities.c.kind == kind) & activities.c.id.in_(batch)
        for row in connection.execute(select(activities).where(own).order_by(activities.c.version)).mappings():
            values = (row["at"], row["precision"], row["email"], row["deleted"], row["attributes"])
            found[row["id"]] = (row["row"], row["version"], values)
    about: dict[int, list[RecordRef]] = {}
    for numbers in chunks([row for row, _, _ in found.values()]):
        for place in connection.execute(
            select(activity_records).where(activity_records.c.row.in_(numbers))
        ).mappings():
            about.setdefault(place["row"], []).append(RecordRef(place["crm"], place["object"], place["record_id"]))
    return {
        key: _Known(row, version, (*values, tuple(sorted(about.get(row, ())))))
        for key, (row, version, values) in found.items()
    }


def _content(activity: SourceActivity, email: str | None) -> tuple[Any, ...]:
    facts = (activity.at, activity.precision, email, activity.deleted, dict(activity.attributes))
    return (*facts, tuple(sorted(set(activity.about))))


def _row(bound: Bound, activity: SourceActivity, email: str | None, row: int, version: int) -> dict[str, Any]:
    return {
        "row": row,
        "crm": activity.crm,
        "kind": activity.kind,
        "id": activity.id,
        "version": version,
        "email": email,
        "at": activity.at,
        "precision": activity.precision,
        "stamp": activity.stamp,
        "seen": bound.upper,
        "cycle": bound.cycle,
        "attributes": dict(activity.attributes),
        "deleted": activity.deleted,
    }
