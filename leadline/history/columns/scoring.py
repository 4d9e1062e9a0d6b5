"""The scores of every row: running sums of what begins and ends to count, and a table for each field's values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from leadline.batch.columns.arrays import NO, OPEN, YES, Ints, Truths, instant, span, truth_of
from leadline.batch.columns.scale import Scale
from leadline.history.columns.rows import Rows, Window
from leadline.history.columns.values import Stands, classes_of
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.criteria import CompiledCriterion, added
from leadline.rules.deciding.fields import Known, TableField, Timeline
from leadline.rules.deciding.history import History
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import CompiledScore, Scoring, join, temperature
from leadline.rules.model import (
    ActivityTest,
    All,
    Any,
    AtLeast,
    DealTest,
    DisqualifiedTest,
    FieldTest,
    GradeTest,
    Not,
    ScoreTest,
)
from leadline.rules.model import Known as KnownTest

Remembered = dict[tuple[object, ...], tuple[int, int, int]]
"""By score, scale, criteria and value: points, lowest and highest that the criteria of one field give."""
MOST_REMEMBERED = 500_000

SOME_INSTANT: datetime = instant(0)
"""What is asked of values alone holds at every instant."""


@dataclass(frozen=True, slots=True)
class Points:
    """A score at each row, and the lowest and highest it could be: one array where nothing is in doubt."""

    value: Ints
    lowest: Ints
    highest: Ints

    def each(self, change: Callable[[Ints], Ints]) -> Points:
        """Return these points with each bound changed in the same way."""
        value = change(self.value)
        lowest = value if self.lowest is self.value else change(self.lowest)
        return Points(value, lowest, value if self.highest is self.value else change(self.highest))


def windows_of(node: Node) -> list[Window]:
    """Return the windows that a condition asks for."""
    tests = [leaf.condition for leaf in node.leaves()]
    return [(test.activity, length(test)) for test in tests if isinstance(test, ActivityTest)]


def length(one: ActivityTest | CompiledCriterion) -> int | None:
    """Return a window's length in microseconds."""
    within = one.within if isinstance(one, ActivityTest) else one.criterion.within
    return None if within is None else span(within)


class Truth:
    """Scores, and the answers to conditions, at every row; each is found once."""

    def __init__(self, scoring: Scoring, scales: dict[str, Scale], rows: Rows, remembered: Remembered) -> None:
        """``remembered`` is what values gave before, of other people under the same book."""
        self.remembered = remembered
        self.scoring = scoring
        self.scales = scales
        self.rows = rows
        self._points: dict[str, Points] = {}
        self._answers: dict[int, Truths] = {}
        self._classes: dict[str, tuple[Ints, Ints, list[int]]] = {}

    def points(self, name: str) -> Points:
        """Return one score at every row."""
        if name not in self._points:
            self._points[name] = self._total(self.scoring.scores[name], self.scales[name])
        return self._points[name]

    def of(self, node: Node) -> Truths:
        """Return a condition's answer at every row, in a first pass."""
        found = self._answers.get(id(node))
        if found is None:
            found = self._answers[id(node)] = self._combined(node) if node.parts else self._leaf(node)
        return found

    def disqualified(self) -> Truths:
        """Return whether any disqualifier holds."""
        found = np.zeros(self.rows.size, np.uint8)
        for line in self.scoring.disqualifiers:
            if line.node is not None:
                found = np.maximum(found, self.of(line.node))
        return found

    def value_codes(self, name: str) -> tuple[Ints, list[Known]]:
        """Return for each row the position of a field's value among those returned; the first is empty."""
        told = self.rows.told.fields.get(name)
        if told is None:
            return np.zeros(self.rows.size, np.int64), [None]
        _, lengths, number = self.rows.runs(told)
        codes = np.where(number < 0, 0, told.code[number] + 1)
        return np.repeat(codes, lengths), [None, *told.values]

    def _combined(self, node: Node) -> Truths:
        parts = [self.of(part) for part in node.parts]
        if isinstance(node.condition, Not):
            return YES - parts[0]
        if isinstance(node.condition, All):
            least: Truths = np.minimum.reduce(parts)
            return least
        if isinstance(node.condition, Any):
            greatest: Truths = np.maximum.reduce(parts)
            return greatest
        assert isinstance(node.condition, AtLeast)
        sure = sum((part == YES).astype(np.int64) for part in parts)
        open_ = sum((part == OPEN).astype(np.int64) for part in parts)
        most = node.condition.count
        return np.where(sure >= most, YES, np.where(sure + open_ >= most, OPEN, NO)).astype(np.uint8)

    def _leaf(self, node: Node) -> Truths:
        test = node.condition
        if isinstance(test, FieldTest | KnownTest):
            return self._of_field(node)
        if isinstance(test, ActivityTest):
            number = self.rows.summed([(*self.rows.counting((test.activity, length(test)), None), 1)])
            inside = (number >= test.count) & (number <= test.most if test.most is not None else True)
            return np.where(inside, YES, NO).astype(np.uint8)
        if isinstance(test, ScoreTest):
            return self._compared(test)
        if isinstance(test, GradeTest):
            return self._graded(test)
        if isinstance(test, DealTest):
            # Nobody here has a deal (``told``).
            return np.zeros(self.rows.size, np.uint8)
        assert isinstance(test, DisqualifiedTest)
        return self.disqualified()

    def _of_field(self, node: Node) -> Truths:
        """Ask a test of one field once for each of its values, read through a table where it is looked up in one."""
        test = node.condition
        assert isinstance(test, FieldTest | KnownTest)
        asked = self.source(test.field)
        codes, values = self.value_codes(asked)
        answers = [truth_of(node.holds(moment)) for moment in self._each_value(asked, values)]
        return np.array(answers, np.uint8)[codes]

    def source(self, name: str) -> str:
        """Return the field that tells a field's value: itself, or the one by which it is looked up."""
        while name not in self.rows.told.fields and (table := self.scoring.book.fields[name].table) is not None:
            name = table.by
        return name

    def _each_value(self, name: str, values: Sequence[Known]) -> Iterator[Moment]:
        """Yield one moment again and again, at which a field has one value after the other (None: empty).

        Those that are looked up by it are what the tables say. Nothing is made anew: there may be many values.
        """
        book = self.scoring.book.fields
        stands = Stands(book[name])
        fields: dict[str, Timeline] = {name: stands}
        for other in book:
            path = [other]
            while path[-1] not in self.rows.told.fields and (table := book[path[-1]].table) is not None:
                path.append(table.by)
            for step in reversed(path[:-1] if path[-1] == name else ()):
                found = book[step].table
                assert found is not None
                fields[step] = TableField(book[step], found.rows, fields[found.by])
        history = History((), {})
        history.fields = fields
        moment = Moment(history, SOME_INSTANT)
        for value in values:
            stands.known = value
            yield moment

    def _compared(self, test: ScoreTest) -> Truths:
        points, operand = self.points(test.score), self.scales[test.score].whole(test.operand)
        low = _OPS[test.op](points.lowest, operand)
        high = low if points.lowest is points.highest else _OPS[test.op](points.highest, operand)
        if test.op == "equals" and low is not high:
            inside = (points.lowest <= operand) & (points.highest >= operand)
            same = points.lowest == points.highest
            return np.where(same, np.where(low, YES, NO), np.where(inside, OPEN, NO)).astype(np.uint8)
        # Two bounds that pass make yes, one makes open.
        return low.view(np.uint8) + high.view(np.uint8)

    def classes(self, name: str) -> tuple[Ints, Ints, list[int]]:
        """Return how many edges of grades the lowest and the highest of a score reach, and a score of each number."""
        if name not in self._classes:
            scale, points = self.scales[name], self.points(name)
            edges = sorted({scale.whole(edge) for _, edge in self.scoring.scores[name].score.grades})
            low = _reached(points.lowest, edges)
            high = low if points.highest is points.lowest else _reached(points.highest, edges)
            self._classes[name] = low, high, [edges[0] - 1, *edges] if edges else [0]
        return self._classes[name]

    def _possible(self, name: str) -> tuple[Ints, list[frozenset[str | None]]]:
        low, high, samples = self.classes(name)
        scale, score, size = self.scales[name], self.scoring.scores[name], len(samples)
        found = [
            score.grades_between(scale.decimal(samples[code // size]), scale.decimal(samples[code % size]))
            for code in range(size * size)
        ]
        return low * size + high, found

    def _graded(self, test: GradeTest) -> Truths:
        grid = self.scoring.book.grid
        if test.score is not None and not test.temperature:
            codes, sets = self._possible(test.score)
        elif grid is None:
            codes, sets = np.zeros(self.rows.size, np.int64), [frozenset[str | None]([None])]
        else:
            (rows, row_sets), (columns, column_sets) = self._possible(grid.rows), self._possible(grid.columns)
            codes = rows * len(column_sets) + columns
            sets = [
                frozenset(join(row, column) for row in one for column in other)
                for one in row_sets
                for other in column_sets
            ]
        if test.temperature:
            heat = self.scoring.book.temperatures
            sets = [frozenset(temperature(heat, cell) for cell in found) for found in sets]
        names = frozenset(test.names)
        table = [YES if found <= names else OPEN if found & names else NO for found in sets]
        return np.array(table, np.uint8)[codes]

    def _total(self, score: CompiledScore, scale: Scale) -> Points:
        groups: dict[str | None, list[CompiledCriterion]] = {}
        for line in score.criteria:
            group = line.criterion.group
            groups.setdefault(group if group in score.score.groups else None, []).append(line)
        total: Points | None = None
        for name, lines in groups.items():
            found = self._group(lines, scale)
            if name is not None:
                cap = scale.whole(score.score.groups[name])
                found = found.each(lambda one, cap=cap: np.clip(one, -cap, cap))  # type: ignore[misc]
            total = found if total is None else _added(total, found)
        if total is None:
            zero = np.zeros(self.rows.size, np.int64)
            total = Points(zero, zero, zero)
        low = None if score.score.floor is None else scale.whole(score.score.floor)
        high = None if score.score.cap is None else scale.whole(score.score.cap)
        return total.each(lambda one: np.clip(one, low, high)) if low is not None or high is not None else total

    def _group(self, lines: Sequence[CompiledCriterion], scale: Scale) -> Points:
        plain = [found for line in lines if (found := line.plain()) is not None]
        parts = [
            (*self.rows.counting((name, None if within is None else span(within)), most), scale.whole(points))
            for name, within, most, points in plain
        ]
        value = self.rows.summed(parts)
        total = Points(value, value, value)
        fields: dict[str, list[CompiledCriterion]] = {}
        for line in lines:
            name = line.only_field()
            if name is not None:
                fields.setdefault(self.source(name), []).append(line)
            elif line.node is not None:
                total = _added(total, self._by_answer(line, scale))
        return self._of_fields(total, fields, scale)

    def _of_fields(self, total: Points, fields: dict[str, list[CompiledCriterion]], scale: Scale) -> Points:
        """Add what values give: fields that change at the same rows are added before they are spread."""
        runs: dict[int, tuple[Ints, list[Ints]]] = {}
        for name, lines in fields.items():
            told = self.rows.told.fields.get(name)
            values: list[Known] = [None, *(told.values if told is not None else ())]
            tables = self.tables(name, values, lines, scale)
            if told is None:
                total = _added(total, Points(*(np.broadcast_to(table[0], (self.rows.size,)) for table in tables)))
                continue
            _, lengths, number = self.rows.runs(told)
            codes = np.where(number < 0, 0, told.code[number] + 1)
            given = [table[codes] for table in tables]
            key = id(told.at)
            if key in runs:
                runs[key] = lengths, [one + other for one, other in zip(runs[key][1], given, strict=True)]
            else:
                runs[key] = lengths, given
        for lengths, (value, lowest, highest) in runs.values():
            spread = np.repeat(value, lengths)
            low = spread if np.array_equal(lowest, value) else np.repeat(lowest, lengths)
            high = spread if np.array_equal(highest, value) else np.repeat(highest, lengths)
            total = _added(total, Points(spread, low, high))
        return total

    def tables(
        self, name: str, values: Sequence[Known], lines: Sequence[CompiledCriterion], scale: Scale
    ) -> list[Ints]:
        """Return points, lowest and highest that lines about one field give for each of its values."""
        if len(self.remembered) > MOST_REMEMBERED:
            self.remembered.clear()
        first = (scale.name, scale.places, tuple(line.criterion.name for line in lines))
        between = classes_of(lines, values)
        if between is not None:
            # Whole numbers between the same two edges give the same, so one of each is asked.
            samples, places = between
            tables = self.tables(name, samples, lines, scale)
            return [table[places] for table in tables]
        keys = [(*first, type(value), value) for value in values]
        unknown = [(key, value) for key, value in zip(keys, values, strict=True) if key not in self.remembered]
        moments = self._each_value(name, [value for _, value in unknown])
        for (key, _), moment in zip(unknown, moments, strict=True):
            worth = added([line.worth(moment) for line in lines])
            points = scale.whole(worth.points)
            sure = worth.lowest is worth.points is worth.highest
            bounds = (points, points) if sure else (scale.whole(worth.lowest), scale.whole(worth.highest))
            self.remembered[key] = (points, *bounds)
        found = np.array([self.remembered[key] for key in keys], np.int64)
        return list(found.T)

    def _by_answer(self, line: CompiledCriterion, scale: Scale) -> Points:
        assert line.node is not None
        answer, points = self.of(line.node), scale.whole(line.criterion.points)
        if line.criterion.up_to is not None:
            points = int(np.clip(points, -scale.whole(line.criterion.up_to), scale.whole(line.criterion.up_to)))
        value = np.array([0, 0, points], np.int64)[answer]
        if not (answer == OPEN).any():
            return Points(value, value, value)
        low, high = (np.array([0, bound, points], np.int64)[answer] for bound in (min(0, points), max(0, points)))
        return Points(value, low, high)


def _reached(points: Ints, edges: Sequence[int]) -> Ints:
    found = np.zeros(points.size, np.int64)
    for edge in edges:
        found += points >= edge
    return found


def _added(one: Points, other: Points) -> Points:
    value = one.value + other.value
    sure = one.lowest is one.value and other.lowest is other.value
    lowest = value if sure else one.lowest + other.lowest
    sure = one.highest is one.value and other.highest is other.value
    return Points(value, lowest, value if sure else one.highest + other.highest)


_OPS: dict[str, Callable[[Ints, int], np.ndarray]] = {
    "at_least": np.greater_equal,
    "at_most": np.less_equal,
    "over": np.greater,
    "under": np.less,
    "equals": np.equal,
}
