"""Tests of one field's value, compiled once per book: text, numbers, dates, yes and no.

Text is compared folded (``common.folding``). Today is the day in the book's zone. ``within_next`` w holds while
today <= date <= today + w, ``within_last`` w while today - w < date <= today, ``older_than`` w while
date <= today - w. For a field with a time of day ("datetime") they are (t, t + w], (t - w, t] and up to t - w, so
that each change has a first instant.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from operator import eq, ge, gt, le, lt
from typing import Any, TypeVar

from leadline.common.folding import fold
from leadline.common.values import Value
from leadline.rules.deciding.localdays import day_of, day_start
from leadline.rules.fieldops import TEXT_OPS
from leadline.rules.model import FieldTest, Months
from leadline.rules.patterns import searcher

ValueTest = Callable[[Value, datetime], bool | None]
"""Whether a known value passes at an instant; None where it is of a kind that cannot be compared."""

Day = TypeVar("Day", bound=date)

_WORD = re.compile(r"\w+")
_DAY = timedelta(days=1)


NEAR_OPS = ("within_next", "within_last", "older_than")


def value_test(test: FieldTest, zone: str = "UTC") -> ValueTest:
    """Return the compiled test; a value is never None or UNREADABLE when it is called."""
    if test.op in TEXT_OPS:
        return _text_test(test)
    if test.op == "is":
        wanted = test.operands[0]
        return lambda value, _: value is wanted if isinstance(value, bool) else None
    if test.op in ("before", "after"):
        return _fixed_date_test(test.op, test.operands[0], zone)
    if test.op == "between" and isinstance(test.operands[0], date):
        return _between_dates_test(test.operands[0], test.operands[1], zone)
    if test.op in NEAR_OPS:
        return _near_date_test(test.op, _span(test.operands[0]), zone)
    return _number_test(test)


def next_day_change(test: FieldTest, value: Value, t: datetime, zone: str = "UTC") -> datetime | None:
    """Return an instant after ``t``, not later than the first at which this value's answer changes by time alone."""
    if test.op not in NEAR_OPS or not isinstance(value, date):
        return None
    span = _span(test.operands[0])
    if isinstance(value, datetime):
        turns = _instant_turns(test.op, value, span)
    else:
        turns = tuple(day_start(day, zone) for day in _day_turns(test.op, value, span))
    return min((turn for turn in turns if turn > t), default=None)


def add_span(day: Day, span: timedelta | Months) -> Day:
    """Return the date (or instant) moved on by a duration; months keep the day of the month or take the last one.

    Beyond the calendar's first or last day the answer stays at that day (CRMs hold dates such as 9999-12-31).
    """
    if isinstance(span, timedelta):
        try:
            return day + span
        except OverflowError:
            return (
                day.replace(year=9999, month=12, day=31)
                if span > timedelta(0)
                else day.replace(year=1, month=1, day=1)
            )
    year, month = divmod(day.year * 12 + day.month - 1 + span.count, 12)
    if not 1 <= year <= 9999:
        return day.replace(year=9999, month=12, day=31) if year > 9999 else day.replace(year=1, month=1, day=1)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))


Number = TypeVar("Number", Decimal, Fraction)


def compare_number(op: str, value: Number | int, operand: Number) -> bool:
    """Compare exactly, by the operator's name."""
    return bool((COMPARISONS.get(op) or eq)(value, operand))


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "at_least": ge,
    "at_most": le,
    "over": gt,
    "under": lt,
    "equals": eq,
}
"""How numbers compare, by the operator's name."""


def words_of(text: str) -> str:
    """Return the folded words of a text, each between single spaces, so that whole words can be sought."""
    return f" {' '.join(_WORD.findall(fold(text)))} "


def _text_test(test: FieldTest) -> ValueTest:
    texts = tuple(fold(item) for item in test.operands if isinstance(item, str))
    all_of = frozenset(texts) if test.op == "all_of" else frozenset()
    others = tuple(item for item in test.operands if not isinstance(item, str | timedelta | Months))
    holds = _text_matcher(test.op, texts if test.op != "pattern" else tuple(map(str, test.operands)))

    def check(value: Value, _: datetime) -> bool | None:
        if isinstance(value, str):
            return holds(value)
        if isinstance(value, tuple):
            return all_of <= {fold(item) for item in value} if all_of else any(holds(item) for item in value)
        return any(type(item) is type(value) and item == value for item in others) if test.op == "in" else None

    return check


def _text_matcher(op: str, texts: tuple[str, ...]) -> Callable[[str], bool]:
    if op == "in":
        wanted = frozenset(texts)
        return lambda value: fold(value) in wanted
    if op == "has_word":
        phrases = tuple(words for words in map(words_of, texts) if words.strip())
        return lambda value: _contains_any(words_of(value), phrases)
    if op == "contains":
        return lambda value: _contains_any(fold(value), texts)
    if op == "starts":
        return lambda value: fold(value).startswith(texts)
    if op == "ends":
        return lambda value: fold(value).endswith(texts)
    if op == "pattern":
        searchers = tuple(map(searcher, texts))
        return lambda value: any(search(value) for search in searchers)
    if op == "all_of":
        return lambda value: all(fold(value) == text for text in texts)
    domains = frozenset(text.removeprefix("@") for text in texts)
    return lambda value: _in_domains(fold(value), domains)


def _contains_any(value: str, sought: Iterable[str]) -> bool:
    return any(item in value for item in sought)


def _in_domains(address: str, domains: frozenset[str]) -> bool:
    """Tell whether the address's domain is one of ``domains`` or lies below one (mail.acme.example)."""
    domain = address.rpartition("@")[2].rstrip(".")
    while domain:
        if domain in domains:
            return True
        domain = domain.partition(".")[2]
    return False


def _number_test(test: FieldTest) -> ValueTest:
    operands = tuple(
        Decimal(item) for item in test.operands if isinstance(item, int | Decimal) and not isinstance(item, bool)
    )

    def check(value: Value, _: datetime) -> bool | None:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        if test.op == "between":
            return operands[0] <= value <= operands[1]
        return any(compare_number(test.op, value, operand) for operand in operands)

    return check


def _between_dates_test(low: object, high: object, zone: str) -> ValueTest:
    after, before = _fixed_date_test("before", low, zone), _fixed_date_test("after", high, zone)

    def check(value: Value, t: datetime) -> bool | None:
        outside = (after(value, t), before(value, t))
        return None if None in outside else not any(outside)

    return check


def _fixed_date_test(op: str, operand: object, zone: str) -> ValueTest:
    if not isinstance(operand, date):
        return lambda *_: None

    def check(value: Value, _: datetime) -> bool | None:
        if not isinstance(value, date):
            return None
        if isinstance(value, datetime) and isinstance(operand, datetime):
            return value < operand if op == "before" else value > operand
        one, other = _day_in(value, zone), _day_in(operand, zone)
        return one < other if op == "before" else one > other

    return check


def _near_date_test(op: str, span: timedelta | Months, zone: str) -> ValueTest:
    def check(value: Value, t: datetime) -> bool | None:
        if isinstance(value, datetime):
            if op == "within_next":
                return t < value <= add_span(t, span)
            if op == "older_than":
                return add_span(value, span) <= t
            return add_span(value, span) > t >= value
        if not isinstance(value, date):
            return None
        today = day_of(t, zone)
        if op == "within_next":
            return today <= value and _midnight(value) <= add_span(_midnight(today), span)
        if op == "older_than":
            return add_span(_midnight(value), span) <= _midnight(today)
        return value <= today and _midnight(today) < add_span(_midnight(value), span)

    return check


def utc_day(value: date) -> date:
    """Return the UTC day of a date or an instant."""
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value


def _day_in(value: date, zone: str) -> date:
    return day_of(value, zone) if isinstance(value, datetime) else value


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _span(operand: object) -> timedelta | Months:
    assert isinstance(operand, timedelta | Months)
    return operand


def _instant_turns(op: str, value: datetime, span: timedelta | Months) -> tuple[datetime, ...]:
    if op != "within_next":
        return (value, add_span(value, span))
    if isinstance(span, timedelta):
        return (add_span(value, -span), value)
    # Months clamp, so the first t with t + span >= value is sought in the days around value - span.
    start = add_span(value, Months(-span.count))
    near = [add_span(start, _DAY * step) for step in range(-1, 5)]
    return (*near, *(_midnight(utc_day(day)) for day in near), value)


def _day_turns(op: str, value: date, span: timedelta | Months) -> tuple[date, ...]:
    if op != "within_next":
        end = utc_day(add_span(_midnight(value), span))
        return (value, end, add_span(end, _DAY))
    back = timedelta(days=-span.days - 1) if isinstance(span, timedelta) else Months(-span.count)
    start = add_span(value, back)
    return (*(add_span(start, _DAY * step) for step in range(-1, 5)), add_span(value, _DAY))
