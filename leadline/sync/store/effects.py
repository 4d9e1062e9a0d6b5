"""Effects as rows: each consequence of a decision, once, from waiting to done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, select, update

from leadline.rules.consequences_json import consequence_from_json, consequence_to_json
from leadline.rules.model import Consequence
from leadline.rules.state import Effect
from leadline.sync.store.batches import chunks, insert_new
from leadline.sync.store.schema import effects

EffectStatus = Literal["waiting", "planned", "claimed", "done", "failed", "parked", "withdrawn", "skipped", "closed"]
"""``waiting`` to be planned; ``planned`` stands in a plan that was begun; ``claimed`` is being carried out now;
``failed`` is tried again by the next plan; ``parked`` was refused for good; ``withdrawn`` is no longer wanted;
``skipped`` fell due too long ago; ``closed`` is a task of ours that was completed, as its person left the stage."""

OPEN: Final[tuple[EffectStatus, ...]] = ("waiting", "planned", "failed")
"""What the next plan shows again: nothing of it stands in a CRM."""

NOT_ASSIGNED: Final = "NOT_ASSIGNED"
"""The code of a task that waits for the assignment before it."""

OWNER_DIFFERS: Final = "OWNER_DIFFERS"
"""The code of what stands in a CRM with another owner than was asked for."""


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect as stored. ``remote_id`` is what the CRM called what was made; instants are UTC."""

    key: str
    person_id: str
    at: datetime
    cycle: int
    decision_id: str
    cause: str
    number: int
    action: Mapping[str, Any]
    status: EffectStatus
    changed_at: datetime
    crm: str | None = None
    object: str | None = None
    record_id: str | None = None
    payload: Any = None
    remote_id: str | None = None
    plan_hash: str | None = None
    claimed_by: str | None = None
    attempts: int = 0
    code: str | None = None
    message: str | None = None

    @property
    def stands(self) -> bool:
        """Whether a CRM showed what was made, if need be with another owner than was asked for."""
        return self.status == "done" or (self.status == "parked" and self.code == OWNER_DIFFERS)

    @property
    def doubtful(self) -> bool:
        """Whether a CRM said yes to it and showed nothing of it."""
        return self.status == "parked" and bool(self.remote_id) and not self.stands

    @property
    def consequence(self) -> Consequence:
        """What is to be done."""
        return consequence_from_json(self.action)


def add_effects(connection: Connection, found: Iterable[Effect], cycle: int, at: datetime) -> None:
    """Store effects as waiting since ``at``; a key that is there already is left as it is."""
    rows = [
        {
            "key": effect.key,
            "person_id": effect.person,
            "at": effect.at,
            "cycle": cycle,
            "decision_id": effect.decision,
            "cause": effect.cause,
            "number": effect.number,
            "action": consequence_to_json(effect.action),
            "status": "waiting",
            "attempts": 0,
            "changed_at": at,
        }
        for effect in found
    ]
    insert_new(connection, effects, rows)


def any_effects(connection: Connection) -> bool:
    """Say whether there was ever an effect."""
    return connection.execute(select(effects.c.key).limit(1)).first() is not None


def effects_by_status(
    connection: Connection, statuses: Sequence[EffectStatus], since: datetime | None = None
) -> list[EffectRow]:
    """Return all effects that stand so, by the instant that caused them; with ``since`` those that do since then."""
    order = (effects.c.at, effects.c.person_id, effects.c.cause, effects.c.number, effects.c.key)
    query = select(effects).where(effects.c.status.in_(statuses)).order_by(*order)
    if since is not None:
        query = query.where(effects.c.changed_at >= since)
    return [EffectRow(**row) for row in connection.execute(query).mappings()]


def effects_of_persons(connection: Connection, persons: Iterable[str]) -> list[EffectRow]:
    """Return every effect of these persons, by the instant that caused it."""
    found: list[EffectRow] = []
    for batch in chunks(sorted(set(persons))):
        query = select(effects).where(effects.c.person_id.in_(batch)).order_by(effects.c.at, effects.c.number)
        found += [EffectRow(**row) for row in connection.execute(query).mappings()]
    return found


def effects_by_key(connection: Connection, keys: Iterable[str]) -> dict[str, EffectRow]:
    """Return these effects; unknown keys are absent."""
    found: dict[str, EffectRow] = {}
    for batch in chunks(sorted(set(keys))):
        for row in connection.execute(select(effects).where(effects.c.key.in_(batch))).mappings():
            found[row["key"]] = EffectRow(**row)
    return found


def settle_effects(connection: Connection, reasons: Mapping[str, str], status: EffectStatus, at: datetime) -> None:
    """Give effects a status and the reason for it, by key."""
    if not reasons:
        return
    statement = update(effects).where(effects.c.key == bindparam("which"))
    statement = statement.values(status=status, message=bindparam("why"), changed_at=bindparam("moment"))
    connection.execute(statement, [{"which": key, "why": why, "moment": at} for key, why in reasons.items()])


def look_again(connection: Connection, keys: Iterable[str], at: datetime) -> None:
    """Have the next run find out what became of effects, as after a crash, before it makes any of them again."""
    for batch in chunks(sorted(set(keys))):
        values = {"status": "claimed", "remote_id": None, "claimed_by": None, "changed_at": at}
        connection.execute(update(effects).where(effects.c.key.in_(batch)).values(values))


def move_effects(connection: Connection, joined: Mapping[str, Sequence[str]]) -> None:
    """Give the effects of persons that were joined to the person they belong to now."""
    for elder, younger in joined.items():
        for batch in chunks(younger):
            connection.execute(update(effects).where(effects.c.person_id.in_(batch)).values(person_id=elder))
