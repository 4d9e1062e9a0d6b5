"""Effects follow their person's record: to a merge's survivor, to a converted lead's contact, or nowhere."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from leadline.common.values import RecordRef
from leadline.sync.apply.effects.rows import CREATIONS, EffectJournal
from leadline.sync.plan.stored import is_live
from leadline.sync.store import Store
from leadline.sync.store.effect_journal import EffectSettlement
from leadline.sync.store.mirror import links_from, load_records

_MOST_STEPS: Final = 10
"""Merges are chained, and a converted lead may lead to a merged contact."""


def redirect(store: Store, journal: EffectJournal) -> None:
    """Point what is still to be made at the live record; where there is none, say so and make nothing."""
    items = [item for item in journal.items("planned", "claimed") if item.kind in CREATIONS]
    refs = {item.ref for item in items if item.ref is not None}
    with store.read() as connection:
        mirrored = load_records(connection, refs)
        moved = {ref: _live(connection, ref) for ref in refs if ref in mirrored and not is_live(mirrored[ref])}
    results = []
    for item in items:
        if item.ref not in moved:
            continue
        end = moved[item.ref]
        if end is not None:
            results.append(EffectSettlement(item.key, item.status, item.code, item.message, ref=end))
        elif item.status == "planned":
            text = "the person's record was deleted, and nothing took its place"
            results.append(EffectSettlement(item.key, "skipped", "RECORD_GONE", text))
    journal.settle(results)


def _live(connection: Connection, ref: RecordRef) -> RecordRef | None:
    """Return the live record that stands for ``ref`` now; one that was never mirrored stands for itself."""
    for _ in range(_MOST_STEPS):
        record = load_records(connection, [ref]).get(ref)
        if record is None or is_live(record):
            return ref
        if record.merged_into is not None:
            ref = RecordRef(ref.crm, ref.object, record.merged_into)
            continue
        links = links_from(connection, [ref]).get(ref, [])
        converted = [link.target for link in links if link.name == "converted_contact"]
        if record.deleted or not converted:
            return None
        ref = converted[0]
    return None
