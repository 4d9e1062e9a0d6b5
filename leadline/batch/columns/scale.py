"""Points as whole numbers of the smallest decimal place that a score uses: exact, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from leadline.rules.deciding.scores import CompiledScore
from leadline.rules.model import Book, Condition, Criterion, ScoreTest


class TooLargeError(Exception):
    """A book's points need more than whole numbers of 64 bits."""


class Scale:
    """How one score's decimals become whole numbers, exactly; ``dtype`` holds each sum of them."""

    def __init__(self, score: CompiledScore, operands: Sequence[Decimal], most_rows: int) -> None:
        """Raise TooLargeError where ``most_rows`` activities could give more than fits."""
        self.name = score.score.name
        lines = [line.criterion for line in score.criteria]
        numbers = [number for line in lines for number in _numbers(line)]
        limits = (score.score.floor, score.score.cap, *score.score.groups.values())
        others = [*operands, *(edge for _, edge in score.score.grades), *(one for one in limits if one is not None)]
        exponents = [number.as_tuple().exponent for number in (*numbers, *others)]
        self.places = max([0, *(-one for one in exponents if isinstance(one, int))])
        reach = sum(max(map(abs, _numbers(line))) * _times(line, most_rows) for line in lines)
        most = max([reach, *map(abs, others)]) * 10**self.places
        if self.places > 15 or most >= 2**60:
            raise TooLargeError
        self.dtype: npt.DTypeLike = np.int16 if most < 2**14 else np.int32 if most < 2**30 else np.int64

    def whole(self, number: Decimal) -> int:
        """Return a decimal in the score's smallest place."""
        return int(number.scaleb(self.places))

    def decimal(self, number: int) -> Decimal:
        """Return the decimal that a whole number stands for."""
        return Decimal(int(number)).scaleb(-self.places)


def _numbers(line: Criterion) -> list[Decimal]:
    """Return the numbers of points that a criterion names."""
    bands = (*(line.bands.bands if line.bands else ()), *line.counted)
    return [line.points, *(() if line.up_to is None else (line.up_to,)), *(band.points for band in bands)]


def _times(line: Criterion, most_rows: int) -> int:
    """Return how often a criterion can give its points."""
    if line.activity is None or line.counted or line.match in ("first", "latest"):
        return 1
    return most_rows if line.at_most is None else min(line.at_most, most_rows)


def book_operands(book: Book, tests: Sequence[Condition]) -> dict[str, list[Decimal]]:
    """Return the numbers that each score is compared with."""
    found: dict[str, list[Decimal]] = {name: [] for name in book.scores}
    for test in tests:
        if isinstance(test, ScoreTest):
            found[test.score].append(test.operand)
    return found
