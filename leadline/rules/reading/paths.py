"""The sections ``paths`` and ``by_hand``: the main path, the transitions off it, and moves made by people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from leadline.common.yamltree import Node, Scalar
from leadline.rules.model import ByHand, Months, Stage, Transition
from leadline.rules.nearest import nearest
from leadline.rules.reading.conditions import Keys
from leadline.rules.reading.durations import LONGEST, duration, parsed
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short
from leadline.rules.reading.words import conditions

BY_HAND_KEYS: Final = ("until",)
NEW_ACTIVITY: Final = "new activity"
KEYS: Final = ("from", "to", "when", "reason", "after", "at_once_when", "at_most", "pass")


@dataclass(frozen=True, slots=True)
class Paths:
    """The main path and the transitions in file order."""

    main: tuple[str, ...]
    transitions: tuple[Transition, ...]


def read_paths(reading: Reading, node: Node, stages: Mapping[str, Stage]) -> Paths:
    """Return the one main path (``a -> b -> c``) and the transitions, each ``from`` and ``to`` on its own."""
    report = reading.report
    main: tuple[str, ...] = ()
    found: Node | None = None
    transitions: list[Transition] = []
    for position, item in enumerate(report.items(node), start=1):
        if not isinstance(item, Scalar):
            transitions += _transitions(reading, item, position, stages)
        elif found is None:
            found, main = item, _main(reading, item, stages)
        else:
            where = f" of {found.mark.file}" if found.mark.file != item.mark.file else ""
            message = f"a second main path; the first is at line {found.mark.line}{where}"
            report.add(item.mark, message, "write {from: ..., to: ...}", "main-path")
    if found is None:
        report.add(node.mark, "`paths` has no main path", "add one, such as `inquiry -> mql -> sal`", "main-path")
    return Paths(main, tuple(transitions))


def read_by_hand(reading: Reading, node: Node) -> ByHand:
    """Return how long a stage set by hand stands: ``until: new activity or 90d``, or one of the two."""
    keys = reading.report.keys(node, BY_HAND_KEYS, "`by_hand`")
    until = reading.report.required(keys, "until", node.mark, "`by_hand`") if keys is not None else None
    if until is None:
        return ByHand()
    text = until.text if isinstance(until, Scalar) else ""
    new_activity, lasts = False, None
    for part in re.split(r"\s+or\s+", text.strip()):
        length = parsed(part)
        if part == NEW_ACTIVITY and not new_activity:
            new_activity = True
        elif isinstance(length, timedelta) and lasts is None and timedelta(0) < length <= LONGEST:
            lasts = length
        elif not isinstance(length, Months):
            reading.report.wrong(until, "`until` is `new activity`, a duration such as 90d, or both with `or`")
            return ByHand()
        else:
            reading.report.add(until.mark, "`until` cannot be in months, which vary", "write days", "duration")
            return ByHand()
    return ByHand(new_activity, lasts)


def _main(reading: Reading, node: Scalar, stages: Mapping[str, Stage]) -> tuple[str, ...]:
    report, names = reading.report, reading.names.stages
    steps = tuple(part.strip() for part in node.text.split("->"))
    if len(steps) < 2:
        report.add(node.mark, "the main path has at least two stages", "such as `inquiry -> mql -> sal`", "main-path")
    for number, step in enumerate(steps):
        if step not in names:
            report.add(node.mark, f"stages: there is no `{short(step)}`", nearest(step, names), "unknown-name")
        elif step in steps[:number]:
            report.add(
                node.mark, f"`{step}` stands twice on the main path", "a stage has one place on it", "main-path"
            )
        elif step in stages and stages[step].kind == "detour":
            hint = "give it another kind, or reach it by {from: ..., to: ...}"
            report.add(node.mark, f"the detour `{step}` is on the main path", hint, "main-path")
    return steps


def _transitions(reading: Reading, node: Node, position: int, stages: Mapping[str, Stage]) -> list[Transition]:
    report = reading.report
    keys = report.keys(node, KEYS, "a path")
    if keys is None:
        return []
    read = _Shared.read(reading, keys)
    ends: dict[str, tuple[str, ...]] = {}
    for side in ("from", "to"):
        value = report.required(keys, side, node.mark, "a path")
        names = report.choices(value, reading.names.stages, "stages") if value is not None else ()
        ends[side] = tuple(dict.fromkeys(name for name in names if name in reading.names.stages))
    made: list[Transition] = []
    for source in ends["from"]:
        for target in ends["to"]:
            if source == target:
                report.add(node.mark, f"a path from `{source}` to itself", "remove it", "path")
                continue
            _check_reason(reading, keys, stages.get(target))
            made.append(read.transition(source, target, position, node))
    return made


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all transitions of one path entry have in common."""

    template: Transition

    @classmethod
    def read(cls, reading: Reading, keys: Keys) -> _Shared:
        report, reader = reading.report, conditions(reading, "transition")
        if "at_once_when" in keys and "after" not in keys:
            message = "`at_once_when` lifts a cool-down, but there is no `after`"
            report.add(keys["at_once_when"].key.mark, message, "add `after: 30d`, or use `when`", "path")
        return cls(
            Transition(
                id="",
                source="",
                target="",
                when=reader.read(keys["when"].value) if "when" in keys else None,
                reason=report.text(keys["reason"].value, "`reason`") if "reason" in keys else None,
                after=duration(report, keys["after"].value, "`after`") if "after" in keys else None,
                at_once_when=reader.read(keys["at_once_when"].value) if "at_once_when" in keys else None,
                at_most=report.count(keys["at_most"].value, "`at_most`", highest=1000) if "at_most" in keys else None,
                new_pass=report.text(keys["pass"].value, "`pass`") if "pass" in keys else None,
            )
        )

    def transition(self, source: str, target: str, position: int, node: Node) -> Transition:
        template = self.template
        return Transition(
            f"{source}->{target}#{position}",
            source,
            target,
            template.when,
            template.reason,
            template.after,
            template.at_once_when,
            template.at_most,
            template.new_pass,
            node.mark,
        )


def _check_reason(reading: Reading, keys: Keys, target: Stage | None) -> None:
    if target is None or not target.reasons or "reason" not in keys:
        return
    value = keys["reason"].value
    if isinstance(value, Scalar) and value.text.strip() and value.text not in target.reasons:
        message = f"`{short(value.text)}` is no reason of `{target.name}`"
        reading.report.add(value.mark, message, nearest(value.text, target.reasons), "unknown-name")
