"""The section ``fields``: a name for rules, and where in the CRMs its value lives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, cast, get_args

from leadline.common.folding import fold
from leadline.common.marks import Mark
from leadline.common.values import CRMS, Crm, Value
from leadline.common.vocabulary import OBJECTS
from leadline.common.yamltree import Entry, MappingNode, Node
from leadline.rules.dates import date_text, datetime_text
from leadline.rules.model import Field, FieldSource, FieldType, TableLookup
from leadline.rules.nearest import nearest
from leadline.rules.reading.lists import Lists
from leadline.rules.reading.report import Report, short

KEYS: Final = ("type", "salesforce", "hubspot", "from", "prefer", "signal", "blank", "values", "currency")
TABLE_KEYS: Final = ("table", "by")
TYPES: Final[tuple[FieldType, ...]] = get_args(FieldType)
PREFERENCES: Final = ("first known", "newest", *CRMS)


def read_fields(
    report: Report, node: Node, lists: Lists, what: str = "`fields`", allowed: tuple[str, ...] = KEYS
) -> dict[str, Field]:
    """Return the fields that could be read, by name, in file order."""
    fields: dict[str, Field] = {}
    for entry in report.entries(node, what):
        field = _field(report, entry, lists, allowed)
        if field is not None:
            fields[field.name] = field
    _check_tables(report, node, fields)
    _check_currencies(report, node, fields)
    return fields


def read_sources(report: Report, keys: Mapping[str, Entry]) -> tuple[FieldSource, ...]:
    """Return where a field lives, in file order (``first known`` looks in this order)."""
    sources: list[FieldSource] = []
    for crm, entry in ((name, entry) for name, entry in keys.items() if name in CRMS):
        for item in report.items(entry.value):
            source = _source(report, crm, item)
            if source is not None and source in sources:
                report.add(item.mark, f"`{source}` is listed twice", code="twice")
            elif source is not None:
                sources.append(source)
    return tuple(sources)


SOURCE: Final = re.compile(r"([A-Za-z]\w*)\.([A-Za-z]\w*)", re.ASCII)


def _field(report: Report, entry: Entry, lists: Lists, allowed: tuple[str, ...]) -> Field | None:
    what = f"the field `{short(entry.name)}`"
    keys = report.keys(entry.value, allowed, what)
    if keys is None:
        return None
    mark = entry.key.mark
    typed = report.required(keys, "type", mark, what)
    kind = report.choice(typed, TYPES, "types of fields") if typed is not None else None
    sources = read_sources(report, keys)
    prefer = report.choice(keys["prefer"].value, PREFERENCES, "`prefer`") if "prefer" in keys else None
    signal = report.boolean(keys["signal"].value, "`signal`") if "signal" in keys else False
    values, own_values = _values(report, keys["values"].value) if "values" in keys else ({}, {})
    table = _table(report, keys["from"].value, lists) if "from" in keys else None
    if prefer in CRMS and all(source.crm != prefer for source in sources):
        report.add(keys["prefer"].value.mark, f"{what} prefers {prefer}, but has no source there", code="prefer")
    if table is not None and sources:
        report.add(
            keys["from"].key.mark, f"{what} comes from a table and from a CRM", "keep one of them", "two-sources"
        )
    currency = report.text(keys["currency"].value, "`currency`") if "currency" in keys else None
    if kind is None:
        return None
    kind = cast(FieldType, kind)
    if currency is not None and kind != "money":
        report.add(keys["currency"].key.mark, f"{what} is no money, so it has no currency", "", "wrong-type")
    if table is not None and kind != "text":
        report.add(mark, f"{what} comes from a table, so its type is text", "write `type: text`", "wrong-type")
    has_blank = "blank" in keys
    blank = _blank(report, keys["blank"].value, kind) if has_blank else None
    return Field(
        entry.name,
        kind,
        sources,
        prefer or "first known",
        bool(signal),
        has_blank,
        blank,
        values,
        table,
        currency,
        own_values,
        mark,
    )


def _source(report: Report, crm: Crm, node: Node) -> FieldSource | None:
    text = report.text(node, f"a field in {crm}")
    if text is None:
        return None
    example = "Lead.Email" if crm == "salesforce" else "contact.email"
    match = SOURCE.fullmatch(text)
    if match is None:
        report.add(
            node.mark, f"`{short(text)}` is no field of {crm}", f"write object.field, such as {example}", "source"
        )
        return None
    if match[1] not in OBJECTS[crm]:
        hint = nearest(match[1], OBJECTS[crm])
        report.add(node.mark, f"`{match[1]}` is no object of {crm} that Leadline reads", hint, "unknown-name")
        return None
    return FieldSource(crm, match[1], match[2], node.mark)


def _values(report: Report, node: Node) -> tuple[dict[str, str], dict[Crm, dict[str, str]]]:
    """Return folded CRM value -> the book's value: for both CRMs, and for one alone."""
    shared: dict[str, str] = {}
    own: dict[Crm, dict[str, str]] = {}
    for entry in report.entries(node, "`values`"):
        if not isinstance(entry.value, MappingNode):
            _meanings(report, shared, entry.name, entry.value)
            continue
        for crm, inner in (report.keys(entry.value, CRMS, f"`{short(entry.name)}`") or {}).items():
            _meanings(report, own.setdefault(cast(Crm, crm), {}), entry.name, inner.value)
    return shared, own


def _meanings(report: Report, values: dict[str, str], meant: str, node: Node) -> None:
    for item in report.items(node):
        text = report.text(item, "a CRM value")
        if text is not None and values.setdefault(fold(text), meant) != meant:
            message = f"`{short(text)}` already means `{values[fold(text)]}`"
            report.add(item.mark, message, "a CRM value has one meaning", "values")


def _table(report: Report, node: Node, lists: Lists) -> TableLookup | None:
    keys = report.keys(node, TABLE_KEYS, "`from`")
    if keys is None:
        return None
    file_node = report.required(keys, "table", node.mark, "`from`")
    by_node = report.required(keys, "by", node.mark, "`from`")
    file = report.text(file_node, "`table`") if file_node is not None else None
    by = report.text(by_node, "`by`") if by_node is not None else None
    rows = lists.table(file, file_node.mark) if file is not None and file_node is not None else None
    return TableLookup(file, by, rows) if file is not None and by is not None and rows is not None else None


def _check_tables(report: Report, node: Node, fields: Mapping[str, Field]) -> None:
    defined = tuple(entry.name for entry in getattr(node, "entries", ()))
    for field in fields.values():
        if field.table is None:
            continue
        by = fields.get(field.table.by)
        if field.table.by not in defined:
            message = f"`{field.name}` is looked up by `{short(field.table.by)}`, which is no field"
            report.add(field.mark, message, nearest(field.table.by, defined), "unknown-name")
        elif by is not None and (by.table is not None or by.type != "text"):
            message = f"`{field.name}` is looked up by `{by.name}`, which is not a text field from a CRM"
            report.add(field.mark, message, "look it up by a text field", "wrong-type")


CODE: Final = re.compile(r"[A-Z]{3}")
"""A currency as ISO 4217 writes it."""


def _check_currencies(report: Report, node: Node, fields: Mapping[str, Field]) -> None:
    defined = tuple(entry.name for entry in getattr(node, "entries", ()))
    for field in (item for item in fields.values() if item.currency is not None):
        name = str(field.currency)
        if name not in defined and not CODE.fullmatch(name):
            message = f"the currency of `{field.name}` is `{short(name)}`, which is no code such as EUR and no field"
            report.add(field.mark, message, nearest(name, defined), "unknown-name")
        elif name in fields and fields[name].type != "text":
            message = f"the currency of `{field.name}` stands in `{name}`, which is no text"
            report.add(field.mark, message, "name a text field or a code such as EUR", "wrong-type")


def _blank(report: Report, node: Node, kind: FieldType) -> Value:
    if kind == "boolean":
        return report.boolean(node, "`blank`")
    if kind in {"integer", "decimal", "money"}:
        number = report.number(node, "`blank`")
        return (
            int(number) if number is not None and kind == "integer" and _whole(report, number, node.mark) else number
        )
    text = report.text(node, "`blank`")
    if text is None or kind == "text":
        return text
    if kind == "list":
        return (text,)
    read = date_text(text) if kind == "date" else datetime_text(text)
    if read is None:
        report.wrong(node, f"`blank` is a {kind}")
    return read


def _whole(report: Report, number: Decimal, mark: Mark) -> bool:
    if number != number.to_integral_value():
        report.add(mark, "`blank` is a whole number", code="wrong-type")
    return True
