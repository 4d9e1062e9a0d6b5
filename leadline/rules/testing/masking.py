"""Values of a real person made unrecognisable, while every test that the book asks of them answers as before.

What a book names itself (a picklist value, a country of a table, a title it looks for) is nobody's secret and stays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from leadline.common.folding import fold
from leadline.common.values import Value
from leadline.rules.check.finding import all_conditions, deal_conditions, leaves
from leadline.rules.deciding.conditions import compile_condition
from leadline.rules.deciding.fieldtests import value_test
from leadline.rules.fieldops import TEXT_OPS
from leadline.rules.model import Any as AnyOf
from leadline.rules.model import Book, Field, FieldTest

MASK: Final = "masked"
ADDRESS: Final = "somebody@masked.example"
TEXTS: Final = 1 << 16
"""Masked texts that are remembered."""
_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)


def fields_read(book: Book) -> frozenset[str]:
    """Return the fields that decide anything: the others need not be told at all."""
    found = {name for condition in all_conditions(book) for name in compile_condition(condition, book).fields}
    criteria = [criterion for score in book.scores.values() for criterion in score.criteria]
    found |= {criterion.bands.field for criterion in criteria if criterion.bands is not None}
    found |= {name for stage in book.stages.values() for name in stage.require}
    found |= {fact.of for fact in book.accounts.values() if fact.of is not None and fact.of in book.fields}
    found |= {name for sla in book.slas.values() for name in (sla.owner, sla.calendar.by) if name is not None}
    found |= {field.table.by for field in book.fields.values() if field.table is not None and field.name in found}
    return frozenset(found)


def of_deals(book: Book) -> Book:
    """Return a book whose fields and conditions are those of this book's deals, for masking what deals say."""
    asked = AnyOf(tuple(deal_conditions(book)))
    return dataclasses.replace(book, fields=book.deals.fields, scope=asked, scores={}, stages={}, transitions=())


def masked(book: Book, field: Field, value: Value) -> Value:
    """Return a value without anything personal; numbers, dates and yes or no stay as they are."""
    return Masker(book).value(field, value)


class Masker:
    """``masked`` for many values: what the book asks of a field is looked up once, and lately seen texts are kept."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._asked: dict[str, _Asked] = {}
        self._text = lru_cache(maxsize=TEXTS)(self._masked_text)

    def value(self, field: Field, value: Value) -> Value:
        """Return a value of one of the book's fields without anything personal."""
        if isinstance(value, tuple):
            return tuple(dict.fromkeys(self._one(field, item) for item in value))
        return self._one(field, value) if isinstance(value, str) else value

    def _one(self, field: Field, text: str) -> str:
        if field.name not in self._asked:
            self._asked[field.name] = _Asked(_named(self._book, field), tuple(_parts(self._book, field)))
        return self._text(field.name, text)

    def _masked_text(self, name: str, text: str) -> str:
        asked = self._asked[name]
        if fold(text) in asked.named:
            return text
        kept: list[str] = []
        last: list[str] = []
        for op, parts in asked.tests:
            found = [operand for operand, test in parts if test(text, _ANY_DAY)]
            if op == "domain_in":
                kept += [f"somebody@{fold(operand).lstrip('@')}" for operand in found]
            elif op == "starts":
                kept = found[:1] + kept
            elif op == "ends":
                last = found[:1]
            elif op in {"has_word", "contains"}:
                kept += found
        addresses = [item for item in kept if "@" in item]
        if addresses:
            return addresses[0]
        if kept or last:
            return " ".join((*dict.fromkeys(kept), *last))
        return ADDRESS if "@" in text else MASK


def same_answers(book: Book, field: Field, one: Value, other: Value) -> bool:
    """Tell whether every text test of the book, and every table, answers the same for both values."""
    tests = [value_test(test) for test in _tests(book, field)]
    if any(test(one, _ANY_DAY) is not test(other, _ANY_DAY) for test in tests):
        return False
    if one != other and any(fact.kind == "distinct" and fact.of == field.name for fact in book.accounts.values()):
        return False
    return _rows(book, field, one) == _rows(book, field, other)


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """What a book asks of one field: the values that it writes out itself, and each test by its operands."""

    named: frozenset[str]
    tests: tuple[tuple[str, tuple[tuple[str, Callable[[Value, datetime], bool | None]], ...]], ...]


def _parts(book: Book, field: Field) -> Iterator[tuple[str, tuple[tuple[str, Callable[..., bool | None]], ...]]]:
    for test in _tests(book, field):
        alone = (dataclasses.replace(test, operands=(operand,)) for operand in test.operands)
        yield test.op, tuple((str(one.operands[0]), value_test(one)) for one in alone)


def _named(book: Book, field: Field) -> frozenset[str]:
    """Return, folded, the values that the book itself writes out for a field."""
    found = {
        fold(str(operand)) for test in _tests(book, field) if test.op in {"in", "all_of"} for operand in test.operands
    }
    for values in (field.values, *field.crm_values.values()):
        found |= {fold(value) for value in values.values()}
    for other in book.fields.values():
        if other.table is not None and other.table.by == field.name:
            found |= set(other.table.rows)
    if any(sla.calendar.by == field.name for sla in book.slas.values()):
        found |= set(book.calendars.owners)
    return frozenset(found)


def _tests(book: Book, field: Field) -> list[FieldTest]:
    asked = (leaf for leaf in _leaves(book) if isinstance(leaf, FieldTest) and leaf.field == field.name)
    return [leaf for leaf in asked if leaf.op in TEXT_OPS]


def _rows(book: Book, field: Field, value: Value) -> list[str | None]:
    tables = [
        other.table for other in book.fields.values() if other.table is not None and other.table.by == field.name
    ]
    return [table.rows.get(fold(value)) if isinstance(value, str) else None for table in tables]


def _leaves(book: Book) -> Iterator[object]:
    for condition in all_conditions(book):
        yield from leaves(condition)
