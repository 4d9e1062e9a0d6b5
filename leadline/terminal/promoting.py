"""How the differences between two environments look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.sync.environments import Promotion
from leadline.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console


def promotion_data(found: Promotion, same_book: bool) -> dict[str, Any]:
    """Return the differences for machines."""
    return {
        "ok": found.ready,
        "same_book": same_book,
        "organisations": {crm: list(pair) for crm, pair in found.organisations.items()},
        "differences": plain(list(found.differences)),
    }


def render_promotion(console: Console, found: Promotion, same_book: bool) -> None:
    """Print what was compared and what is different, what blocks first."""
    for crm, (one, other) in found.organisations.items():
        same = ", which is the same" if one == other else ""
        console.print(f"{crm}: {one} and {other}{same}.", markup=False)
    if not same_book:
        console.print("The two configurations name different rule books; the first one's was asked for.")
    rows = [
        (item.crm, item.what, item.name, item.here, item.there, "yes" if item.blocks else "")
        for item in sorted(found.differences, key=lambda item: not item.blocks)
    ]
    if rows:
        console.print(table(["CRM", "what", "name", "from", "to", "blocks"], rows))
    blocking = sum(item.blocks for item in found.differences)
    if blocking:
        console.print(f"{blocking:,} things that the book needs are missing; make them there, then adopt.")
    else:
        console.print("Everything that the book names is there.")
