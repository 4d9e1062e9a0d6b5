"""How the candidate book of shadow mode looks beside the live one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.common.masking import mask
from leadline.history.beside import Beside
from leadline.terminal.tables import cell, percent, table

if TYPE_CHECKING:
    from rich.console import Console


def beside_data(found: Beside) -> dict[str, Any]:
    """Return the comparison for machines."""
    return {"ok": True, **plain(found)}


def render_beside(console: Console, found: Beside) -> None:
    """Print people by stage under both books, then who stands elsewhere and why."""
    if found.problem:
        console.print(f"The candidate did not follow the last time: {found.problem}", markup=False)
    console.print(
        f"Candidate {found.name} ({found.book[:12]}) since {cell(found.since)}, as of {cell(found.frontier)}.",
        markup=False,
    )
    console.print(table(["stage", "live", "candidate"], found.stages, right=(1, 2)))
    moved = [(f"{line.live} / {line.shadow}", line.people) for line in found.lines if line.live != line.shadow]
    console.print(table(["live / candidate", "people"], moved, right=(1,)))
    for line in found.lines:
        for sample in line.samples:
            console.print(f"{line.live} / {line.shadow}: {mask(sample.person)}", markup=False)
            console.print(f"    live: {sample.live_why} (since {sample.live_since[:10]})", markup=False)
            console.print(f"    candidate: {sample.shadow_why} (since {sample.shadow_since[:10]})", markup=False)
    console.print(
        f"{found.people:,} people, {percent(found.same, found.people)} in the same stage;"
        f" {found.other_grade:,} have another grade.",
        markup=False,
    )
    for sentence in found.unread:
        console.print(f"The candidate cannot know: {sentence}.", markup=False)
