"""A resolved calendar as JSON and back, so that a stored decision keeps the calendar that it was made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from leadline.common.canonical import plain
from leadline.rules.business_time.model import Calendar, Period, Span, Spans, Special
from leadline.rules.business_time.zones import zone_offsets


def pinned(calendar: Calendar) -> Calendar:
    """Return the calendar with its zone's offsets of 1900 to 2199, so that later zone data does not change it."""
    return calendar if calendar.offsets else replace(calendar, offsets=zone_offsets(calendar.zone))


def calendar_to_json(calendar: Calendar) -> dict[str, Any]:
    """Return JSON types: dates as ISO, times of day in microseconds."""
    return dict(plain(calendar))


def calendar_from_json(data: Mapping[str, Any]) -> Calendar:
    """Return the calendar that ``calendar_to_json`` wrote. Raises KeyError or ValueError for anything else."""
    return Calendar(
        name=data["name"],
        zone=data["zone"],
        periods=tuple(
            Period(
                week=tuple(_spans(day) for day in period["week"]),
                holidays=_dates(period["holidays"]),
                first=_date(period["first"]),
                last=_date(period["last"]),
            )
            for period in data["periods"]
        ),
        closed=_dates(data["closed"]),
        special=tuple(Special(date.fromisoformat(item["day"]), _spans(item["spans"])) for item in data["special"]),
        first=_date(data["first"]),
        last=_date(data["last"]),
        away=tuple((start, end) for start, end in data["away"]),
        holiday_years=(data["holiday_years"][0], data["holiday_years"][1]) if data["holiday_years"] else None,
        offsets=tuple((since, offset) for since, offset in data["offsets"]),
    )


def _spans(data: Any) -> Spans:
    return tuple(Span(item["start"], item["end"]) for item in data)


def _dates(data: Any) -> tuple[date, ...]:
    return tuple(date.fromisoformat(item) for item in data)


def _date(data: str | None) -> date | None:
    return None if data is None else date.fromisoformat(data)
