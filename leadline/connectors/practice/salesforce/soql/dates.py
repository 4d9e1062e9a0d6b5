"""Date literals: each names a span of days [first, beyond) in UTC; weeks begin on Sunday."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from leadline.connectors.practice.salesforce.answers import ApiError
from leadline.connectors.practice.salesforce.soql.syntax import DateLiteral

Span = tuple[date, date]

_DAY: Final = timedelta(days=1)


def span(literal: DateLiteral, today: date) -> Span:
    """Return the days that ``literal`` names, the end not included. Raises ApiError for an unknown name."""
    name, number = literal.name, literal.number
    try:
        if number is None and name in _FIXED:
            return _FIXED[name](today)
        if number is not None:
            for unit, begin in _UNITS.items():
                if name == f"LAST_N_{unit}S":
                    return _last(unit, begin, today, number)
                if name == f"NEXT_N_{unit}S":
                    return begin(today, 1), begin(today, number + 1)
                if name == f"N_{unit}S_AGO":
                    return begin(today, -number), begin(today, 1 - number)
    except (OverflowError, ValueError):
        raise ApiError(400, "MALFORMED_QUERY", f"date literal out of range: {name}:{number}") from None
    raise ApiError(400, "MALFORMED_QUERY", f"unexpected token: '{name.lower()}'")


def midnight(day: date) -> datetime:
    """Return a day's first instant, UTC."""
    return datetime.combine(day, time(), UTC)


def _last(unit: str, begin: Callable[[date, int], date], today: date, number: int) -> Span:
    """Days count up to today itself; whole weeks, months, quarters and years end before the present one."""
    if unit == "DAY":
        return today - number * _DAY, today + _DAY
    return begin(today, -number), begin(today, 0)


def _week(today: date, by: int) -> date:
    return today - ((today.weekday() + 1) % 7) * _DAY + by * 7 * _DAY


def _month(today: date, by: int) -> date:
    months = today.year * 12 + today.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def _quarter(today: date, by: int) -> date:
    return _month(date(today.year, (today.month - 1) // 3 * 3 + 1, 1), by * 3)


def _year(today: date, by: int) -> date:
    return date(today.year + by, 1, 1)


_UNITS: Final[dict[str, Callable[[date, int], date]]] = {
    "DAY": lambda today, by: today + by * _DAY,
    "WEEK": _week,
    "MONTH": _month,
    "QUARTER": _quarter,
    "YEAR": _year,
}

_FIXED: Final[dict[str, Callable[[date], Span]]] = {
    "YESTERDAY": lambda today: (today - _DAY, today),
    "TODAY": lambda today: (today, today + _DAY),
    "TOMORROW": lambda today: (today + _DAY, today + 2 * _DAY),
    "LAST_90_DAYS": lambda today: (today - 90 * _DAY, today + _DAY),
    "NEXT_90_DAYS": lambda today: (today + _DAY, today + 91 * _DAY),
    "LAST_WEEK": lambda today: (_week(today, -1), _week(today, 0)),
    "THIS_WEEK": lambda today: (_week(today, 0), _week(today, 1)),
    "NEXT_WEEK": lambda today: (_week(today, 1), _week(today, 2)),
    "LAST_MONTH": lambda today: (_month(today, -1), _month(today, 0)),
    "THIS_MONTH": lambda today: (_month(today, 0), _month(today, 1)),
    "NEXT_MONTH": lambda today: (_month(today, 1), _month(today, 2)),
    "LAST_QUARTER": lambda today: (_quarter(today, -1), _quarter(today, 0)),
    "THIS_QUARTER": lambda today: (_quarter(today, 0), _quarter(today, 1)),
    "NEXT_QUARTER": lambda today: (_quarter(today, 1), _quarter(today, 2)),
    "LAST_YEAR": lambda today: (_year(today, -1), _year(today, 0)),
    "THIS_YEAR": lambda today: (_year(today, 0), _year(today, 1)),
    "NEXT_YEAR": lambda today: (_year(today, 1), _year(today, 2)),
}
