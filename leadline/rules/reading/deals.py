"""Conditions about a person's deals one by one, and the fields of deals that these may ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, cast

from leadline.common.folding import fold
from leadline.common.marks import Mark
from leadline.common.vocabulary import DEAL_OBJECTS
from leadline.common.yamltree import Entry, MappingNode, Node
from leadline.rules.fieldops import OPS
from leadline.rules.model import (
    DEAL_STATE,
    All,
    Any,
    AtLeast,
    Condition,
    Deals,
    DealsHow,
    DealsTest,
    Field,
    FieldTest,
    Not,
)
from leadline.rules.nearest import nearest
from leadline.rules.reading.activities import DEAL_STATES, read_links
from leadline.rules.reading.bands import NUMBER_TYPES
from leadline.rules.reading.conditions import WORDS, Conditions, Keys
from leadline.rules.reading.counts import ends
from leadline.rules.reading.fields import KEYS, read_fields
from leadline.rules.reading.fieldtests import field_test
from leadline.rules.reading.lists import Lists
from leadline.rules.reading.report import Report, short

FIELD_KEYS: Final = tuple(key for key in KEYS if key not in {"prefer", "signal"})
"""A deal stands in one CRM, and its past is no earlier pass: it neither prefers a source nor gives signals."""
ASKED_OF_EACH: Final = ("any", "all", "none", "newest")
HEADS: Final = (*ASKED_OF_EACH, "count", "sum")
SUM_OPS: Final = OPS["money"]
COUNT_KEYS: Final = ("at_least", "at_most", "between")


def read_deals(report: Report, node: Node, lists: Lists) -> Deals:
    """Return which deals speak for a person, which of them count, and what rules may ask of one."""
    own = node.get("fields") if isinstance(node, MappingNode) else None
    fields = _fields(report, own, lists) if own is not None else {}
    return replace(read_links(report, node), fields=fields)


def _fields(report: Report, node: Node, lists: Lists) -> dict[str, Field]:
    for entry in report.entries(node, "`fields` of deals"):
        if entry.name == DEAL_STATE or entry.name in WORDS:
            message = f"a field of deals cannot be called `{entry.name}`, which is a word of the rule language"
            report.add(entry.key.mark, message, f"rename it, such as `{entry.name} of deal`", "shadowing")
    found = read_fields(report, node, lists, "fields of deals", FIELD_KEYS)
    for field in found.values():
        for source in field.sources:
            own = DEAL_OBJECTS[source.crm]
            if source.object != own:
                message = f"`{field.name}` is a field of deals, and {source} is none"
                report.add(
                    source.mark, message, f"write {own}.{source.field}, or put it under `fields`", "wrong-place"
                )
    return found


def deals_test(reader: Conditions, node: MappingNode, ever: bool, mark: Mark) -> Condition | None:
    """Read ``{any: ...}``, ``{all: ...}``, ``{none: ...}``, ``{newest: ...}``, ``{count: ...}`` or ``{sum: ...}``."""
    keys = {entry.name: entry for entry in node.entries}
    heads = [name for name in keys if name in HEADS]
    if len(heads) != 1:
        hint = "write one mapping each under all: [...] or any: [...]" if heads else nearest("", HEADS)
        reader.report.add(node.mark, "`deal` asks one thing of a person's deals", hint, "two-conditions")
        return None
    head = heads[0]
    if head in ASKED_OF_EACH:
        if reader.report.keys(node, (head,), f"`deal` with `{head}`") is None:
            return None
        where = _where(reader, keys[head].value)
        return DealsTest(cast(DealsHow, head), where, ever=ever, mark=mark) if where is not None else None
    allowed = ("count", "where") if head == "count" else ("sum", *SUM_OPS, "where")
    read = reader.report.keys(node, allowed, f"`deal` with `{head}`")
    where = _where(reader, keys["where"].value) if "where" in keys else None
    if read is None or (where is None and "where" in keys):
        return None
    test = DealsTest(cast(DealsHow, head), where, ever=ever, mark=mark)
    return _counted(reader, test, keys["count"]) if head == "count" else _sum(reader, test, read)


def _where(reader: Conditions, node: Node) -> Condition | None:
    """Read a condition about one deal."""
    reading = reader.reading
    own = reading.deals.testable
    names = replace(reading.names, fields=tuple(own), scores={}, accounts=())
    inner = Conditions(replace(reading, fields=own, names=names), "deal", {"field": field_test})
    condition = inner.read(node)
    for test in _field_tests(condition):
        unknown = [str(item) for item in test.operands if fold(str(item)) not in DEAL_STATES]
        if test.field == DEAL_STATE and (unknown or test.op != "in"):
            said = f"`{short(unknown[0])}` is no state of a deal" if unknown else "a state is named as it is"
            reader.report.add(test.mark, said, f"one of {', '.join(DEAL_STATES)}", "unknown-name")
    return condition


def _field_tests(condition: Condition | None) -> Iterable[FieldTest]:
    if isinstance(condition, All | Any | AtLeast):
        for part in condition.parts:
            yield from _field_tests(part)
    elif isinstance(condition, Not):
        yield from _field_tests(condition.part)
    elif isinstance(condition, FieldTest):
        yield condition


def _counted(reader: Conditions, test: DealsTest, entry: Entry) -> Condition | None:
    keys = reader.report.keys(entry.value, COUNT_KEYS, "`count`")
    if not keys:
        if keys is not None and isinstance(entry.value, MappingNode):
            reader.report.add(
                entry.value.mark, "`count` does not say how many", "such as {at_least: 2}", "missing-key"
            )
        return None
    found = ends(reader, keys, entry.value.mark)
    return replace(test, count=found[0], most=found[1]) if found is not None else None


def _sum(reader: Conditions, test: DealsTest, keys: Keys) -> Condition | None:
    fields: Mapping[str, Field] = reader.reading.deals.fields
    name = reader.report.choice(keys["sum"].value, fields, "fields of deals")
    if name is None:
        return None
    if fields[name].type not in NUMBER_TYPES:
        message = f"`{name}` is of type {fields[name].type} and has no sum"
        reader.report.add(
            keys["sum"].value.mark, message, "name a field of type money, decimal or integer", "wrong-type"
        )
        return None
    asked = tuple(entry for key, entry in keys.items() if key in SUM_OPS)
    if not asked:
        hint = "such as {sum: amount, over: 10000}"
        reader.report.add(keys["sum"].key.mark, f"the sum of `{name}` is compared with nothing", hint, "missing-key")
        return None
    whole = Entry(replace(keys["sum"].key, value=name, text=name), MappingNode(asked, keys["sum"].value.mark))
    of_a_deal = Conditions(replace(reader.reading, fields=fields), "deal", {})
    compared = field_test(of_a_deal, whole)
    parts = compared.parts if isinstance(compared, All) else (compared,)
    tests = tuple(_of_sum(test, part) for part in parts if part is not None)
    return All(tests, test.mark) if len(tests) > 1 else (tests[0] if tests else None)


def _of_sum(test: DealsTest, compared: Condition) -> Condition:
    if isinstance(compared, Not):
        return Not(_of_sum(test, compared.part), compared.mark)
    assert isinstance(compared, FieldTest)
    return replace(test, total=compared)
