"""What was published for each record, kept with its person for the publishing policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from leadline.common.canonical import instant_text
from leadline.common.values import RecordRef
from leadline.sync.plan.source import Published
from leadline.sync.plan.write import NOTHING
from leadline.sync.store.outcomes import load_lifecycle, set_published


def remember_published(connection: Connection, published: Mapping[tuple[str, RecordRef], Published]) -> None:
    """Remember what was verified for records of these persons; other records keep what they had.

    Of a record whose scores were taken back nothing is published any more.
    """
    if not published:
        return
    rows = load_lifecycle(connection, {person for person, _ in published})
    merged: dict[str, dict[str, Any]] = {person: dict(row.published or {}) for person, row in rows.items()}
    for (person, ref), value in published.items():
        if person not in merged:
            continue
        if value.basis == NOTHING:
            merged[person].pop(str(ref), None)
        else:
            merged[person][str(ref)] = {"at": instant_text(value.scores_at), "basis": value.basis}
    set_published(connection, merged, max(value.scores_at for value in published.values()))
