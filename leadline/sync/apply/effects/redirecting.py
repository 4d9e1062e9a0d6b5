"""Effects follow their person's record: to a merge's survivor, to a converted lead's contact, or nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection

from leadline.common.values import RecordRef
from leadline.connectors.protocol import CREATIONS
from leadline.sync.apply.effects.rows import EffectJournal
from leadline.sync.plan.stored import is_live
from leadline.sync.store import Store
from leadline.sync.store.effect_journal import EffectSettlement
from leadline.sync.store.mirror import Link, MirrorRecord, links_from, load_records

_MOST_STEPS: Final = 10
"""Merges are chained, and a converted lead may lead to a merged contact."""


def redirect(store: Store, journal: EffectJournal) -> None:
    """Point what is still to be made at the live record; where there is none, say so and make nothing."""
    items = [item for item in journal.items("planned", "claimed") if item.kind in CREATIONS]
    refs = {item.ref for item in items if item.ref is not None}
    with store.read() as connection:
        ends = _ends(connection, refs)
    results = []
    for item in items:
        if item.ref is None or ends[item.ref] == item.ref:
            continue
        end = ends[item.ref]
        if end is not None:
            results.append(EffectSettlement(item.key, item.status, item.code, item.message, ref=end))
        elif item.status == "planned":
            text = "the person's record was deleted, and nothing took its place"
            results.append(EffectSettlement(item.key, "skipped", "RECORD_GONE", text))
    journal.settle(results)


def _ends(connection: Connection, refs: Iterable[RecordRef]) -> dict[RecordRef, RecordRef | None]:
    """Return the live record that stands for each of these now, None where there is none.

    One that was never mirrored stands for itself. Each round follows all of them one step further.
    """
    found: dict[RecordRef, RecordRef | None] = {}
    ahead = {ref: ref for ref in refs}
    for _ in range(_MOST_STEPS):
        mirrored = load_records(connection, ahead.values())
        left = {ref: at for ref, at in ahead.items() if at in mirrored and not is_live(mirrored[at])}
        found |= {ref: at for ref, at in ahead.items() if ref not in left}
        links = links_from(connection, left.values())
        further = {ref: _next(mirrored[at], links.get(at, ())) for ref, at in left.items()}
        found |= {ref: None for ref, at in further.items() if at is None}
        ahead = {ref: at for ref, at in further.items() if at is not None}
        if not ahead:
            break
    return {**found, **dict.fromkeys(ahead)}


def _next(record: MirrorRecord, links: Iterable[Link]) -> RecordRef | None:
    """Return the record that took the place of one that is no longer live."""
    if record.merged_into is not None:
        return RecordRef(record.ref.crm, record.ref.object, record.merged_into)
    converted = [link.target for link in links if link.name == "converted_contact"]
    return converted[0] if converted and not record.deleted else None
