"""Amounts in currencies: exact, converted by the book's rates, unknown where something is missing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from leadline.rules.deciding.conditions import compile_condition
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.words import test_text as text_of
from leadline.rules.model import FieldTest
from leadline.rules.state import UNREADABLE
from tests.rules.deciding.books import day, said, waterfall, where

BOOK = waterfall()


def holds(test: FieldTest, amount: object, currency: object, book: object = BOOK) -> bool | None:
    """Ask about one amount in one currency."""
    facts = ordered([said("amount", amount), said("currency", currency)])
    made = compile_condition(test, book)  # type: ignore[arg-type]
    return made.holds(Moment(History(facts, book.fields), day(1)))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("op", "operands", "wanted", "amount", "currency", "answer"),
    [
        ("over", (1000,), "EUR", Decimal("1000.01"), "EUR", True),
        ("over", (1000,), "EUR", Decimal(1000), " eur ", False),
        ("at_least", (900,), "EUR", Decimal(1000), "USD", True),
        ("over", (900,), "EUR", Decimal(1000), "USD", False),
        ("at_most", (1000,), "USD", Decimal(900), "EUR", True),
        ("equals", (1000,), "USD", Decimal(900), "EUR", True),
        ("between", (1000, 2000), "USD", Decimal(1800), "EUR", True),
        ("between", (1000, 2000), "USD", Decimal("1800.01"), "EUR", False),
        ("over", (0,), "EUR", Decimal(5), "JPY", None),
        ("over", (0,), "JPY", Decimal(5), "EUR", None),
        ("over", (0,), "JPY", Decimal(5), "JPY", True),
        ("over", (0,), "EUR", Decimal(5), None, None),
        ("over", (0,), "EUR", Decimal(5), UNREADABLE, None),
        ("over", (0,), "EUR", None, "EUR", None),
        ("over", (0,), "EUR", UNREADABLE, "EUR", None),
    ],
)
def test_one_amount(
    op: str, operands: tuple[int, ...], wanted: str, amount: object, currency: object, answer: bool | None
) -> None:
    """The value is converted, never rounded; without both currencies and both rates nothing is known."""
    assert holds(where("amount", op, *operands, currency=wanted), amount, currency) is answer


def test_a_currency_may_be_fixed_and_the_number_alone_asked() -> None:
    """A field that is always in one currency needs no other field; without a currency numbers are compared."""
    fixed = waterfall(fields={**BOOK.fields, "amount": replace(BOOK.fields["amount"], currency="USD")})
    asked = where("amount", "at_least", 900, currency="EUR")
    assert holds(asked, Decimal(1000), None, fixed) is True
    assert holds(where("amount", "at_least", 1000), Decimal(1000), "JPY") is True


def test_an_unreadable_currency_freezes_what_reads_it() -> None:
    """The field that holds the code is read, too; the text names the currency."""
    asked = compile_condition(where("amount", "between", 10, 20, currency="EUR"), BOOK)
    assert asked.fields == {"amount", "currency"}
    assert compile_condition(where("amount", "over", 10), BOOK).fields == {"amount"}
    assert text_of(asked.condition) == "amount between 10 and 20 EUR"
