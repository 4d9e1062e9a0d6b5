"""Scores at an instant: exact decimals, with bounds over what is unknown.

Order of limits: each criterion's ``up_to`` (magnitude), then its group's cap (magnitude of the group's sum), then the
score's floor and cap. Decayed points are rounded half-even once, to the decimal places of the criterion's points.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from leadline.rules.deciding.criteria import CompiledCriterion, Worth, added, clamped
from leadline.rules.deciding.history import History, Occurrences
from leadline.rules.deciding.moment import ZERO, Moment
from leadline.rules.model import Book, Score, Temperatures
from leadline.rules.state import ScoreValue

MOST_REMEMBERED = 50_000
"""Answers kept of each question that is asked of many people in the same words."""
MOST_MULTIPLES = 100
"""Occurrences up to which what they give together is worked out once per book."""


class _OfField:
    """What the criteria give together that read one field and nothing else, remembered by the field's value."""

    __slots__ = ("field", "lines", "remembered")

    def __init__(self, field: str, lines: tuple[CompiledCriterion, ...]) -> None:
        self.field = field
        self.lines = lines
        self.remembered: dict[tuple[type, object], Worth] = {}

    def worth(self, moment: Moment) -> Worth:
        timeline = moment.history.fields.get(self.field)
        value = None if timeline is None else timeline.value(moment.t)
        found = self.remembered.get((value.__class__, value))
        if found is None:
            if len(self.remembered) >= MOST_REMEMBERED:
                self.remembered = {}
            found = added([line.worth(moment) for line in self.lines])
            self.remembered[value.__class__, value] = found
        return found


class _OfActivity:
    """What the lines give together that count one activity and give the same for each occurrence.

    From where they count at an instant is kept: many people are asked about at the same one.
    """

    __slots__ = ("_kept", "_lines", "activity")

    def __init__(self, activity: str, lines: Sequence[tuple[timedelta | None, int | None, Decimal]]) -> None:
        self.activity = activity
        self._lines = [(within, each, _multiples(each, most)) for within, most, each in lines]
        self._kept: tuple[datetime | None, list[tuple[datetime | None, Decimal, Sequence[Decimal]]]] = (None, [])

    def points(self, occurrences: Occurrences, t: datetime) -> Decimal:
        """Return the points for these occurrences at ``t``."""
        at, lines = self._kept
        if at is not t:
            lines = [(None if within is None else t - within, each, given) for within, each, given in self._lines]
            self._kept = (t, lines)
        ats, corrected = occurrences.ats, occurrences.ends is not None
        reached = bisect_right(ats, t)
        points = ZERO
        for after, each, given in lines:
            if corrected:
                number = occurrences.number(after, t)
            else:
                number = reached if after is None else reached - bisect_right(ats, after)
            if number:
                points += (given[number] if number < len(given) else given[-1]) if given else each * number
        return points


def _multiples(each: Decimal, most: int | None) -> Sequence[Decimal]:
    """Return the points of no, one, two and more occurrences up to ``most``; empty where there is no such end."""
    return [each * number for number in range(most + 1)] if most is not None and most <= MOST_MULTIPLES else []


class _Part:
    """The criteria of one group, or those of none: by field, by activity, and all others."""

    __slots__ = ("asked", "cap", "counted", "plain")

    def __init__(self, cap: Decimal | None, lines: Sequence[CompiledCriterion]) -> None:
        self.cap = cap
        named = [(line.only_field(), line) for line in lines]
        fields = tuple(
            _OfField(field, tuple(line for name, line in named if name == field))
            for field in dict.fromkeys(name for name, _ in named if name is not None)
        )
        left = [line for name, line in named if name is None]
        plain = [found for line in left if (found := line.plain()) is not None]
        self.plain = tuple(
            _OfActivity(activity, tuple(found[1:] for found in plain if found[0] == activity))
            for activity in dict.fromkeys(found[0] for found in plain)
        )
        self.counted = tuple(line for line in left if line.criterion.activity is not None and line.plain() is None)
        others = tuple(line for line in left if line.criterion.activity is None)
        self.asked: tuple[_OfField | CompiledCriterion, ...] = (*fields, *others)

    def worth(self, moment: Moment) -> Worth:
        points = ZERO
        for counted in self.counted:
            points += counted.earned(moment)
        activities = moment.history.activities
        for plain in self.plain:
            if plain.activity in activities:
                points += plain.points(activities[plain.activity], moment.t)
        lower = upper = ZERO
        for line in self.asked:
            given, lowest, highest = line.worth(moment)
            points += given
            if lowest is not given or highest is not given:
                lower += lowest - given
                upper += highest - given
        # Where nothing is in doubt all three are one number, which is quick to see.
        found = Worth(points, points + lower if lower else points, points + upper if upper else points)
        return found if self.cap is None else clamped(found, self.cap)


class CompiledScore:
    """One score with its criteria."""

    __slots__ = ("_between", "_parts", "criteria", "score")

    def __init__(self, score: Score, book: Book) -> None:
        self.score = score
        self.criteria = tuple(CompiledCriterion(criterion, book) for criterion in score.criteria)
        groups: dict[str | None, list[CompiledCriterion]] = {}
        for line in self.criteria:
            groups.setdefault(line.criterion.group if line.criterion.group in score.groups else None, []).append(line)
        self._parts = tuple(
            _Part(None if name is None else score.groups[name], lines) for name, lines in groups.items()
        )
        self._between: dict[tuple[Decimal, Decimal], frozenset[str | None]] = {}

    def value(self, moment: Moment) -> ScoreValue:
        """Return the score at this moment: the sum of the groups, each within its cap, then floor and cap."""
        parts = self._parts
        points, lowest, highest = (
            parts[0].worth(moment) if len(parts) == 1 else added([part.worth(moment) for part in parts])
        )
        value = self._limit(points)
        low = value if lowest is points else self._limit(lowest)
        return ScoreValue(value, low, value if highest is points else self._limit(highest))

    def grade(self, value: Decimal) -> str | None:
        """Return the grade of a value; None where it is below every threshold."""
        for name, threshold in self.score.grades:
            if value >= threshold:
                return name
        return None

    def grades_between(self, lowest: Decimal, highest: Decimal) -> frozenset[str | None]:
        """Return every grade that a value between the bounds can have."""
        found = self._between.get((lowest, highest))
        if found is None:
            if len(self._between) >= MOST_REMEMBERED:
                self._between = {}
            reached = {self.grade(lowest), self.grade(highest)}
            found = frozenset(reached | {name for name, edge in self.score.grades if lowest <= edge <= highest})
            self._between[lowest, highest] = found
        return found

    def _limit(self, value: Decimal) -> Decimal:
        floor, cap = self.score.floor, self.score.cap
        if floor is not None and value < floor:
            return floor
        return cap if cap is not None and value > cap else value


class Scoring:
    """All scores of a book, compiled."""

    __slots__ = ("book", "disqualifiers", "scores", "timed")

    def __init__(self, book: Book) -> None:
        self.book = book
        self.scores: Mapping[str, CompiledScore] = {
            name: CompiledScore(score, book) for name, score in book.scores.items()
        }
        self.disqualifiers = tuple(
            criterion
            for score in self.scores.values()
            for criterion in score.criteria
            if criterion.criterion.disqualify is not None and criterion.node is not None
        )
        lines = [criterion for score in self.scores.values() for criterion in score.criteria if criterion.timed]
        # Windows of one length over one activity end at the same instants, whatever they give.
        windows = {line.window or number: line for number, line in enumerate(lines)}
        self.timed = tuple(windows.values())

    def card(self, moment: Moment) -> Card:
        """Return the scores at the moment's instant; the pass and the stage play no part in them."""
        return self.card_at(moment.history, moment.t)

    def card_at(self, history: History, t: datetime) -> Card:
        """Return the scores by this history at ``t``."""
        plain = Moment(history, t)
        card = plain.card = Card(self, plain)
        return card

    def next_change(self, card: Card) -> datetime | None:
        """Return an instant not later than the first after the card's at which a score can differ by time alone."""
        moment = card.moment
        return min([turn for line in self.timed if (turn := line.next_change(moment)) is not None], default=None)


class Card:
    """The scores of one person at one instant, each computed when first asked for."""

    __slots__ = ("_grades", "_values", "moment", "scoring")

    def __init__(self, scoring: Scoring, moment: Moment) -> None:
        self.scoring = scoring
        self.moment = moment
        self._values: dict[str, ScoreValue] = {}
        self._grades: dict[str, str | None] | None = None

    def score(self, name: str) -> ScoreValue:
        """Return one score. A score may test another one; the reader refuses circles."""
        found = self._values.get(name)
        if found is None:
            found = self._values[name] = self.scoring.scores[name].value(self.moment)
        return found

    def scores(self) -> dict[str, ScoreValue]:
        """Return every score in the order of the book."""
        return {name: self.score(name) for name in self.scoring.scores}

    def grades(self) -> dict[str, str | None]:
        """Return the grade of every score that has grades."""
        if self._grades is None:
            self._grades = {
                name: compiled.grade(self.score(name).value)
                for name, compiled in self.scoring.scores.items()
                if compiled.score.grades
            }
        return self._grades

    def cell(self) -> str | None:
        """Return the grid's cell; None without a grid or where one of the grades is missing."""
        grid = self.scoring.book.grid
        if grid is None:
            return None
        grades = self.grades()
        return join(grades.get(grid.rows), grades.get(grid.columns))

    def temperature(self) -> str | None:
        """Return the temperature of the cell."""
        return temperature(self.scoring.book.temperatures, self.cell())

    def possible_grades(self, name: str) -> frozenset[str | None]:
        """Return every grade of a score that its bounds allow."""
        score = self.score(name)
        return self.scoring.scores[name].grades_between(score.lowest, score.highest)

    def possible_cells(self) -> frozenset[str | None]:
        """Return every cell of the grid that the bounds allow; None where a grade is missing."""
        grid = self.scoring.book.grid
        if grid is None:
            return frozenset([None])
        columns = self.possible_grades(grid.columns)
        return frozenset(join(row, column) for row in self.possible_grades(grid.rows) for column in columns)

    def possible_temperatures(self) -> frozenset[str | None]:
        """Return every temperature that the bounds allow."""
        return frozenset(temperature(self.scoring.book.temperatures, cell) for cell in self.possible_cells())

    def disqualified(self) -> tuple[str, ...]:
        """Return the reasons that hold, once each, in the order of the book."""
        if not self.scoring.disqualifiers:
            return ()
        reasons = {
            item.criterion.disqualify: None
            for item in self.scoring.disqualifiers
            if item.node is not None and item.node.holds(self.moment)
        }
        return tuple(reason for reason in reasons if reason is not None)

    def is_disqualified(self) -> bool | None:
        """Tell whether a disqualifier holds; None where one is unknown and none holds."""
        unknown = False
        for item in self.scoring.disqualifiers:
            answer = item.node.holds(self.moment) if item.node is not None else False
            if answer:
                return True
            unknown = unknown or answer is None
        return None if unknown else False


def join(row: str | None, column: str | None) -> str | None:
    """Return the cell of two grades; None where one is missing."""
    return None if row is None or column is None else row + column


def temperature(temperatures: Temperatures | None, cell: str | None) -> str | None:
    """Return the temperature of a cell."""
    if temperatures is None:
        return None
    return next((name for name, cells in temperatures.cells if cell in cells), temperatures.otherwise)
