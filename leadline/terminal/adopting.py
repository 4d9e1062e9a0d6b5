"""How an adoption looks before it is accepted: what becomes of each value that the CRMs hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.common.masking import mask
from leadline.sync.cycle.adopting import AdoptionPlanned, LegacyValue
from leadline.terminal.plan import render_not_written
from leadline.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console


def adoption_data(found: AdoptionPlanned, out: Path | None) -> dict[str, Any]:
    """Return the table and the size of the plan for machines."""
    plan = found.planned.plan
    return {
        "ok": not found.planned.stops,
        "table": plain(list(found.table)),
        "unknown_records": found.unknown,
        "plan": plan.hash,
        "records": dict(plan.counts.records),
        "people": sum(found.planned.stock.values()),
        "calls": plain(plan.calls),
        "actions": len(plan.effects),
        "not_written": plain(list(plan.not_written)),
        "held": plain(list(plan.held)),
        "stops": [str(stop) for stop in found.planned.stops],
        "output": str(out) if out else None,
    }


def render_adoption(console: Console, found: AdoptionPlanned, out: Path | None) -> None:
    """Print the table, what would be written, and how to go on."""
    rows = [
        (line.crm, line.object, mask(line.value) or "(empty)", line.records, _means(line), _becomes(line))
        for line in found.table
    ]
    console.print(table(["CRM", "object", "value now", "records", "means", "becomes"], rows, right=(3,)))
    if found.unknown:
        console.print(
            f"{found.unknown:,} records hold a value that means no stage: their people begin as the rules say. "
            "Map it under `write: ... stage: values:` where that is wrong.",
            markup=False,
        )
    plan = found.planned.plan
    counts = ", ".join(f"{count:,} in {crm}" for crm, count in plan.counts.records.items()) or "none"
    console.print(f"Plan {plan.hash[:12]}: records to write: {counts}; {len(plan.effects):,} actions.", markup=False)
    render_not_written(console, plan)
    for stop in found.planned.stops:
        console.print(f"stopped by {stop}", markup=False)
    if out is not None and not found.planned.stops:
        console.print(
            f"Saved in {out}. `leadline adopt {out}` accepts and writes it (`--wave 5000 --wait 10m` in portions); "
            f"`leadline adopt {out} --write nothing` leaves the CRMs as they are until things change.",
            markup=False,
        )


def _means(line: LegacyValue) -> str:
    if line.stage is not None or not line.value:
        return line.stage or ""
    return f"unknown ({line.hint})" if line.hint else "unknown"


def _becomes(line: LegacyValue) -> str:
    return ", ".join(f"{stage} {count:,}" for stage, count in line.becomes.items())
