"""The ``calendars`` section: every calendar of a file by name, inheritance resolved, holidays turned into dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from leadline.common.errors import BookError
from leadline.common.marks import Mark
from leadline.common.yamltree import Entry, MappingNode, Node, parse
from leadline.rules.business_time.country import read_holidays
from leadline.rules.business_time.hours import read_date, read_spans, read_week
from leadline.rules.business_time.model import Calendar, Period, Spans, Special
from leadline.rules.business_time.zones import known_zone, zone_names
from leadline.rules.nearest import nearest
from leadline.rules.reading.report import Report, short

SECTION: Final = "calendars"
KEYS: Final = ("zone", "open", "holidays", "closed", "special", "like", "from", "until", "changes", "for", "time_off")
"""``for`` and ``time_off`` are of rule books (``rules.reading.calendars``): whose calendar it is, and who is off."""
CHANGE_KEYS: Final = ("from", "until", "open", "holidays")
YEARS: Final = range(2000, 2061)
"""The years for which a country's holidays are looked up when a calendar is resolved."""


def read_calendars(file: str, data: bytes, years: range = YEARS) -> dict[str, Calendar]:
    """Return the calendars in the ``calendars`` section of a YAML file; other sections are left alone.

    A country's holidays are looked up for ``years``, once. Raises BookError with every problem and its place.
    """
    tree = parse(file, data)
    report = Report()
    found: dict[str, Calendar] = {}
    section = tree.get(SECTION) if isinstance(tree, MappingNode) else None
    if not isinstance(tree, MappingNode):
        report.wrong(tree, "a file of calendars is a mapping (`calendars: ...`)")
    elif section is None:
        hint = nearest(SECTION, [entry.name for entry in tree.entries], few=0) or "add `calendars: ...`"
        report.add(tree.mark, "there is no section `calendars` here", hint, "missing-key")
    else:
        found = read_section(report, section, years)
    if report.problems:
        raise BookError(list(dict.fromkeys(report.problems)))
    return found


def read_section(report: Report, node: Node, years: range = YEARS) -> dict[str, Calendar]:
    """Return the calendars below ``calendars``; what is wrong is noted in ``report``."""
    drafts = {entry.name: _draft(report, entry, years) for entry in report.entries(node, "`calendars`")}
    if isinstance(node, MappingNode) and not node.entries:
        report.add(node.mark, "`calendars` is empty", "name at least one", "empty-list")
    resolved: dict[str, Calendar] = {}
    for name in drafts:
        whole = _inherited(report, drafts, name)
        if whole is not None and not report.problems:
            resolved[name] = _calendar(name, whole, years)
    return resolved


@dataclass(frozen=True, slots=True)
class _Change:
    first: date | None
    last: date | None
    week: dict[int, Spans]
    holidays: tuple[date, ...] | None


@dataclass(slots=True)
class _Draft:
    """A calendar as written; None is what it leaves to the calendar that it is like."""

    mark: Mark
    like: tuple[str, Mark] | None = None
    zone: str | None = None
    week: dict[int, Spans] = field(default_factory=dict)
    holidays: tuple[date, ...] | None = None
    days: dict[date, Spans] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None
    changes: tuple[_Change, ...] | None = None


def _draft(report: Report, entry: Entry, years: range) -> _Draft:
    draft = _Draft(entry.key.mark)
    what = f"the calendar `{short(entry.name)}`"
    keys = report.keys(entry.value, KEYS, what)
    if keys is None:
        return draft
    nodes = {name: found.value for name, found in keys.items()}
    if "like" in nodes:
        like = report.text(nodes["like"], "`like`")
        draft.like = (like, nodes["like"].mark) if like is not None else None
    for name in ("zone", "open") if "like" not in nodes else ():
        report.required(keys, name, entry.key.mark, what)
    if "zone" in nodes:
        draft.zone = _zone(report, nodes["zone"])
    if "open" in nodes:
        draft.week = read_week(report, nodes["open"])
    if "holidays" in nodes:
        draft.holidays = read_holidays(report, nodes["holidays"], years)
    draft.days = _days(report, nodes)
    draft.first, draft.last = _range(report, nodes)
    if "changes" in nodes:
        read = [_change(report, item, years) for item in report.items(nodes["changes"])]
        draft.changes = tuple(change for change in read if change is not None)
    return draft


def _zone(report: Report, node: Node) -> str | None:
    zone = report.text(node, "`zone`")
    if zone is None or known_zone(zone):
        return zone
    hint = nearest(zone, zone_names()) or "a name of the IANA data, such as Europe/Berlin"
    report.add(node.mark, f"there is no time zone `{short(zone)}`", hint, "unknown-name")
    return None


def _days(report: Report, nodes: Mapping[str, Node]) -> dict[date, Spans]:
    """Return the days with hours of their own; a closed day has none."""
    days: dict[date, Spans] = {}
    for item in report.items(nodes["closed"]) if "closed" in nodes else ():
        day = read_date(report, item, "`closed`")
        if day is not None:
            days[day] = ()
    special = nodes.get("special")
    if special is not None and not isinstance(special, MappingNode):
        report.wrong(special, "`special` is a mapping of days", "such as `2026-12-31: [09:00-12:00]`")
    for entry in special.entries if isinstance(special, MappingNode) else ():
        day, spans = read_date(report, entry.key, "`special`"), read_spans(report, entry.value)
        if day in days:
            report.add(entry.key.mark, f"`{day}` is closed and has special hours", "keep one of the two", "twice")
        elif day is not None and spans is not None:
            days[day] = spans
    return days


def _range(report: Report, nodes: Mapping[str, Node]) -> tuple[date | None, date | None]:
    first = read_date(report, nodes["from"], "`from`") if "from" in nodes else None
    last = read_date(report, nodes["until"], "`until`") if "until" in nodes else None
    if first is not None and last is not None and last < first:
        report.add(nodes["until"].mark, "`until` is the last day, and lies before `from`", code="calendar")
    return first, last


def _change(report: Report, node: Node, years: range) -> _Change | None:
    keys = report.keys(node, CHANGE_KEYS, "a change")
    if keys is None:
        return None
    nodes = {name: entry.value for name, entry in keys.items()}
    if "from" not in nodes and "until" not in nodes:
        report.add(node.mark, "a change needs a day", "add `from: ...`, `until: ...` or both", "missing-key")
    if "open" not in nodes and "holidays" not in nodes:
        report.add(node.mark, "this changes nothing", "add `open: ...` or `holidays: ...`", "missing-key")
    first, last = _range(report, nodes)
    week = read_week(report, nodes["open"]) if "open" in nodes else {}
    return _Change(
        first, last, week, read_holidays(report, nodes["holidays"], years) if "holidays" in nodes else None
    )


def _inherited(report: Report, drafts: Mapping[str, _Draft], name: str) -> _Draft | None:
    """Return a draft with everything that it takes from the calendars that it is like."""
    chain: list[_Draft] = []
    seen: list[str] = []
    while name not in seen:
        if name not in drafts:
            report.add(
                chain[-1].like[1] if chain[-1].like else chain[-1].mark,
                f"there is no calendar `{short(name)}`", nearest(name, drafts), "unknown-name",
            )  # fmt: skip
            return None
        seen.append(name)
        chain.append(drafts[name])
        like = drafts[name].like
        if like is None:
            return _merged(chain)
        name = like[0]
    report.add(chain[0].mark, "this calendar is like itself: " + " -> ".join([*seen, name]), code="calendar")
    return None


def _merged(chain: list[_Draft]) -> _Draft:
    whole = _Draft(chain[0].mark)
    for draft in reversed(chain):
        whole.zone = draft.zone or whole.zone
        whole.week = {**whole.week, **draft.week}
        whole.holidays = draft.holidays if draft.holidays is not None else whole.holidays
        whole.days = {**whole.days, **draft.days}
        whole.first = draft.first or whole.first
        whole.last = draft.last or whole.last
        whole.changes = draft.changes if draft.changes is not None else whole.changes
    return whole


def _calendar(name: str, draft: _Draft, years: range) -> Calendar:
    base = _Change(None, None, {}, None)
    periods = tuple(
        Period(
            week=tuple({**draft.week, **change.week}.get(day, ()) for day in range(7)),
            holidays=(draft.holidays if change.holidays is None else change.holidays) or (),
            first=change.first,
            last=change.last,
        )
        for change in (base, *(draft.changes or ()))
    )
    return Calendar(
        name=name,
        zone=draft.zone or "UTC",
        periods=periods,
        closed=tuple(sorted(day for day, spans in draft.days.items() if not spans)),
        special=tuple(Special(day, spans) for day, spans in sorted(draft.days.items()) if spans),
        first=draft.first,
        last=draft.last,
        holiday_years=(years[0], years[-1]) if any(period.holidays for period in periods) else None,
    )
