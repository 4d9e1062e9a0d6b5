"""What is different between two plans: values that come, go, or are others."""

from __future__ import annotations

from dataclasses import dataclass

from leadline.common.values import Raw, RecordRef
from leadline.sync.plan.model import Plan, PlannedWrite


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
    before, after = _last(old), _last(new)
    changes = [
        _change(before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys())
    ]  # fmt: skip
    one, other = ({effect.key for effect in plan.effects} for plan in (old, new))
    return PlanDifference(
        fresh=tuple(item for item in changes if item.planned == (False, True)),
        gone=tuple(item for item in changes if item.planned == (True, False)),
        other=tuple(item for item in changes if all(item.planned) and item.before != item.after),
        fresh_effects=len(other - one),
        gone_effects=len(one - other),
        same=sum(all(item.planned) and item.before == item.after for item in changes),
    )


def _last(plan: Plan) -> dict[tuple[RecordRef, str], PlannedWrite]:
    return {(write.ref, write.field): write for write in sorted(plan.writes, key=lambda write: write.phase)}


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
