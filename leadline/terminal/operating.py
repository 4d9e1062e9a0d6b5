"""How past runs and refused values look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from leadline.common.canonical import plain
from leadline.sync.operations import ParkedAction, ParkedValue, RunRecord
from leadline.sync.operations.health import Health
from leadline.sync.operations.integrity import Finding
from leadline.terminal.tables import duration, table

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN: Final = 20


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


def parked_data(
    found: Sequence[ParkedValue], actions: Sequence[ParkedAction], withdrawn: Sequence[ParkedAction] = ()
) -> dict[str, Any]:
    """Return refused values and actions, and those no longer wanted, for machines."""
    by_code = Counter(item.code or item.status for item in found)
    return {
        "ok": not found and not actions,
        "by_code": dict(sorted(by_code.items())),
        "parked": plain(list(found)),
        "actions": plain(list(actions)),
        "withdrawn": plain(list(withdrawn)),
    }


def render_parked(
    console: Console,
    found: Sequence[ParkedValue],
    actions: Sequence[ParkedAction],
    withdrawn: Sequence[ParkedAction] = (),
) -> None:
    """Print refused values, then refused actions, by code with what to do about it; then what is no longer wanted."""
    for reason, count in sorted(Counter(one.remedy for one in withdrawn).items()):
        console.print(f"No longer wanted: {count:,} refused actions. {_sentence(reason)}", markup=False)
    if not found and not actions:
        console.print("No CRM refuses anything.")
        return
    by_code: dict[str, list[ParkedValue]] = {}
    for item in found:
        by_code.setdefault(item.code or item.status, []).append(item)
    for code, items in sorted(by_code.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        console.print(f"{code}: {len(items):,} records. {_sentence(items[0].remedy)}", markup=False)
        rows = [
            (item.id, f"{item.ref.crm} {item.ref.object}/{item.ref.id}", item.since, ", ".join(item.fields))
            for item in items[:MOST_SHOWN]
        ]
        console.print(table(["no.", "record", "since", "fields"], rows, right=(0,)))
        _more(console, len(items))
    refused: dict[str, list[ParkedAction]] = {}
    for action in actions:
        refused.setdefault(action.code, []).append(action)
    for code, acts in sorted(refused.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        console.print(f"{code}: {len(acts):,} actions. {_sentence(acts[0].remedy)}", markup=False)
        shown = [(one.key, one.kind, one.person, one.cause, one.since) for one in acts[:MOST_SHOWN]]
        console.print(table(["no.", "action", "person", "because", "since"], shown))
        _more(console, len(acts))
    console.print("Once it is mended: `leadline retry --all`, or `leadline retry` with the numbers, or `--code`.")


def _more(console: Console, count: int) -> None:
    if count > MOST_SHOWN:
        console.print(f"... and {count - MOST_SHOWN:,} more; `--json` lists them all.")


def health_data(found: Health) -> dict[str, Any]:
    """Return how the sync is for machines; ``age`` is in seconds."""
    age = None if found.age is None else round(found.age.total_seconds())
    return {"ok": found.well, **plain(found), "age": age}


def render_health(console: Console, found: Health) -> None:
    """Print whether the sync is well, and what stands in its way."""
    since = f"the last good run ended {duration(found.age)} ago" if found.age is not None else "no run ended well yet"
    refused = f", {found.parked:,} values are refused" if found.parked else ""
    console.print(f"{'Well' if found.well else 'Not well'}: {since}{refused}.", markup=False)
    for reason in found.reasons:
        console.print(f"- {reason}", markup=False)


def findings_data(found: Sequence[Finding]) -> dict[str, Any]:
    """Return findings about the state for machines."""
    return {"ok": not any(item.severity == "error" for item in found), "findings": plain(list(found))}


def render_findings(console: Console, found: Sequence[Finding]) -> None:
    """Print what is wrong and what to do about it."""
    if not found:
        console.print("The state is whole.")
        return
    rows = [(item.severity, item.id, item.message, item.what_to_do) for item in found]
    console.print(table(["", "finding", "what", "what to do"], rows))


def _rows(counts: Mapping[str, Any]) -> int | None:
    rows = counts.get("rows")
    return sum(rows.values()) if isinstance(rows, Mapping) else None


def _written(counts: Mapping[str, Any]) -> str:
    written = counts.get("written")
    return ", ".join(f"{count:,} {ending}" for ending, count in written.items()) if written else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
