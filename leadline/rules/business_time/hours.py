"""Opening hours as they are written: ``09:00-12:30``, ``22:00-06:00``, ``mon-thu: [...]``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from leadline.common.marks import Mark
from leadline.common.yamltree import MappingNode, Node, Scalar, SequenceNode
from leadline.rules.business_time.model import DAY, HOUR, MINUTE, SECOND, Span, Spans
from leadline.rules.nearest import nearest
from leadline.rules.reading.report import Report, short

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED: Final = "closed"
MOST_SPANS: Final = 48


def read_week(report: Report, node: Node) -> dict[int, Spans]:
    """Return the spans of each weekday that ``open`` names (0 is Monday); other days are left out."""
    if not isinstance(node, MappingNode):
        report.wrong(node, "`open` is a mapping of weekdays", "such as `mon-fri: [09:00-17:00]`")
        return {}
    week: dict[int, Spans] = {}
    for entry in node.entries:
        spans = read_spans(report, entry.value)
        for day in _weekdays(report, entry.key):
            if day in week:
                report.add(entry.key.mark, f"`{DAYS[day]}` stands twice in `open`", "keep one of the two", "twice")
            elif spans is not None:
                week[day] = spans
    return week


def read_spans(report: Report, node: Node) -> Spans | None:
    """Return a day's spans, sorted; none when it is closed (``closed`` or an empty list)."""
    if isinstance(node, Scalar) and node.text == CLOSED:
        return ()
    items = node.items if isinstance(node, SequenceNode) else (node,)
    read = [(span, item.mark) for item in items if (span := _span(report, item)) is not None]
    if len(read) < len(items):
        return None
    if len(read) > MOST_SPANS:
        report.add(node.mark, f"more than {MOST_SPANS} intervals in a day", "join some of them", "too-large")
        return None
    return _apart(report, sorted(read))


def read_date(report: Report, node: Node, what: str) -> date | None:
    """Return a day written as 2026-12-24, with a year that calendars know."""
    text = node.text if isinstance(node, Scalar) else ""
    if _DATE.fullmatch(text):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            report.add(node.mark, f"{what}: there is no day `{text}`", "look at the calendar", "out-of-range")
            return None
        if FIRST_DAY <= day <= LAST_DAY:
            return day
        report.add(node.mark, f"{what}: calendars know the years 1900 to 2199", code="out-of-range")
        return None
    report.wrong(node, f"{what} is a day such as 2026-12-24")
    return None


FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SPAN: Final = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))? ?[-–] ?(\d\d?):(\d\d)(?::(\d\d))?", re.ASCII)
_NAMES: Final = {
    **{name: number for number, name in enumerate(DAYS)},
    **{
        name: number
        for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
    },
}


def _weekdays(report: Report, key: Scalar) -> Sequence[int]:
    found: list[int] = []
    for part in key.text.lower().split(","):
        names = [name.strip() for name in part.split("-")]
        wrong = next((name for name in names if name not in _NAMES), None)
        if wrong is not None or len(names) > 2:
            hint = nearest(wrong or "", DAYS) if wrong else "two days at most, such as `mon-fri`"
            report.add(key.mark, f"`{short(key.text)}` names no weekdays", hint, "unknown-name")
            return ()
        first, last = _NAMES[names[0]], _NAMES[names[-1]]
        found += [(first + offset) % 7 for offset in range((last - first) % 7 + 1)]
    return found


def _span(report: Report, node: Node) -> Span | None:
    match = _SPAN.fullmatch(node.text) if isinstance(node, Scalar) else None
    if match is None:
        report.wrong(node, "opening hours are written 09:00-17:30", "or `closed`")
        return None
    start, end = _time(match[1], match[2], match[3]), _time(match[4], match[5], match[6])
    if start is None or end is None or start == DAY:
        report.add(node.mark, f"`{match[0]}` is no time of day", "00:00 to 24:00", "out-of-range")
        return None
    if start == end:
        hint = "write 00:00-24:00 for a whole day, or `closed`"
        report.add(node.mark, f"`{match[0]}` begins when it ends", hint, "calendar")
        return None
    return Span(start, end if end > start else end + DAY)


def _time(hours: str, minutes: str, seconds: str | None) -> int | None:
    time = int(hours) * HOUR + int(minutes) * MINUTE + int(seconds or 0) * SECOND
    return time if int(minutes) < 60 and int(seconds or 0) < 60 and time <= DAY else None


def _apart(report: Report, read: list[tuple[Span, Mark]]) -> Spans | None:
    for (before, _), (span, mark) in pairwise(read):
        if span.start < before.end:
            report.add(mark, "these opening hours overlap others of the same day", "join the two", "calendar")
            return None
    return tuple(span for span, _ in read)
