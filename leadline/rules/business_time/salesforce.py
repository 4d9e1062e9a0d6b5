"""Salesforce's BusinessHours and Holiday records as calendars: from the fields of the API, nothing is asked.

Field names and meanings: Salesforce Object Reference, BusinessHours and Holiday. A day without times is closed,
00:00 to 00:00 is the whole day. The API does not say which holidays belong to which hours: the caller chooses.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from leadline.common.errors import ContractError
from leadline.rules.business_time.model import DAY, HOUR, MINUTE, SECOND, Calendar, Period, Span, Spans, Special
from leadline.rules.business_time.reading import YEARS
from leadline.rules.business_time.zones import known_zone

Record = Mapping[str, Any]
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def from_salesforce(hours: Record, holidays: Sequence[Record] = (), years: range = YEARS) -> Calendar:
    """Return the calendar of one BusinessHours record and the Holiday records that belong to it.

    Recurring holidays become dates of ``years``. A holiday of part of a day closes that part. Raises ContractError
    for fields that are not as Salesforce documents them.
    """
    reader = _Reader(hours, "BusinessHours")
    zone = reader.text("TimeZoneSidKey")
    if not known_zone(zone):
        raise reader.wrong("TimeZoneSidKey")
    week = tuple(_day(reader, day) for day in WEEKDAYS)
    closed: set[date] = set()
    parts: dict[date, list[Span]] = {}
    for record in holidays:
        holiday = _Reader(record, "Holiday")
        span = _part(holiday)
        for day in _dates(holiday, years):
            if span is None:
                closed.add(day)
            else:
                parts.setdefault(day, []).append(span)
    special = ((day, _left(week[day.weekday()], taken)) for day, taken in sorted(parts.items()) if day not in closed)
    return Calendar(
        name=reader.text("Name"),
        zone=zone,
        periods=(Period(week),),
        closed=tuple(sorted(closed)),
        special=tuple(Special(day, spans) for day, spans in special),
        holiday_years=(years[0], years[-1]) if holidays else None,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """One record; messages name its object, id and field, never a value."""

    record: Record
    kind: str

    def wrong(self, field: str) -> ContractError:
        return ContractError(
            f"{self.kind} {self.record.get('Id') or '(no id)'}: `{field}` is not what Salesforce documents"
        )

    def text(self, field: str) -> str:
        value = self.record.get(field)
        if not isinstance(value, str) or not value:
            raise self.wrong(field)
        return value

    def number(self, field: str, lowest: int, highest: int) -> int:
        value = self.record.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise self.wrong(field)
        return value

    def day(self, field: str) -> date | None:
        value = self.record.get(field)
        try:
            return None if value is None else date.fromisoformat(str(value)[:10])
        except ValueError:
            raise self.wrong(field) from None

    def time(self, field: str) -> int | None:
        value = self.record.get(field)
        try:
            at = None if value is None else time.fromisoformat(str(value).removesuffix("Z"))
        except ValueError:
            raise self.wrong(field) from None
        if at is None:
            return None
        return at.hour * HOUR + at.minute * MINUTE + at.second * SECOND + at.microsecond


def _day(reader: _Reader, day: str) -> Spans:
    start, end = reader.time(f"{day}StartTime"), reader.time(f"{day}EndTime")
    if start is None and end is None:
        return ()
    if start is None or end is None or (end and end <= start):
        raise reader.wrong(f"{day}EndTime")
    return (Span(start, end or DAY),)


def _part(reader: _Reader) -> Span | None:
    """Return the part of a day that a holiday takes, None when it takes the whole day."""
    if reader.record.get("IsAllDay") is not False:
        return None
    start = reader.number("StartTimeInMinutes", 0, 1439)
    end = reader.number("EndTimeInMinutes", 0, 1440)
    if end and end <= start:
        raise reader.wrong("EndTimeInMinutes")
    return Span(start * MINUTE, end * MINUTE or DAY)


def _left(spans: Spans, taken: Sequence[Span]) -> Spans:
    left = list(spans)
    for gone in taken:
        cut = [
            (Span(span.start, min(span.end, gone.start)), Span(max(span.start, gone.end), span.end)) for span in left
        ]
        left = [span for pair in cut for span in pair if span.start < span.end]
    return tuple(left)


def _dates(reader: _Reader, years: range) -> Iterator[date]:
    if reader.record.get("IsRecurrence") is not True:
        day = reader.day("ActivityDate")
        if day is None:
            raise reader.wrong("ActivityDate")
        yield day
        return
    start = reader.day("RecurrenceStartDate")
    if start is None:
        raise reader.wrong("RecurrenceStartDate")
    first = max(start, date(years[0], 1, 1))
    last = min(reader.day("RecurrenceEndDateOnly") or date.max, date(years[-1], 12, 31))
    recurs = _recurrence(reader, start)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if recurs.on(day):
            yield day


@dataclass(frozen=True, slots=True)
class _Recurrence:
    """Which days a recurring holiday falls on, as the table of recurrence fields documents each type.

    Not documented, so chosen here: intervals count from RecurrenceStartDate (weeks begin on Sunday, as the mask
    does), and a day that a month does not have is left out.
    """

    kind: str
    start: date
    interval: int = 1
    mask: int = 0
    instance: int = 0
    day_of_month: int = 0
    month: int = 0

    def on(self, day: date) -> bool:
        if self.kind == "RecursDaily":
            return (day - self.start).days % self.interval == 0
        if self.kind == "RecursEveryWeekday":
            return self._masked(day)
        if self.kind == "RecursWeekly":
            weeks = (_sunday(day) - _sunday(self.start)).days // 7
            return self._masked(day) and weeks % self.interval == 0
        months = (day.year - self.start.year) * 12 + day.month - self.start.month
        if self.month and day.month != self.month:
            return False
        if not self.month and months % self.interval:
            return False
        return self._nth(day) if self.instance else day.day == self.day_of_month

    def _masked(self, day: date) -> bool:
        return bool(self.mask >> day.isoweekday() % 7 & 1)

    def _nth(self, day: date) -> bool:
        if not self._masked(day):
            return False
        length = monthrange(day.year, day.month)[1]
        others = range(day.day + 1, length + 1) if self.instance == _LAST else range(1, day.day)
        same = sum(self._masked(day.replace(day=number)) for number in others)
        return same == (0 if self.instance == _LAST else self.instance - 1)


_LAST: Final = 5
_INSTANCES: Final = {"First": 1, "Second": 2, "Third": 3, "Fourth": 4, "Last": _LAST}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# Which fields each type of recurrence has: Object Reference, the table of recurrence fields.
_FIELDS: Final = {
    "RecursDaily": "interval",
    "RecursEveryWeekday": "mask",
    "RecursWeekly": "interval mask",
    "RecursMonthly": "interval day",
    "RecursMonthlyNth": "interval instance mask",
    "RecursYearly": "day month",
    "RecursYearlyNth": "instance mask month",
}


def _recurrence(reader: _Reader, start: date) -> _Recurrence:
    kind = reader.text("RecurrenceType")
    if kind not in _FIELDS:
        raise reader.wrong("RecurrenceType")
    needed = _FIELDS[kind].split()
    return _Recurrence(
        kind,
        start,
        interval=reader.number("RecurrenceInterval", 1, 1_000) if "interval" in needed else 1,
        mask=reader.number("RecurrenceDayOfWeekMask", 1, 127) if "mask" in needed else 0,
        instance=_named(reader, "RecurrenceInstance", _INSTANCES) if "instance" in needed else 0,
        day_of_month=reader.number("RecurrenceDayOfMonth", 1, 31) if "day" in needed else 0,
        month=_named(reader, "RecurrenceMonthOfYear", _MONTH_NUMBERS) if "month" in needed else 0,
    )


_MONTH_NUMBERS: Final = {name: number for number, name in enumerate(_MONTHS, start=1)}


def _named(reader: _Reader, field: str, names: Mapping[str, int]) -> int:
    value = reader.text(field)
    if value not in names:
        raise reader.wrong(field)
    return names[value]


def _sunday(day: date) -> date:
    return day - timedelta(days=day.isoweekday() % 7)
