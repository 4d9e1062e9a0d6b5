"""Metrics in Prometheus' text format, from the state: for node_exporter's textfile collector and the like.

All are gauges: they say what the state holds now, and erasing a person makes some of them smaller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from leadline import __version__
from leadline.sync.watching.measuring import Measures

_CODE: Final = re.compile(r"\w{1,80}")

Samples = Iterator[tuple[tuple[str, ...], float]]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its name, what it says, and its labels."""

    name: str
    says: str
    labels: tuple[str, ...] = ()


METRICS: Final = (
    Metric("leadline_info", "1; the version that wrote this.", ("version",)),
    Metric("leadline_written_timestamp_seconds", "When this was written, by this machine's clock."),
    Metric("leadline_runs", "Runs in the state, by kind and how they ended.", ("kind", "status")),
    Metric("leadline_last_run_status", "1 for how the newest run ended.", ("kind", "status")),
    Metric("leadline_last_good_run_timestamp_seconds", "When a sync or apply last ended well, by the CRMs' clock."),
    Metric("leadline_last_good_run_age_seconds", "How long ago that was; this file may be older than its age says."),
    Metric("leadline_lag_seconds", "How far the knowledge of the newest sync or apply lay behind its end."),
    Metric("leadline_paused", "1 while writing is paused."),
    Metric("leadline_last_run_duration_seconds", "How long the newest sync or apply took."),
    Metric("leadline_last_run_rows", "Rows that the CRMs sent in the newest sync or apply.", ("crm", "stream")),
    Metric("leadline_last_run_evaluated", "People evaluated in it."),
    Metric("leadline_last_run_decisions", "Decisions made in it."),
    Metric("leadline_last_run_writes", "Records it wrote or tried to, by how that ended.", ("ending",)),
    Metric("leadline_last_run_calls", "HTTP calls it made.", ("crm", "purpose")),
    Metric("leadline_quota_used_calls", "Calls of the CRM's day used by anybody, as the CRM said in it.", ("crm",)),
    Metric("leadline_quota_limit_calls", "Calls of the CRM's day allowed, as the CRM said in it.", ("crm",)),
    Metric("leadline_decisions", "Decisions in the state."),
    Metric("leadline_journal_writes", "Writes in the journal, by how they stand.", ("crm", "status")),
    Metric("leadline_parked_values", "Values that a CRM refuses now, by its code.", ("crm", "code")),
    Metric("leadline_effects", "Tasks, notices and other consequences, by how they stand.", ("status",)),
    Metric("leadline_slas", "Runs of SLAs, by how they stand.", ("sla", "status")),
    Metric("leadline_people", "People by stage.", ("stage",)),
)


def metrics_text(found: Measures) -> str:
    """Return all metrics as text; one without a value is left out."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    for metric in METRICS:
        samples = list(_samples(metric.name, found))
        if not samples:
            continue
        gauge = Gauge(metric.name, metric.says, metric.labels, registry=registry)
        for labels, value in samples:
            (gauge.labels(*labels) if labels else gauge).set(value)
    return generate_latest(registry).decode()


def _samples(name: str, found: Measures) -> Samples:
    """Yield label values and the number of one metric."""
    match name.removeprefix("leadline_"):
        case "info":
            yield (__version__,), 1
        case "written_timestamp_seconds":
            yield (), found.now.timestamp()
        case "runs":
            yield from found.runs.items()
        case "last_run_status" if found.last:
            yield (found.last.kind, found.last.status), 1
        case "paused":
            yield (), int(found.paused)
        case "decisions":
            yield (), found.decisions
        case "journal_writes":
            yield from found.written.items()
        case "parked_values":
            yield from _summed((crm, _code(code), count) for (crm, code), count in found.parked.items())
        case "effects":
            yield from _one(found.effects)
        case "slas":
            yield from found.slas.items()
        case "people":
            yield from _one(found.people)
        case other:
            yield from _of_time(other, found)
            yield from _of_last(other, found.last_sync.counts if found.last_sync else {})


def _of_time(name: str, found: Measures) -> Samples:
    if name == "last_good_run_timestamp_seconds" and found.good:
        yield (), found.good.timestamp()
    elif name == "last_good_run_age_seconds" and found.age is not None:
        yield (), found.age.total_seconds()
    elif name == "lag_seconds" and found.lag is not None:
        yield (), found.lag.total_seconds()


def _of_last(name: str, counts: Mapping[str, Any]) -> Samples:
    """Yield what the newest run that wrote counted."""
    match name:
        case "last_run_duration_seconds" if "milliseconds" in counts:
            yield (), counts["milliseconds"] / 1000
        case "last_run_rows":
            for stream, rows in counts.get("rows", {}).items():
                crm, _, rest = stream.partition(" ")
                yield (crm, rest), rows
        case "last_run_evaluated" | "last_run_decisions":
            what = name.removeprefix("last_run_")
            if what in counts:
                yield (), counts[what]
        case "last_run_writes":
            yield from _one(counts.get("written", {}))
        case "last_run_calls":
            for crm, calls in counts.get("calls", {}).items():
                yield from (((crm, purpose), made) for purpose, made in calls.items())
        case "quota_used_calls" | "quota_limit_calls":
            what = name.split("_")[1]
            for crm, quota in counts.get("quota", {}).items():
                if quota[what] is not None:
                    yield (crm,), quota[what]


def _one(counts: Mapping[str, int]) -> Samples:
    return (((name,), count) for name, count in counts.items())


def _summed(rows: Iterator[tuple[str, str, int]]) -> Samples:
    """Add up rows that have the same labels once odd codes share one."""
    sums: dict[tuple[str, ...], int] = {}
    for crm, code, count in rows:
        sums[crm, code] = sums.get((crm, code), 0) + count
    yield from sums.items()


def _code(text: str) -> str:
    """Return a CRM's code where it looks like one: a sentence makes no label, and may be about people."""
    return text if _CODE.fullmatch(text) else "other"
