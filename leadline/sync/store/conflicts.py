"""The ledger of conflicts: what somebody made of values that we had written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select

from leadline.common.values import Raw, RecordRef
from leadline.sync.store.batches import by_object, insert
from leadline.sync.store.schema import conflicts


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody changed ``ours``, written at ``written_at``, to ``theirs`` at ``at``.

    ``author`` is as the CRM names them ("" where it does not), ``by_user`` whether it calls them a user. ``mirrors``
    says that the other CRM showed the same value for this person. ``id`` is 0 before it is stored.
    """

    ref: RecordRef
    field: str
    ours: Raw
    theirs: Raw
    written_at: datetime
    at: datetime
    seen: datetime
    cycle: int
    author: str
    by_user: bool
    mirrors: bool
    id: int = 0


def remember_conflicts(connection: Connection, found: Sequence[Conflict]) -> None:
    """Append what a pull found."""
    insert(
        connection,
        conflicts,
        [
            {
                "crm": one.ref.crm,
                "object": one.ref.object,
                "record_id": one.ref.id,
                "field": one.field,
                "ours": [one.ours],
                "theirs": [one.theirs],
                "written_at": one.written_at,
                "at": one.at,
                "seen": one.seen,
                "cycle": one.cycle,
                "author": one.author,
                "by_user": one.by_user,
                "mirrors": one.mirrors,
            }
            for one in found
        ],
    )


def latest_conflicts(connection: Connection, refs: Iterable[RecordRef]) -> dict[tuple[RecordRef, str], Conflict]:
    """Return the newest conflict of each field of these records."""
    found: dict[tuple[RecordRef, str], Conflict] = {}
    for crm, name, ids in by_object(refs):
        own = (conflicts.c.crm == crm) & (conflicts.c.object == name) & conflicts.c.record_id.in_(ids)
        newest = select(func.max(conflicts.c.id)).where(own).group_by(conflicts.c.record_id, conflicts.c.field)
        query = select(conflicts).where(conflicts.c.id.in_(newest))
        for row in connection.execute(query).mappings():
            one = _conflict(row)
            found[one.ref, one.field] = one
    return found


def any_conflicts(connection: Connection) -> bool:
    """Say whether there ever was one: most planning need not ask further."""
    return connection.execute(select(conflicts.c.id).limit(1)).first() is not None


def conflicts_since(connection: Connection, since: datetime) -> list[Conflict]:
    """Return the conflicts found since an instant, newest first."""
    query = select(conflicts).where(conflicts.c.seen >= since).order_by(conflicts.c.id.desc())
    return [_conflict(row) for row in connection.execute(query).mappings()]


def _conflict(row: RowMapping) -> Conflict:
    ref = RecordRef(row["crm"], row["object"], row["record_id"])
    ours, theirs = row["ours"][0], row["theirs"][0]
    names = ("written_at", "at", "seen", "cycle", "author", "by_user", "mirrors", "id")
    return Conflict(ref, row["field"], ours, theirs, **{name: row[name] for name in names})
