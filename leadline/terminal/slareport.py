"""How `leadline report sla` looks: attainment, where the time went, and what is at risk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import instant_text, plain
from leadline.common.errors import UsageError
from leadline.common.masking import mask
from leadline.common.spreadsheets import write_csv
from leadline.sync.slas.attribution import Attribution
from leadline.sync.slas.report import Risk, SlaReport
from leadline.sync.slas.summing import SlaLine
from leadline.terminal.slas import span_text
from leadline.terminal.tables import cell, percent, table

if TYPE_CHECKING:
    from rich.console import Console

CAUSES = ("sync", "unassigned", "rep", "outside", "paused")
LINE_COLUMNS = ("by", "name", "met", "breached", "void", "running", "attained", "median_used_seconds",
                "p90_used_seconds", *(f"{cause}_microseconds" for cause in CAUSES))  # fmt: skip
RISK_COLUMNS = ("person", "sla", "stage", "owner", "due", "used_seconds", "left_seconds")


def sla_report_data(report: SlaReport, *, at_risk: bool = False) -> dict[str, Any]:
    """Return the report for machines: times used are seconds, where time went is microseconds; no personal data."""
    data: dict[str, Any] = {"ok": True, "frontier": plain(report.frontier), "timers": report.timers}
    if not at_risk:
        data["lines"] = [dict(zip(LINE_COLUMNS, row, strict=True)) for row in _lines(report)]
    data["at_risk"] = [dict(zip(RISK_COLUMNS, row, strict=True)) for row in _risks(report)]
    return data


def write_sla_report(path: Path, report: SlaReport, *, at_risk: bool = False) -> int:
    """Write the lines, or the timers at risk, as CSV; return their number. Raises UsageError for a bad place."""
    columns, rows = (RISK_COLUMNS, list(_risks(report))) if at_risk else (LINE_COLUMNS, list(_lines(report)))
    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            write_csv(stream, columns, rows)
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be written there: {error.strerror}") from None
    return len(rows)


def render_sla_report(console: Console, report: SlaReport, *, at_risk: bool = False) -> None:
    """Print attainment by SLA, stage, owner, source and week, then what is at risk."""
    if not report.timers:
        console.print("No SLA has begun yet.")
        return
    if not at_risk:
        for by, lines in groupby(report.lines, key=lambda line: line.by):
            _render_lines(console, by, list(lines))
        console.print("Median and p90 are business time used up to the answer.")
    _render_risks(console, report)


def _render_lines(console: Console, by: str, lines: list[SlaLine]) -> None:
    rows = [
        (mask(line.key), line.met, line.breached, line.void, line.running,
         percent(line.met, line.met + line.breached), _used(line.median_used), _used(line.p90_used))
        for line in lines
    ]  # fmt: skip
    columns = [by, "met", "breached", "void", "running", "attained", "median", "p90"]
    console.print(table(columns, rows, right=(1, 2, 3, 4, 5, 6, 7)))
    lost = [line for line in lines if line.lost.total]
    if lost:
        spent = [(mask(line.key), line.breached, *(_share(line.lost, cause) for cause in CAUSES)) for line in lost]
        titles = [f"breached, by {by}", "timers", "sync delay", "unassigned", "rep", "outside hours", "paused"]
        console.print(table(titles, spent, right=(1, 2, 3, 4, 5, 6)))


def _render_risks(console: Console, report: SlaReport) -> None:
    if not report.at_risk:
        console.print("No open timer is at risk.")
        return
    rows = [
        (risk.person, risk.sla, risk.stage, mask(risk.owner), cell(risk.due), _left(risk)) for risk in report.at_risk
    ]
    console.print(table(["at risk", "SLA", "stage", "owner", "due", "left"], rows, right=(5,)))


def _lines(report: SlaReport) -> Iterator[tuple[Any, ...]]:
    for line in report.lines:
        attained = None if line.attained is None else f"{line.attained:.4f}"
        used = (_seconds(line.median_used), _seconds(line.p90_used))
        lost = (getattr(line.lost, cause) for cause in CAUSES)
        yield (line.by, mask(line.key), line.met, line.breached, line.void, line.running, attained, *used, *lost)


def _risks(report: SlaReport) -> Iterator[tuple[Any, ...]]:
    for risk in report.at_risk:
        times = (instant_text(risk.due), _seconds(risk.used), _seconds(risk.left))
        yield (risk.person, risk.sla, risk.stage, mask(risk.owner), *times)


def _left(risk: Risk) -> str:
    span = timedelta(microseconds=risk.left)
    return f"{span_text(-span)} over" if span < timedelta(0) else span_text(span)


def _share(lost: Attribution, cause: str) -> str:
    return span_text(timedelta(microseconds=getattr(lost, cause)))


def _used(microseconds: int | None) -> str | None:
    return None if microseconds is None else span_text(timedelta(microseconds=microseconds))


def _seconds(microseconds: int | None) -> int | None:
    return None if microseconds is None else microseconds // 1_000_000
