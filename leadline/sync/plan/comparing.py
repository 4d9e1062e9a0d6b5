"""What is different between two plans: values that come, go, or are others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby

from leadline.common.values import Raw, RecordRef
from leadline.sync.plan.model import Plan
from leadline.sync.plan.write import PlannedWrite

_Place = tuple[RecordRef, str]


@dataclass(frozen=True, slots=True)
class WriteChange:
    """One field of one record: what each plan would write; ``planned`` tells whether the old and the new plan do."""

    ref: RecordRef
    person: str
    field: str
    kind: str
    before: Raw
    after: Raw
    planned: tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """What the new plan has that the old one has not, what is gone, and what is another value; effects by title."""

    fresh: tuple[WriteChange, ...]
    gone: tuple[WriteChange, ...]
    other: tuple[WriteChange, ...]
    fresh_effects: int
    gone_effects: int
    same: int

    @property
    def empty(self) -> bool:
        """Whether both plans would do the same."""
        changed = self.fresh or self.gone or self.other
        return not changed and not self.fresh_effects and not self.gone_effects


def compare_plans(old: Plan, new: Plan) -> PlanDifference:
    """Compare the last value that each plan writes to each field, and the effects that each carries out."""
    changes: list[WriteChange] = []
    agreed = 0
    for before, after in _beside(_last(old), _last(new)):
        change = _change(before, after)
        if all(change.planned) and change.before == change.after:
            agreed += 1
        else:
            changes.append(change)
    one, other = ({effect.key for effect in plan.effects} for plan in (old, new))
    return PlanDifference(
        fresh=tuple(item for item in changes if item.planned == (False, True)),
        gone=tuple(item for item in changes if item.planned == (True, False)),
        other=tuple(item for item in changes if all(item.planned)),
        fresh_effects=len(other - one),
        gone_effects=len(one - other),
        same=agreed,
    )


def _last(plan: Plan) -> Iterator[tuple[_Place, PlannedWrite]]:
    """Yield the last write to each field of each record, sorted by record and field."""
    for ref, groups in plan.writes.by_record():
        last = {write.field: write for _, group in groups for write in group}
        yield from (((ref, name), last[name]) for name in sorted(last))


def _beside(
    old: Iterator[tuple[_Place, PlannedWrite]], new: Iterator[tuple[_Place, PlannedWrite]]
) -> Iterator[tuple[PlannedWrite | None, PlannedWrite | None]]:
    """Yield what stands at each place in one or both of two sorted sequences."""
    for _, found in groupby(merge(*(_told(*pair) for pair in ((0, old), (1, new))), key=_place), key=_place):
        sides = {side: write for _, side, write in found}
        yield sides.get(0), sides.get(1)


def _told(side: int, writes: Iterator[tuple[_Place, PlannedWrite]]) -> Iterator[tuple[_Place, int, PlannedWrite]]:
    yield from ((place, side, write) for place, write in writes)


def _place(told: tuple[_Place, int, PlannedWrite]) -> _Place:
    return told[0]


def _change(before: PlannedWrite | None, after: PlannedWrite | None) -> WriteChange:
    known = after or before
    assert known is not None
    return WriteChange(
        known.ref,
        known.person,
        known.field,
        known.kind,
        before.new if before is not None else None,
        after.new if after is not None else None,
        (before is not None, after is not None),
    )
