"""What became of a plan's effects, for the report of its run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from leadline.sync.apply.effects.rows import Item
from leadline.sync.apply.remedies import effect_remedy
from leadline.sync.apply.report import ApplyReport, EffectOutcome


def with_effects(report: ApplyReport, items: Sequence[Item]) -> ApplyReport:
    """Add effects by ending to a report, and those that were not carried out one by one."""
    counts = Counter(item.status for item in items)
    undone = tuple(_outcome(item) for item in items if item.status not in {"done", "closed"})
    return replace(report, effects=dict(sorted(counts.items())), undone=undone)


def _outcome(item: Item) -> EffectOutcome:
    return EffectOutcome(
        key=item.key,
        person=item.person,
        kind=item.kind,
        cause=item.cause,
        crm=item.crm,
        status=item.status,
        code=item.code,
        message=item.message,
        remedy=effect_remedy(item.status, item.code),
    )
