"""How a plan looks: what it would do by CRM, stage and field, its price, and its first writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.sync.cycle import PlannedResult
from leadline.sync.plan.model import Plan, PlannedWrite
from leadline.terminal.pull import evaluation_data, pull_data, render_pull
from leadline.terminal.tables import percent, table

if TYPE_CHECKING:
    from rich.console import Console

HEAD = 12


def planned_data(result: PlannedResult, out: Path | None) -> dict[str, Any]:
    """Return the result of `plan` for machines, every write included."""
    return {
        "ok": not result.stops,
        "pull": pull_data(result.pull),
        "evaluation": evaluation_data(result.evaluation),
        "stock": plain(result.stock),
        "plan": plain(result.plan),
        "stops": [str(stop) for stop in result.stops],
        "kept": result.kept,
        "calls": plain(result.calls),
        "output": str(out) if out else None,
    }


def render_planned(console: Console, result: PlannedResult, out: Path | None) -> None:
    """Print what was pulled, the funnel, the plan, and what stands in its way."""
    render_pull(console, result.pull, result.calls)
    render_funnel(console, result.stock)
    render_plan(console, result.plan)
    for stop in result.stops:
        console.print(f"stopped by {stop}", markup=False)
    if out is not None:
        console.print(f"Written to {out}. `leadline apply {out}` writes it to the CRMs.", markup=False)


def render_funnel(console: Console, stock: Mapping[str, int]) -> None:
    """Print people by stage, as the plan has them."""
    people = sum(stock.values())
    rows = [(stage, count, percent(count, people)) for stage, count in stock.items()]
    console.print(table(["stage", "people", "share"], rows, right=(1, 2)))


def render_plan(console: Console, plan: Plan, *, head: int = HEAD) -> None:
    """Print a plan's summary, its call forecast and its first ``head`` writes."""
    if plan.empty:
        console.print(f"Plan {plan.hash[:12]}: nothing to write. Both CRMs agree with the decisions.", markup=False)
        _not_written(console, plan)
        return
    kind = "adoption (first run): " if plan.adoption else ""
    records, people = plan.record_count(), plan.counts.people
    console.print(
        f"Plan {plan.hash[:12]}: {kind}{len(plan.writes):,} values on {records:,} records of {people:,} people",
        markup=False,
    )
    rows = [
        (crm, count, plan.calls.get(crm, {}).get("write", 0), plan.calls.get(crm, {}).get("read_back", 0))
        for crm, count in plan.counts.records.items()
    ]
    console.print(table(["CRM", "records", "calls to write", "calls to read back"], rows, right=(1, 2, 3)))
    if plan.counts.stages:
        console.print(table(["stage written", "people"], plan.counts.stages.items(), right=(1,)))
    if plan.counts.backward:
        console.print(f"{plan.counts.backward:,} people go back or leave the main path.", markup=False)
    _not_written(console, plan)
    _writes(console, plan.writes, head)


def _writes(console: Console, writes: tuple[PlannedWrite, ...], head: int) -> None:
    rows = [
        (write.person, f"{write.ref.object}/{write.ref.id}", write.field, _value(write.old), _value(write.new),
         write.decision)
        for write in _varied(writes, head)
    ]  # fmt: skip
    console.print(table(["person", "record", "field", "old", "new", "decision"], rows))
    if len(writes) > len(rows):
        console.print(f"... and {len(writes) - len(rows):,} more; `leadline plan -o plan.json` has them all.")


def _varied(writes: tuple[PlannedWrite, ...], head: int) -> list[PlannedWrite]:
    """Choose the first writes of each (CRM, field), so that a short head still shows what a plan is about."""
    each = max(1, head // max(1, len({(write.ref.crm, write.field) for write in writes})))
    seen: Counter[tuple[str, str]] = Counter()
    chosen = []
    for write in writes:
        kind = (write.ref.crm, write.field)
        if seen[kind] < each:
            seen[kind] += 1
            chosen.append(write)
    return chosen[:head]


def _value(value: object) -> str:
    return "(empty)" if value in (None, "") else str(value)


def _not_written(console: Console, plan: Plan) -> None:
    for item in plan.not_written:
        console.print(f"not written: {item.records:,} {item.crm} {item.object}: {item.reason}", markup=False)
