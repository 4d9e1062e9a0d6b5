"""How `leadline report sla` looks: attainment, where the time went, and what is at risk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from leadline.common.canonical import instant_text, plain
from leadline.common.errors import UsageError
from leadline.common.masking import mask
from leadline.common.spreadsheets import write_csv
from leadline.common.stats import share_of
from leadline.sync.slas.attribution import Attribution
from leadline.sync.slas.report import Risk, SlaReport
from leadline.sync.slas.summing import SlaLine
from leadline.terminal.reports.sheets import Sheet, Told, basis_line, nobody_yet, share_cells
from leadline.terminal.slas import span_text
from leadline.terminal.tables import cell

CAUSES = ("sync", "unassigned", "rep", "outside", "paused")
LINE_COLUMNS = ("by", "name", "met", "breached", "void", "running", "attained", "median_used_seconds",
                "p90_used_seconds", *(f"{cause}_microseconds" for cause in CAUSES))  # fmt: skip
DEFINITIONS = (
    "A promise is met when what it waits for happened by the due instant, breached when it did not, void when it no"
    " longer applied; a breached one stays so when the answer comes late. Attained is met of met and breached, with"
    " Wilson's 95 % interval.",
    "Median and p90 are business time used up to the answer, over those that were answered.",
    "Each breach is attributed from start to breach: until it was shown in a CRM (sync delay), while nobody owned the"
    " record (unassigned), to the owner's business hours (rep), to the rest of the clock (outside hours), to pauses.",
    "A week is the ISO week of the start, UTC. At risk is an open timer of which half or more is used.",
)
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


def told_sla(report: SlaReport, *, at_risk: bool = False) -> Told:
    """Return the whole report, or only what is at risk."""
    if report.basis.frontier is None:
        return nobody_yet("SLAs")
    if not report.timers:
        return Told("SLAs", basis_line(report.basis), ["No SLA has begun yet."], [], [])
    findings = [] if at_risk else [_whole(report)]
    if not report.at_risk:
        findings.append("No open timer is at risk.")
    sheets = [*([] if at_risk else _sheets(report)), *_risk_sheet(report)]
    return Told(f"SLAs: {report.timers:,} timers", basis_line(report.basis), findings, sheets, DEFINITIONS)


def by_key(report: SlaReport) -> Iterator[tuple[str, list[SlaLine]]]:
    """Yield what lines are counted by, with those lines."""
    for by, lines in groupby(report.lines, key=lambda line: line.by):
        yield by, list(lines)


def titled(by: str) -> str:
    """Return how what lines are counted by is written."""
    return "SLA" if by == "sla" else by


def _whole(report: SlaReport) -> str:
    lines = [line for line in report.lines if line.by == "sla"]
    met, breached = sum(line.met for line in lines), sum(line.breached for line in lines)
    share, interval = share_cells(share_of(met, met + breached))
    kept = f": {share} (95 % interval {interval})" if share is not None else ""
    running = sum(line.running for line in lines)
    return f"{met:,} of {met + breached:,} promises that are decided were kept{kept}; {running:,} timers run."


def _sheets(report: SlaReport) -> Iterator[Sheet]:
    for by, lines in by_key(report):
        rows = [
            (mask(line.key), line.met, line.breached, line.void, line.running,
             *share_cells(share_of(line.met, line.met + line.breached)), _used(line.median_used),
             _used(line.p90_used))
            for line in lines
        ]  # fmt: skip
        columns = [titled(by), "met", "breached", "void", "running", "attained", "95 % interval", "median", "p90"]
        yield Sheet(by, f"Kept or broken, by {titled(by)}", columns, rows, range(1, 9))
        lost = [line for line in lines if line.lost.total]
        if lost:
            spent = [
                (mask(line.key), line.breached, *(_share(line.lost, cause) for cause in CAUSES)) for line in lost
            ]
            titles = [titled(by), "breached", "sync delay", "unassigned", "rep", "outside hours", "paused"]
            heading = f"Where the time of the breached went, by {titled(by)}"
            yield Sheet(f"lost {by}", heading, titles, spent, range(1, 7))


def _risk_sheet(report: SlaReport) -> Iterator[Sheet]:
    rows = [
        (risk.person, risk.sla, risk.stage, mask(risk.owner), cell(risk.due), _left(risk)) for risk in report.at_risk
    ]
    if rows:
        yield Sheet("risk", "At risk", ["person", "SLA", "stage", "owner", "due", "left"], rows, (5,))


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
