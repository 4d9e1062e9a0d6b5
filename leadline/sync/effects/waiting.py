"""Tasks for an owner who is still to be assigned: they wait for the assignment before them in the book's list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from leadline.common.values import Raw, RecordRef
from leadline.common.vocabulary import OWNER_FIELDS
from leadline.rules.model import AssignOwner, Consequence, CreateTask, Notify
from leadline.rules.model.actions import RELATIVES
from leadline.sync.store.batches import chunks
from leadline.sync.store.effects import EffectRow, effects_by_status
from leadline.sync.store.schema import journal

_NOT_MADE = ("parked", "ignored", "released")
"""How writes end that made nobody the owner; ``released``: somebody released the value, but not its action."""


def goes_to_owner(consequence: Consequence) -> bool:
    """Whether an action makes a task for the record's owner, or for whom the owner reports to."""
    return isinstance(consequence, CreateTask | Notify) and consequence.to in RELATIVES


def refused_owners(connection: Connection, rows: Sequence[EffectRow]) -> dict[str, dict[RecordRef, Raw]]:
    """Return, for each of these actions by key, the records whose assignment before it stands refused.

    With each record comes who owned it when the CRM refused: nobody waits any more once somebody else owns it.
    """
    waiting = [row for row in rows if goes_to_owner(row.consequence)]
    if not waiting:
        return {}
    people = {row.person_id for row in waiting}
    parked = [row for row in effects_by_status(connection, ("parked",)) if row.person_id in people]
    parked = [row for row in parked if isinstance(row.consequence, AssignOwner) and row.plan_hash]
    owned = _owners_kept(connection, parked)
    by_list: dict[tuple[str, str, datetime], list[EffectRow]] = {}
    for row in parked:
        by_list.setdefault((row.person_id, row.cause, row.at), []).append(row)
    found: dict[str, dict[RecordRef, Raw]] = {}
    for row in waiting:
        for assign in by_list.get((row.person_id, row.cause, row.at), ()):
            if assign.number < row.number:
                found.setdefault(row.key, {}).update(owned.get((assign.plan_hash or "", row.person_id), {}))
    return found


def _owners_kept(
    connection: Connection, parked: Iterable[EffectRow]
) -> Mapping[tuple[str, str], Mapping[RecordRef, Raw]]:
    """Return the records that plans left with their owners, by plan and person."""
    found: dict[tuple[str, str], dict[RecordRef, Raw]] = {}
    plans = {row.plan_hash for row in parked if row.plan_hash is not None}
    people = {row.person_id for row in parked}
    for some in chunks(sorted(plans)):
        query = select(journal).where(journal.c.plan_hash.in_(some), journal.c.status.in_(_NOT_MADE))
        for row in connection.execute(query).mappings():
            own = OWNER_FIELDS[row["crm"]]
            if row["person_id"] in people and own in row["writes"]:
                ref = RecordRef(row["crm"], row["object"], row["record_id"])
                found.setdefault((row["plan_hash"], row["person_id"]), {})[ref] = row["writes"][own][0]
    return found
