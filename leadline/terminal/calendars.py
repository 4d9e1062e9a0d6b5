"""`leadline calendars import`: business hours and holidays of Salesforce as a book's section `calendars`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from leadline.common.bookfiles import read_bounded
from leadline.common.errors import UsageError
from leadline.common.yamltree import MAX_BYTES
from leadline.rules.business_time import Calendar
from leadline.rules.business_time.model import HOUR, MINUTE, Span
from leadline.rules.business_time.salesforce import from_salesforce

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SECTION: Final = "BusinessHours", "Holiday"


def import_calendars(file: Path, years: range, *, with_holidays: bool = True) -> tuple[str, list[str]]:
    """Return the YAML of a section ``calendars`` and the calendars' names, from a JSON file of Salesforce records.

    The file has ``{"BusinessHours": [...], "Holiday": [...]}``, records as the REST API gives them. Raises UsageError
    for a file that is not so, ContractError for a record that is not as Salesforce documents it.
    """
    hours, holidays = _records(file)
    active = [record for record in hours if record.get("IsActive") is not False]
    calendars = [from_salesforce(record, holidays if with_holidays else (), years) for record in active]
    if not calendars:
        raise UsageError(f"{file}: there are no active BusinessHours; query them into the key BusinessHours")
    lines = ["calendars:", *(line for calendar in calendars for line in _lines(calendar))]
    return "\n".join(lines) + "\n", [calendar.name for calendar in calendars]


def _records(file: Path) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    expected = f'{file}: expected {{"BusinessHours": [...], "Holiday": [...]}}'
    try:
        data = read_bounded(file, MAX_BYTES)
        found = None if data is None else json.loads(data)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{expected}, and this is not JSON") from None
    parts = [found.get(name, []) if isinstance(found, dict) else None for name in _SECTION]
    for part in parts:
        if not isinstance(part, list) or not all(isinstance(record, dict) for record in part):
            raise UsageError(expected)
    hours, holidays = parts
    return hours or [], holidays or []


def _lines(calendar: Calendar) -> Iterator[str]:
    """Yield one calendar as YAML; its name is quoted as JSON, which YAML reads."""
    yield f"  {json.dumps(calendar.name, ensure_ascii=False)}:"
    yield f"    zone: {calendar.zone}"
    week = ", ".join(
        f"{day}: [{_spans(spans)}]" for day, spans in zip(DAYS, calendar.periods[0].week, strict=True) if spans
    )
    yield f"    open: {{{week}}}"
    closed = sorted({*calendar.closed, *(item.day for item in calendar.special if not item.spans)})
    if closed:
        yield f"    closed: [{', '.join(day.isoformat() for day in closed)}]"
    special = [item for item in calendar.special if item.spans]
    if special:
        yield "    special:"
        for item in special:
            yield f"      {item.day.isoformat()}: [{_spans(item.spans)}]"


def _spans(spans: Sequence[Span]) -> str:
    return ", ".join(f"{_time(span.start)}-{_time(span.end)}" for span in spans)


def _time(at: int) -> str:
    hour, rest = divmod(at, HOUR)
    return f"{hour:02d}:{rest // MINUTE:02d}"
