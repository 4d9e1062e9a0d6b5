"""Where a person belongs: record types, business units, and lists of people kept beside the rules.

``record_types`` and ``business_units`` ask the book's fields ``record_type`` and ``business_unit``; ``list`` asks
whether the field ``email`` (the address, or its domain) is in a file of ``lists/``.
"""

from __future__ import annotations

from typing import Final

from leadline.common.folding import fold
from leadline.common.marks import Mark
from leadline.common.yamltree import Entry, Scalar
from leadline.rules.model import All, Any, Condition, FieldTest
from leadline.rules.reading.conditions import Conditions, Keys, beside, word
from leadline.rules.reading.report import short

BELONGING: Final = {"record_types": "record_type", "business_units": "business_unit"}
"""Condition words, and the text field of the book that each of them asks."""
EVERY: Final = "all"
_SOURCES: Final = {
    "record_type": "salesforce: [Lead.RecordTypeId, Contact.RecordTypeId], values: {Prospect: 012...}",
    "business_unit": "salesforce: Lead.Business_Unit__c, hubspot: contact.business_unit",
    "email": "salesforce: [Lead.Email, Contact.Email], hubspot: contact.email",
}


@word("record_types", "business_units")
def _record_types(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    return _belongs(reader, keys, "record_types", mark)


@word("business_units", "record_types")
def _business_units(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    return _belongs(reader, keys, "business_units", mark)


@word("list")
def _list(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    """Read ``list: partners``: lists/partners.txt holds addresses and domains."""
    if not beside(reader, keys, "list") or not _has_field(reader, keys["list"], "email"):
        return None
    lines: list[str] = []
    for item in reader.report.items(keys["list"].value):
        name = reader.report.text(item, "`list`")
        if name is None:
            return None
        found = reader.reading.lists.values(name if name.startswith("lists/") else f"lists/{name}.txt", item.mark)
        if found is None:
            return None
        lines += found
    addresses = tuple(line for line in dict.fromkeys(lines) if "@" in line.lstrip("@"))
    domains = tuple(dict.fromkeys(fold(line).lstrip("@") for line in lines if "@" not in line.lstrip("@")))
    tests: list[Condition] = [FieldTest("email", "in", addresses, mark=mark)] if addresses else []
    tests += [FieldTest("email", "domain_in", domains, mark=mark)] if domains else []
    if not tests:
        reader.report.add(keys["list"].value.mark, "`list` names no list", "such as partners", "empty-list")
        return None
    return tests[0] if len(tests) == 1 else Any(tuple(tests), mark)


def _belongs(reader: Conditions, keys: Keys, head: str, mark: Mark) -> Condition | None:
    """Read one of the two words, or both in one mapping."""
    if not beside(reader, keys, head):
        return None
    tests = [_one_of(reader, entry, BELONGING[name]) for name, entry in keys.items()]
    known = tuple(test for test in tests if test is not None)
    if len(known) < len(tests):
        return None
    return known[0] if len(known) == 1 else All(known, mark)


def _one_of(reader: Conditions, entry: Entry, field: str) -> Condition | None:
    if isinstance(entry.value, Scalar) and entry.value.text == EVERY:
        return All((), entry.key.mark)
    if not _has_field(reader, entry, field):
        return None
    names = reader.report.texts(entry.value, f"`{entry.name}`")
    return FieldTest(field, "in", names, mark=entry.key.mark) if names else None


def _has_field(reader: Conditions, entry: Entry, name: str) -> bool:
    """Note a field that is not there, or is no text."""
    field = reader.reading.fields.get(name)
    if field is not None and field.type == "text":
        return True
    if name not in reader.reading.names.fields or field is not None:
        said = f"`{short(entry.name)}` asks for the text field `{name}`, which the book does not have"
        reader.report.add(entry.key.mark, said, f"add {name}: {{type: text, {_SOURCES[name]}}}", "unknown-name")
    return False
