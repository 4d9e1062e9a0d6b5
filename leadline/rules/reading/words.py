"""The condition words of this version, each registered with its parser."""

from __future__ import annotations

from typing import Final, cast

import leadline.rules.reading.belonging  # noqa: F401  (registers its words)
from leadline.common.marks import Mark
from leadline.common.yamltree import Entry, MappingNode, Node
from leadline.rules.model import (
    ActivityTest,
    All,
    Any,
    AtLeast,
    Condition,
    DealState,
    DealTest,
    GradeTest,
    Known,
    NoActivityFor,
    Not,
    PassTest,
    PreviousStage,
    TimeInStage,
    WasIn,
)
from leadline.rules.reading.activities import DEAL_KINDS, DEAL_STATES
from leadline.rules.reading.conditions import (
    AFTER_SCORES,
    EVERYWHERE,
    WITH_SCORES,
    WITH_SLAS,
    Conditions,
    Keys,
    Place,
    beside,
    word,
)
from leadline.rules.reading.counts import ends
from leadline.rules.reading.deals import deals_test
from leadline.rules.reading.durations import duration
from leadline.rules.reading.fieldtests import field_test, score_test
from leadline.rules.reading.names import Reading
from leadline.rules.reading.slatests import sla_test

TIME_KEYS: Final = ("at_least",)


def conditions(reading: Reading, place: Place) -> Conditions:
    """Return a reader of conditions that knows every word of this version."""
    return Conditions(reading, place, {"field": field_test, "score": score_test})


@word("all", places=EVERYWHERE)
def _all(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    parts = _parts(reader, keys, "all")
    return All(parts, mark) if parts else None


@word("any", places=EVERYWHERE)
def _any(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    parts = _parts(reader, keys, "any")
    return Any(parts, mark) if parts else None


@word("at_least", "of", places=EVERYWHERE)
def _at_least(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    if not beside(reader, keys, "at_least"):
        return None
    of = reader.report.required(keys, "of", mark, "`at_least`")
    count = reader.report.count(keys["at_least"].value, "`at_least`")
    if of is None or count is None:
        return None
    listed = len(reader.report.items(of))
    if count > listed:
        message = f"at least {count} of {listed} conditions can never be true"
        reader.report.add(keys["at_least"].value.mark, message, f"at most {listed}", "out-of-range")
    parts = reader.read_all(of, "`of`")
    return AtLeast(count, parts, mark) if parts else None


@word("not", places=EVERYWHERE)
def _not(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    if not beside(reader, keys, "not"):
        return None
    part = reader.read(keys["not"].value)
    return Not(part, mark) if part is not None else None


@word("known", places=EVERYWHERE)
def _known(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    return _known_test(reader, keys, mark, "known")


@word("unknown", places=EVERYWHERE)
def _unknown(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    return _known_test(reader, keys, mark, "unknown")


@word("activity", "within", "at_least", "at_most", "between", "ever")
def _activity(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    return _counted(reader, keys, mark, "activity")


@word("distinct_days", "within", "at_least", "at_most", "between", "ever")
def _distinct_days(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    if not any(name in keys for name in ("at_least", "at_most", "between")):
        hint = "add `at_least: 3`, `at_most: 5` or `between: [2, 5]`"
        reader.report.add(mark, "`distinct_days` does not say how many", hint, "missing-key")
        return None
    return _counted(reader, keys, mark, "distinct_days")


@word("no_activity_for")
def _no_activity_for(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    if not beside(reader, keys, "no_activity_for"):
        return None
    quiet = duration(reader.report, keys["no_activity_for"].value, "`no_activity_for`")
    return NoActivityFor(quiet, mark) if quiet else None


@word("deal", "ever")
def _deal(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    if not beside(reader, keys, "deal"):
        return None
    node = keys["deal"].value
    if isinstance(node, MappingNode):
        return deals_test(reader, node, ever=_ever(reader, keys), mark=mark)
    text = reader.report.text(node, "`deal`")
    ever = _ever(reader, keys)
    kinds = reader.reading.deals.kinds
    if text is not None and text in kinds:
        return DealTest(kinds[text].state, ever, text, mark)
    if text in DEAL_KINDS:
        hint = f"add deals: {{{text}: {{state: {'won' if text == 'renewed' else 'lost'}, type: Renewal}}}}"
        reader.report.add(node.mark, f"`deals` does not say what `{text}` is", hint, "unknown-name")
        return None
    state = reader.report.choice(node, (*DEAL_STATES, *kinds), "`deal`") if text else None
    return DealTest(cast(DealState, state), ever, mark=mark) if state else None


@word("grade", places=WITH_SCORES)
def _grade(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    cells = reader.reading.names.cells
    if not cells:
        hint = "define `grid`, or name a score, such as {fit: {grade: A}}"
        reader.report.add(keys["grade"].key.mark, "`grade` needs a grid of two scores", hint, "unknown-name")
        return None
    return _one_of(reader, keys, mark, "grade", cells)


@word("temperature", places=WITH_SCORES)
def _temperature(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    names = reader.reading.names.temperatures
    if not names:
        mark = keys["temperature"].key.mark
        reader.report.add(mark, "there is no section `temperature`", "define it", "unknown-name")
        return None
    return _one_of(reader, keys, mark, "temperature", names)


@word("time_in_stage", places=AFTER_SCORES)
def _time_in_stage(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    if not beside(reader, keys, "time_in_stage"):
        return None
    inner = reader.report.keys(keys["time_in_stage"].value, TIME_KEYS, "`time_in_stage`")
    if inner is None:
        return None
    node = reader.report.required(inner, "at_least", keys["time_in_stage"].value.mark, "`time_in_stage`")
    length = duration(reader.report, node, "`time_in_stage`") if node is not None else None
    return TimeInStage(length, mark) if length else None


def _counted(reader: Conditions, keys: Keys, mark: Mark, head: str) -> Condition | None:
    """Read how often an activity happened (on how many days), in which window."""
    if not beside(reader, keys, head):
        return None
    name = reader.report.choice(keys[head].value, reader.reading.names.activities, "activities")
    within = duration(reader.report, keys["within"].value, "`within`") if "within" in keys else None
    counted = ends(reader, keys, mark)
    ever = _ever(reader, keys)
    if name is None or counted is None:
        return None
    return ActivityTest(name, within, counted[0], ever, counted[1], head == "distinct_days", mark)


@word("passes", places=AFTER_SCORES)
def _passes(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    if not beside(reader, keys, "passes"):
        return None
    node = keys["passes"].value
    inner = reader.report.keys(node, PASS_KEYS, "`passes`")
    if inner is None:
        return None
    if isinstance(node, MappingNode) and not node.entries:
        reader.report.add(node.mark, "`passes` does not say how many", "such as {at_least: 2}", "missing-key")
        return None
    counted = ends(reader, inner, node.mark)
    return PassTest(*counted, mark) if counted is not None else None


@word("previous_stage", places=AFTER_SCORES)
def _previous_stage(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    stages = _stages(reader, keys, "previous_stage")
    return PreviousStage(stages, mark) if stages else None


@word("was_in", places=AFTER_SCORES)
def _was_in(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    stages = _stages(reader, keys, "was_in")
    return WasIn(stages, mark) if stages else None


@word("sla", places=WITH_SLAS)
def _sla(reader: Conditions, keys: Keys, mark: Mark) -> Condition | None:
    return sla_test(reader, keys, mark)


def _stages(reader: Conditions, keys: Keys, head: str) -> tuple[str, ...]:
    if not beside(reader, keys, head):
        return ()
    return reader.report.choices(keys[head].value, reader.reading.names.stages, f"`{head}`: stages")


PASS_KEYS: Final = ("at_least", "at_most", "between")


def _parts(reader: Conditions, keys: Keys, head: str) -> tuple[Condition, ...]:
    if not beside(reader, keys, head):
        return ()
    return reader.read_all(keys[head].value, f"`{head}`")


def _known_test(reader: Conditions, keys: Keys, mark: Mark, head: str) -> Condition | None:
    if not beside(reader, keys, head):
        return None
    name = reader.report.choice(keys[head].value, reader.reading.names.fields, "fields")
    return Known(name, head == "known", mark) if name is not None else None


def _ever(reader: Conditions, keys: Keys) -> bool:
    entry: Entry | None = keys.get("ever")
    return bool(entry and reader.report.boolean(entry.value, "`ever`"))


def _one_of(reader: Conditions, keys: Keys, mark: Mark, head: str, names: tuple[str, ...]) -> Condition | None:
    if not beside(reader, keys, head):
        return None
    node: Node | None = keys[head].value
    if isinstance(node, MappingNode):
        inner = reader.report.keys(node, ("in",), f"`{head}`")
        node = reader.report.required(inner, "in", node.mark, f"`{head}`") if inner is not None else None
    chosen = reader.report.choices(node, names, f"`{head}`", "unknown-grade") if node is not None else ()
    return GradeTest(chosen, temperature=head == "temperature", mark=mark) if chosen else None
