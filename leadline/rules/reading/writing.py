"""The section ``write``: the CRM fields that Leadline may write, and when scores are published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from leadline.common.values import CRMS, Crm
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, scalars
from leadline.rules.model import Publish, StageTarget, WriteTargets
from leadline.rules.model.accounts import PREFIX
from leadline.rules.nearest import nearest
from leadline.rules.reading.conditions import Keys
from leadline.rules.reading.conflicts import read_policies
from leadline.rules.reading.durations import duration
from leadline.rules.reading.names import WRITE_WORDS, Reading
from leadline.rules.reading.report import short

KEYS: Final = ("publish", *CRMS)
STAGE_KEYS: Final = ("field", "values")
PUBLISH_KEYS: Final = ("score",)
PUBLISH_SCORE_KEYS: Final = ("on", "at_most")
PUBLISH_ON: Final = ("grade change",)
NEVER: Final = "never"
UNCHANGED: Final = "unchanged"
ON_CONFLICT: Final = "on_conflict"
FIELD: Final = re.compile(r"[A-Za-z]\w{0,99}", re.ASCII)


def read_write(reading: Reading, node: Node) -> tuple[dict[Crm, WriteTargets], Publish]:
    """Return the write targets by CRM, and the rule of publishing."""
    keys = reading.report.keys(node, KEYS, "`write`") or {}
    targets: dict[Crm, WriteTargets] = {}
    for name in (name for name in keys if name in CRMS):
        read = _targets(reading, name, keys[name])
        if read is not None:
            targets[name] = read
    return targets, _publish(reading, keys["publish"].value) if "publish" in keys else Publish()


def _targets(reading: Reading, crm: Crm, entry: Entry) -> WriteTargets | None:
    report, scores = reading.report, reading.names.scores
    keys = report.keys(entry.value, (*WRITE_WORDS, *scores), f"`{crm}` under `write`")
    if keys is None:
        return None
    for word, names in (("grade", reading.names.cells), ("temperature", reading.names.temperatures)):
        if word in keys and not names:
            section = "grid" if word == "grade" else "temperature"
            report.add(keys[word].key.mark, f"`{word}` is written, but there is no `{section}`", code="unknown-name")
    if "due" in keys and not reading.names.slas:
        report.add(keys["due"].key.mark, "`due` is written, but there are no `slas`", code="unknown-name")
    made = WriteTargets(
        crm=crm,
        stage=_stage(reading, keys["stage"].value) if "stage" in keys else None,
        scores={name: field for name in scores if (field := _optional(reading, keys, name)) is not None},
        grade=_optional(reading, keys, "grade"),
        temperature=_optional(reading, keys, "temperature"),
        why=_optional(reading, keys, "why"),
        entered=_by_name(reading, keys, "entered", reading.names.stages),
        pass_number=_optional(reading, keys, "pass"),
        previous=_optional(reading, keys, "previous"),
        due=_optional(reading, keys, "due"),
        slas=_by_name(reading, keys, "slas", reading.names.slas),
        account=_by_name(reading, keys, "account", _account_facts(reading)),
        mark=entry.key.mark,
    )
    _check_unique(reading, made)
    if ON_CONFLICT in keys:
        made = replace(made, on_conflict=read_policies(reading, keys[ON_CONFLICT].value, made))
    named = {*made.all_fields(), *made.account_fields()}
    return replace(made, marks={node.text: node.mark for node in scalars(entry.value) if node.text in named})


def _optional(reading: Reading, keys: Keys, name: str) -> str | None:
    return _field(reading, keys[name].value) if name in keys else None


def _field(reading: Reading, node: Node) -> str | None:
    text = reading.report.text(node, "a CRM field")
    if text is None or FIELD.fullmatch(text):
        return text
    hint = "it is written to every record of the person, or of the account"
    if "." in text:
        hint = f"write the field alone, such as `{short(text.rsplit('.', 1)[1])}`: " + hint
    reading.report.add(node.mark, f"`{short(text)}` is no field name", hint, "source")
    return None


def _stage(reading: Reading, node: Node) -> StageTarget | None:
    stages = reading.names.stages
    if isinstance(node, Scalar):
        field = _field(reading, node)
        return StageTarget(field, {stage: stage for stage in stages}) if field is not None else None
    keys = reading.report.keys(node, STAGE_KEYS, "`stage`")
    if keys is None:
        return None
    field_node = reading.report.required(keys, "field", node.mark, "`stage`")
    field = _field(reading, field_node) if field_node is not None else None
    if field is None:
        return None
    if "values" not in keys:
        return StageTarget(field, {stage: stage for stage in stages})
    values: dict[str, str | None] = dict.fromkeys(stages)
    for entry in reading.report.entries(keys["values"].value, "`values`"):
        text = reading.report.text(entry.value, f"the CRM value of `{short(entry.name)}`")
        if entry.name not in stages:
            message = f"stages: there is no `{short(entry.name)}`"
            reading.report.add(entry.key.mark, message, nearest(entry.name, stages), "unknown-name")
        elif text is not None and text != UNCHANGED:
            values[entry.name] = text
    return StageTarget(field, values)


def _by_name(reading: Reading, keys: Keys, word: str, names: Sequence[str]) -> dict[str, str]:
    """Return the fields that ``word`` gives to stages, SLAs or account facts."""
    found: dict[str, str] = {}
    if word not in keys:
        return found
    node = keys[word].value
    if not isinstance(node, MappingNode):
        reading.report.wrong(node, f"`{word}` is a mapping of {_NAMED[word]} to fields")
        return found
    for name, entry in (reading.report.keys(node, names, f"`{word}`") or {}).items():
        field = _field(reading, entry.value)
        if field is not None:
            found[name] = field
    return found


_NAMED: Final = {"entered": "stages", "slas": "SLAs", "account": "account facts"}


def _account_facts(reading: Reading) -> tuple[str, ...]:
    return tuple(name.removeprefix(PREFIX) for name in reading.names.accounts)


def _check_unique(reading: Reading, made: WriteTargets) -> None:
    single = [made.grade, made.temperature, made.why, made.pass_number, made.previous, made.due]
    several = (*made.scores.values(), *made.entered.values(), *made.slas.values())
    names = [name for name in (*single, *several) if name]
    names += [made.stage.field] if made.stage else []
    of_accounts = list(made.account.values())
    twice = {name for named in (names, of_accounts) for name in named if named.count(name) > 1}
    for name in sorted(twice):
        reading.report.add(
            made.mark, f"two things are written to `{name}` of {made.crm}", "give each its own", "twice"
        )


def _publish(reading: Reading, node: Node) -> Publish:
    report = reading.report
    outer = report.keys(node, PUBLISH_KEYS, "`publish`")
    inner = report.keys(outer["score"].value, PUBLISH_SCORE_KEYS, "`score`") if outer and "score" in outer else None
    if inner is None:
        return Publish()
    if "on" in inner:
        report.choice(inner["on"].value, PUBLISH_ON, "`on`")
    drift = Publish().drift
    if "at_most" in inner:
        value = inner["at_most"].value
        never = isinstance(value, Scalar) and value.text == NEVER
        drift = None if never else duration(report, value, "`at_most`")
    return Publish("on" in inner, drift)
