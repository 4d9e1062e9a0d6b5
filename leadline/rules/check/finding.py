"""Small helpers that every check shares."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.common.errors import Problem
from leadline.common.marks import Mark
from leadline.rules.model import All, Any, AtLeast, Book, Condition, DealsTest, Not


def error(mark: Mark, code: str, message: str, hint: str = "") -> Problem:
    """Return a problem that makes part of the book dead or impossible."""
    return Problem(mark.file, mark.line, mark.column, message, hint, code)


def warning(mark: Mark, code: str, message: str, hint: str = "") -> Problem:
    """Return something doubtful that may be meant."""
    return Problem(mark.file, mark.line, mark.column, message, hint, code, "warning")


def note(mark: Mark, code: str, message: str, hint: str = "") -> Problem:
    """Return something good to know."""
    return Problem(mark.file, mark.line, mark.column, message, hint, code, "note")


def leaves(condition: Condition | None) -> Iterator[Condition]:
    """Yield the tests of a condition, without all, any, at_least and not."""
    if condition is None:
        return
    if isinstance(condition, All | Any | AtLeast):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.part)
    else:
        yield condition


def deal_conditions(book: Book) -> Iterator[Condition]:
    """Yield every condition about one deal: their fields are those of deals."""
    for condition in all_conditions(book):
        for leaf in leaves(condition):
            if isinstance(leaf, DealsTest):
                yield from (part for part in (leaf.where, leaf.total) if part is not None)


def all_conditions(book: Book) -> Iterator[Condition]:
    """Yield every condition of a book, whole."""
    found: list[Condition | None] = [book.scope, *(fact.when for fact in book.accounts.values())]
    found += [criterion.when for score in book.scores.values() for criterion in score.criteria]
    for stage in book.stages.values():
        found += [stage.enter, stage.stay, stage.exit]
    for transition in book.transitions:
        found += [transition.when, transition.at_once_when]
    for sla in book.slas.values():
        found += [sla.until, sla.pause, sla.void, *(target.when for target in sla.targets)]
    yield from (condition for condition in found if condition is not None)
