"""Conditions about a person's deals, one by one: any, all, none, the newest, how many, and the sum of a field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from leadline.rules.deciding.fieldtests import compare_number
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.money import worth_in
from leadline.rules.model import Book, DealsTest, FieldTest

if TYPE_CHECKING:
    from leadline.rules.deciding.conditions import Node

Sum = tuple[Fraction, Fraction] | None
"""The lowest and the highest that a sum can be; None where it may be anything."""


@dataclass(frozen=True, slots=True)
class DealsQuestion:
    """One condition about deals, compiled. ``book`` has a deal's fields in the place of a person's."""

    test: DealsTest
    where: Node | None
    book: Book

    def holds(self, moment: Moment) -> bool | None:
        """Answer at a moment; unknown of one deal is unknown of all, unless the others decide."""
        deals = self.meant(moment)
        if self.test.total is not None:
            return _compare(self.test.total, self.sum(deals))
        answers = self.answers(deals)
        return _ANSWERS[self.test.how](self.test, answers)

    def meant(self, moment: Moment) -> list[Moment]:
        """Return a moment for each deal that counts, oldest first: the open ones, and those closed in the pass."""
        found = []
        for deal in moment.history.deals:
            known = deal.state(moment.t)
            if known is None:
                continue
            if self.test.ever or known[1] == "open" or moment.floor is None or known[0] >= moment.floor:
                found.append(Moment(deal.history, moment.t))
        return found

    def answers(self, deals: Sequence[Moment]) -> list[bool | None]:
        """Return what ``where`` says of each deal."""
        return [True if self.where is None else self.where.holds(deal) for deal in deals]

    def sum(self, deals: Sequence[Moment]) -> Sum:
        """Return the bounds of the sum: a deal of which ``where`` is unknown is in it or not."""
        assert self.test.total is not None
        lowest = highest = Fraction(0)
        for deal, answer in zip(deals, self.answers(deals), strict=True):
            if answer is False:
                continue
            value = _amount(self.test.total, self.book, deal)
            if value is None:
                return None
            lowest += value if answer else min(value, Fraction(0))
            highest += value if answer else max(value, Fraction(0))
        return lowest, highest

    def own_change(self, moment: Moment) -> datetime | None:
        """Return an instant not later than the first at which time alone changes what is said of a deal."""
        leaves = [] if self.where is None else [leaf for leaf in self.where.leaves() if leaf.own_change is not None]
        deals = self.meant(moment) if leaves else []
        turns = [leaf.own_change(deal) for deal in deals for leaf in leaves if leaf.own_change is not None]
        return min((turn for turn in turns if turn is not None), default=None)


def _any(_: DealsTest, answers: list[bool | None]) -> bool | None:
    return True if True in answers else (None if None in answers else False)


def _every(_: DealsTest, answers: list[bool | None]) -> bool | None:
    """Nobody's deals are all so: without a deal it is false."""
    return False if False in answers or not answers else (None if None in answers else True)


def _none(test: DealsTest, answers: list[bool | None]) -> bool | None:
    found = _any(test, answers)
    return None if found is None else not found


def _newest(_: DealsTest, answers: list[bool | None]) -> bool | None:
    return answers[-1] if answers else False


def _counted(test: DealsTest, answers: list[bool | None]) -> bool | None:
    least = answers.count(True)
    most = least + answers.count(None)
    inside = [
        test.count <= number and (test.most is None or number <= test.most) for number in range(least, most + 1)
    ]
    return True if all(inside) else (None if any(inside) else False)


_ANSWERS: dict[str, Callable[[DealsTest, list[bool | None]], bool | None]] = {
    "any": _any,
    "all": _every,
    "none": _none,
    "newest": _newest,
    "count": _counted,
}


def _amount(total: FieldTest, book: Book, deal: Moment) -> Fraction | None:
    value = deal.value(total.field)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    worth = Fraction(1) if total.currency is None else worth_in(total.currency, total.field, book, deal)
    return None if worth is None else Fraction(value) * worth


def _compare(total: FieldTest, bounds: Sum) -> bool | None:
    if bounds is None:
        return None
    operands = [Fraction(item) for item in total.operands if isinstance(item, int | Decimal)]
    lowest, highest = bounds
    if total.op in {"between", "equals"}:
        low, high = operands[0], operands[-1]
        if low <= lowest and highest <= high:
            return True
        return False if highest < low or lowest > high else None
    answers = {compare_number(total.op, bound, operands[0]) for bound in bounds}
    return answers.pop() if len(answers) == 1 else None
