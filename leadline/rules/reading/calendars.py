"""The section ``calendars`` of a book: resolved once, and whose they are. Loaded by books that have one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from leadline.common.canonical import canonical_json
from leadline.common.errors import BookError
from leadline.common.folding import fold
from leadline.common.yamltree import MappingNode, Node
from leadline.rules.business_time.reading import read_section
from leadline.rules.business_time.storing import calendar_to_json, pinned
from leadline.rules.business_time.timeoff import TimeOff, read_time_off, without
from leadline.rules.model import Calendars
from leadline.rules.nearest import nearest
from leadline.rules.reading.report import Report, short


def read_calendars(report: Report, node: Node, sources: Mapping[str, bytes] | None = None) -> Calendars:
    """Return the calendars with holidays and the zone's offsets stored in them, and the values named by ``for``.

    Who has time off, by the table that a calendar names under ``time_off`` (one of ``sources``), gets a calendar of
    their own: that one without it. It is called ``<calendar> (<owner>)`` and no rule can name it.
    """
    found = read_section(report, node)
    owners = _owners(report, node)
    for name, owner, off in _time_off(report, node, sources or {}, owners):
        if name in found:
            own = f"{name} ({owner})"
            found[own] = replace(without(found[name], off), name=own)
            owners[fold(owner)] = own
    resolved = {name: calendar_to_json(pinned(calendar)) for name, calendar in found.items()}
    return Calendars(calendar_names(node), canonical_json(resolved), owners, node.mark)


def calendar_names(node: Node) -> tuple[str, ...]:
    """Return the names in the section, sorted, also of calendars that have a problem."""
    return tuple(sorted(entry.name for entry in node.entries)) if isinstance(node, MappingNode) else ()


def _time_off(
    report: Report, node: Node, sources: Mapping[str, bytes], owners: Mapping[str, str]
) -> list[tuple[str, str, tuple[TimeOff, ...]]]:
    """Return who is off from which calendar: the one that is theirs by ``for``, else the first with the table."""
    lists = [name for name in sources if name.startswith("lists/")]
    found: list[tuple[str, str, tuple[TimeOff, ...]]] = []
    taken: dict[str, str] = {}
    for entry in node.entries if isinstance(node, MappingNode) else ():
        table = entry.value.get("time_off") if isinstance(entry.value, MappingNode) else None
        file = report.text(table, "`time_off`") if table is not None else None
        if table is None or file is None:
            continue
        if file not in lists:
            hint = nearest(file, lists) or "put a table owner,from,until into lists/, beside the rules"
            report.add(table.mark, f"there is no list `{short(file)}` beside the rules", hint, "unknown-name")
            continue
        try:
            told = read_time_off(file, sources[file])
        except BookError as error:
            report.problems += [problem for problem in error.problems if problem not in report.problems]
            continue
        for owner, off in told.items():
            if taken.setdefault(fold(owner), owners.get(fold(owner), entry.name)) != entry.name:
                continue
            found.append((entry.name, owner, off))
    return found


def _owners(report: Report, node: Node) -> dict[str, str]:
    owners: dict[str, str] = {}
    for entry in node.entries if isinstance(node, MappingNode) else ():
        whose = entry.value.get("for") if isinstance(entry.value, MappingNode) else None
        for value in report.texts(whose, "`for`") if whose is not None else ():
            if owners.setdefault(fold(value), entry.name) != entry.name and whose is not None:
                message = f"`{short(value)}` has the calendar `{short(owners[fold(value)])}` already"
                report.add(whose.mark, message, "name it in one calendar", "twice")
    return owners
