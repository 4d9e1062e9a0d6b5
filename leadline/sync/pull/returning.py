"""Values that went back behind our backs: the mirror never saw our write, and the row shows its old value again."""

from __future__ import annotations

from collections.abc import Mapping

from leadline.common.values import FieldDescription, Raw, SourceRecord
from leadline.rules.state import Unreadable
from leadline.sync.plan.normal import kind_of, same
from leadline.sync.store.mirror import MirrorRecord, Written


def went_back(
    record: SourceRecord,
    old: MirrorRecord,
    ledger: Mapping[str, Written],
    verified: Mapping[str, Raw],
    described: Mapping[str, FieldDescription],
) -> tuple[str, ...]:
    """Return the fields that equal the mirror although a value of ours was verified there in between, sorted.

    Somebody put the old value back before any pull saw ours: that is news, the more so when a person did it. A row
    that is older than our write shows the time before it and tells nothing.
    """
    found = []
    for name in verified.keys() & ledger.keys() & described.keys() & record.fields.keys():
        now, entry = record.fields[name], ledger[name]
        if entry.settled or record.stamp <= old.stamp or record.stamp < entry.at or isinstance(now, Unreadable):
            continue
        unmoved = old.fields.get(name) == now
        if unmoved and not same(now, entry.value, kind_of(described[name]), record.ref.crm):
            found.append(name)
    return tuple(sorted(found))
