"""The section ``slas``: promises in business time, with their stops, pauses, targets and ladders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from leadline.common.canonical import decimal_text
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar
from leadline.rules.model import (
    Activity,
    All,
    Any,
    AtLeast,
    Calendars,
    Condition,
    Not,
    Sla,
    SlaTest,
    Transition,
)
from leadline.rules.reading.ladders import Consequence, read_ladder
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short
from leadline.rules.reading.targets import read_choice, read_targets
from leadline.rules.reading.words import conditions

KEYS: Final = (
    *("from", "until", "void_when", "pause", "target", "calendar", "ladder"),
    *("owner", "on_edit", "late", "on_reassign", "on_reentry"),
)
FROM_KEYS: Final = ("enters",)
STOPS: Final = ("enters", "first_response")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "on_edit": ("keep", "recompute"),
    "late": ("do", "skip"),
    "on_reassign": ("keep", "restart"),
    "on_reentry": ("restart", "keep"),
}
"""The words of each key; the first is what counts where the key is missing."""
RESPONSE_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "salesforce": ("task", "event"),
    "hubspot": ("call", "meeting", "one_to_one_email"),
}
"""Kinds of activities by which a person of ours answers: calls, e-mails and meetings."""
OWNER: Final = "owner"


@dataclass(frozen=True, slots=True)
class Slas:
    """The SLAs by name, and the moves of their ladders as transitions."""

    slas: Mapping[str, Sla]
    transitions: tuple[Transition, ...]


def read_slas(reading: Reading, node: Node, calendars: Calendars, activities: Mapping[str, Activity]) -> Slas:
    """Return what the section ``slas`` says; circles of SLAs that ask for each other are problems."""
    slas: dict[str, Sla] = {}
    transitions: list[Transition] = []
    if isinstance(node, MappingNode) and not node.entries:
        reading.report.add(node.mark, "`slas` is empty", "name at least one", "empty-list")
    for entry in reading.report.entries(node, "`slas`"):
        found = _Sla(reading, entry, calendars, activities).read()
        if found is not None:
            slas[entry.name], moves = found
            transitions += _moves(slas[entry.name], moves)
    _refuse_circles(reading, slas)
    return Slas(slas, tuple(transitions))


class _Sla:
    """Reads one SLA."""

    def __init__(
        self, reading: Reading, entry: Entry, calendars: Calendars, activities: Mapping[str, Activity]
    ) -> None:
        self.reading = reading
        self.report = reading.report
        self.entry = entry
        self.calendars = calendars
        self.activities = activities
        self.what = f"the SLA `{short(entry.name)}`"
        self.conditions = conditions(reading, "sla")

    def read(self) -> tuple[Sla, tuple[Consequence, ...]] | None:
        keys = self.report.keys(self.entry.value, KEYS, self.what)
        if keys is None:
            return None
        nodes = {name: entry.value for name, entry in keys.items()}
        start = self.report.required(keys, "from", self.entry.key.mark, self.what)
        target = self.report.required(keys, "target", self.entry.key.mark, self.what)
        starts = self._starts(start) if start is not None else ()
        targets = read_targets(self.conditions, target) if target is not None else ()
        stops = self._stops(nodes["until"]) if "until" in nodes else _Stops()
        owner = self._field(nodes["owner"], "`owner`") if "owner" in nodes else None
        calendar = read_choice(self.reading, self.entry, self.calendars, targets)
        ladder, moves = read_ladder(self.reading, nodes["ladder"], targets) if "ladder" in nodes else ((), ())
        chosen = {name: self._word(nodes, name) for name in CHOICES}
        owner = owner or (OWNER if OWNER in self.reading.names.fields else None)
        if chosen["on_reassign"] == "restart" and owner is None:
            hint = "add `owner: ...`, the field that holds who owns the person"
            self.report.add(nodes["on_reassign"].mark, "there is no field `owner` to see a reassignment", hint, "sla")
        sla = Sla(
            self.entry.name,
            starts,
            targets,
            stops.ends,
            stops.until,
            stops.responses,
            self._condition(nodes, "pause"),
            self._condition(nodes, "void_when"),
            calendar,
            ladder,
            owner if chosen["on_reassign"] == "restart" else None,
            cast(Literal["keep", "recompute"], chosen["on_edit"]),
            cast(Literal["do", "skip"], chosen["late"]),
            cast(Literal["keep", "restart"], chosen["on_reassign"]),
            cast(Literal["restart", "keep"], chosen["on_reentry"]),
            self.entry.key.mark,
        )
        return (sla, moves) if starts and targets else None

    def _starts(self, node: Node) -> tuple[str, ...]:
        keys = self.report.keys(node, FROM_KEYS, "`from`")
        found = self.report.required(keys, "enters", node.mark, "`from`") if keys is not None else None
        return self._stages(found) if found is not None else ()

    def _stages(self, node: Node) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.report.choices(node, self.reading.names.stages, "`enters`: stages")))

    def _stops(self, node: Node) -> _Stops:
        """Read ``until``: one stop or ``{any: [...]}``; what is no word of its own is a condition."""
        inner = node.get("any") if isinstance(node, MappingNode) and len(node.entries) == 1 else None
        stops, rest = _Stops(), list[Condition]()
        for item in self.report.items(inner) if inner is not None else (node,):
            head = item.entries[0] if isinstance(item, MappingNode) and len(item.entries) == 1 else None
            if head is not None and head.name == "enters":
                stops = _Stops((*stops.ends, *self._stages(head.value)), stops.responses)
            elif head is not None and head.name == "first_response":
                stops = _Stops(stops.ends, (*stops.responses, *self._responses(head.value)))
            elif (condition := self.conditions.read(item)) is not None:
                rest.append(condition)
        until = (rest[0] if len(rest) == 1 else Any(tuple(rest), node.mark)) if rest else None
        return _Stops(tuple(dict.fromkeys(stops.ends)), tuple(dict.fromkeys(stops.responses)), until)

    def _responses(self, node: Node) -> tuple[str, ...]:
        """Return the activities that are a response: those named, or with ``owner`` those of a person of ours."""
        if not isinstance(node, Scalar) or node.text != OWNER or OWNER in self.activities:
            return self.report.choices(node, self.activities, "`first_response`: activities")
        found = tuple(name for name, item in self.activities.items() if _is_response(item))
        if not found:
            hint = "define one, such as call: {hubspot: {call: Connected}}, or name yours"
            message = "no activity of this book is a call, an e-mail or a meeting of a person of yours"
            self.report.add(node.mark, message, hint, "sla")
        return found

    def _field(self, node: Node, what: str) -> str | None:
        return self.report.choice(node, self.reading.names.fields, f"{what}: fields")

    def _condition(self, nodes: Mapping[str, Node], name: str) -> Condition | None:
        return self.conditions.read(nodes[name]) if name in nodes else None

    def _word(self, nodes: Mapping[str, Node], name: str) -> str:
        known = CHOICES[name]
        return (self.report.choice(nodes[name], known, f"`{name}`") if name in nodes else None) or known[0]


@dataclass(frozen=True, slots=True)
class _Stops:
    ends: tuple[str, ...] = ()
    responses: tuple[str, ...] = ()
    until: Condition | None = None


def _is_response(activity: Activity) -> bool:
    return any(source.kind in RESPONSE_KINDS[source.crm] for source in activity.sources)


def _moves(sla: Sla, moves: tuple[Consequence, ...]) -> list[Transition]:
    """Turn the moves of a ladder into transitions out of the stages in which the timer starts."""
    return [
        Transition(
            f"{source}->{move.to}#{sla.name} {decimal_text(move.share * 100)}%",
            source,
            move.to,
            SlaTest(sla.name, ("breached",)) if move.share == 1 else SlaTest(sla.name, (), move.share),
            move.reason,
            mark=move.mark,
        )
        for move in moves
        for source in sla.starts
        if source != move.to
    ]


def _refuse_circles(reading: Reading, slas: Mapping[str, Sla]) -> None:
    asked = {name: tuple(other for other in asked_slas(sla) if other in slas) for name, sla in slas.items()}
    while ready := [name for name, others in asked.items() if not any(other in asked for other in others)]:
        asked = {name: others for name, others in asked.items() if name not in ready}
    for name in asked:
        message = f"the SLA `{short(name)}` would be its own cause, or waits for ones that would"
        reading.report.add(slas[name].mark, message, "ask for another one", "sla")


def asked_slas(sla: Sla) -> tuple[str, ...]:
    """Return the SLAs that the conditions of one ask for."""
    asked = [sla.until, sla.pause, sla.void, *(target.when for target in sla.targets)]
    return tuple(test.sla for item in asked if item is not None for test in _tests(item))


def _tests(condition: Condition) -> list[SlaTest]:
    if isinstance(condition, All | Any | AtLeast):
        return [test for part in condition.parts for test in _tests(part)]
    if isinstance(condition, Not):
        return _tests(condition.part)
    return [condition] if isinstance(condition, SlaTest) else []
