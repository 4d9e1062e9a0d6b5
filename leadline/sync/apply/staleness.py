"""Whether a planned write still fits: pure comparison of what was planned with what is there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from leadline.common.values import Raw
from leadline.sync.journal import Entry
from leadline.sync.plan.normal import same
from leadline.sync.plan.write import PlannedWrite

Verdict = Literal["write", "there", "stale", "gone"]


def judge(entries: Sequence[Entry], present: Mapping[str, Raw] | None, decision: str | None) -> Mapping[int, Verdict]:
    """Return a verdict for each entry (by id) of one record, both phases together.

    ``present`` are the record's fields now, None when it is gone; ``decision`` is its person's latest decision.
    A value that is already there needs no call. When one field was changed by somebody else, or the person was
    decided anew, the whole record is stale: it is never written in half.
    """
    if present is None:
        return {entry.id: "gone" for entry in entries}
    # By field, every value it may have on the way: before, cleared, and after.
    steps: dict[str, list[PlannedWrite]] = {}
    for entry in sorted(entries, key=lambda entry: entry.phase):
        for write in entry.group:
            steps.setdefault(write.field, []).append(write)
    if entries[0].group[0].decision != decision or not all(_on_the_way(writes, present) for writes in steps.values()):
        return {entry.id: "stale" for entry in entries}
    # A field that has its last value must not be cleared again.
    arrived = {name for name, writes in steps.items() if _has(writes[-1], present)}
    return {
        entry.id: "there" if all(write.field in arrived or _has(write, present) for write in entry.group) else "write"
        for entry in entries
    }


def _on_the_way(writes: Sequence[PlannedWrite], present: Mapping[str, Raw]) -> bool:
    crm = writes[0].ref.crm
    value = present.get(writes[0].field)
    return any(same(value, step, write.kind, crm) for write in writes for step in (write.old, write.new))


def _has(write: PlannedWrite, present: Mapping[str, Raw]) -> bool:
    return same(present.get(write.field), write.new, write.kind, write.ref.crm)
