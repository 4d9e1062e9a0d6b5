"""What scores and conditions can come to at all, whatever the facts are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from leadline.rules.model import (
    All,
    Any,
    AtLeast,
    Book,
    Condition,
    Criterion,
    DisqualifiedTest,
    GradeTest,
    Not,
    Score,
    ScoreTest,
    Stage,
    StayTest,
)

INFINITE = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Reach:
    """The lowest and highest points of each score, and the grades and cells that these allow."""

    scores: dict[str, tuple[Decimal, Decimal]]
    grades: dict[str, frozenset[str]]
    cells: frozenset[str]
    temperatures: frozenset[str]
    disqualifies: bool

    def constant(self, condition: Condition | None, stage: Stage | None) -> bool | None:
        """Return True or False where a condition is always so in ``stage``, None where facts decide."""
        if isinstance(condition, Not):
            inner = self.constant(condition.part, stage)
            return None if inner is None else not inner
        if isinstance(condition, All | Any | AtLeast):
            return self._counted(condition, stage)
        if isinstance(condition, StayTest):
            return True if stage is not None and stage.stay is None else None
        if isinstance(condition, DisqualifiedTest):
            return None if self.disqualifies else False
        if isinstance(condition, ScoreTest):
            return self._score(condition)
        if isinstance(condition, GradeTest):
            return None if set(condition.names) & self.allowed(condition) else False
        return None

    def allowed(self, test: GradeTest) -> frozenset[str]:
        """Return the names that a grade test could ever meet."""
        if test.temperature:
            return self.temperatures
        return self.cells if test.score is None else self.grades.get(test.score, frozenset())

    def _counted(self, condition: All | Any | AtLeast, stage: Stage | None) -> bool | None:
        parts = [self.constant(part, stage) for part in condition.parts]
        needed = {All: len(parts), Any: 1}.get(type(condition), getattr(condition, "count", 1))
        if parts.count(True) >= needed:
            return True
        return False if len(parts) - parts.count(False) < needed else None

    def _score(self, test: ScoreTest) -> bool | None:
        lowest, highest = self.scores[test.score]
        answers = {
            "at_least": (lowest >= test.operand, highest >= test.operand),
            "over": (lowest > test.operand, highest > test.operand),
            "at_most": (highest <= test.operand, lowest <= test.operand),
            "under": (highest < test.operand, lowest < test.operand),
            "equals": (lowest == highest == test.operand, lowest <= test.operand <= highest),
        }
        always, ever = answers[test.op]
        return True if always else (None if ever else False)


def reach(book: Book) -> Reach:
    """Return what the scores of a book can come to."""
    scores = {name: score_range(score) for name, score in book.scores.items()}
    grades = {name: reached_grades(score, *scores[name]) for name, score in book.scores.items()}
    cells: frozenset[str] = frozenset()
    if book.grid is not None:
        cells = frozenset(row + column for row in grades[book.grid.rows] for column in grades[book.grid.columns])
    temperatures: frozenset[str] = frozenset()
    if book.temperatures is not None:
        named = [name for name, own in book.temperatures.cells if set(own) & cells]
        rest = book.temperatures.otherwise
        temperatures = frozenset(named if rest is None else [*named, rest])
    criteria = (criterion for score in book.scores.values() for criterion in score.criteria)
    return Reach(scores, grades, cells, temperatures, any(item.disqualify is not None for item in criteria))


def score_range(score: Score) -> tuple[Decimal, Decimal]:
    """Return the lowest and highest points that a score can come to; infinite where nothing bounds it."""
    lowest, highest = summed_range(score, score.criteria)
    floor, cap = score.floor, score.cap
    if floor is not None:
        lowest, highest = max(lowest, floor), max(highest, floor)
    if cap is not None:
        lowest, highest = min(lowest, cap), min(highest, cap)
    return lowest, highest


def summed_range(score: Score, criteria: Iterable[Criterion]) -> tuple[Decimal, Decimal]:
    """Return what some criteria of a score can add up to, each group within its cap, before floor and cap."""
    asked = tuple(criteria)
    alone = [criterion_range(criterion) for criterion in asked if criterion.group is None]
    for group, most in score.groups.items():
        lowest, highest = total(criterion_range(criterion) for criterion in asked if criterion.group == group)
        alone.append((max(lowest, -most), min(highest, most)))
    return total(alone)


def criterion_range(criterion: Criterion) -> tuple[Decimal, Decimal]:
    """Return the lowest and highest points of one criterion."""
    if criterion.disqualify is not None:
        return Decimal(0), Decimal(0)
    if criterion.bands is not None:
        given = [band.points for band in criterion.bands.bands]
        lowest, highest = min([Decimal(0), *given]), max([Decimal(0), *given])
    elif criterion.counted:
        given = [band.points for band in criterion.counted]
        lowest, highest = min([Decimal(0), *given]), max([Decimal(0), *given])
    else:
        points = criterion.points
        if criterion.match in {"each", "distinct_days"} and points:
            points = points * criterion.at_most if criterion.at_most is not None else points * INFINITE
        lowest, highest = min(points, Decimal(0)), max(points, Decimal(0))
    if criterion.up_to is not None:
        lowest, highest = max(lowest, -criterion.up_to), min(highest, criterion.up_to)
    return lowest, highest


def reached_grades(score: Score, lowest: Decimal, highest: Decimal) -> frozenset[str]:
    """Return the grades whose points lie within what the score can come to."""
    reached: set[str] = set()
    above: Decimal = INFINITE
    for name, threshold in score.grades:
        if threshold <= highest and lowest < above:
            reached.add(name)
        above = threshold
    return frozenset(reached)


def total(ranges: Iterable[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    """Return the sum of the lowest and the sum of the highest points."""
    lowest, highest = Decimal(0), Decimal(0)
    for low, high in ranges:
        lowest, highest = lowest + low, highest + high
    return lowest, highest
