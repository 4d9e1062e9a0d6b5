"""How the funnel looks: stock, conversion, time in stage and source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.sync.reports.funnel import FEWEST, FunnelReport
from leadline.terminal.reports.sheets import (
    Sheet,
    Told,
    basis_line,
    for_machines,
    nobody_yet,
    render_told,
    seconds,
    share_cells,
    span_cells,
)
from leadline.terminal.tables import cell, percent

if TYPE_CHECKING:
    from rich.console import Console

DEFINITIONS = (
    "Stock is who stands in a stage now. A cohort is every pass that ever entered a stage: people who came back count"
    " once for each pass.",
    "A share is of the passes that entered the first stage in person; those that may go on yet are in it, so it grows"
    " for a while. Of the decided leaves them out."
    " Passes that skipped either stage (implied), or that are past the second without a date of it, are left out."
    " Intervals of shares are Wilson's, 95 %.",
    "A stay is over when the person leaves the stage, whatever for. Its median is Kaplan and Meier's: stays that go"
    " on count for as long as they have lasted. Only stays that began while a rule book was active are measured.",
    f"Fewer than {FEWEST} passes or stays are not judged. A bottleneck is named only where its interval keeps it"
    " apart from all others.",
)


def report_data(report: FunnelReport) -> dict[str, Any]:
    """Return the report for machines; times are whole seconds."""
    return {
        "ok": True,
        "frontier": plain(report.basis.frontier),
        "began": plain(report.basis.began),
        "zone": report.basis.zone,
        "people": report.people,
        "stages": for_machines(report.stages),
        "conversions": [
            {"source": step.source, "target": step.target, "entered": step.entered, "converted": step.converted,
             "open": step.open, "share": plain(step.share.share), "low": plain(step.share.low),
             "high": plain(step.share.high), "decided": step.decided.whole,
             "of_decided": plain(step.decided.share), "of_decided_low": plain(step.decided.low),
             "of_decided_high": plain(step.decided.high), "median_time_seconds": seconds(step.median_time)}
            for step in report.conversions
        ],
        "by_source": plain(report.by_source),
        "waiting": for_machines(report.waiting),
        "narrowest": report.narrowest and {"source": report.narrowest.source, "target": report.narrowest.target},
        "slowest": report.slowest and report.slowest.stage,
        "definitions": list(DEFINITIONS),
    }  # fmt: skip


def told_funnel(report: FunnelReport) -> Told:
    """Return the whole report."""
    if report.basis.frontier is None:
        return nobody_yet("Funnel")
    return Told(
        f"Funnel: {report.people:,} people",
        basis_line(report.basis),
        list(_findings(report)),
        list(_sheets(report)),
        DEFINITIONS,
    )


def render_report(console: Console, report: FunnelReport) -> None:
    """Print the whole report: stock, conversion, times, who waits, sources."""
    render_told(console, told_funnel(report))


def _sheets(report: FunnelReport) -> Iterator[Sheet]:
    yield _stock(report)
    steps = [
        (f"{step.source} -> {step.target}", step.entered, step.converted, step.decided.whole - step.converted,
         step.open, *share_cells(step.share), share_cells(step.decided)[0], step.median_time)
        for step in report.conversions
    ]  # fmt: skip
    columns = ["step", "entered", "went on", "left", "may yet", "share", "95 % interval", "of decided", "median time"]
    said = "Of the passes that ever entered a stage in person, those that entered the next."
    yield Sheet("steps", "Cohort: who went on", columns, steps, range(1, 9), said)
    stays = [
        (line.stage, line.stay.count, line.stay.ended, line.stay.lower, line.stay.median,
         span_cells(line.stay.earliest, line.stay.latest), line.stay.upper)
        for line in report.stages
        if line.stay.count
    ]  # fmt: skip
    columns = ["stage", "stays", "over", "a quarter within", "median", "95 % interval", "three quarters within"]
    yield Sheet("stays", "Time in stage", columns, stays, (1, 2, 3, 4, 5, 6),
                "Stays that began while a rule book was active, those that go on too.")  # fmt: skip
    if report.waiting:
        waits = [(line.stage, line.people, line.median_wait, line.longest_wait) for line in report.waiting]
        columns = ["waits for a place in", "people", "median wait", "longest wait"]
        yield Sheet("waiting", "Waiting for a place", columns, waits, (1, 2, 3))
    if report.by_source:
        stages = report.basis.stages
        sources = [(line.source, line.people, *(line.stock.get(stage, 0) for stage in stages))
                   for line in report.by_source]  # fmt: skip
        yield Sheet("sources", "Stock by source", ["source", "people", *stages], sources, range(1, len(stages) + 2))


def _stock(report: FunnelReport) -> Sheet:
    rows = [
        (line.stage, line.stock, percent(line.stock, report.people), line.entered, line.implied, line.median_stay,
         line.median_age)
        for line in report.stages
    ]  # fmt: skip
    columns = ["stage", "people", "share", "entered", "implied", "median stay", "median age"]
    said = "People in each stage, how many passes ever entered it, and how long those who are there have been."
    return Sheet("stock", "Stock: who is where now", columns, rows, (1, 2, 3, 4, 5, 6), said)


def _findings(report: FunnelReport) -> Iterator[str]:
    step = report.narrowest
    if step is not None:
        share, interval = share_cells(step.decided)
        yield (
            f"The funnel narrows most from {step.source} to {step.target}: {share} of {step.decided.whole:,} that are"
            f" decided went on (95 % interval {interval}), fewer than at any other step."
        )
    else:
        yield f"No step is narrower than the others beyond chance (fewer than {FEWEST} passes are not judged)."
    line = report.slowest
    if line is not None:
        yield (
            f"People stay longest in {line.stage}: {cell(line.stay.median)} for half of {line.stay.count:,} stays,"
            f" {line.stay.ended:,} of them over (95 % interval {span_cells(line.stay.earliest, line.stay.latest)})."
        )
    else:
        yield f"No stage holds people longest beyond chance (fewer than {FEWEST} stays are not judged)."
