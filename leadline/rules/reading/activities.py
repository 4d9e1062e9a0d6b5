"""The sections ``activities`` and ``deals``: what a CRM recorded, under the names that rules use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, cast, get_args

from leadline.common.values import CRMS, Crm
from leadline.common.vocabulary import ACTIVITY_KINDS, PERSON_OBJECTS
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.model import (
    Activity,
    ActivitySource,
    AttributeTest,
    DealKind,
    DealLink,
    Deals,
    DealState,
    FieldSource,
)
from leadline.rules.nearest import nearest
from leadline.rules.reading.report import Report, short

MAIN_ATTRIBUTE: Final = {
    # `{form: demo}` is short for `{form: {form: demo}}`
    "event": "name",
    "form": "form",
    "email": "event",
    "call": "outcome",
    "meeting": "outcome",
}
ACTIVITY_KEYS: Final = (*CRMS, "otherwise")
PROPERTY: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
DEAL_KINDS: Final = ("renewed", "churned")
"""Names of deals that a book may give a meaning."""
DEAL_KEYS: Final = ("link", "only", "fields", *DEAL_KINDS)
DEAL_STATES: Final[tuple[DealState, ...]] = get_args(DealState)
LINKS: Final[tuple[DealLink, ...]] = ("converted", "contact_role", "account", "association")
ATTRIBUTE_OPS: Final = ("in", "contains")


def read_activities(report: Report, node: Node) -> dict[str, Activity]:
    """Return the activities that could be read, by name, in file order."""
    activities: dict[str, Activity] = {}
    for entry in report.entries(node, "`activities`"):
        keys = report.keys(entry.value, ACTIVITY_KEYS, f"the activity `{short(entry.name)}`")
        if keys is None:
            continue
        sources = tuple(
            source for crm, given in keys.items() if crm in CRMS for source in _sources(report, crm, given.value)
        )
        otherwise = _otherwise(report, keys) if "otherwise" in keys else None
        activities[entry.name] = Activity(entry.name, sources, otherwise, entry.key.mark)
    return activities


def _otherwise(report: Report, keys: Mapping[str, Entry]) -> FieldSource | None:
    """Return the contact property of HubSpot whose rises count where HubSpot's tier lacks the activities."""
    given = keys["otherwise"].value
    inner = report.keys(given, ("property",), "`otherwise`")
    node = report.required(inner, "property", given.mark, "`otherwise`") if inner is not None else None
    text = report.text(node, "`property`") if node is not None else None
    if "hubspot" not in keys:
        hint = "say under `hubspot` what it stands for"
        report.add(keys["otherwise"].key.mark, "`otherwise` stands for no activity of HubSpot", hint, "missing-key")
    if text is None or node is None:
        return None
    if not PROPERTY.fullmatch(text):
        report.wrong(node, "`property` is the name of a contact property, such as hs_analytics_num_page_views")
        return None
    return FieldSource("hubspot", PERSON_OBJECTS["hubspot"][0], text, node.mark)


def read_links(report: Report, node: Node) -> Deals:
    """Return which deals speak for a person, and which of them count; their fields are read elsewhere."""
    keys = report.keys(node, DEAL_KEYS, "`deals`") or {}
    deals = Deals(mark=node.mark)
    link = cast(
        tuple[DealLink, ...],
        report.choices(keys["link"].value, LINKS, "`link`") if "link" in keys else deals.link,
    )
    only: dict[str, tuple[str, ...]] = {}
    if "only" in keys:
        for entry in report.entries(keys["only"].value, "`only`"):
            only[entry.name] = report.texts(entry.value, f"`{short(entry.name)}` of deals")
    read = {name: _deal_kind(report, keys[name].value, name) for name in DEAL_KINDS if name in keys}
    kinds: dict[str, DealKind] = {name: kind for name, kind in read.items() if kind is not None}
    return Deals(tuple(dict.fromkeys(link)), only, kinds, mark=node.mark)


def _deal_kind(report: Report, node: Node, name: str) -> DealKind | None:
    """Return what a deal of this name is: its state, and the values of its fields."""
    entries = {entry.name: entry for entry in report.entries(node, f"`{name}`")}
    state_node = report.required(entries, "state", node.mark, f"`{name}`") if isinstance(node, MappingNode) else None
    state = report.choice(state_node, DEAL_STATES, f"`state` of `{name}`") if state_node is not None else None
    where = {
        entry.name: report.texts(entry.value, f"`{short(entry.name)}` of `{name}`")
        for entry in entries.values()
        if entry.name != "state"
    }
    if isinstance(node, MappingNode) and not where:
        hint = "such as {state: won, type: Renewal}"
        report.add(node.mark, f"`{name}` would be every deal: say which ones", hint, "missing-key")
    return DealKind(cast(DealState, state), where) if state is not None and where else None


def _sources(report: Report, crm: Crm, node: Node) -> list[ActivitySource]:
    read = [_source(report, crm, item) for item in report.items(node)]
    return [source for source in read if source is not None]


def _source(report: Report, crm: Crm, node: Node) -> ActivitySource | None:
    kinds = tuple(ACTIVITY_KINDS[crm])
    if isinstance(node, Scalar):  # `hubspot: meeting` is every meeting
        kind = report.choice(node, kinds, f"kinds of activities in {crm}")
        return ActivitySource(crm, kind, (), node.mark) if kind else None
    keys = report.keys(node, (*kinds, "where"), f"an activity of {crm}")
    if keys is None:
        return None
    heads = [entry for name, entry in keys.items() if name != "where"]
    if len(heads) != 1:
        hint = nearest("", kinds) if not heads else "write one mapping for each: [{...}, {...}]"
        report.add(node.mark, f"a source names one kind of activity of {crm}", hint, "activity-kind")
        return None
    kind = heads[0].name
    tests = _main_tests(report, crm, heads[0])
    if "where" in keys:
        tests += _tests(report, crm, kind, keys["where"].value)
    return ActivitySource(crm, kind, tests, node.mark)


def _main_tests(report: Report, crm: Crm, entry: Entry) -> tuple[AttributeTest, ...]:
    if isinstance(entry.value, MappingNode):
        return _tests(report, crm, entry.name, entry.value)
    attribute = MAIN_ATTRIBUTE.get(entry.name)
    if attribute is None:
        names = ", ".join(ACTIVITY_KINDS[crm][entry.name])
        hint = f"such as {{{names.split(',')[0]}: ...}}" if names else f"write `{crm}: {entry.name}`"
        report.wrong(entry.value, f"`{entry.name}` takes a mapping of its attributes", hint)
        return ()
    test = _test(report, attribute, "in", entry.value)
    return (test,) if test else ()


def _tests(report: Report, crm: Crm, kind: str, node: Node) -> tuple[AttributeTest, ...]:
    found: list[AttributeTest] = []
    for attribute, entry in (report.keys(node, ACTIVITY_KINDS[crm][kind], f"`{kind}` of {crm}") or {}).items():
        if not isinstance(entry.value, MappingNode):
            test = _test(report, attribute, "in", entry.value)
            found += [test] if test else []
            continue
        for op, inner in (report.keys(entry.value, ATTRIBUTE_OPS, f"`{attribute}`") or {}).items():
            test = _test(report, attribute, op, inner.value)
            found += [test] if test else []
    return tuple(found)


def _test(report: Report, attribute: str, op: str, node: Node) -> AttributeTest | None:
    operands = report.texts(node, f"`{attribute}`")
    return AttributeTest(attribute, cast(Literal["in", "contains"], op), operands) if operands else None
