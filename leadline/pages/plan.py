"""The page of a plan: what it would do by CRM, stage and field, its price, its first writes, what is not written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from leadline.common.masking import mask
from leadline.pages.shell import render_page, write_page
from leadline.sync.guards import GuardStop
from leadline.sync.plan.model import Plan, PlannedWrite
from leadline.sync.plan.normal import text_of

MOST_SHOWN: Final = 500


def write_plan_page(path: Path, plan: Plan, stops: Sequence[GuardStop] = (), made: str = "") -> None:
    """Write the plan as one self-contained HTML file. Raises UsageError where it cannot be written."""
    write_page(path, plan_page(plan, stops, made))


def plan_page(plan: Plan, stops: Sequence[GuardStop] = (), made: str = "") -> str:
    """Return the plan as HTML; texts are masked as on a terminal. ``made`` says what it was made for, if anything."""
    fields = Counter((write.ref.crm, write.ref.object, write.field) for write in plan.writes)
    return render_page(
        "plan.html",
        hash=plan.hash,
        frontier=f"{plan.frontier:%Y-%m-%d %H:%M}Z",
        made=made or plan.only,
        adoption=plan.adoption,
        stops=[str(stop) for stop in stops],
        cards=[
            (f"{plan.record_count():,}", "records"),
            (f"{plan.counts.people:,}", "people"),
            (f"{len(plan.effects):,}", "actions"),
            (f"{plan.counts.backward:,}", "people back or off the main path"),
        ],
        calls=[(crm, calls.get("write", 0), calls.get("read_back", 0)) for crm, calls in sorted(plan.calls.items())],
        moves=sorted(plan.counts.transitions.items(), key=lambda pair: (-pair[1], pair[0])),
        fields=[(crm, name, field, f"{count:,}") for (crm, name, field), count in sorted(fields.items())],
        writes=[_row(write) for write in plan.writes[:MOST_SHOWN]],
        more=max(0, len(plan.writes) - MOST_SHOWN),
        effects=sorted(plan.counts.effects.items()),
        not_written=[(item.crm, item.object, f"{item.records:,}", item.reason) for item in plan.not_written],
        held=[(item.kind, f"{item.effects:,}", item.reason) for item in plan.held],
    )


def _row(write: PlannedWrite) -> tuple[str, ...]:
    old = text_of(write.old)
    free = write.kind == "text" and " " in old.strip()
    shown = "(other text)" if free else mask(old)
    new = "(cleared)" if write.new is None else mask(text_of(write.new))
    return (str(write.ref), write.person, write.field, shown, new, write.transition or "", write.decision)
