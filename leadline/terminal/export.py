"""How the result of `leadline export --to` looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leadline.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console

    from leadline.history.warehouse import Exported


def render_export(console: Console, done: Exported, to: Path, *, personal: bool) -> None:
    """Print how many rows each table has, and where what they mean is told."""
    console.print(table(["table", "rows"], [(name, f"{rows:,}") for name, rows in done.rows.items()], right=(1,)))
    told = "Values stand as they are: keep it like the CRM's own exports." if personal else "Values are masked."
    console.print(f"{to}: state as of cycle {done.cycle}; README.md there says what the columns mean. {told}")
