"""HubSpot's own lifecycle stages: their order, and the dates it keeps of them."""

from __future__ import annotations

from typing import Final

STAGES: Final[tuple[tuple[str, str], ...]] = (
    ("subscriber", "Subscriber"),
    ("lead", "Lead"),
    ("marketingqualifiedlead", "Marketing Qualified Lead"),
    ("salesqualifiedlead", "Sales Qualified Lead"),
    ("opportunity", "Opportunity"),
    ("customer", "Customer"),
    ("evangelist", "Evangelist"),
    ("other", "Other"),
)
_ORDER: Final = {stage: place for place, (stage, _) in enumerate(STAGES)}


def moves(current: str, wanted: str) -> bool:
    """Tell whether a write of ``wanted`` over ``current`` takes hold.

    Clearing always does and a blank record takes any stage; otherwise only forward. A backward write is answered
    with success and ignored (docs: "you need to clear the existing lifecycle stage value first").
    """
    if not current or not wanted:
        return True
    return _ORDER.get(wanted, -1) > _ORDER.get(current, -1)


def entered(stage: str) -> str:
    """Name the read-only property that holds when a record entered ``stage``."""
    return f"hs_v2_date_entered_{stage}"


def exited(stage: str) -> str:
    """Name the read-only property that holds when a record left ``stage``."""
    return f"hs_v2_date_exited_{stage}"
