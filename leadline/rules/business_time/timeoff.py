"""Time off per owner: read from a table owner,from,until, and taken out of a calendar."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from leadline.common.errors import BookError
from leadline.common.marks import Mark
from leadline.rules.business_time.hours import FIRST_DAY, LAST_DAY
from leadline.rules.business_time.model import Calendar, merged, micros
from leadline.rules.business_time.zones import Clock
from leadline.rules.reading.report import Report

COLUMNS: Final = ("owner", "from", "until")


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Off on whole days, ``first`` and ``last`` included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class HoursOff:
    """Off from ``start`` until ``end``; without a zone they are wall time of the calendar they are taken from."""

    start: datetime
    end: datetime


TimeOff = DaysOff | HoursOff


def read_time_off(file: str, data: bytes) -> dict[str, tuple[TimeOff, ...]]:
    """Return time off by owner from a CSV table with the heading owner,from,until, in file order.

    Days are ISO dates, moments ISO 8601 with or without a zone. Raises BookError with every problem and its line.
    """
    report = Report()
    found: dict[str, list[TimeOff]] = {}
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        report.add(Mark(file, line, 1), "this line is not UTF-8", "save the file as UTF-8", "not-utf8")
        raise BookError(report.problems) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: tuple[int, ...] | None = None
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            mark = Mark(file, reader.line_num, 1)
            if columns is None:
                columns = _columns(report, mark, cells)
            elif any(cells):
                _row(report, mark, cells, columns, found)
    except csv.Error as error:
        report.add(Mark(file, reader.line_num, 1), f"not a CSV table: {error}", "check the quotes", "list")
    if columns is None and not report.problems:
        report.add(Mark(file), "the table is empty", "its first line is owner,from,until", "list")
    if report.problems:
        raise BookError(report.problems)
    return {owner: tuple(off) for owner, off in found.items()}


def without(calendar: Calendar, time_off: Sequence[TimeOff]) -> Calendar:
    """Return the calendar closed in ``time_off``, whatever its hours say.

    Whole days take away the shifts that begin on them, as ``closed`` does; moments take away that time.
    """
    days: set[date] = set()
    away = list(calendar.away)
    clock = Clock(calendar.zone, calendar.offsets)
    for off in time_off:
        if isinstance(off, HoursOff):
            away.append((_at(clock, off.start), _at(clock, off.end)))
        else:
            days |= {off.first + timedelta(days=number) for number in range((off.last - off.first).days + 1)}
    return replace(
        calendar,
        closed=tuple(sorted({*calendar.closed, *days})),
        special=tuple(item for item in calendar.special if item.day not in days),
        away=tuple(merged(away)),
    )


_LONGEST: Final = timedelta(days=3_660)


def _columns(report: Report, mark: Mark, cells: Sequence[str]) -> tuple[int, ...]:
    heading = [cell.lower() for cell in cells]
    for name in COLUMNS:
        if heading.count(name) != 1:
            report.add(mark, f"the heading names `{name}` once", "owner,from,until", "list")
    return tuple(heading.index(name) if name in heading else -1 for name in COLUMNS)


def _row(
    report: Report, mark: Mark, cells: Sequence[str], columns: Sequence[int], found: dict[str, list[TimeOff]]
) -> None:
    if min(columns) < 0:
        return
    if len(cells) <= max(columns) or not all(cells[column] for column in columns):
        report.add(mark, "a row has an owner, a `from` and an `until`", "owner,from,until", "list")
        return
    owner, *written = (cells[column] for column in columns)
    start, end = (_moment(report, mark, text) for text in written)
    if start is None or end is None:
        return
    off = _off(start, end)
    if off is None:
        hint = "two days, two moments with a zone, or two without"
        report.add(mark, "`from` and `until` are written in different ways", hint, "list")
    elif (length := _length(off)) < timedelta(0) or length > _LONGEST:
        report.add(mark, "`until` lies before `from`, or more than ten years after it", "look at both", "list")
    else:
        found.setdefault(owner, []).append(off)


def _off(start: date | datetime, end: date | datetime) -> TimeOff | None:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return HoursOff(start, end) if (start.tzinfo is None) == (end.tzinfo is None) else None
    if isinstance(start, datetime) or isinstance(end, datetime):
        return None
    return DaysOff(start, end)


def _length(off: TimeOff) -> timedelta:
    return off.last - off.first if isinstance(off, DaysOff) else off.end - off.start


def _moment(report: Report, mark: Mark, text: str) -> date | datetime | None:
    try:
        moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        report.add(mark, "no day and no moment", "such as 2026-07-01 or 2026-07-01T13:00", "list")
        return None
    day = moment.date() if isinstance(moment, datetime) else moment
    if FIRST_DAY <= day < LAST_DAY:
        return moment
    report.add(mark, "calendars know the years 1900 to 2199", code="out-of-range")
    return None


def _at(clock: Clock, moment: datetime) -> int:
    if moment.tzinfo is not None:
        return micros(moment)
    return clock.first(micros(moment.replace(tzinfo=UTC)))
