"""How long an SLA allows, for whom, and in whose calendar."""

from __future__ import annotations

from typing import Final

from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.model import CalendarChoice, Calendars, SlaTarget
from leadline.rules.reading.conditions import Conditions
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short

CALENDAR_KEYS: Final = ("by", "otherwise")
TARGET_KEYS: Final = ("when", "is")
BUSINESS: Final = "business"


def read_targets(reader: Conditions, node: Node) -> tuple[SlaTarget, ...]:
    """Return the targets in file order: one text, or a list in which one for everybody comes last."""
    items = reader.report.items(node)
    found = [_target(reader, item) for item in items]
    for earlier, later in zip(found, items[1:], strict=False):
        if earlier is not None and earlier.when is None:
            message = "the target before this one is for everybody, so this one never counts"
            reader.report.add(later.mark, message, "put it last", "never-fires")
    if not items:
        reader.report.add(node.mark, "`target` is empty", "such as 8 business hours", "empty-list")
    return tuple(target for target in found if target is not None)


def read_choice(
    reading: Reading, entry: Entry, calendars: Calendars, targets: tuple[SlaTarget, ...]
) -> CalendarChoice:
    """Return whose calendar counts for an SLA; the only one there is need not be named."""
    report, names = reading.report, calendars.names
    node = entry.value.get("calendar") if isinstance(entry.value, MappingNode) else None
    if node is None:
        if len(names) == 1:
            return CalendarChoice(names[0])
        if any(BUSINESS in target.target for target in targets):
            message = f"the SLA `{short(entry.name)}` does not say which calendar counts"
            report.add(entry.key.mark, message, "add `calendar: ...`, the name of one under `calendars`", "sla")
        return CalendarChoice()
    if isinstance(node, Scalar):
        return CalendarChoice(report.choice(node, names, "calendars") or "")
    keys = report.keys(node, CALENDAR_KEYS, "`calendar`")
    if keys is None:
        return CalendarChoice()
    by, other = (report.required(keys, name, node.mark, "`calendar`") for name in CALENDAR_KEYS)
    field = report.choice(by, reading.names.fields, "`by`: fields") if by is not None else None
    return CalendarChoice((report.choice(other, names, "calendars") or "") if other is not None else "", field)


def _target(reader: Conditions, node: Node) -> SlaTarget | None:
    if isinstance(node, Scalar):
        text = _text(reader, node)
        return SlaTarget(text, None, node.mark) if text else None
    keys = reader.report.keys(node, TARGET_KEYS, "a target")
    value = reader.report.required(keys, "is", node.mark, "a target") if keys is not None else None
    if keys is None or value is None:
        return None
    when = reader.read(keys["when"].value) if "when" in keys else None
    text = _text(reader, value)
    return SlaTarget(text, when, node.mark) if text else None


def _text(reader: Conditions, node: Node) -> str | None:
    # Only a book with SLAs waits for the arithmetic to load.
    from leadline.rules.business_time.targets import SHAPES, parse_target

    text = reader.report.text(node, "a target")
    if text is None:
        return None
    try:
        target = parse_target(text)
    except ValueError as error:
        reader.report.add(node.mark, str(error), "" if SHAPES in str(error) else SHAPES, "sla")
        return None
    if target.amount < 0:
        reader.report.add(node.mark, "a target lies after the start", SHAPES, "out-of-range")
        return None
    return " ".join(text.lower().split())
