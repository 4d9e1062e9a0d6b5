"""From what a CRM gave to what a rule book means: typed values, names of activities, stages.

Pure: a value that cannot be converted is unknown, with a reason that never repeats the value (it may be personal).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from leadline.common.canonical import decimal_text
from leadline.common.folding import fold
from leadline.common.values import Crm, Raw, SourceActivity, Value
from leadline.rules.dates import date_text, datetime_text
from leadline.rules.model import AttributeTest, Book, Field, FieldType


def to_value(field: Field, raw: Raw) -> Value:
    """Return the typed value of a field, None where the CRM has none or gave something else (see ``convert``)."""
    return convert(field, raw)[0]


def convert(field: Field, raw: Raw) -> tuple[Value, str | None]:
    """Return the typed value and None, or None and why ``raw`` is no value of this field's type.

    ``raw`` is a scalar of either CRM: HubSpot's strings (``"5"``, ``"true"``, epoch milliseconds), Salesforce's typed
    JSON. Empty text is None (what blank means is the engine's business). Texts go through the field's ``values``
    first; what is not listed there stays as it is. Instants come out in UTC; a date is the UTC day of an instant.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None, None
    if field.type == "list":
        return _choices(field, raw)
    given = _renamed(field, raw)
    value = _READERS[field.type](given)
    if value is None:
        return None, f"this is no {_WORDS.get(field.type, field.type)}"
    return value, None


def lookup(field: Field, by_value: Value) -> Value:
    """Return a table field's value for the value of the field it is looked up by; None when the table has none."""
    if field.table is None or by_value is None:
        return None
    found = field.table.rows.get(fold(_text(by_value)))
    return None if found is None else convert(field, found)[0]


def matching(book: Book, activity: SourceActivity) -> tuple[str, ...]:
    """Return the names that the book gives this raw activity, in the order of the book; often none."""
    return tuple(
        named.name
        for named in book.activities.values()
        if any(
            source.crm == activity.crm
            and source.kind == activity.kind
            and all(_holds(test, activity.attributes.get(test.attribute)) for test in source.tests)
            for source in named.sources
        )
    )


def stage_of(book: Book, crm: Crm, raw: Raw) -> str | None:
    """Return the stage that a CRM's stage field says, None when it says none or could mean several."""
    target = book.write[crm].stage if crm in book.write else None
    if target is None or raw is None:
        return None
    said = fold(_text(raw))
    stages = [stage for stage, value in target.values.items() if value is not None and fold(value) == said]
    if not stages:  # what was written before a stage got its new name
        stages = [stage for old, stage in book.renamed.items() if fold(old) == said]
    return stages[0] if len(stages) == 1 else None


_WORDS: Final = {"integer": "whole number", "decimal": "number", "money": "number", "datetime": "instant"}
_NUMBER: Final = re.compile(r"[-+]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?")
_MILLISECONDS: Final = re.compile(r"-?[0-9]{9,15}")
_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MOST_DIGITS: Final = 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _renamed(field: Field, raw: Raw) -> Raw:
    if not field.values:
        return raw
    return field.values.get(fold(_text(raw)), raw)


def _choices(field: Field, raw: Raw) -> tuple[Value, str | None]:
    """Both CRMs join a multi-select with semicolons (HubSpot may begin with one)."""
    parts = (part.strip() for part in _text(raw).split(";"))
    chosen = (_text(_renamed(field, part)) for part in parts if part)
    return tuple(dict.fromkeys(chosen)) or None, None


def _text(raw: Value) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, Decimal):
        return decimal_text(raw) if raw.is_finite() else str(raw)
    return str(raw)


def _decimal(raw: Raw) -> Decimal | None:
    if isinstance(raw, bool) or raw is None:
        return None
    if isinstance(raw, int):
        return Decimal(raw)
    if isinstance(raw, str):
        if not _NUMBER.fullmatch(raw.strip()):
            return None
        raw = Decimal(raw.strip())
    return raw if raw.is_finite() and abs(raw.adjusted()) <= _MOST_DIGITS else None


def _integer(raw: Raw) -> int | None:
    number = _decimal(raw)
    return int(number) if number is not None and number == number.to_integral_value() else None


def _boolean(raw: Raw) -> bool | None:
    return raw if isinstance(raw, bool) else _TRUTHS.get(fold(_text(raw)))


def _instant(raw: Raw) -> datetime | None:
    text = _text(raw).strip()
    if not _MILLISECONDS.fullmatch(text):
        return None if isinstance(raw, bool) else datetime_text(text)
    try:
        return _EPOCH + timedelta(milliseconds=int(text))
    except OverflowError:
        return None


def _date(raw: Raw) -> date | None:
    day = date_text(_text(raw).strip())
    if day is not None:
        return day
    instant = _instant(raw)
    return None if instant is None else instant.date()


_READERS: Final[dict[FieldType, Callable[[Raw], Value]]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "money": _decimal,
    "boolean": _boolean,
    "date": _date,
    "datetime": _instant,
}


def _holds(test: AttributeTest, raw: Raw) -> bool:
    if raw is None:
        return False
    said = fold(_text(raw))
    operands = _folded(test.operands)
    return said in operands if test.op == "in" else any(operand in said for operand in operands)


@lru_cache(maxsize=4096)
def _folded(operands: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fold(operand) for operand in operands)
