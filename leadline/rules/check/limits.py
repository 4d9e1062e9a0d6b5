"""Checks of what the engine refuses: too many ways out of a stage, points that decay without end."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.common.errors import Problem, RefusedError
from leadline.rules.backends.vectors import MOST_MOVES
from leadline.rules.check.finding import error
from leadline.rules.decay import decay_ladder
from leadline.rules.exits import exits
from leadline.rules.model import Book


def check_limits(book: Book) -> Iterator[Problem]:
    """Yield what the engine would refuse to decide, with its place."""
    for name in book.stages:
        count = sum(1 for _ in exits(book, name))
        if count > MOST_MOVES:
            message = f"the stage `{name}` has {count} ways out; at most {MOST_MOVES} can be decided"
            yield error(book.stages[name].mark, "too-many", message, "join paths to one stage with `any`")
    for criterion in (criterion for score in book.scores.values() for criterion in score.criteria):
        if criterion.decay is None:
            continue
        try:
            decay_ladder(criterion)
        except RefusedError:
            message = f"the points of `{criterion.name}` decay too slowly to ever end"
            yield error(criterion.mark, "too-many", message, "use a larger `by` with a longer `every`")
