"""Parts of a book in the spelling of a rule book, short enough for a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from leadline.common.canonical import decimal_text, instant_text
from leadline.common.classnames import snake
from leadline.rules.model import (
    AccountFact,
    ActivitySource,
    ActivityTest,
    AddTo,
    All,
    AssignOwner,
    AtLeast,
    AttributeTest,
    Band,
    CalendarChoice,
    CreateTask,
    Criterion,
    DealsTest,
    DealTest,
    Decay,
    DisqualifiedTest,
    FieldSource,
    FieldTest,
    GradeTest,
    Known,
    Months,
    NoActivityFor,
    Not,
    Notify,
    PassTest,
    PreviousStage,
    Rung,
    ScoreTest,
    SetField,
    SlaTarget,
    SlaTest,
    StageActions,
    StayTest,
    TableLookup,
    TimeInStage,
    WasIn,
    WriteNote,
)
from leadline.rules.model import Any as AnyOf

MOST_SHOWN: Final = 6
"""Longer lists are told by their length."""
MOST_TEXT: Final = 160


def spelled(value: Any) -> str:
    """Return a value of the model as a rule book would spell it; the rest is listed by name."""
    special = _SPELLED.get(type(value))
    if special is not None:
        return str(special(value))
    if value is None:
        return "nothing"
    if isinstance(value, tuple | list):
        return _listed([spelled(item) for item in value])
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {spelled(item)}' for key, item in value.items())}}}"
    if is_dataclass(value):
        return _by_name(value)
    return _text(str(value))


def shortly(value: Any) -> str:
    """Return a value as ``spelled``, cut where it is too long for a sentence."""
    text = spelled(value)
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def span_text(span: timedelta) -> str:
    """Write a span in its largest whole unit: ``30d``, ``12h``, ``90min``."""
    for unit, name in ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min")):
        if span % unit == timedelta(0):
            return f"{span // unit}{name}"
    return f"{span.total_seconds():g}s"


_BARE: Final = re.compile(r"[^\s,\[\]{}:#][^,\[\]{}#]*")


def _text(text: str) -> str:
    return text if _BARE.fullmatch(text) and ": " not in text else f'"{text}"'


def _listed(items: list[str]) -> str:
    if len(items) > MOST_SHOWN:
        return f"[{', '.join(items[:MOST_SHOWN])}, and {len(items) - MOST_SHOWN} more]"
    return f"[{', '.join(items)}]"


def _one_or_many(items: tuple[Any, ...]) -> str:
    return spelled(items[0]) if len(items) == 1 else spelled(items)


def _by_name(value: Any) -> str:
    """Spell what a later version added: every part that is not as usual, by its name."""
    parts = [
        f"{item.name}: {spelled(given)}"
        for item in fields(value)
        if item.compare
        and item.name != "name"
        and (given := getattr(value, item.name)) != item.default
        and not (isinstance(given, tuple | Mapping) and not given)
    ]
    inner = f"{{{', '.join(parts)}}}" if parts else ""
    return f"{{{snake(type(value).__name__)}: {inner}}}" if inner else snake(type(value).__name__)


def _field_test(test: FieldTest) -> str:
    short = {"is", "equals"} | ({"in"} if len(test.operands) <= MOST_SHOWN else set())
    operands = _one_or_many(test.operands)
    if test.currency is not None:
        amounts = [f"{spelled(item)} {test.currency}" for item in test.operands]
        operands = amounts[0] if len(amounts) == 1 else _listed(amounts)
    return f"{{{test.field}: {operands}}}" if test.op in short else f"{{{test.field}: {{{test.op}: {operands}}}}}"


def _activity_test(test: ActivityTest) -> str:
    parts = [f"{'distinct_days' if test.days else 'activity'}: {test.activity}"]
    parts += [f"within: {span_text(test.within)}"] if test.within is not None else []
    known = {"activity", "within", "mark", "days"}
    if test.days and test.count == 1:
        parts.append("at_least: 1")
    parts += [
        f"{_COMPANIONS.get(item.name, item.name)}: {spelled(given)}"
        for item in fields(test)
        if item.name not in known
        and (given := getattr(test, item.name)) != item.default
        and (item.name, given) != ("count", 0)
    ]
    return f"{{{', '.join(parts)}}}"


_COMPANIONS: Final = {"count": "at_least", "most": "at_most"}


def _deals_test(test: DealsTest) -> str:
    if test.how in {"any", "all", "none", "newest"}:
        parts = [f"{test.how}: {spelled(test.where)}"]
    elif test.total is not None:
        operands = [spelled(replace(test.total, op="equals", operands=(item,))) for item in test.total.operands]
        amounts = [text.partition(": ")[2].removesuffix("}") for text in operands]
        shown = amounts[0] if len(amounts) == 1 else _listed(amounts)
        parts = [f"sum: {test.total.field}", f"{test.total.op}: {shown}"]
    else:
        parts = [f"count: {_pass_test(PassTest(test.count, test.most)).removeprefix('{passes: ').removesuffix('}')}"]
    if test.where is not None and test.how in {"count", "sum"}:
        parts.append(f"where: {spelled(test.where)}")
    return f"{{deal: {{{', '.join(parts)}}}{', ever: true' if test.ever else ''}}}"


def _pass_test(test: PassTest) -> str:
    ends = [f"at_least: {test.count}"] if test.count else []
    ends += [f"at_most: {test.most}"] if test.most is not None else []
    return f"{{passes: {{{', '.join(ends)}}}}}"


def _grade_test(test: GradeTest) -> str:
    names = _one_or_many(test.names)
    if test.score is not None:
        return f"{{{test.score}: {{grade: {names}}}}}"
    return f"{{{'temperature' if test.temperature else 'grade'}: {names}}}"


def _sla_test(test: SlaTest) -> str:
    asked = f"reached {decimal_text(test.reached * 100)}%" if test.reached is not None else None
    return f"{{sla: {{{test.sla}: {asked or _one_or_many(test.statuses)}}}}}"


def _criterion(criterion: Criterion) -> str:
    parts: list[str] = []
    if criterion.bands is not None:
        parts.append(f"points: {{{criterion.bands.field}: {_points(criterion.bands.bands)}}}")
    elif criterion.counted:
        parts.append(f"points: {_points(criterion.counted)}")
    elif criterion.disqualify is None:
        parts.append(f"points: {decimal_text(criterion.points)}")
    if criterion.activity is not None:
        parts.append(f"{criterion.match}: {criterion.activity}")
    said = {"name", "mark", "points", "bands", "counted", "activity", "match"}
    parts += [
        f"{item.name}: {spelled(given)}"
        for item in fields(criterion)
        if item.name not in said and (given := getattr(criterion, item.name)) != item.default
    ]
    return f"{{{', '.join(parts)}}}"


def _account_fact(fact: AccountFact) -> str:
    head = {"count": "count: people", "best_stage": "best: stage"}.get(fact.kind, f"{fact.kind}: {fact.of}")
    return f"{{{head}{'' if fact.when is None else f', when: {spelled(fact.when)}'}}}"


def _points(bands: tuple[Band, ...]) -> str:
    return f"{{{', '.join(f'{band.label}: {decimal_text(band.points)}' for band in bands)}}}"


def _activity_source(source: ActivitySource) -> str:
    tests = ", ".join(spelled(test) for test in source.tests)
    return f"{source.crm} {source.kind}" + (f" {{{tests}}}" if tests else "")


def _attribute_test(test: AttributeTest) -> str:
    operands = _one_or_many(test.operands)
    return f"{test.attribute}: {operands}" if test.op == "in" else f"{test.attribute}: {{{test.op}: {operands}}}"


def _worded(word: str) -> Any:
    """Spell an action with named parts: those that are as usual are left out, `to` alone is short."""

    def text(action: Any) -> str:
        given = {
            item.name: value
            for item in fields(action)
            if item.compare
            and ((value := getattr(action, item.name)) != item.default or item.name == "to")
            and value is not None
        }
        return f"{{{word}: {spelled(given['to'] if set(given) == {'to'} else given)}}}"

    return text


def _membership(action: AddTo) -> str:
    kind = "hubspot_list" if action.crm == "hubspot" else "salesforce_campaign"
    status = {"status": action.status} if action.status is not None else {}
    return f"{{{'remove_from' if action.remove else 'add_to'}: {spelled({kind: action.name, **status})}}}"


def _set_field(action: SetField) -> str:
    value = "null" if action.value is None else spelled(action.value)
    return f"{{set: {{{action.object}.{action.field}: {value}}}}}"


def _stage_actions(entered: StageActions) -> str:
    actions = _whole_list(entered.actions)
    return f"{{do: {actions}, on_adoption: true}}" if entered.on_adoption else actions


def _parts(word: str) -> Any:
    return lambda value: f"{{{word}: {_whole_list(value.parts)}}}"


def _whole_list(parts: tuple[Any, ...]) -> str:
    return f"[{', '.join(spelled(part) for part in parts)}]"


_SPELLED: Final[Mapping[type, Any]] = {
    bool: lambda value: "true" if value else "false",
    Decimal: decimal_text,
    timedelta: span_text,
    Months: lambda value: f"{value.count} months",
    datetime: instant_text,
    date: lambda value: value.isoformat(),
    All: _parts("all"),
    AnyOf: _parts("any"),
    AtLeast: lambda value: f"{{at_least: {value.count}, of: {_whole_list(value.parts)}}}",
    Not: lambda value: f"{{not: {spelled(value.part)}}}",
    FieldTest: _field_test,
    Known: lambda value: f"{{{'known' if value.known else 'unknown'}: {value.field}}}",
    ActivityTest: _activity_test,
    NoActivityFor: lambda value: f"{{no_activity_for: {span_text(value.quiet)}}}",
    ScoreTest: lambda value: f"{{{value.score}: {{{value.op}: {decimal_text(value.operand)}}}}}",
    GradeTest: _grade_test,
    DealsTest: _deals_test,
    DealTest: lambda value: f"{{deal: {value.kind or value.state}{', ever: true' if value.ever else ''}}}",
    PassTest: _pass_test,
    PreviousStage: lambda value: f"{{previous_stage: {_one_or_many(value.stages)}}}",
    WasIn: lambda value: f"{{was_in: {_one_or_many(value.stages)}}}",
    SlaTest: _sla_test,
    SlaTarget: lambda value: (
        value.target if value.when is None else f"{{when: {spelled(value.when)}, is: {value.target}}}"
    ),
    Rung: lambda value: f"{{at: {decimal_text(value.share * 100)}%, do: {spelled(value.actions)}}}",
    CalendarChoice: lambda value: (
        (value.otherwise or "none") if value.by is None else f"{{by: {value.by}, otherwise: {value.otherwise}}}"
    ),
    StayTest: lambda _: "stay",
    DisqualifiedTest: lambda _: "disqualified",
    TimeInStage: lambda value: f"{{time_in_stage: {{at_least: {span_text(value.at_least)}}}}}",
    FieldSource: lambda value: f"{value.crm} {value}",
    TableLookup: lambda value: f"table {value.file} by {value.by}",
    ActivitySource: _activity_source,
    AttributeTest: _attribute_test,
    AccountFact: _account_fact,
    Criterion: _criterion,
    CreateTask: _worded("task"),
    Notify: _worded("notify"),
    AssignOwner: _worded("assign"),
    WriteNote: lambda value: f"{{note: {value.template}}}",
    AddTo: _membership,
    SetField: _set_field,
    StageActions: _stage_actions,
    Decay: lambda value: f"{decimal_text(value.by * 100)}% every {span_text(value.every)}",
}
