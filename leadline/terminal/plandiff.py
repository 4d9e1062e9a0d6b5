"""How the difference between two plans looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from leadline.common.canonical import raw_text
from leadline.common.masking import mask
from leadline.sync.plan.comparing import PlanDifference, WriteChange
from leadline.terminal.tables import table

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN: Final = 20


def difference_data(found: PlanDifference) -> dict[str, Any]:
    """Return the difference for machines, texts masked."""
    return {
        "same": found.same,
        "fresh_effects": found.fresh_effects,
        "gone_effects": found.gone_effects,
        **{
            name: [_data(item) for item in items]
            for name, items in (("fresh", found.fresh), ("gone", found.gone), ("other", found.other))
        },
    }


def render_difference(console: Console, found: PlanDifference, name: str) -> None:
    """Print what this plan does otherwise than the one in the file ``name``."""
    if found.empty:
        console.print(f"It would do the same as {name}.", markup=False)
        return
    console.print(
        f"Against {name}: {len(found.fresh):,} values more, {len(found.gone):,} fewer, {len(found.other):,} others, "
        f"{found.same:,} the same; {found.fresh_effects:,} actions more, {found.gone_effects:,} fewer.",
        markup=False,
    )
    changes = [*found.other, *found.fresh, *found.gone]
    rows = [(str(item.ref), item.field, _side(item, 0), _side(item, 1)) for item in changes[:MOST_SHOWN]]
    if rows:
        console.print(table(["record", "field", "that plan", "this plan"], rows))
    if len(changes) > MOST_SHOWN:
        console.print(f"... and {len(changes) - MOST_SHOWN:,} more; `--json` lists them all.")


def _data(item: WriteChange) -> dict[str, Any]:
    sides = {"before": _side(item, 0), "after": _side(item, 1)}
    return {"record": str(item.ref), "person": item.person, "field": item.field, **sides}


def _side(item: WriteChange, side: int) -> str | None:
    if not item.planned[side]:
        return None
    value = (item.before, item.after)[side]
    return "(cleared)" if value is None else mask(raw_text(value))
