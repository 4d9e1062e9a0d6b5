"""Targets as RevOps write them: ``8 business hours``, ``2 business days``, ``30 minutes``, ``3 calendar days``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from leadline.rules.business_time.model import HOUR, MINUTE, SECOND, Target, Unit

MOST: Final = 1_000_000
"""The largest count: in hours more than a century."""
SHAPES: Final = "write for example `8 business hours`, `2 business days`, `30 minutes` or `3 calendar days`"


def parse_target(text: str) -> Target:
    """Return the target that ``text`` says; minutes and hours without `business` are time on the clock.

    Raises ValueError with a readable text.
    """
    match = _SHAPE.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"`{text.strip()[:40]}` is no target: {SHAPES}")
    count, kind, word = Decimal(match[1]), match[2], match[3]
    if abs(count) > MOST:
        raise ValueError(f"a target is at most {MOST:,} of its unit")
    if word in _DAYS:
        return _days(count, kind)
    if kind == "calendar":
        raise ValueError(f"only days can be calendar days: {SHAPES}")
    amount = count * _TIMES[word]
    if amount != int(amount):
        raise ValueError("a target is exact to the microsecond")
    return Target(int(amount), Unit.BUSINESS_TIME if kind == "business" else Unit.CLOCK_TIME)


_TIMES: Final[dict[str, int]] = {
    **dict.fromkeys(("s", "second", "seconds"), SECOND),
    **dict.fromkeys(("min", "minute", "minutes"), MINUTE),
    **dict.fromkeys(("h", "hour", "hours"), HOUR),
}
_DAYS: Final = ("day", "days")
UNITS: Final = (*_TIMES, *_DAYS)
_SHAPE: Final = re.compile(rf"(-?[0-9]{{1,9}}(?:\.[0-9]{{1,9}})?) ?(?:(business|calendar) )?({'|'.join(UNITS)})")


def _days(count: Decimal, kind: str | None) -> Target:
    if kind is None:
        raise ValueError("days of what kind? Write `business days`, `calendar days` or so many hours")
    if count != int(count):
        raise ValueError(f"{kind} days are whole: write hours for a part of one")
    return Target(int(count), Unit.BUSINESS_DAYS if kind == "business" else Unit.CALENDAR_DAYS)
