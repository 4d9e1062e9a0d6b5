"""The page of the funnel: who is where now, how many went on, how long it took, and where it narrows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadline.history.stats import share_of
from leadline.pages.charts import Interval, Series, bar_chart, interval_chart
from leadline.pages.shell import render_page, write_page
from leadline.sync.reporting import Conversion, FunnelReport
from leadline.terminal.tables import cell, percent

FEWEST = 30
"""Passes that must have entered a stage before its step is called a bottleneck: fewer say too little."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """The step with the smallest conversion; even the upper end of its interval lies below what the others have."""

    step: Conversion
    low: float
    high: float


def write_funnel(path: Path, found: FunnelReport) -> None:
    """Write one self-contained HTML file. Raises UsageError where it cannot be written."""
    write_page(path, funnel_page(found))


def funnel_page(found: FunnelReport) -> str:
    """Return the page. Stock (who is there now) and cohorts (who ever entered) stand apart."""
    stages = [line.stage for line in found.stages]
    return render_page(
        "funnel.html",
        people=f"{found.people:,}",
        at=cell(found.frontier),
        stock_chart=bar_chart(
            "people by stage now", stages, [Series("people", [line.stock for line in found.stages])]
        ),
        stock=[
            (line.stage, line.stock, percent(line.stock, found.people), cell(line.median_age))
            for line in found.stages
        ],
        step_chart=interval_chart("conversion of each step", list(_intervals(found.conversions)), unit=" %"),
        steps=[_step(step) for step in found.conversions],
        bottleneck=_sentence(bottleneck(found.conversions)),
        times=[(line.stage, line.entered, line.implied, cell(line.median_stay)) for line in found.stages],
        waiting=[
            (line.stage, line.people, cell(line.median_wait), cell(line.longest_wait)) for line in found.waiting
        ],
        sources=[
            (line.source, line.people, *(line.stock.get(stage, 0) for stage in stages)) for line in found.by_source
        ],
        stages=stages,
    )


def bottleneck(steps: Sequence[Conversion]) -> Bottleneck | None:
    """Return the step that narrows the funnel most, where the figures say so and not chance."""
    known = [step for step in steps if step.entered >= FEWEST]
    if len(known) < 2:
        return None
    worst = min(known, key=lambda step: (step.converted / step.entered, step.source))
    low, high = _bounds(worst.converted, worst.entered)
    others = [step.converted / step.entered for step in known if step is not worst]
    return Bottleneck(worst, low, high) if high < min(others) else None


def _sentence(found: Bottleneck | None) -> str:
    if found is None:
        return f"No step is narrower than the others beyond chance (fewer than {FEWEST} passes are not judged)."
    step = found.step
    return (
        f"The funnel narrows most from {step.source} to {step.target}: {percent(step.converted, step.entered)} of "
        f"{step.entered:,} went on (95 % interval {100 * found.low:.1f} to {100 * found.high:.1f} %)."
    )


def _intervals(steps: Sequence[Conversion]) -> Iterator[Interval]:
    for step in steps:
        if step.entered:
            low, high = _bounds(step.converted, step.entered)
            middle = 100 * step.converted / step.entered
            yield Interval(f"{step.source} → {step.target} ({step.entered:,})", 100 * low, middle, 100 * high, 1)


def _step(step: Conversion) -> Sequence[object]:
    interval = ""
    if step.entered:
        low, high = _bounds(step.converted, step.entered)
        interval = f"{100 * low:.1f} to {100 * high:.1f} %"
    return (
        f"{step.source} → {step.target}",
        step.entered,
        step.converted,
        percent(step.converted, step.entered),
        interval,
        cell(step.median_time),
    )


def _bounds(part: int, whole: int) -> tuple[float, float]:
    found = share_of(part, whole)
    return float(found.low or 0), float(found.high or 0)
