"""Durations as RevOps write them: ``30d``, ``12h``, ``2 weeks``, ``6 months``, ``daily``."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Final

from leadline.common.yamltree import Node, Scalar
from leadline.rules.model import Months
from leadline.rules.reading.report import Report

LONGEST: Final = timedelta(days=36_525)
"""A century: far above any window, far below what a timestamp can carry."""


def duration(report: Report, node: Node, what: str) -> timedelta | None:
    """Return an exact duration above zero; ``d`` is 24 hours, months are refused because they vary."""
    found = _read(report, node, what)
    if isinstance(found, Months):
        report.add(node.mark, f"{what} cannot be in months, which vary", "write days, such as 30d", "duration")
        return None
    return found


def calendar_duration(report: Report, node: Node, what: str) -> timedelta | Months | None:
    """Return a duration that may also be a number of calendar months or years."""
    return _read(report, node, what)


def parsed(text: str) -> timedelta | Months | None:
    """Return the duration that ``text`` says, None when it is none."""
    if text in EVERY:
        return EVERY[text]
    match = _SHAPE.fullmatch(text)
    if match is None or match[2].lower() not in UNITS:
        return None
    unit = UNITS[match[2].lower()]
    count = int(match[1])
    return Months(count * unit.count) if isinstance(unit, Months) else count * unit


def percent(report: Report, node: Node, what: str) -> Decimal | None:
    """Return ``50%`` as 0.5; above 0 and at most 100 percent."""
    match = _PERCENT.fullmatch(node.text) if isinstance(node, Scalar) else None
    share = Decimal(match[1]) if match else Decimal(0)
    if match and 0 < share <= 100:
        return share / 100
    report.wrong(node, f"{what} is a percentage above 0% and at most 100%, such as 50%")
    return None


UNITS: Final[dict[str, timedelta | Months]] = {
    **dict.fromkeys(("min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
    **dict.fromkeys(("month", "months"), Months(1)),
    **dict.fromkeys(("y", "year", "years"), Months(12)),
}
EVERY: Final[dict[str, timedelta]] = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
}
_SHAPE: Final = re.compile(r"([0-9]{1,6}) ?([A-Za-z]+)")
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")


def _read(report: Report, node: Node, what: str) -> timedelta | Months | None:
    found = parsed(node.text) if isinstance(node, Scalar) else None
    if found is None:
        report.wrong(node, f"{what} is a duration such as 30d, 12h or 2 weeks")
        return None
    length = timedelta(days=31 * found.count) if isinstance(found, Months) else found
    if timedelta(0) < length <= LONGEST:
        return found
    report.add(node.mark, f"{what} must be longer than nothing and at most a century", code="out-of-range")
    return None
