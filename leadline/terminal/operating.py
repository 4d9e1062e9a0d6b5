"""How past runs and refused values look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from leadline.common.canonical import plain
from leadline.sync.operations import ParkedValue, RunRecord
from leadline.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN: Final = 50


def runs_data(found: Sequence[RunRecord]) -> dict[str, Any]:
    """Return past runs for machines; spans are in seconds."""
    return {
        "ok": True,
        "runs": [
            {**plain(run), "lag": run.lag.total_seconds().__round__() if run.lag is not None else None}
            for run in found
        ],
    }


def render_runs(console: Console, found: Sequence[RunRecord]) -> None:
    """Print one line a run."""
    if not found:
        console.print("Nothing has run on this state yet.")
        return
    rows = [
        (run.cycle, run.kind, run.status, run.finished, run.lag, _rows(run.counts), run.counts.get("evaluated"),
         run.counts.get("decisions"), _written(run.counts))
        for run in found
    ]  # fmt: skip
    columns = ["run", "kind", "ended", "at", "lag", "rows read", "evaluated", "decisions", "records"]
    console.print(table(columns, rows, right=(0, 5, 6, 7)))


def parked_data(found: Sequence[ParkedValue]) -> dict[str, Any]:
    """Return refused values for machines."""
    by_code = Counter(item.code or item.status for item in found)
    return {"ok": not found, "by_code": dict(sorted(by_code.items())), "parked": plain(list(found))}


def render_parked(console: Console, found: Sequence[ParkedValue]) -> None:
    """Print refused values by code with what to do about it."""
    if not found:
        console.print("No CRM refuses anything.")
        return
    rows = [
        (item.id, f"{item.ref.crm} {item.ref.object}/{item.ref.id}", ", ".join(item.fields),
         item.code or item.status, item.since, item.remedy)
        for item in found[:MOST_SHOWN]
    ]  # fmt: skip
    console.print(table(["no.", "record", "fields", "code", "since", "what to do"], rows, right=(0,)))
    if len(found) > MOST_SHOWN:
        console.print(f"... and {len(found) - MOST_SHOWN:,} more; `--json` lists them all.")
    console.print("Once it is mended: `leadline retry --all`, or `leadline retry` with the numbers.")


def _rows(counts: Mapping[str, Any]) -> int | None:
    rows = counts.get("rows")
    return sum(rows.values()) if isinstance(rows, Mapping) else None


def _written(counts: Mapping[str, Any]) -> str:
    written = counts.get("written")
    return ", ".join(f"{count:,} {ending}" for ending, count in written.items()) if written else ""
