"""Effects being carried out: planned, claimed by compare-and-set before a call, settled after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Text, bindparam, func, or_, select, update

from leadline.common.values import Raw, RecordRef
from leadline.sync.store.batches import chunks
from leadline.sync.store.effects import OPEN, OWNER_DIFFERS, EffectRow, EffectStatus, effects_by_status
from leadline.sync.store.schema import effects

UNFINISHED: Final[tuple[EffectStatus, ...]] = ("planned", "claimed", "failed")
"""What applying the same plan again would still carry out."""

_PLACE: Final = ("remote_id", "crm", "object", "record_id")
"""What is known of an effect and need not be told again when it is settled."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is stored of an effect when its plan is begun; ``ref`` None: outside the CRMs."""

    key: str
    kind: str
    ref: RecordRef | None
    fields: Mapping[str, Raw]


@dataclass(frozen=True, slots=True)
class EffectSettlement:
    """How an effect stands after a call. ``remote_id`` and ``ref`` None leave what was known."""

    key: str
    status: EffectStatus
    code: str = ""
    message: str = ""
    remote_id: str | None = None
    ref: RecordRef | None = None


def begin_effects(connection: Connection, begun: Sequence[Begun], plan_hash: str, at: datetime) -> None:
    """Put a plan's effects that still stand open to planned, with what will be sent; others are left as they are."""
    if not begun:
        return
    open_ones = (effects.c.key == bindparam("which")) & or_(*(effects.c.status == status for status in OPEN))
    statement = update(effects).where(open_ones)
    statement = statement.values(
        status="planned",
        plan_hash=plan_hash,
        crm=bindparam("to_crm"),
        object=bindparam("to_object"),
        record_id=bindparam("to_record"),
        payload=bindparam("sent", type_=effects.c.payload.type),
        changed_at=at,
    )
    rows = [
        {
            "which": one.key,
            "to_crm": one.ref.crm if one.ref else None,
            "to_object": one.ref.object if one.ref else None,
            "to_record": one.ref.id if one.ref else None,
            "sent": {"kind": one.kind, "fields": dict(one.fields)},
        }
        for one in begun
    ]
    connection.execute(statement, rows)


def effects_of_plan(connection: Connection, plan_hash: str, statuses: Sequence[EffectStatus] = ()) -> list[EffectRow]:
    """Return the effects that a plan carries out, all or those that stand so, by the instant that caused them."""
    order = (effects.c.at, effects.c.person_id, effects.c.cause, effects.c.number, effects.c.key)
    query = select(effects).where(effects.c.plan_hash == plan_hash).order_by(*order)
    if statuses:
        query = query.where(effects.c.status.in_(statuses))
    return [EffectRow(**row) for row in connection.execute(query).mappings()]


def claimed_effects(connection: Connection) -> list[EffectRow]:
    """Return every claimed effect of any plan: the holder of the writer lease must find out what became of them."""
    return effects_by_status(connection, ("claimed",))


def unfinished_effects(connection: Connection, plan_hash: str, statuses: Iterable[EffectStatus] = UNFINISHED) -> int:
    """Return how many effects of a plan are not finished."""
    mine = (effects.c.plan_hash == plan_hash) & effects.c.status.in_(tuple(statuses))
    return int(connection.execute(select(func.count()).select_from(effects).where(mine)).scalar_one())


def claim_effects(connection: Connection, keys: Iterable[str], owner: str, at: datetime) -> set[str]:
    """Claim planned effects by compare-and-set; return the keys that are ``owner``'s now."""
    won: set[str] = set()
    for batch in chunks(sorted(set(keys))):
        free = effects.c.key.in_(batch) & (effects.c.status == "planned")
        values = {"status": "claimed", "claimed_by": owner, "changed_at": at, "attempts": effects.c.attempts + 1}
        connection.execute(update(effects).where(free).values(values))
        mine = effects.c.key.in_(batch) & (effects.c.status == "claimed") & (effects.c.claimed_by == owner)
        won.update(connection.execute(select(effects.c.key).where(mine)).scalars())
    return won


def settle_carried(connection: Connection, results: Sequence[EffectSettlement], at: datetime) -> None:
    """Record how effects stand; what was told once and is not told again is kept."""
    if not results:
        return
    kept = {name: func.coalesce(bindparam(f"to_{name}", type_=Text), effects.c[name]) for name in _PLACE}
    statement = update(effects).where(effects.c.key == bindparam("which"))
    statement = statement.values(status=bindparam("to"), code=bindparam("why"), message=bindparam("text"), **kept)
    rows = [
        {
            "which": result.key,
            "to": result.status,
            "why": result.code,
            "text": result.message,
            "to_remote_id": result.remote_id or None,
            "to_crm": result.ref.crm if result.ref is not None else None,
            "to_object": result.ref.object if result.ref is not None else None,
            "to_record_id": result.ref.id if result.ref is not None else None,
        }
        for result in results
    ]
    connection.execute(statement.values(changed_at=at), rows)


def give_back(connection: Connection, keys: Iterable[str], at: datetime) -> None:
    """Let the next plan show effects again of which nothing was carried out."""
    for batch in chunks(sorted(set(keys))):
        values = {"status": "waiting", "plan_hash": None, "claimed_by": None, "changed_at": at}
        connection.execute(update(effects).where(effects.c.key.in_(batch)).values(values))


def mark_closed(connection: Connection, keys: Iterable[str], at: datetime) -> None:
    """Say of the effects that made tasks that their tasks are closed."""
    for batch in chunks(sorted(set(keys))):
        standing = (effects.c.status == "done") | (effects.c.code == OWNER_DIFFERS)
        connection.execute(
            update(effects).where(effects.c.key.in_(batch), standing).values(status="closed", changed_at=at)
        )
