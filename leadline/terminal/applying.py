"""How the result of applying a plan looks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.common.errors import UsageError
from leadline.common.masking import mask
from leadline.sync.apply.report import ApplyReport
from leadline.sync.cycle import AppliedResult
from leadline.sync.cycle.first import First
from leadline.sync.schedule import Stop, period
from leadline.sync.store.effects import EffectStatus
from leadline.sync.store.journal import IntentStatus
from leadline.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console

MOST_RECORDS = 20
UNFINISHED: tuple[IntentStatus, ...] = ("planned", "claimed", "failed", "done")
"""Endings that a second run of the same plan takes up again."""
UNDONE: tuple[EffectStatus, ...] = ("planned", "claimed", "failed")
"""The same for actions."""


def apply_data(report: ApplyReport) -> dict[str, Any]:
    """Return the result for machines."""
    return {
        "ok": report.ok,
        "exit_code": report.exit_code,
        "plan": report.plan_hash,
        "resumed": report.resumed,
        "counts": plain(report.counts),
        "calls": plain(report.calls),
        "errors": {crm: str(error) for crm, error in report.errors.items()},
        "records": plain(report.records),
        "actions": plain(report.effects),
        "undone_actions": plain(report.undone),
        "paused": report.paused,
        "stopped": report.stopped,
    }


def applied_data(result: AppliedResult) -> dict[str, Any]:
    """Return the result of `apply` for machines."""
    return {**apply_data(result.report), "calls": plain(result.calls), "lower_bounds": plain(result.bounds)}


def watched_first(records: int | None, wait: str | None) -> First | None:
    """Return what `--first` and `--wait` say; Ctrl-C while waiting gives the rest up. Raises UsageError."""
    if records is None:
        if wait is not None:
            raise UsageError("--wait says how long the records of --first are watched; give both")
        return None
    watched = period(wait, "--wait") if wait is not None else timedelta(0)
    stop = Stop()

    def pause(seconds: float) -> bool:
        with stop.on_signals():
            return stop.wait(seconds)

    return First(records, watched, pause)


def render_applied(console: Console, report: ApplyReport) -> None:
    """Print records by ending, what was not written as planned with its remedy, and a last line that never lies."""
    if report.resumed:
        console.print("An earlier run of this plan was continued.")
    counts = ", ".join(f"{count:,} {status}" for status, count in report.counts.items()) or "nothing to write"
    calls = "; ".join(
        f"{crm}: {made.get('write', 0)} calls to write, {made.get('read_back', 0)} to read back"
        for crm, made in sorted(report.calls.items())
    )
    console.print(f"Records: {counts}.", markup=False)
    console.print(f"Calls: {calls}.", markup=False)
    # What was not reached is no reason for anything: it comes after what was refused.
    shown = sorted(report.records, key=lambda item: item.status == "planned")[:MOST_RECORDS]
    if shown:
        rows = [
            (f"{item.ref.crm} {item.ref.object}/{item.ref.id}", item.status, item.code, ", ".join(item.fields),
             mask(item.remedy))
            for item in shown
        ]  # fmt: skip
        console.print(table(["record", "ending", "code", "fields", "what to do"], rows))
    if len(report.records) > len(shown):
        console.print(f"... and {len(report.records) - len(shown):,} more; `--json` lists them all.")
    _render_actions(console, report)
    for crm, error in report.errors.items():
        console.print(f"{crm} broke off: {error}", markup=False)
    again = any(report.counts.get(status) for status in UNFINISHED)
    again = again or any(report.effects.get(status) for status in UNDONE)
    if report.ok:
        console.print("Everything planned was written and read back.")
    elif any(item.code == "CANARY" for item in report.records):
        console.print("The rest was given up after the first records. Mend what went wrong, and make a new plan.")
    elif report.stopped and again:
        console.print(
            f"Stopped: {report.stopped}. Mend it, then run the same command again: it goes on with the rest."
        )
    elif report.errors or again:
        console.print("Not everything was written. Run the same plan again to continue, or make a new one.")
    else:
        console.print("Not everything was written. This plan is done; `leadline plan` shows what is left.")
    if report.paused:
        console.print(
            "Writing is paused from here on, because the next cycle would decide the same again: mend the rule book, "
            "look at `leadline plan`, then `leadline resume`."
        )


def _render_actions(console: Console, report: ApplyReport) -> None:
    """Print actions by ending, and those that were not carried out, with what to do."""
    if not report.effects:
        return
    counts = ", ".join(f"{count:,} {status}" for status, count in report.effects.items())
    console.print(f"Actions: {counts}.", markup=False)
    shown = report.undone[:MOST_RECORDS]
    if shown:
        rows = [(item.kind, item.cause, item.person, item.status, item.code, mask(item.remedy)) for item in shown]
        console.print(table(["action", "cause", "person", "ending", "code", "what to do"], rows))
    if len(report.undone) > len(shown):
        console.print(f"... and {len(report.undone) - len(shown):,} more; `--json` lists them all.")
