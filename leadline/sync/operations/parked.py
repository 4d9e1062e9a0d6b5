"""Values that a CRM refused for good, or said yes to and dropped: who, why, what to do, and trying them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select, update

from leadline.common.values import RecordRef
from leadline.sync.apply.remedies import remedy_for
from leadline.sync.store import Store
from leadline.sync.store.batches import by_object
from leadline.sync.store.journal import REFUSED
from leadline.sync.store.schema import journal


@dataclass(frozen=True, slots=True)
class ParkedValue:
    """One record's refused write. ``fields`` are those that the CRM blamed, else all of it; no value is told.

    ``status`` is ``parked`` (refused for good) or ``ignored`` (taken and dropped). ``id`` names it for a release.
    """

    id: int
    ref: RecordRef
    person: str | None
    fields: tuple[str, ...]
    status: str
    code: str
    remedy: str
    attempts: int
    since: datetime


def parked_values(store: Store, code: str | None = None) -> tuple[ParkedValue, ...]:
    """Return what stands refused now, by record: the newest refusal of each field, unless a later write went through.

    With a ``code`` only refusals with this code of the CRM.
    """
    with store.read() as connection:
        found = _standing(connection)
    return tuple(item for item in found if code is None or item.code == code)


def release_parked(store: Store, ids: Iterable[int] | None, now: datetime) -> int:
    """Let the next plan try refused values again: those with these ids, or all. Return how many were released."""
    with store.write() as connection:
        wanted = None if ids is None else set(ids)
        chosen = [item for item in _standing(connection) if wanted is None or item.id in wanted]
        for crm, name, keys in by_object(item.ref for item in chosen):
            # An older refusal of the same record would park the value again.
            of = (journal.c.crm == crm) & (journal.c.object == name) & journal.c.record_id.in_(keys)
            refused = of & journal.c.status.in_(REFUSED)
            connection.execute(update(journal).where(refused).values(status="released", changed_at=now))
    return len(chosen)


def _standing(connection: Connection) -> list[ParkedValue]:
    """Go through how the writes of records with refusals ended: a later ending of a field replaces an earlier one."""
    place = ("crm", "object", "record_id")
    refused_once = select(*(journal.c[name] for name in place)).where(journal.c.status.in_(REFUSED)).distinct()
    theirs = refused_once.subquery()
    ended = select(journal).join(theirs, and_(*(journal.c[name] == theirs.c[name] for name in place)))
    ended = ended.where(journal.c.status.in_((*REFUSED, "verified"))).order_by(journal.c.id)
    last: dict[tuple[RecordRef, str], ParkedValue | None] = {}
    for row in connection.execute(ended).mappings():
        ref = RecordRef(row["crm"], row["object"], row["record_id"])
        refused = row["status"] in REFUSED
        fields = tuple(row["blamed"] or ()) if refused else ()
        fields = fields or tuple(sorted(row["writes"]))
        item = ParkedValue(
            row["id"],
            ref,
            row["person_id"],
            fields,
            row["status"],
            row["code"] or "",
            remedy_for(row["status"], row["code"] or ""),
            row["attempts"],
            row["changed_at"],
        )
        for name in fields:
            last[ref, name] = item if refused else None
    unique = {item.id: item for item in last.values() if item is not None}
    return [unique[key] for key in sorted(unique)]
