"""The order of a plan's effects: what the writes have done, what is gone, the CRMs one by one, notices last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadline.common.errors import LeadlineError, OutsideError
from leadline.common.values import Crm, RecordRef
from leadline.connectors.protocol import WriteConnector
from leadline.sync.apply.effects.creating import serve
from leadline.sync.apply.effects.notifying import Notifier, notify_all
from leadline.sync.apply.effects.redirecting import redirect
from leadline.sync.apply.effects.rows import EffectJournal, Item
from leadline.sync.apply.writing import Patience
from leadline.sync.journal import Entry
from leadline.sync.store import Store
from leadline.sync.store.effect_journal import EffectSettlement
from leadline.sync.store.effects import NOT_ASSIGNED, EffectStatus

_ENDINGS: Mapping[str, tuple[EffectStatus, str]] = {
    # a write's ending -> (its effect's, why), the worst first
    "parked": ("parked", ""),
    "ignored": ("parked", "IGNORED"),
    "gone": ("skipped", "RECORD_GONE"),
    "stale": ("failed", "STALE"),
    "released": ("failed", "RELEASED"),
    "failed": ("failed", ""),
    "planned": ("failed", "NOT_REACHED"),
    "claimed": ("failed", "NOT_REACHED"),
    "done": ("failed", "NOT_REACHED"),
}


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries out the effects of one run; without a ``notifier`` notices are parked."""

    store: Store
    journal: EffectJournal
    patience: Patience
    notifier: Notifier | None = None

    def carry_out(
        self,
        writers: Mapping[Crm, WriteConnector],
        entries: Iterable[Entry],
        down: Mapping[Crm, LeadlineError],
    ) -> dict[Crm, LeadlineError]:
        """Carry out every effect of the plan once, and find out what became of those that a dead run had claimed.

        ``entries`` are the journalled writes that carry out effects, as they ended. A CRM that is
        ``down`` already is not called again. Return the CRMs that broke off, the ones that were down too.
        """
        items, carried = self.journal.items(), _carried(entries)
        self.journal.settle([*_by_writes(items, carried), *_unassigned(items, carried)])
        redirect(self.store, self.journal)
        errors = dict(down)
        for crm in sorted({item.crm for item in self.journal.items("planned", "claimed") if item.crm is not None}):
            if crm in down or crm not in writers:
                continue
            try:
                serve(self.journal, writers[crm], self.patience)
            except OutsideError as error:
                errors[crm] = error
        notify_all(self.journal, self.notifier)
        return errors


def _carried(entries: Iterable[Entry]) -> Mapping[str, Sequence[Entry]]:
    """Return the writes that carry out each effect."""
    carried: dict[str, list[Entry]] = {}
    for entry in entries:
        for write in entry.group:
            if write.effect is not None:
                carried.setdefault(write.effect, []).append(entry)
    return carried


def _by_writes(items: Sequence[Item], carried: Mapping[str, Sequence[Entry]]) -> list[EffectSettlement]:
    """Settle assignments and fields as the writes that carry them out ended; without a write they are so already."""
    found = []
    for item in items:
        if item.status != "planned" or item.kind not in {"assign", "set"}:
            continue
        by_status = {entry.status: entry for entry in carried.get(item.key, ())}
        worst = next((status for status in _ENDINGS if status in by_status), None)
        if worst is None:
            found.append(EffectSettlement(item.key, "done"))
        else:
            status, code = _ENDINGS[worst]
            entry = by_status[worst]
            found.append(EffectSettlement(item.key, status, code or entry.code, entry.message))
    return found


def _unassigned(items: Sequence[Item], carried: Mapping[str, Sequence[Entry]]) -> list[EffectSettlement]:
    """Put off the tasks for owners whom the assignment before them did not make owners of that record."""
    left: dict[tuple[str, str, datetime, RecordRef], int] = {}
    for item in items:
        for entry in carried.get(item.key, ()) if item.kind == "assign" else ():
            if _ENDINGS.get(entry.status, ("", ""))[0] in {"parked", "failed"}:
                place = (item.person, item.cause, item.at, entry.ref)
                left[place] = min(item.number, left.get(place, item.number))
    found = []
    for item in items:
        if item.status != "planned" or not item.to_owner or item.ref is None:
            continue
        first = left.get((item.person, item.cause, item.at, item.ref))
        if first is not None and first < item.number:
            found.append(EffectSettlement(item.key, "failed", NOT_ASSIGNED, "the assignment before it was not made"))
    return found
