"""What happened to the person of a rule test, as facts: fields, activities, deals, stages set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from leadline.common.marks import Mark
from leadline.common.values import Raw, Value
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, SequenceNode
from leadline.rules.allocation import place_fact
from leadline.rules.convert import convert
from leadline.rules.model import DEAL_PREFIX, DEAL_STATE, Book, Field
from leadline.rules.nearest import nearest
from leadline.rules.reading.activities import DEAL_STATES
from leadline.rules.reading.report import Report, short
from leadline.rules.state import UNREADABLE, Fact, FactKind, Unreadable
from leadline.rules.testing.instants import When

SOURCE: Final = "test"
WORDS: Final = ("activity", "deal", "by_hand", "allocated", "unreadable", "fields")
"""What can happen besides a field's new value. A field of such a name is set under ``fields``."""
GONE: Final = "gone"


@dataclass
class Happenings:
    """Reads what happened; the facts are collected in ``facts``."""

    report: Report
    book: Book
    facts: list[Fact] = field(default_factory=list)
    _set: dict[tuple[str, When], Mark] = field(default_factory=dict)

    def person(self, node: Node, when: When) -> None:
        """Read the fields that are known from the beginning."""
        for entry in self.report.entries(node, "`person`"):
            self._field(entry, when)

    def happened(self, node: Node, when: When) -> None:
        """Read what happened at one instant: one mapping or a list of them; a bare name is an activity."""
        for item in self.report.items(node):
            if isinstance(item, MappingNode):
                self._one(item, when)
            else:
                self._activity(item, when)

    def _one(self, node: MappingNode, when: When) -> None:
        for entry in node.entries:
            match entry.name:
                case "activity":
                    for item in self.report.items(entry.value):
                        self._activity(item, when)
                case "deal":
                    self._deal(entry, when)
                case "by_hand":
                    stage = self.report.choice(entry.value, self.book.stages, "stages")
                    if stage is not None:
                        self._add("human", "somebody", stage, when, entry.key.mark)
                case "allocated":
                    stage = self.report.choice(entry.value, self.book.capacity, "`allocated`: stages with a capacity")
                    if stage is not None:
                        self.facts.append(place_fact(stage, when.at))
                case "unreadable":
                    for item in self.report.items(entry.value):
                        name = self.report.choice(item, self.book.fields, "fields")
                        if name is not None:
                            self._set_field(name, UNREADABLE, when, item.mark)
                case "fields":
                    for inner in self.report.entries(entry.value, "`fields`"):
                        self._field(inner, when)
                case _:
                    self._field(entry, when)

    def _activity(self, node: Node, when: When) -> None:
        name = self.report.choice(node, self.book.activities, "activities")
        if name is not None:
            self._add("activity", name, True, when, node.mark)

    def _deal(self, entry: Entry, when: When) -> None:
        """Read ``deal: open``, ``deal: {amount: 5000}``, or ``deal: {a name: ...}`` where there are several."""
        known = self.book.deals.testable
        if isinstance(entry.value, MappingNode) and not {inner.name for inner in entry.value.entries} <= set(known):
            for inner in entry.value.entries:
                self._one_deal(inner.name, inner.value, when)
        else:
            self._one_deal("deal", entry.value, when)

    def _one_deal(self, name: str, node: Node, when: When) -> None:
        """Read a deal's state alone, or its state and fields."""
        if not isinstance(node, MappingNode):
            self._deal_state(name, node, when)
            return
        for key, entry in (
            self.report.keys(node, tuple(self.book.deals.testable), f"the deal `{name}`") or {}
        ).items():
            if key == DEAL_STATE:
                self._deal_state(name, entry.value, when)
            else:
                field = replace(self.book.deals.fields[key], name=DEAL_PREFIX + key)
                self._known_field(field, entry, when, f"deal/{name}")

    def _deal_state(self, name: str, node: Node, when: When) -> None:
        kinds = self.book.deals.kinds
        state = self.report.choice(node, (*DEAL_STATES, GONE, *kinds), "`deal`")
        record = f"deal/{name}"
        if state is not None and state in kinds:
            for kind, other in kinds.items():
                # A deal is of one kind at a time, unless the book asks the same fields for both.
                so = kinds[state].state if other.where == kinds[state].where else None
                self._add("deal", kind, so, when, node.mark, record=record)
        elif state is not None:
            value = None if state == GONE else state
            for kind in ("deal", *(kinds if state == GONE else ())):
                self._add("deal", kind, value, when, node.mark, record=record)

    def _field(self, entry: Entry, when: When) -> None:
        known = self.book.fields.get(entry.name)
        if known is None:
            self._unknown(entry)
        elif known.table is not None:
            message = f"`{known.name}` is looked up in a table by `{known.table.by}`"
            self.report.add(entry.key.mark, message, f"set `{known.table.by}`", "wrong-place")
        else:
            self._known_field(known, entry, when, "person")

    def _known_field(self, known: Field, entry: Entry, when: When, record: str) -> None:
        value, reason = convert(known, _raw(known, entry.value))
        if isinstance(entry.value, MappingNode) or reason is not None:
            said = f"`{known.name}` is of type {known.type}"
            self.report.wrong(entry.value, said)
        else:
            self._set_field(known.name, value, when, entry.key.mark, record)

    def _set_field(
        self, name: str, value: Value | Unreadable, when: When, mark: Mark, record: str = "person"
    ) -> None:
        first = self._set.setdefault((f"{record} {name}", when), mark)
        if first is not mark:
            message = f"`{name}` is set twice at this instant, first at line {first.line}"
            self.report.add(mark, message, "give them different instants", "twice")
        self._add("field", name, value, when, mark, record=record)

    def _unknown(self, entry: Entry) -> None:
        names: Mapping[str, object] = {**self.book.fields, **dict.fromkeys(WORDS)}
        hint = nearest(entry.name, names, few=0)
        if entry.name in self.book.activities:
            hint = f"write {{activity: {entry.name}}}"
        elif entry.name in {"stage", "set_by_hand"}:
            hint = "write {by_hand: ...} for a stage that a person set, or `adopted` beside `person`"
        message = f"fields: there is no `{short(entry.name)}`"
        self.report.add(entry.key.mark, message, hint, "unknown-name")

    def _add(
        self, kind: FactKind, name: str, value: Value | Unreadable, when: When, mark: Mark, record: str = ""
    ) -> None:
        # The place in the file keeps two equal activities at one instant apart.
        where = record or f"{kind}/{mark.line}:{mark.column}"
        self.facts.append(Fact(kind, name, value, when.at, SOURCE, where, when.at, 0, when.precision))


def _raw(known: Field, node: Node) -> Raw:
    """Return a node's value as a CRM would give it: texts as written, several values of a list with semicolons."""
    if isinstance(node, SequenceNode):
        parts = [item.text for item in node.items if isinstance(item, Scalar)]
        return ";".join(parts) if known.type == "list" and len(parts) == len(node.items) else "[]"
    if not isinstance(node, Scalar) or node.value is None:
        return None
    return node.text if known.type in {"text", "list"} else node.value
