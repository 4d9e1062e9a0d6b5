"""A part of a plan: one CRM's writes, or one person's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leadline.common.values import Crm
from leadline.sync.plan.model import PlannedEffect
from leadline.sync.plan.packing import Writes
from leadline.sync.plan.write import PlannedWrite


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Of everything that would be written only what goes to ``crm`` and is about ``person`` (None: all)."""

    crm: Crm | None = None
    person: str | None = None

    def __str__(self) -> str:
        return ", ".join(part for part in (self.crm, self.person) if part is not None)

    def about(self, person: str) -> bool:
        """Say whether this person is in it."""
        return self.person is None or person == self.person

    def parts(self, writes: Writes, effects: tuple[PlannedEffect, ...]) -> tuple[Writes, tuple[PlannedEffect, ...]]:
        """Return the writes and effects in it. An effect that writes outside of it, too, is left to a whole plan."""
        if self.crm is None:
            return writes, effects
        acted = (write for _, group in writes.groups(writes.carrying()) for write in group)
        outside = {write.effect for write in acted if write.ref.crm != self.crm}
        kept = tuple(one for one in effects if one.crm == self.crm and one.key not in outside)
        return Writes.of(self._writes(writes, {one.key for one in kept})), kept

    def _writes(self, writes: Writes, keys: set[str]) -> Iterator[PlannedWrite]:
        for write in writes:
            if write.ref.crm == self.crm and (write.effect is None or write.effect in keys):
                yield write
