"""How the plan that takes another one back looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.sync.cycle.undoing import UndoPlanned
from leadline.terminal.plan import render_plan

if TYPE_CHECKING:
    from rich.console import Console


def undo_data(made: UndoPlanned, out: Path) -> dict[str, Any]:
    """Return it for machines."""
    return {
        "ok": True,
        "plan": made.plan.hash,
        "undoes": made.of.hash,
        "records": made.plan.record_count(),
        "writes": len(made.plan.writes),
        "left": plain(list(made.plan.not_written)),
        "created_and_kept": made.stays,
        "file": str(out),
    }


def render_undo(console: Console, made: UndoPlanned, out: Path) -> None:
    """Print what would be written back, what is left alone and why, and what comes next."""
    console.print(f"Taking back plan {made.of.hash[:12]}, made {made.of.made_at:%Y-%m-%d %H:%M}Z.", markup=False)
    render_plan(console, made.plan, out)
    if made.stays:
        console.print(f"{made.stays:,} tasks, notes, memberships or notices that it made are not taken back.")
    if made.plan.empty:
        console.print("There is nothing to write back.")
        return
    console.print(
        f"Saved in {out}. `leadline apply {out}` writes it and then pauses writing, because the next cycle would "
        "decide the same again: mend the rule book, look at `leadline plan`, then `leadline resume`.",
        markup=False,
    )
