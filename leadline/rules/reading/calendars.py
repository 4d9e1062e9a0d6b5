"""The section ``calendars`` of a book: resolved once, and whose they are. Loaded by books that have one."""

from __future__ import annotations

from leadline.common.canonical import canonical_json
from leadline.common.folding import fold
from leadline.common.yamltree import MappingNode, Node
from leadline.rules.business_time.reading import read_section
from leadline.rules.business_time.storing import calendar_to_json, pinned
from leadline.rules.model import Calendars
from leadline.rules.reading.report import Report, short


def read_calendars(report: Report, node: Node) -> Calendars:
    """Return the calendars with holidays and the zone's offsets stored in them, and the values named by ``for``."""
    found = read_section(report, node)
    resolved = {name: calendar_to_json(pinned(calendar)) for name, calendar in found.items()}
    return Calendars(calendar_names(node), canonical_json(resolved), _owners(report, node), node.mark)


def calendar_names(node: Node) -> tuple[str, ...]:
    """Return the names in the section, sorted, also of calendars that have a problem."""
    return tuple(sorted(entry.name for entry in node.entries)) if isinstance(node, MappingNode) else ()


def _owners(report: Report, node: Node) -> dict[str, str]:
    owners: dict[str, str] = {}
    for entry in node.entries if isinstance(node, MappingNode) else ():
        whose = entry.value.get("for") if isinstance(entry.value, MappingNode) else None
        for value in report.texts(whose, "`for`") if whose is not None else ():
            if owners.setdefault(fold(value), entry.name) != entry.name and whose is not None:
                message = f"`{short(value)}` has the calendar `{short(owners[fold(value)])}` already"
                report.add(whose.mark, message, "name it in one calendar", "twice")
    return owners
