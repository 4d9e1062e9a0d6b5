"""The section ``stages``: the places of the lifecycle."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final, cast, get_args

from leadline.common.yamltree import Entry, Node
from leadline.rules.model import Stage, StageKind
from leadline.rules.reading.names import Reading
from leadline.rules.reading.report import short
from leadline.rules.reading.words import conditions

KEYS: Final = ("kind", "owner", "start", "require", "enter", "stay", "exit", "reasons", "renamed")
KINDS: Final[tuple[StageKind, ...]] = get_args(StageKind)


def read_stages(reading: Reading, node: Node) -> dict[str, Stage]:
    """Return the stages that could be read, by name, in file order."""
    read = (_stage(reading, entry) for entry in reading.report.entries(node, "`stages`"))
    stages = {stage.name: stage for stage in read if stage is not None}
    _check_renamed(reading, stages)
    return stages


def with_start(reading: Reading, stages: dict[str, Stage], main_path: tuple[str, ...]) -> dict[str, Stage]:
    """Return the stages with exactly one start: the one marked, else the first of the main path."""
    starts = [stage for stage in stages.values() if stage.start]
    for stage in starts[1:]:
        message = f"`{starts[0].name}` is the start already, so `{stage.name}` cannot be"
        reading.report.add(stage.mark, message, "keep one `start: true`", "start")
    if starts and main_path and starts[0].name not in main_path:
        reading.report.add(starts[0].mark, f"the start `{starts[0].name}` is not on the main path", code="start")
    if starts or not main_path or main_path[0] not in stages:
        return stages
    first = dataclasses.replace(stages[main_path[0]], start=True)
    return {**stages, first.name: first}


def _stage(reading: Reading, entry: Entry) -> Stage | None:
    report = reading.report
    what = f"the stage `{short(entry.name)}`"
    keys = report.keys(entry.value, KEYS, what)
    if keys is None:
        return None
    kind_node = report.required(keys, "kind", entry.key.mark, what)
    kind = report.choice(kind_node, KINDS, "kinds of stages") if kind_node is not None else None
    reader = conditions(reading, "stage")
    enter = reader.read(keys["enter"].value) if "enter" in keys else None
    stay = reader.read(keys["stay"].value) if "stay" in keys else None
    leave = reader.read(keys["exit"].value) if "exit" in keys else None
    owner = report.text(keys["owner"].value, "`owner`") if "owner" in keys else None
    start = report.boolean(keys["start"].value, "`start`") if "start" in keys else False
    require = (
        report.choices(keys["require"].value, reading.names.fields, "`require`: fields") if "require" in keys else ()
    )
    reasons = report.texts(keys["reasons"].value, "`reasons`") if "reasons" in keys else ()
    renamed = _old_names(reading, keys["renamed"].value) if "renamed" in keys else ()
    if kind is None:
        return None
    return Stage(
        entry.name,
        cast(StageKind, kind),
        owner,
        bool(start),
        require,
        enter,
        stay,
        reasons,
        leave,
        renamed,
        entry.key.mark,
    )


def _old_names(reading: Reading, node: Node) -> tuple[str, ...]:
    names = reading.report.texts(node, "`renamed`")
    for name in names:
        if name in reading.names.stages:
            message = f"`{short(name)}` is still a stage, so it was not renamed"
            reading.report.add(node.mark, message, "give the name that the stage had before", "renamed")
    return tuple(dict.fromkeys(names))


def _check_renamed(reading: Reading, stages: Mapping[str, Stage]) -> None:
    claimed: dict[str, str] = {}
    for stage in stages.values():
        for old in stage.renamed:
            if claimed.setdefault(old, stage.name) != stage.name:
                message = f"`{short(old)}` became `{claimed[old]}` already, so it cannot be `{stage.name}`"
                reading.report.add(stage.mark, message, "name it once", "renamed")
