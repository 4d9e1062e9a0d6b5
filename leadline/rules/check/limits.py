"""Checks of what the engine refuses: too many ways out of a stage, points that decay without end."""

from __future__ import annotations

from collections.abc import Iterator

from leadline.common.errors import Problem, RefusedError
from leadline.rules.backends.vectors import MOST_MOVES
from leadline.rules.check.finding import error
from leadline.rules.deciding.decay import decay_ladder
from leadline.rules.deciding.lifecycle import Lifecycle
from leadline.rules.model import Book


def check_limits(book: Book) -> Iterator[Problem]:
    """Yield what the engine would refuse to decide, with its place."""
    for name, rules in Lifecycle(book).rules.items():
        if len(rules.moves) > MOST_MOVES:
            message = f"the stage `{name}` has {len(rules.moves)} ways out; at most {MOST_MOVES} can be decided"
            yield error(book.stages[name].mark, "too-many", message, "join paths to one stage with `any`")
    for criterion in (criterion for score in book.scores.values() for criterion in score.criteria):
        if criterion.decay is None:
            continue
        try:
            decay_ladder(criterion)
        except RefusedError:
            message = f"the points of `{criterion.name}` decay too slowly to ever end"
            yield error(criterion.mark, "too-many", message, "use a larger `by` with a longer `every`")
