"""The condition ``sla``: ``{sla: {accept mql: breached}}``."""

from __future__ import annotations

from typing import Final, get_args

from leadline.common.marks import Mark
from leadline.common.yamltree import MappingNode, Node
from leadline.rules.model import Condition, SlaStatus, SlaTest
from leadline.rules.nearest import nearest
from leadline.rules.reading.conditions import Conditions, Keys, beside
from leadline.rules.reading.report import short

STATUSES: Final[tuple[SlaStatus, ...]] = get_args(SlaStatus)
KEYS: Final = ("in",)


def sla_test(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    """Return the test of one SLA's state; several states may be named, as a list or under ``in``."""
    if not beside(reader, keys, "sla"):
        return None
    report, node, names = reader.report, keys["sla"].value, reader.reading.names.slas
    if not isinstance(node, MappingNode) or len(node.entries) != 1:
        report.wrong(node, "`sla` is a mapping of one SLA", "such as {sla: {accept mql: breached}}")
        return None
    entry = node.entries[0]
    if entry.name not in names:
        hint = nearest(entry.name, names) or "define it under `slas`"
        report.add(entry.key.mark, f"SLAs: there is no `{short(entry.name)}`", hint, "unknown-name")
        return None
    asked: Node | None = entry.value
    if isinstance(asked, MappingNode):
        inner = report.keys(asked, KEYS, "`sla`")
        asked = report.required(inner, "in", asked.mark, "`sla`") if inner is not None else None
    chosen = report.choices(asked, STATUSES, "`sla`: states") if asked is not None else ()
    found = tuple(status for status in STATUSES if status in chosen)
    return SlaTest(entry.name, found, mark=mark) if found else None
