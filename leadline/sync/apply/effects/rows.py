"""The effects of one run as rows: read, claimed before a call, settled after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection

from leadline.common.values import Crm, Raw, RecordRef
from leadline.connectors.protocol import CREATIONS, Creation
from leadline.sync.effects.waiting import goes_to_owner
from leadline.sync.pausing import require_writing
from leadline.sync.plan.model import Plan
from leadline.sync.store import Store
from leadline.sync.store import effect_journal as rows
from leadline.sync.store.effect_journal import Begun, EffectSettlement
from leadline.sync.store.effects import EffectRow, EffectStatus


@dataclass(frozen=True, slots=True)
class Item:
    """One effect on its way. ``ours`` says that it belongs to the plan being applied, not to an earlier one.

    ``number`` is its place in the list that caused it, ``to_owner`` whether it makes a task for the record's owner.
    """

    key: str
    person: str
    kind: str
    cause: str
    at: datetime
    ref: RecordRef | None
    fields: Mapping[str, Raw]
    status: EffectStatus
    remote_id: str
    changed_at: datetime
    ours: bool
    code: str = ""
    message: str = ""
    number: int = 0
    to_owner: bool = False

    @property
    def crm(self) -> Crm | None:
        """The CRM in which it is carried out."""
        return None if self.ref is None else self.ref.crm

    def creation(self) -> Creation:
        """Return what a connector is asked to make."""
        if self.ref is None:
            raise ValueError(f"an effect of kind {self.kind} makes nothing in a CRM")
        return Creation(self.key, CREATIONS[self.kind], self.ref, self.fields)


class EffectJournal:
    """The rows of one plan's effects, and of those that an earlier run left claimed.

    ``owner`` names this run, ``clock`` gives the CRMs' present in UTC. ``keep`` runs inside every transaction that
    precedes a call: it renews the writer lease or raises.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        owner: str,
        clock: Callable[[], datetime],
        keep: Callable[[Connection], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._plan = plan
        self._owner = owner
        self.clock = clock
        self._keep = keep

    def begin(self, connection: Connection) -> None:
        """Journal the plan's effects in the transaction that accepts the plan, before anything is called."""
        begun = [Begun(one.key, one.kind, one.ref, one.payload) for one in self._plan.effects]
        rows.begin_effects(connection, begun, self._plan.hash, self.clock())

    def items(self, *statuses: EffectStatus) -> list[Item]:
        """Return the plan's effects and every claimed one, all or those with one of these statuses."""
        with self._store.read() as connection:
            found = {row.key: row for row in rows.effects_of_plan(connection, self._plan.hash, statuses)}
            if not statuses or "claimed" in statuses:
                found |= {row.key: row for row in rows.claimed_effects(connection)}
        return [_item(row, ours=row.plan_hash == self._plan.hash) for row in found.values() if row.payload]

    def claim(self, items: Sequence[Item]) -> list[Item]:
        """Claim planned effects by compare-and-set, just before their call; return those that are ours now."""
        with self._store.write() as connection:
            self._keep(connection)
            require_writing(connection, undoes=bool(self._plan.undoes))
            won = rows.claim_effects(connection, [item.key for item in items], self._owner, self.clock())
        return [item for item in items if item.key in won]

    def settle(self, results: Sequence[EffectSettlement]) -> None:
        """Record how effects stand."""
        if results:
            with self._store.write() as connection:
                rows.settle_carried(connection, results, self.clock())

    def reopen(self, items: Sequence[Item]) -> None:
        """Let effects of which nothing was carried out be carried out: ours now, others by the next plan."""
        if not items:
            return
        at = self.clock()
        ours = [EffectSettlement(item.key, "planned", item.code, item.message) for item in items if item.ours]
        with self._store.write() as connection:
            rows.settle_carried(connection, ours, at)
            rows.give_back(connection, [item.key for item in items if not item.ours], at)

    def close_tasks_of(self, keys: Iterable[str]) -> None:
        """Say of the effects that made tasks that their tasks are closed."""
        with self._store.write() as connection:
            rows.mark_closed(connection, keys, self.clock())


def _item(row: EffectRow, *, ours: bool) -> Item:
    payload: Mapping[str, Any] = row.payload
    ref = None
    if row.crm is not None and row.object is not None and row.record_id is not None:
        ref = RecordRef(cast(Crm, row.crm), row.object, row.record_id)
    return Item(
        key=row.key,
        person=row.person_id,
        kind=str(payload["kind"]),
        cause=row.cause,
        at=row.at,
        ref=ref,
        fields=payload["fields"],
        status=row.status,
        remote_id=row.remote_id or "",
        changed_at=row.changed_at,
        ours=ours,
        code=row.code or "",
        message=row.message or "",
        number=row.number,
        to_owner=goes_to_owner(row.consequence),
    )
