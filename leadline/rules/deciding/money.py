"""Amounts in currencies: compared exactly, by the book's rates, and unknown where a rate or a currency is missing."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from leadline.common.folding import fold
from leadline.common.values import Value
from leadline.rules.deciding.fieldtests import compare_number
from leadline.rules.deciding.moment import Moment
from leadline.rules.model import Book, FieldTest

AmountTest = Callable[[Value, Moment], bool | None]


def amount_test(test: FieldTest, book: Book) -> AmountTest:
    """Return the compiled test of an amount in ``test.currency``; a value is never None or UNREADABLE when asked."""
    operands = [Fraction(item) for item in test.operands if isinstance(item, int | Decimal)]

    def check(value: Value, moment: Moment) -> bool | None:
        worth = worth_in(test.currency, test.field, book, moment)
        if worth is None or isinstance(value, bool) or not isinstance(value, int | Decimal):
            return None
        amount = Fraction(value) * worth
        if test.op == "between":
            return operands[0] <= amount <= operands[1]
        return any(compare_number(test.op, amount, operand) for operand in operands)

    return check


def worth_in(wanted: str | None, field: str, book: Book, moment: Moment) -> Fraction | None:
    """Return what one unit of a money field is in the wanted currency; None where that is not known."""
    return _worth(_code(book.fields[field].currency, book, moment), wanted, book)


def currency_field(test: FieldTest, book: Book) -> str | None:
    """Return the field that holds the currency of what a test compares; None where the book fixes it."""
    field = book.fields.get(test.field)
    code = field.currency if field is not None and test.currency is not None else None
    return code if code in book.fields else None


def _code(currency: str | None, book: Book, moment: Moment) -> str | None:
    if currency is None or currency not in book.fields:
        return currency
    said = moment.value(currency)
    return fold(said).upper() if isinstance(said, str) else None


def _worth(code: str | None, wanted: str | None, book: Book) -> Fraction | None:
    """Return what one unit of ``code`` is in the wanted currency."""
    if code is None or wanted is None:
        return None
    if code == wanted:
        return Fraction(1)
    own, other = book.rates.get(code), book.rates.get(wanted)
    return None if own is None or other is None else Fraction(own) / Fraction(other)
