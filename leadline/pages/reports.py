"""The pages of ``leadline report``: what the terminal prints, each table with its charts beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from leadline.common.masking import mask
from leadline.common.stats import Share, share_of
from leadline.common.survival import Arrival
from leadline.pages.charts import Interval, Series, bar_chart, interval_chart, stack_chart
from leadline.pages.graph import lifecycle_graph
from leadline.pages.ranges import Range, curve_chart, range_chart
from leadline.pages.shell import render_page, write_page
from leadline.sync.reports.flow import FlowReport
from leadline.sync.reports.funnel import FEWEST, FunnelReport
from leadline.sync.reports.recycle import AwayLine, RecycleReport
from leadline.sync.reports.rejections import BY, RejectionsReport
from leadline.sync.reports.sources import SourcesReport
from leadline.sync.reports.velocity import VelocityReport
from leadline.sync.slas.report import SlaReport
from leadline.terminal.reports.recycle import away_name
from leadline.terminal.reports.rejections import lines_by
from leadline.terminal.reports.sheets import Told
from leadline.terminal.reports.sla import CAUSES, by_key, titled
from leadline.terminal.reports.sources import source_name
from leadline.terminal.reports.velocity import WEEKS_SHOWN, lines_of, step_name
from leadline.terminal.tables import cell

Charts = Iterator[tuple[str, Markup]]
"""Charts by the key of the table that they stand beside, in their order."""

MOST_ROWS: Final = 20
"""Rows that a chart shows; its table has them all."""
_WORDS: Final = ("sync delay", "unassigned", "rep", "outside hours", "paused")


def write_report(path: Path, name: str, told: Told, found: Any) -> None:
    """Write a report as one self-contained HTML file; ``name`` is that of the verb.

    Raises UsageError where it cannot be written.
    """
    write_page(path, report_page(name, told, found))


def report_page(name: str, told: Told, found: Any) -> str:
    """Return the page of the report ``name``; ``found`` is the report that ``told`` tells."""
    charts: dict[str, list[Markup]] = {}
    for key, chart in _CHARTS[name](found):
        charts.setdefault(key, []).append(chart)
    sheets = [
        {
            "sheet": sheet,
            "charts": charts.get(sheet.key, []),
            "heading": sheet.heading.replace(" -> ", " → "),
            "columns": [name.replace(" -> ", " → ") for name in sheet.columns],
            "rows": [[cell(value).replace(" -> ", " → ") for value in row] for row in sheet.rows],
        }
        for sheet in told.sheets
        if sheet.rows
    ]
    return render_page("report.html", told=told, sheets=sheets, across=name == "lifecycle")


def _funnel(found: FunnelReport) -> Charts:
    lines = found.stages
    yield "stock", bar_chart("people by stage now", [line.stage for line in lines],
                             [Series("people", [line.stock for line in lines])])  # fmt: skip
    steps = [(f"{step.source} → {step.target} ({step.entered:,})", step.share, step.entered >= FEWEST)
             for step in found.conversions]  # fmt: skip
    yield "steps", _shares("conversion of each step", steps)
    known = [line for line in lines if line.stay.median is not None and line.stay.earliest is not None]
    longest = max((_days(line.stay.latest or line.stay.median) for line in known), default=0.0)
    stays = [
        Interval(f"{line.stage} ({line.stay.count:,})", _days(line.stay.earliest), _days(line.stay.median),
                 _days(line.stay.latest) if line.stay.latest is not None else longest,
                 int(line.stay.count >= FEWEST))
        for line in known
    ]  # fmt: skip
    yield "stays", interval_chart("median days in stage", stays, unit=" days")


def _velocity(found: VelocityReport) -> Charts:
    lines = [step for step in lines_of(found) if step.arrival.median is not None]
    quartiles = [_quartiles(f"{step.source} → {step.target}", step.arrival) for step in lines]
    yield "steps", interval_chart("days from stage to stage: quartiles", quartiles, unit=" days")
    for step in lines:
        key, step_told = step_name(step), f"{step.source} → {step.target}"
        yield (
            key,
            curve_chart(f"share that has arrived, {step_told}", step.arrival.curve, step.arrival.curve[-1][0]),
        )
        weeks = [week for week in step.weeks if week.arrival.count][-WEEKS_SHOWN:]
        ranges = [
            Range(f"{week.week:%Y-%m-%d}", _days(week.arrival.lower), _days(week.arrival.median),
                  _days(week.arrival.upper), week.arrival.count < FEWEST)
            if week.arrival.median is not None else None
            for week in weeks
        ]  # fmt: skip
        labels = [f"{week.week:%Y-%m-%d}" for week in weeks]
        yield (
            key,
            range_chart(f"days by week of entering, {step_told}", "days: quartiles, hollow for few", ranges, labels),
        )


def _sources(found: SourcesReport) -> Charts:
    lines = found.lines[:MOST_ROWS]
    for stage in found.basis.main_path[1:]:
        rows = [(f"{source_name(line)} ({line.people:,})", line.reached[stage], not line.few) for line in lines]
        mean = found.everybody.reached[stage].share
        yield stage, _shares(f"share that reached {stage}", rows, None if mean is None else float(100 * mean))


def _sla(found: SlaReport) -> Charts:
    for by, lines in by_key(found):
        shown = lines[-WEEKS_SHOWN:] if by == "week" else lines[:MOST_ROWS]
        names = [mask(line.key) for line in shown]
        counts = [Series(word, [float(getattr(line, word)) for line in shown], look)
                  for word, look in (("met", 1), ("breached", 2), ("running", 0))]  # fmt: skip
        yield by, stack_chart(f"timers by {titled(by)}", names, counts)
        shares = [(f"{name} ({line.met + line.breached:,})", share_of(line.met, line.met + line.breached),
                   line.met + line.breached >= FEWEST) for name, line in zip(names, shown, strict=True)]  # fmt: skip
        yield by, _shares(f"promises kept by {titled(by)}", shares)
        lost = [line for line in shown if line.lost.total]
        spent = [
            Series(word, [getattr(line.lost, cause) / 3_600_000_000 for line in lost], look)
            for look, (cause, word) in enumerate(zip(CAUSES, _WORDS, strict=True))
        ]
        yield f"lost {by}", stack_chart(f"where the time of breaches went by {titled(by)}, hours",
                                        [mask(line.key) for line in lost], spent, unit=" h")  # fmt: skip


def _recycle(found: RecycleReport) -> Charts:
    for key, lines in (("stages", found.stages), ("reasons", found.reasons)):
        shown = lines[:MOST_ROWS]
        rows = [(f"{away_name(line)} ({line.arrival.count:,})", line.share, _enough(line)) for line in shown]
        yield key, _shares("share that came back", rows)
        times = [_quartiles(away_name(line), line.arrival) for line in shown if line.arrival.median is not None]
        yield key, interval_chart("days until they came back: quartiles", times, unit=" days")
    path = [stage for stage in found.basis.main_path if any(stage in line.furthest for line in found.returned)]
    series = [Series(f"back from {line.stage}", [line.furthest.get(stage, 0) for stage in path])
              for line in found.returned[:3]]  # fmt: skip
    yield "became", bar_chart("the furthest stage since the return", path, series)
    people = list(found.times.items())
    yield "times", bar_chart("people by how often they came back", [f"{times} x" for times, _ in people],
                             [Series("people", [count for _, count in people])])  # fmt: skip


def _rejections(found: RejectionsReport) -> Charts:
    reasons = list(found.reasons.items())[:MOST_ROWS]
    yield "reasons", bar_chart("rejections by reason", [reason for reason, _ in reasons],
                               [Series("rejections", [count for _, count in reasons])])  # fmt: skip
    shown = list(found.reasons)[:4]
    for by in BY:
        lines = lines_by(found, by)[:MOST_ROWS]
        series = [Series(reason, [line.reasons.get(reason, 0) for line in lines], look)
                  for look, reason in zip((1, 2, 3, 4), shown, strict=False)]  # fmt: skip
        rest = [line.count - sum(line.reasons.get(reason, 0) for reason in shown) for line in lines]
        if any(rest):
            series.append(Series("other reasons", rest, 0))
        yield by, stack_chart(f"rejections by {by}", [mask(line.key) for line in lines], series)


def _lifecycle(found: FlowReport) -> Charts:
    yield "moves", lifecycle_graph(found)


_CHARTS: Final[Mapping[str, Callable[[Any], Charts]]] = {
    "funnel": _funnel,
    "velocity": _velocity,
    "sources": _sources,
    "sla": _sla,
    "recycle": _recycle,
    "rejections": _rejections,
    "lifecycle": _lifecycle,
}


def _shares(title: str, rows: list[tuple[str, Share, bool]], reference: float | None = None) -> Markup:
    """Draw shares with their intervals in percent; those of few are hollow and dashed."""
    drawn = [
        Interval(label, float(100 * share.low), float(100 * share.share), float(100 * share.high), int(enough))
        for label, share, enough in rows
        if share.share is not None and share.low is not None and share.high is not None
    ]
    return interval_chart(title, drawn, unit=" %", reference=reference)


def _quartiles(label: str, arrival: Arrival) -> Interval:
    few = arrival.count < FEWEST
    days = (_days(arrival.lower), _days(arrival.median), _days(arrival.upper))
    return Interval(f"{label} ({arrival.arrived:,})", *days, int(not few))


def _enough(line: AwayLine) -> bool:
    return line.arrival.count >= FEWEST


def _days(span: timedelta | None) -> float:
    return 0.0 if span is None else span / timedelta(days=1)
