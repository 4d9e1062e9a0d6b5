"""Conditions whose subject is a field or a score: ``{employees: {at_least: 50}}``, ``{fit: {grade: A}}``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any as AnyType
from typing import Final, cast

from leadline.common.folding import fold
from leadline.common.values import Value
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, SequenceNode
from leadline.rules.dates import date_text, datetime_text
from leadline.rules.fieldops import NEGATIONS, NUMBER_OPS, OPS, SPELLINGS
from leadline.rules.model import All, Condition, Field, FieldTest, GradeTest, Months, Not, NumberOp, ScoreTest
from leadline.rules.nearest import nearest
from leadline.rules.patterns import searcher
from leadline.rules.reading.bands import NUMBER_TYPES
from leadline.rules.reading.conditions import WITH_SCORES, Conditions
from leadline.rules.reading.durations import calendar_duration
from leadline.rules.reading.lists import SHIPPED, Lists
from leadline.rules.reading.report import short

Operands = tuple[Value | timedelta | Months, ...]


def field_test(reader: Conditions, entry: Entry) -> Condition | None:
    """Read ``field: value``, ``field: [values]`` or ``field: {operator: operand}``."""
    field = reader.reading.fields.get(entry.name)
    if field is None:
        return None  # the field's own definition has a problem, already noted
    ops = OPS[field.type]
    if not isinstance(entry.value, MappingNode):
        return _short_form(reader, field, entry)
    tests: list[Condition] = []
    for op, node in ((inner.key, inner.value) for inner in entry.value.entries):
        if op.text not in ops:
            message = f"`{short(op.text)}` cannot be asked of `{field.name}`, which is {_kind(field)}"
            reader.report.add(op.mark, message, nearest(op.text, ops), "unknown-key")
            continue
        test = _test(reader, field, op, node)
        if test is not None:
            tests.append(test)
    if not entry.value.entries:
        reader.report.add(
            entry.value.mark, f"`{field.name}` is compared with nothing", nearest("", ops), "wrong-type"
        )
    return _together(tests, entry)


SCORE_OPS: Final = (*NUMBER_OPS, "between", "grade")


def score_test(reader: Conditions, entry: Entry) -> Condition | None:
    """Read ``score: {at_least: n}`` or ``score: {grade: A}``."""
    if reader.place not in WITH_SCORES:
        reader.not_here(entry.key.mark, entry.name)
        return None
    keys = reader.report.keys(entry.value, SCORE_OPS, f"the score `{entry.name}`")
    tests: list[Condition] = []
    for op, inner in (keys or {}).items():
        if op == "grade":
            grades = reader.reading.names.scores[entry.name]
            node = inner.value
            if isinstance(node, MappingNode) and node.get("in") is not None and len(node.entries) == 1:
                node = node.entries[0].value
            names = reader.report.choices(node, grades, f"grades of `{entry.name}`", "unknown-grade")
            if names:
                tests.append(GradeTest(names, entry.name, mark=inner.key.mark))
            continue
        if op == "between":
            tests += _score_between(reader, entry.name, inner)
            continue
        number = reader.report.number(inner.value, f"`{op}`")
        if number is not None:
            tests.append(ScoreTest(entry.name, cast(NumberOp, op), number, inner.key.mark))
    if keys is not None and not keys and isinstance(entry.value, MappingNode) and not entry.value.entries:
        reader.report.add(
            entry.value.mark, f"`{entry.name}` is compared with nothing", "such as {at_least: 40}", "wrong-type"
        )
    return _together(tests, entry)


def _score_between(reader: Conditions, score: str, entry: Entry) -> list[Condition]:
    ends = _two(reader, entry.value, "`between`", lambda item: reader.report.number(item, "`between`"))
    if ends is None:
        return []
    low, high = _ordered(reader, entry.value, *ends)
    mark = entry.key.mark
    return [ScoreTest(score, "at_least", low, mark), ScoreTest(score, "at_most", high, mark)]


def _together(tests: list[Condition], entry: Entry) -> Condition | None:
    if len(tests) > 1:
        return All(tuple(tests), entry.key.mark)
    return tests[0] if tests else None


def _short_form(reader: Conditions, field: Field, entry: Entry) -> Condition | None:
    op = {
        "text": "in",
        "list": "in",
        "boolean": "is",
        "integer": "equals",
        "decimal": "equals",
        "money": "equals",
    }.get(field.type)
    if op is None:
        hint = "one of " + ", ".join(f"`{name}`" for name in OPS[field.type])
        reader.report.wrong(entry.value, f"`{field.name}` is {_kind(field)} and needs an operator", hint)
        return None
    read = _amounts(reader, field, op, entry.value)
    currency, operands = read if read is not None else (None, _operands(reader, field, op, entry.value))
    return FieldTest(field.name, cast(AnyType, op), operands, currency, entry.key.mark) if operands else None


def _test(reader: Conditions, field: Field, op: Scalar, node: Node) -> Condition | None:
    """Read one operator: other spellings become the plain one, negations a ``not``."""
    name = op.text
    read = _amounts(reader, field, name, node)
    currency, operands = read if read is not None else (None, _operands(reader, field, name, node))
    if not operands:
        return None
    plain = name if name in NUMBER_OPS and field.type not in {"text", "list"} else SPELLINGS.get(name, name)
    if name == "is_not" and field.type in NUMBER_TYPES:
        plain = "equals"
    test = FieldTest(field.name, cast(AnyType, plain), operands, currency, op.mark)
    return Not(test, op.mark) if name in NEGATIONS else test


AMOUNT: Final = re.compile(r"(-?[0-9]{1,30}(?:\.[0-9]{1,30})?) ?([A-Z]{3})")


def _amounts(reader: Conditions, field: Field, op: str, node: Node) -> tuple[str | None, Operands] | None:
    """Read ``1000 EUR``, or two such ends; None where no amount with a currency is written."""
    nodes = node.items if isinstance(node, SequenceNode) else (node,)
    found = [AMOUNT.fullmatch(item.text) if isinstance(item, Scalar) else None for item in nodes]
    amounts = [(Decimal(match[1]), match[2]) for match in found if match is not None]
    if field.type not in NUMBER_TYPES or not amounts:
        return None
    report, what = reader.report, f"`{op}` of `{field.name}`"
    if field.currency is None:
        hint = "give the field `currency`: a code such as EUR, or the field that holds it"
        report.add(node.mark, f"{what} names a currency, but the field has none", hint, "currency")
    elif len(amounts) != (2 if op == "between" else 1) or len(amounts) != len(nodes):
        report.wrong(node, f"{what} is {'two amounts' if op == 'between' else 'one amount'} such as 1000 EUR")
    elif len({code for _, code in amounts}) > 1:
        report.add(node.mark, f"{what} is in two currencies", "write both ends in one", "currency")
    elif len(amounts) == 2:
        return amounts[0][1], _ordered(reader, node, amounts[0][0], amounts[1][0])
    else:
        return amounts[0][1], (amounts[0][0],)
    return None, ()


def _operands(reader: Conditions, field: Field, op: str, node: Node) -> Operands:
    if op in {"equals", "is_not"} and field.type not in NUMBER_TYPES:
        return _texts(reader, field, node, op)
    if op == "between":
        one = _number if field.type in NUMBER_TYPES else _day
        ends = _two(reader, node, f"`{op}` of `{field.name}`", lambda item: _one(one(reader, field, item, op)))
        return () if ends is None else _ordered(reader, node, *ends)
    return _READERS[op](reader, field, node, op)


def _one(operands: Operands) -> AnyType:
    return operands[0] if operands else None


def _two(
    reader: Conditions, node: Node, what: str, read: Callable[[Node], AnyType]
) -> tuple[AnyType, AnyType] | None:
    """Return the two ends of a list; None when there are not two, or one of them has a problem."""
    if not isinstance(node, SequenceNode) or len(node.items) != 2:
        reader.report.wrong(node, f"{what} is a list of the two ends, such as [10, 50]")
        return None
    ends = [read(item) for item in node.items]
    return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])


def _ordered(reader: Conditions, node: Node, low: AnyType, high: AnyType) -> tuple[AnyType, AnyType]:
    """Note ends in the wrong order; a day and an instant are not compared, as a day begins by the zone."""
    if isinstance(low, datetime) == isinstance(high, datetime) and low > high:
        reader.report.add(node.mark, "nothing is between these two", "the smaller one comes first", "out-of-range")
    return (low, high)


def _on(reader: Conditions, field: Field, node: Node, op: str) -> Operands:
    day = _date(reader, field, node, op)
    return () if day is None else (day, day)


def _date(reader: Conditions, field: Field, node: Node, op: str) -> date | None:
    text = reader.report.text(node, f"`{op}` of `{field.name}`")
    day = date_text(text) if text is not None else None
    if text is not None and day is None:
        reader.report.wrong(node, f"`{op}` of `{field.name}` is a date such as 2026-01-31")
    return day


def _patterns(reader: Conditions, field: Field, node: Node, op: str) -> Operands:
    found: list[str] = []
    for item in reader.report.items(node):
        text = reader.report.text(item, f"`{op}` of `{field.name}`")
        if text is None:
            continue
        try:
            searcher(text)
        except ValueError as problem:
            message = f"`{short(text)}` is no pattern: {short(str(problem))}"
            reader.report.add(item.mark, message, "see the patterns of RE2", "pattern")
            continue
        found.append(text)
    if not reader.report.items(node):
        reader.report.add(node.mark, f"`{field.name}` is compared with no pattern", "", "empty-list")
    return tuple(dict.fromkeys(found))


def _texts(reader: Conditions, field: Field, node: Node, op: str) -> Operands:
    found: list[str] = []
    for item in reader.report.items(node):
        text = reader.report.text(item, f"`{op}` of `{field.name}`")
        if text is None:
            continue
        if Lists.is_file(text):
            found += reader.reading.lists.values(text, item.mark) or ()
            continue
        _check_spelling(reader, field, op, text, item)
        found.append(text)
    if not reader.report.items(node):
        reader.report.add(
            node.mark, f"`{field.name}` is compared with an empty list", "name at least one", "empty-list"
        )
    return tuple(dict.fromkeys(found))


def _check_spelling(reader: Conditions, field: Field, op: str, text: str, node: Node) -> None:
    """Refuse a CRM's own spelling that ``values`` renamed: it never occurs, so it would never be true."""
    renamed = field.values.get(fold(text))
    if op in _WHOLE and renamed is not None and fold(renamed) != fold(text):
        message = f"`{short(text)}` is called `{renamed}` in this book (see `values` of `{field.name}`)"
        reader.report.add(node.mark, message, f"write `{renamed}`", "renamed-value")


def _domains(reader: Conditions, field: Field, node: Node, op: str) -> Operands:
    found: list[str] = []
    for item in reader.report.items(node):
        text = reader.report.text(item, f"`{op}` of `{field.name}`")
        if text is None:
            continue
        if Lists.is_file(text):
            found += reader.reading.lists.values(text, item.mark) or ()
        elif "." in text:
            found.append(text)
        else:
            shipped = reader.reading.lists.shipped(text)
            if shipped is None:
                message = f"`{short(text)}` is no domain and no list that Leadline ships"
                reader.report.add(item.mark, message, nearest(text, SHIPPED), "unknown-name")
            found += shipped or ()
    return tuple(dict.fromkeys(fold(domain).lstrip("@") for domain in found))


def _number(reader: Conditions, field: Field, node: Node, op: str) -> Operands:
    number = reader.report.number(node, f"`{op}` of `{field.name}`")
    if number is not None and field.type == "integer" and number != number.to_integral_value():
        reader.report.add(node.mark, f"`{field.name}` has whole numbers only", code="wrong-type")
        return ()
    return () if number is None else (Decimal(number),)


def _truth(reader: Conditions, field: Field, node: Node, _op: str) -> Operands:
    truth = reader.report.boolean(node, f"`{field.name}`")
    return () if truth is None else (truth,)


def _day(reader: Conditions, field: Field, node: Node, op: str) -> Operands:
    text = reader.report.text(node, f"`{op}` of `{field.name}`")
    if text is None:
        return ()
    read: date | datetime | None = date_text(text)
    if field.type == "datetime" and (read is None or op in {"before", "after"}):
        read = datetime_text(text)
    if read is None:
        shape = "a date such as 2026-01-31" if field.type == "date" else "an instant such as 2026-01-31T09:00:00Z"
        reader.report.wrong(node, f"`{op}` of `{field.name}` is {shape}")
        return ()
    return (read,)


def _span(reader: Conditions, field: Field, node: Node, op: str) -> Operands:
    span = calendar_duration(reader.report, node, f"`{op}` of `{field.name}`")
    return () if span is None else (span,)


def _kind(field: Field) -> str:
    article = "an" if field.type == "integer" else "a"
    return f"{article} {field.type}"


_READERS: Final[dict[str, Callable[[Conditions, Field, Node, str], Operands]]] = {
    **dict.fromkeys(("in", "any_of", "all_of", "none_of", "has_word", "contains", "starts", "ends"), _texts),
    "pattern": _patterns,
    "domain_in": _domains,
    **dict.fromkeys((*NUMBER_OPS, "is_not"), _number),
    "is": _truth,
    "before": _day,
    "after": _day,
    "on": _on,
    "within_next": _span,
    "within_last": _span,
    "older_than": _span,
}
_WHOLE: Final = ("in", "equals", "is_not", "any_of", "all_of", "none_of")
"""Comparisons of whole texts."""
