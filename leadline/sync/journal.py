"""The journal of one plan being applied: every intent is written before its call and settled after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection

from leadline.common.values import Crm, RecordRef, RecordWrite
from leadline.sync.pausing import require_writing
from leadline.sync.plan.keeping import keep_plan
from leadline.sync.plan.model import Plan
from leadline.sync.plan.rows import Row, group_of, place_of
from leadline.sync.plan.scratch import AT_ONCE
from leadline.sync.plan.write import Phase, PlannedWrite, record_write
from leadline.sync.store import Store
from leadline.sync.store import journal as rows
from leadline.sync.store.applying import Settlement, give_up, intent_states, reopen, settle, supersede
from leadline.sync.store.batches import chunks
from leadline.sync.store.effect_journal import unfinished_effects
from leadline.sync.store.journal import Intent, IntentStatus
from leadline.sync.store.mirror import Written, remember_written


@dataclass(frozen=True, slots=True)
class Entry:
    """One journalled intent: the writes of one record in one phase, packed (``row``). ``id`` is the journal's."""

    id: int
    status: IntentStatus
    row: Row
    code: str = ""
    message: str = ""
    blamed: tuple[str, ...] = ()

    @property
    def ref(self) -> RecordRef:
        """The record."""
        return self.row.ref

    @property
    def person(self) -> str:
        """The person whose record it is."""
        return self.row.person

    @property
    def phase(self) -> Phase:
        """1 clears, 2 sets."""
        return cast(Phase, self.row.phase)

    @property
    def group(self) -> tuple[PlannedWrite, ...]:
        """The writes, unpacked: there are many entries at a time, and their writes take several times the room."""
        return group_of(self.ref, self.person, self.row.body)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields written."""
        return tuple(write.field for write in self.group)

    def write(self) -> RecordWrite:
        """Return what the connector is told."""
        return record_write(self.group)

    def place(self) -> RecordWrite:
        """Return what the connector is asked by what it sends together: the same without values."""
        return place_of(self.row)


class Journal:
    """The intents of one plan. ``owner`` names this run, ``clock`` gives the present in UTC.

    ``keep`` runs inside every transaction that precedes a call: it renews the writer lease or raises.
    """

    def __init__(
        self,
        store: Store,
        plan: Plan,
        owner: str,
        clock: Callable[[], datetime],
        keep: Callable[[Connection], None] = lambda _: None,
        heard: Callable[[Crm], datetime | None] = lambda _: None,
    ) -> None:
        self._store = store
        self._plan = plan
        self._owner = owner
        self._clock = clock
        self._keep = keep
        self._heard = heard

    def open(self, accept: Callable[[Connection], None]) -> None:
        """Journal the whole plan as intents, or take up what an earlier run left, in one transaction.

        ``accept`` records in the same transaction what accepting the plan means. Unfinished older plans are closed.
        """
        at = self._clock()
        with self._store.write() as connection:
            self._keep(connection)
            require_writing(connection, undoes=bool(self._plan.undoes))
            if not self._plan.empty:
                keep_plan(connection, self._plan, at)
            rows.set_plan_status(connection, self._plan.hash, "applying")
            supersede(connection, self._plan.hash, at)
            if not rows.journal_counts(connection, self._plan.hash):
                for some in chunks(self._intents(at), AT_ONCE):
                    rows.append_intents(connection, some)
            reopen(connection, self._plan.hash, at)
            accept(connection)

    def entries(
        self, crm: Crm | None = None, people: Collection[str] | None = None, status: IntentStatus | None = None
    ) -> list[Entry]:
        """Return intents beside their planned writes and in the plan's order.

        All of them, or those of one CRM, of these people, with this status; only they are read.
        """
        return self._entries(None if people is None else self._plan.writes.numbers_of(people), crm, status)

    def carrying(self) -> list[Entry]:
        """Return the intents that carry out effects."""
        return self._entries(self._plan.writes.carrying())

    def _entries(
        self, numbers: Sequence[int] | None, crm: Crm | None = None, status: IntentStatus | None = None
    ) -> list[Entry]:
        with self._store.read() as connection:
            states = intent_states(connection, self._plan.hash, crm, status, numbers)
        packed = self._plan.writes.packed(one.seq for one in states)
        return [
            Entry(one.id, one.status, row, one.code, one.message, one.blamed)
            for one, (_, row) in zip(states, packed, strict=True)
        ]

    def claim(self, entries: Sequence[Entry]) -> list[Entry]:
        """Claim planned intents by compare-and-set, just before their call; return those that are ours now.

        What we are about to write is remembered in the same transaction, so that it is never taken for news,
        even when this process dies before the answer. It stands there with the last instant that this CRM told
        before: whatever somebody else does after us has no older stamp.
        """
        at = self._clock()
        with self._store.write() as connection:
            self._keep(connection)
            require_writing(connection, undoes=bool(self._plan.undoes))
            won = set(rows.claim_intents(connection, [entry.id for entry in entries], self._owner, at))
            mine = [entry for entry in entries if entry.id in won]
            remember_written(
                connection,
                (self._written(write, self._heard(write.ref.crm) or at) for entry in mine for write in entry.group),
            )
        return mine

    def go_on(self) -> None:
        """Renew the lease while a CRM still works on what was claimed; raises when we were told to stop."""
        with self._store.write() as connection:
            self._keep(connection)
            require_writing(connection, undoes=bool(self._plan.undoes))

    def settle(self, results: Sequence[Settlement], also: Callable[[Connection], None] = lambda _: None) -> None:
        """Record how intents ended and, in the same transaction, what follows from it."""
        if results:
            with self._store.write() as connection:
                settle(connection, results, self._clock())
                also(connection)

    def give_up(self, code: str, message: str) -> int:
        """Close what is open: it is stale, and the plan cannot be continued. Return how many intents that were."""
        with self._store.write() as connection:
            return give_up(connection, self._plan.hash, code, message, self._clock())

    def close(self) -> bool:
        """Mark the plan applied when nothing is left to write; return whether that is so."""
        with self._store.write() as connection:
            left = rows.journal_counts(connection, self._plan.hash)
            finished = not any(left.get(status) for status in ("planned", "claimed", "failed", "done"))
            finished = finished and not unfinished_effects(connection, self._plan.hash)
            if finished:
                rows.set_plan_status(connection, self._plan.hash, "applied", ("applying",))
        return finished

    def _intents(self, at: datetime) -> Iterable[Intent]:
        for seq, group in self._plan.writes.groups():
            yield Intent(
                plan_hash=self._plan.hash,
                seq=seq,
                ref=group[0].ref,
                writes={write.field: (write.old, write.new) for write in group},
                person_id=group[0].person,
                decision_id=group[0].decision,
                planned_at=at,
                changed_at=at,
            )

    def _written(self, write: PlannedWrite, at: datetime) -> Written:
        return Written(write.ref, write.field, write.new, self._plan.hash, at)
