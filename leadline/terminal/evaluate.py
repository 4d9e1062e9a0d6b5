"""How the result of `leadline evaluate` looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leadline.batch.evaluating import Evaluation
from leadline.terminal.tables import percent, table

if TYPE_CHECKING:
    from rich.console import Console


def render_evaluation(console: Console, done: Evaluation, out: Path) -> None:
    """Print how many people stand in each stage and where the rows are."""
    rows = [(stage, count, percent(count, done.people)) for stage, count in done.stages.items()]
    console.print(table(["stage", "people", "share"], rows, right=(1, 2)))
    console.print(f"{done.people:,} people, {done.activities:,} activities -> {out}", markup=False)
