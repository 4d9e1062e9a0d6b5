"""Actions that were refused for good or do not look as they should: what, why, what to do, and trying them again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from leadline.common.values import Crm
from leadline.connectors.protocol import CREATIONS
from leadline.sync.apply.remedies import effect_remedy
from leadline.sync.operations.parked import ParkedValue
from leadline.sync.store import Store
from leadline.sync.store.effect_journal import give_back
from leadline.sync.store.effects import EffectRow, effects_by_status, look_again


@dataclass(frozen=True, slots=True)
class ParkedAction:
    """One action that is not tried again by itself. ``crm`` None: a notice to a channel. ``key`` names it.

    Of one that is no longer wanted, ``remedy`` is the reason for that, and ``since`` when it was withdrawn.
    """

    key: str
    kind: str
    person: str
    cause: str
    crm: Crm | None
    code: str
    remedy: str
    since: datetime


def parked_actions(store: Store, code: str | None = None) -> tuple[ParkedAction, ...]:
    """Return the actions that stand refused now, oldest first; with a ``code`` only those with this code."""
    with store.read() as connection:
        rows = effects_by_status(connection, ("parked",))
    return tuple(_action(row) for row in rows if code is None or row.code == code)


def withdrawn_actions(store: Store, since: datetime, code: str | None = None) -> tuple[ParkedAction, ...]:
    """Return the actions that were refused, and since an instant of the CRMs are no longer wanted, oldest first.

    Their stage was left, or their person is gone: nothing releases them. With a ``code`` only those with this code.
    """
    with store.read() as connection:
        rows = effects_by_status(connection, ("withdrawn",), since)
    found = [row for row in rows if row.code and row.payload and code in (None, row.code)]
    return tuple(replace(_action(row), remedy=row.message or "") for row in found)


def release_actions(store: Store, keys: Iterable[str] | None, now: datetime) -> int:
    """Let the next runs try parked actions again: those with these keys, or all. Return how many were released.

    What the CRM had said yes to is looked for first, as after a crash, so that it is never made twice.
    """
    with store.write() as connection:
        wanted = None if keys is None else set(keys)
        chosen = [row for row in effects_by_status(connection, ("parked",)) if wanted is None or row.key in wanted]
        doubtful = {row.key for row in chosen if row.remote_id and _kind(row) in CREATIONS}
        look_again(connection, doubtful, now)
        give_back(connection, {row.key for row in chosen} - doubtful, now)
    return len(chosen)


def actions_behind(store: Store, values: Iterable[ParkedValue]) -> tuple[str, ...]:
    """Return the keys of the parked assignments and fields that refused values carry out.

    Only the action writes such a value: it is tried again when the action is released.
    """
    wanted = {(value.person, f"{value.ref.object}.{name}") for value in values for name in value.fields}
    with store.read() as connection:
        rows = effects_by_status(connection, ("parked",))
    mine = (row for row in rows if _kind(row) in {"assign", "set"} and row.payload)
    return tuple(row.key for row in mine if any((row.person_id, name) in wanted for name in row.payload["fields"]))


def _action(row: EffectRow) -> ParkedAction:
    return ParkedAction(
        key=row.key,
        kind=_kind(row),
        person=row.person_id,
        cause=row.cause,
        crm=cast("Crm | None", row.crm),
        code=row.code or "",
        remedy=effect_remedy(row.status, row.code or ""),
        since=row.changed_at,
    )


def _kind(row: EffectRow) -> str:
    return str(row.payload["kind"]) if row.payload else str(row.action["kind"])
