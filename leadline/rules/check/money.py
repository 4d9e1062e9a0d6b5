"""Checks of amounts: comparisons for which no rate is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leadline.common.errors import Problem
from leadline.rules.check.finding import all_conditions, deal_conditions, leaves, warning
from leadline.rules.model import Book, Field, FieldTest


def check_money(book: Book) -> Iterator[Problem]:
    """Yield comparisons of amounts that stay unknown because `rates` lacks a currency."""
    for fields, conditions in ((book.readable, all_conditions(book)), (book.deals.fields, deal_conditions(book))):
        for leaf in (leaf for condition in conditions for leaf in leaves(condition)):
            if isinstance(leaf, FieldTest) and leaf.currency is not None:
                yield from _rated(book, fields, leaf, leaf.currency)


def _rated(book: Book, fields: Mapping[str, Field], leaf: FieldTest, wanted: str) -> Iterator[Problem]:
    own = fields[leaf.field].currency
    fixed = own not in fields
    needed = {wanted, *((str(own),) if fixed else ())}
    missing = sorted(code for code in needed if code not in book.rates)
    if not missing or (fixed and own == wanted):
        return
    what = "this is always unknown" if fixed else f"only amounts in {wanted} can be compared here"
    yield warning(leaf.mark, "no-rate", f"{what}: `rates` has no {' and no '.join(missing)}", "add it to the table")
