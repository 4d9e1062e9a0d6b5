"""How the funnel looks: stock, conversion, time in stage and source."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.sync.reporting import FunnelReport
from leadline.terminal.tables import cell, percent, table

if TYPE_CHECKING:
    from rich.console import Console


def report_data(report: FunnelReport) -> dict[str, Any]:
    """Return the report for machines; times are whole seconds."""
    stages = [
        {"stage": line.stage, "stock": line.stock, "entered": line.entered, "implied": line.implied,
         "median_stay_seconds": _seconds(line.median_stay), "median_age_seconds": _seconds(line.median_age)}
        for line in report.stages
    ]  # fmt: skip
    conversions = [
        {"source": step.source, "target": step.target, "entered": step.entered, "converted": step.converted,
         "median_time_seconds": _seconds(step.median_time)}
        for step in report.conversions
    ]  # fmt: skip
    return {
        "ok": True,
        "frontier": plain(report.frontier),
        "people": report.people,
        "stages": stages,
        "conversions": conversions,
        "by_source": plain(report.by_source),
        "waiting": [
            {"stage": line.stage, "people": line.people, "median_wait_seconds": _seconds(line.median_wait),
             "longest_wait_seconds": _seconds(line.longest_wait)}
            for line in report.waiting
        ],
    }  # fmt: skip


def render_stock(console: Console, report: FunnelReport) -> None:
    """Print people by stage, now."""
    rows = [
        (line.stage, line.stock, percent(line.stock, report.people), line.entered, line.implied, line.median_stay,
         line.median_age)
        for line in report.stages
    ]  # fmt: skip
    columns = ["stage", "people", "share", "entered", "implied", "median stay", "median age"]
    console.print(table(columns, rows, right=(1, 2, 3, 4, 5, 6)))
    if report.frontier is None:
        console.print("Nobody was decided on yet. `leadline plan -o plan.json` makes the first plan; apply it.")
    else:
        console.print(f"{report.people:,} people as of {cell(report.frontier)}.", markup=False)
    if report.waiting:
        waits = [(line.stage, line.people, line.median_wait, line.longest_wait) for line in report.waiting]
        columns = ["waits for a place in", "people", "median wait", "longest wait"]
        console.print(table(columns, waits, right=(1, 2, 3)))


def render_report(console: Console, report: FunnelReport) -> None:
    """Print the whole report: stock, then conversion, then sources."""
    render_stock(console, report)
    rows = [
        (f"{step.source} -> {step.target}", step.entered, step.converted, percent(step.converted, step.entered),
         step.median_time)
        for step in report.conversions
    ]  # fmt: skip
    console.print(table(["step", "entered", "converted", "share", "median time"], rows, right=(1, 2, 3, 4)))
    console.print("Skipped (implied) stages are left out of conversion and times.")
    if report.by_source:
        stages = [line.stage for line in report.stages]
        rows_by_source = [
            (line.source, line.people, *(line.stock.get(stage, 0) for stage in stages)) for line in report.by_source
        ]
        numbers = range(1, len(stages) + 2)
        console.print(table(["source", "people", *stages], rows_by_source, right=tuple(numbers)))


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())
