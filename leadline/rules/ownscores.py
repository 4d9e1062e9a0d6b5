"""A book as it is where account facts are made: without what account facts give, so that none is its own cause."""

from __future__ import annotations

from dataclasses import replace

from leadline.rules.model import (
    All,
    Any,
    AtLeast,
    Book,
    Condition,
    Criterion,
    FieldTest,
    Known,
    Not,
)
from leadline.rules.model.accounts import PREFIX


def without_account_facts(book: Book) -> Book:
    """Return the book without the criteria that read account facts."""
    if not book.accounts:
        return book
    scores = {
        name: replace(score, criteria=tuple(item for item in score.criteria if not reads_account(item)))
        for name, score in book.scores.items()
    }
    return replace(book, scores=scores)


def reads_account(criterion: Criterion) -> bool:
    """Tell whether a criterion reads an account fact, so that it gives nothing where account facts are made."""
    if criterion.bands is not None and criterion.bands.field.startswith(PREFIX):
        return True
    return criterion.when is not None and _asks(criterion.when)


def _asks(condition: Condition) -> bool:
    if isinstance(condition, All | Any | AtLeast):
        return any(_asks(part) for part in condition.parts)
    if isinstance(condition, Not):
        return _asks(condition.part)
    return isinstance(condition, FieldTest | Known) and condition.field.startswith(PREFIX)
