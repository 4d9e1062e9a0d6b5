"""Scores of all people at once: whole numbers of the smallest place a score uses, with bounds over the unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from leadline.batch.columns.arrays import (
    NEVER,
    NO,
    OPEN,
    YES,
    Instants,
    Ints,
    Small,
    Truths,
    Whole,
    classes,
    distinct,
    instant,
)
from leadline.batch.columns.fields import Column, asked
from leadline.batch.columns.occurring import change_of, points_of
from leadline.batch.columns.points import Points, Sums, added, each, of_fields
from leadline.batch.columns.scale import Scale
from leadline.batch.columns.truths import Truth, earlier
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.criteria import CompiledCriterion
from leadline.rules.deciding.fields import Known as Value
from leadline.rules.deciding.fieldtests import NEAR_OPS
from leadline.rules.deciding.scores import CompiledScore, Scoring, join, temperature
from leadline.rules.model import Condition, DisqualifiedTest, FieldTest, GradeTest, Known, ScoreTest


class Remembered(dict[tuple[object, ...], tuple[int, int, int]]):
    """By score, field, first criterion and value: points, lowest and highest that the criteria of one field give.

    ``tables`` are the last ones of the criteria of each field, with the very values that they are of, and ``sums``
    those of several tables: partitions mostly have the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[tuple[object, ...], tuple[Sequence[Value], Whole]] = {}
        self.sums = Sums()

    def clear(self) -> None:
        """Forget all of it."""
        super().clear()
        self.tables.clear()
        self.sums.clear()


MOST_REMEMBERED = 200_000
_SOME_INSTANT = instant(0)
"""Of what values are worth whatever the instant."""


class Cards:
    """The scores of everybody of a frame at ``t``, each computed when first asked for."""

    def __init__(
        self, scoring: Scoring, scales: Mapping[str, Scale], truth: Truth, remembered: Remembered | None = None
    ) -> None:
        """``remembered`` is what values gave before, in other partitions under the same book."""
        self.scoring = scoring
        self.remembered = Remembered() if remembered is None else remembered
        self.scales = scales
        self.asked = truth
        truth.cards = self
        self._points: dict[str, Points] = {}
        self._grades: dict[str, tuple[Small, list[str | None]]] = {}
        self._bounds: dict[str, tuple[Ints, list[frozenset[str | None]]]] = {}

    @property
    def t(self) -> Instants:
        """The instant, one for everybody or one each."""
        return self.asked.t

    def points(self, name: str) -> Points:
        """Return one score."""
        found = self._points.get(name)
        if found is None:
            found = self._points[name] = self._total(self.scoring.scores[name], self.scales[name])
        return found

    def truth(self, test: Condition) -> Truths:
        """Return the answers to a condition about scores, grades or disqualifiers."""
        if isinstance(test, ScoreTest):
            return _compared(test, self.points(test.score), self.scales[test.score].whole(test.operand))
        if isinstance(test, GradeTest):
            codes, possible = self.possible(test)
            names = frozenset(test.names)
            answers = [YES if found <= names else OPEN if found & names else NO for found in possible]
            return np.array(answers, np.uint8)[codes]
        assert isinstance(test, DisqualifiedTest)
        found = np.full(self.asked.frame.people, NO, np.uint8)
        for line in self.scoring.disqualifiers:
            assert line.node is not None
            found = np.maximum(found, self.asked.of(line.node))
        return found

    def disqualified(self) -> tuple[Ints, list[tuple[str, ...]]]:
        """Return for each person a code, and the reasons that each code stands for."""
        if not self.scoring.disqualifiers:
            return np.zeros(self.asked.frame.people, np.int64), [()]
        reasons = list(dict.fromkeys(str(line.criterion.disqualify) for line in self.scoring.disqualifiers))
        masks = np.zeros(self.asked.frame.people, np.int64)
        for line in self.scoring.disqualifiers:
            assert line.node is not None
            bit = 1 << reasons.index(str(line.criterion.disqualify))
            masks |= np.where(self.asked.of(line.node) == YES, bit, 0)
        values, codes = distinct(masks)
        told = [tuple(name for number, name in enumerate(reasons) if mask >> number & 1) for mask in values.tolist()]
        return codes, told

    def grades(self, name: str) -> tuple[Small, list[str | None]]:
        """Return for each person a code of the grade of one score, and the grades that codes stand for."""
        found = self._grades.get(name)
        if found is None:
            compiled, scale = self.scoring.scores[name], self.scales[name]
            edges = _edges_of(compiled, scale)
            names = [compiled.grade(scale.decimal(number)) for number in _samples(edges)]
            found = self._grades[name] = (classes(self.points(name).value, edges), names)
        return found

    def cells(self) -> tuple[Ints, list[str | None]]:
        """Return for each person a code of the grid's cell, and the cells."""
        grid = self.scoring.book.grid
        if grid is None:
            return np.zeros(self.asked.frame.people, np.int64), [None]
        (rows, row_names), (columns, column_names) = self.grades(grid.rows), self.grades(grid.columns)
        names = [join(row, column) for row in row_names for column in column_names]
        return rows * np.int64(len(column_names)) + columns, names

    def temperatures(self) -> tuple[Ints, list[str | None]]:
        """Return for each person a code of the temperature, and the temperatures."""
        codes, cells = self.cells()
        return codes, [temperature(self.scoring.book.temperatures, cell) for cell in cells]

    def possible(self, test: GradeTest) -> tuple[Ints, list[frozenset[str | None]]]:
        """Return for each person a code, and what the bounds allow for each: grades, cells or temperatures."""
        if test.score is not None and not test.temperature:
            return self._between(test.score)
        codes, cells = self._possible_cells()
        if not test.temperature:
            return codes, cells
        heat = self.scoring.book.temperatures
        return codes, [frozenset(temperature(heat, cell) for cell in found) for found in cells]

    def next_change(self) -> Ints:
        """Return an instant not later than the first after ``t`` at which a score can differ by time alone."""
        found: Ints | None = None
        for score in self.scoring.scores.values():
            for line in score.criteria:
                if line.node is not None:
                    for leaf in line.node.leaves():
                        found = earlier(found, self.asked.own_change(leaf, None, None))
                elif line.criterion.activity is not None:
                    found = earlier(found, change_of(self.asked, line))
        return np.full(self.asked.frame.people, NEVER, np.int64) if found is None else found

    def _possible_cells(self) -> tuple[Ints, list[frozenset[str | None]]]:
        grid = self.scoring.book.grid
        if grid is None:
            return np.zeros(self.asked.frame.people, np.int64), [frozenset([None])]
        rows, row_sets = self._between(grid.rows)
        columns, column_sets = self._between(grid.columns)
        values, codes = distinct(rows * len(column_sets) + columns)
        pairs = [divmod(value, len(column_sets)) for value in values.tolist()]
        return codes, [
            frozenset(join(a, b) for a in row_sets[one] for b in column_sets[other]) for one, other in pairs
        ]

    def _between(self, name: str) -> tuple[Ints, list[frozenset[str | None]]]:
        """Return for each person a code, and the grades that the bounds of one score allow for each."""
        found = self._bounds.get(name)
        if found is None:
            compiled, scale, points = self.scoring.scores[name], self.scales[name], self.points(name)
            edges = _edges_of(compiled, scale)
            decimals = [scale.decimal(number) for number in _samples(edges)]
            low, high = classes(points.lowest, edges), classes(points.highest, edges)
            pairs, codes = distinct(low * np.int64(len(decimals)) + high)
            ends = [divmod(pair, len(decimals)) for pair in pairs.tolist()]
            sets = [compiled.grades_between(decimals[one], decimals[other]) for one, other in ends]
            found = self._bounds[name] = (codes, sets)
        return found

    def _total(self, score: CompiledScore, scale: Scale) -> Points:
        people = self.asked.frame.people
        groups: dict[str | None, Points] = {}
        tabled: dict[tuple[str | None, str], list[CompiledCriterion]] = {}
        for line in score.criteria:
            group = line.criterion.group if line.criterion.group in score.score.groups else None
            field = _only_field(line)
            if field is not None and field in self.asked.frame.fields:
                tabled.setdefault((group, field), []).append(line)
            else:
                groups[group] = added(groups.get(group), self._worth(line, scale))
        tables: dict[str | None, list[tuple[Small, Whole]]] = {}
        for (group, field), lines in tabled.items():
            column = self.asked.frame.fields[field]
            tables.setdefault(group, []).append((column.codes, self._table(column, lines, scale)))
        for group, fields in tables.items():
            groups[group] = added(groups.get(group), of_fields(fields, self.remembered.sums))
        total: Points | None = None
        for group, points in groups.items():
            if group is not None:
                cap = scale.whole(score.score.groups[group])
                points = each(points, partial(np.clip, a_min=-cap, a_max=cap))  # noqa: PLW2901
            total = added(total, points)
        zero = np.zeros(people, scale.dtype)
        return each(total or Points(zero, zero, zero), lambda one: _limited(one, score, scale))

    def _table(self, column: Column, lines: Sequence[CompiledCriterion], scale: Scale) -> Whole:
        """Return by code what criteria about one field give together (value, lowest, highest): asked once a value."""
        name, at = column.field.name, _SOME_INSTANT
        key = (scale.name, name, lines[0].criterion.name)
        kind = (*key, scale.dtype, column.complete)
        before = self.remembered.tables.get(kind)
        if before is not None and before[0] is column.values:
            return before[1]
        if len(self.remembered) > MOST_REMEMBERED:
            self.remembered.clear()
        rows = []
        for said in column.entries()[: len(column.values)]:
            whole = (*key, type(said.value), said.value)
            found = self.remembered.get(whole)
            if found is None:
                worths = [line.worth(asked(at, {name: said})) for line in lines]
                found = self.remembered[whole] = (
                    sum(scale.whole(one.points) for one in worths),
                    sum(scale.whole(one.lowest) for one in worths),
                    sum(scale.whole(one.highest) for one in worths),
                )
            rows.append(found)
        if column.complete:
            # Nobody's is empty, so what that would be worth leaves nothing in doubt.
            rows[0] = (rows[0][0],) * 3
        table = np.ascontiguousarray(np.array(rows, scale.dtype).T)
        self.remembered.tables[kind] = column.values, table
        return table

    def _worth(self, line: CompiledCriterion, scale: Scale) -> Points:
        criterion = line.criterion
        limit = None if criterion.up_to is None else scale.whole(criterion.up_to)
        if criterion.activity is not None:
            value = points_of(self.asked, line, scale)
            if limit is not None:
                value = np.clip(value, -limit, limit)
            return Points(value, value, value)
        assert line.node is not None
        answer, points = self.asked.of(line.node), scale.whole(criterion.points)
        if limit is not None:
            points = max(-limit, min(limit, points))
        table = np.array([0, 0, points], scale.dtype)
        value = table.take(answer)
        low = np.array([0, min(0, points), points], scale.dtype).take(answer) if points < 0 else value
        high = np.array([0, max(0, points), points], scale.dtype).take(answer) if points > 0 else value
        return Points(value, low, high)


def _only_field(line: CompiledCriterion) -> str | None:
    """Return the field that alone decides what a criterion gives, whatever the instant."""
    if line.criterion.bands is not None:
        return line.criterion.bands.field
    if line.node is None:
        return None
    return next(iter(line.node.fields)) if len(line.node.fields) == 1 and _timeless(line.node) else None


def _timeless(node: Node) -> bool:
    tests = [leaf.condition for leaf in node.leaves()]
    return all(isinstance(one, Known) or (isinstance(one, FieldTest) and one.op not in NEAR_OPS) for one in tests)


def _limited(points: Whole, score: CompiledScore, scale: Scale) -> Whole:
    floor, cap = score.score.floor, score.score.cap
    if floor is not None and cap is not None:
        # One pass with both ends takes a third of the time of a pass for each.
        return np.clip(points, scale.whole(floor), scale.whole(cap))
    if floor is not None:
        return np.maximum(points, scale.whole(floor))
    return points if cap is None else np.minimum(points, scale.whole(cap))


def _edges_of(score: CompiledScore, scale: Scale) -> list[int]:
    return sorted({scale.whole(edge) for _, edge in score.score.grades})


def _samples(edges: Sequence[int]) -> list[int]:
    """Return one number of points of each class: below the first edge, at it, behind it, at the next, and so on."""
    return [edges[0] - 1, *(item for edge in edges for item in (edge, edge + 1))] if edges else [0]


def _compared(test: ScoreTest, points: Points, operand: int) -> Truths:
    low, high = points.lowest, points.highest
    if test.op == "equals":
        inside_bounds = np.where((low <= operand) & (operand <= high), OPEN, NO)
        return np.where(low == high, np.where(low == operand, YES, NO), inside_bounds).astype(np.uint8)
    compare = _COMPARE[test.op]
    lowest = compare(low, operand).view(np.uint8)
    # One bound that passes and one that does not make 1: open.
    return lowest * 2 if high is low else lowest + compare(high, operand).view(np.uint8)


_COMPARE: Mapping[str, Callable[[Whole, int], np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]] = {
    "at_least": np.greater_equal,
    "at_most": np.less_equal,
    "over": np.greater,
    "under": np.less,
}
