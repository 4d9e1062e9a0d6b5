"""Scores at an instant: exact decimals, with bounds over what is unknown.

Order of limits: each criterion's ``up_to`` (magnitude), then its group's cap (magnitude of the group's sum), then the
score's floor and cap. Decayed points are rounded half-even once, to the decimal places of the criterion's points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from leadline.rules.decay import decay_ladder
from leadline.rules.deciding.conditions import Node, compile_condition
from leadline.rules.deciding.fieldtests import NEAR_OPS
from leadline.rules.deciding.moment import ZERO, Moment
from leadline.rules.model import Band, Bands, Book, Criterion, FieldTest, Known, Score, Temperatures
from leadline.rules.state import ScoreValue


class Worth(NamedTuple):
    """What a criterion gives at an instant: points, and the lowest and highest they could be."""

    points: Decimal
    lowest: Decimal
    highest: Decimal


NOTHING = Worth(ZERO, ZERO, ZERO)
MOST_REMEMBERED = 50_000
"""Answers kept of each question that is asked of many people in the same words."""


@dataclass(frozen=True, slots=True)
class Match:
    """One occurrence that gives points: its position in the activity's occurrences, and its points now."""

    position: int
    at: datetime
    points: Decimal


class CompiledCriterion:
    """One criterion, ready to be asked about any moment."""

    __slots__ = ("criterion", "ladder", "node", "zone")

    def __init__(self, criterion: Criterion, book: Book) -> None:
        self.criterion = criterion
        self.zone = book.zone
        self.node = compile_condition(criterion.when, book) if criterion.when is not None else None
        decays = criterion.decay is not None and criterion.decay.by > 0
        self.ladder = decay_ladder(criterion) if decays else None

    @property
    def timed(self) -> bool:
        """Whether time alone can change the points."""
        if self.node is not None:
            return bool(self.node.timed)
        return self.criterion.activity is not None and (self.criterion.within is not None or self.ladder is not None)

    @property
    def window(self) -> tuple[str, timedelta] | None:
        """The activity and the window whose end alone changes the points; None where anything else does, too."""
        criterion = self.criterion
        if criterion.activity is None or criterion.within is None or self.ladder is not None:
            return None
        return criterion.activity, criterion.within

    def plain(self) -> tuple[str, timedelta | None, int | None, Decimal] | None:
        """Return activity, window, how many count at most and the points of each; None for other lines."""
        criterion = self.criterion
        if criterion.activity is None or criterion.counted or self.ladder is not None or criterion.up_to is not None:
            return None
        if criterion.match not in ("each", "first", "latest"):
            return None
        most = criterion.at_most if criterion.match == "each" else 1
        return criterion.activity, criterion.within, most, criterion.points

    def only_field(self) -> str | None:
        """Return the field whose value alone decides what this line gives, at every instant; None for other lines."""
        if self.criterion.bands is not None:
            return self.criterion.bands.field
        if self.node is None or len(self.node.fields) != 1:
            return None
        tests = [leaf.condition for leaf in self.node.leaves()]
        plain = all(
            isinstance(test, Known) or (isinstance(test, FieldTest) and test.op not in NEAR_OPS and not test.currency)
            for test in tests
        )
        return next(iter(self.node.fields)) if plain else None

    def worth(self, moment: Moment) -> Worth:
        """Return the points at this moment, after ``up_to``."""
        criterion = self.criterion
        if criterion.activity is not None:
            points = self.earned(moment)
            return Worth(points, points, points)
        found = _banded(criterion.bands, moment) if criterion.bands is not None else self._conditional(moment)
        return found if criterion.up_to is None else _clamped(found, criterion.up_to)

    def earned(self, moment: Moment) -> Decimal:
        """Return the points of an activity's line at this moment, after ``up_to``: they are never in doubt."""
        criterion = self.criterion
        if criterion.counted:
            band = self.counted_band(moment)
            points = ZERO if band is None else band.points
        elif self.ladder is None and criterion.match != "distinct_days":
            points = criterion.points * self._number(moment)
        else:
            points = sum((match.points for match in self.matches(moment)), ZERO)
        return points if criterion.up_to is None else clamp(points, criterion.up_to)

    def matches(self, moment: Moment) -> tuple[Match, ...]:
        """Return the occurrences that give points at this moment, oldest first; none for an attribute."""
        if self.criterion.activity is None:
            return ()
        occurrences = moment.history.activity(self.criterion.activity)
        ats, positions = occurrences.ats, self._counting(moment)
        if self.criterion.counted:
            return tuple(Match(position, ats[position], ZERO) for position in positions)
        if self.criterion.match == "distinct_days":
            firsts = list(occurrences.days(positions, self.zone).values())
            most = self.criterion.at_most
            counting = frozenset(firsts if most is None else firsts[max(0, len(firsts) - most) :])
            points = self.criterion.points
            return tuple(
                Match(position, ats[position], points if position in counting else ZERO) for position in positions
            )
        return tuple(
            Match(position, ats[position], self._decayed(moment.t - ats[position])) for position in positions
        )

    def count(self, moment: Moment) -> int:
        """Return how many times, or on how many days, the activity counts at this moment."""
        positions = self._counting(moment)
        if self.criterion.match != "distinct_days" or self.criterion.activity is None:
            return len(positions)
        return len(moment.history.activity(self.criterion.activity).days(positions, self.zone))

    def counted_band(self, moment: Moment) -> Band | None:
        """Return the band of points that the number of matches lies in."""
        if not self.criterion.counted:
            return None
        number = self.count(moment)
        return next((band for band in self.criterion.counted if inside(number, band)), None)

    def next_change(self, moment: Moment) -> datetime | None:
        """Return an instant after ``t``, not later than the first at which time alone can change the points."""
        if self.node is not None:
            return next_change(self.node, moment)
        criterion = self.criterion
        if criterion.activity is None or (criterion.within is None and self.ladder is None):
            return None
        turns = [self._next_step(moment.t, match.at) for match in self.matches(moment)] if self.ladder else []
        if criterion.within is not None:
            turns.append(moment.history.activity(criterion.activity).leaves(criterion.within, moment.t))
        return min((turn for turn in turns if turn is not None), default=None)

    def expires(self, t: datetime, at: datetime) -> datetime | None:
        """Return when an occurrence at ``at`` next loses points after ``t``: by a decay step or its window's end."""
        turns = [self._next_step(t, at) if self.ladder else None]
        if self.criterion.within is not None:
            turns.append(at + self.criterion.within)
        return min((turn for turn in turns if turn is not None), default=None)

    def _conditional(self, moment: Moment) -> Worth:
        assert self.node is not None
        answer = self.node.holds(moment)
        points = self.criterion.points
        if answer:
            return Worth(points, points, points)
        return NOTHING if answer is False else Worth(ZERO, min(ZERO, points), max(ZERO, points))

    def _number(self, moment: Moment) -> int:
        """Return how many occurrences count, where none fades."""
        criterion = self.criterion
        assert criterion.activity is not None
        after = None if criterion.within is None else moment.t - criterion.within
        found = moment.history.activity(criterion.activity).number(after, moment.t)
        if criterion.match in ("first", "latest"):
            return min(found, 1)
        return found if criterion.at_most is None or criterion.match != "each" else min(found, criterion.at_most)

    def _counting(self, moment: Moment) -> Sequence[int]:
        criterion = self.criterion
        assert criterion.activity is not None
        after = None if criterion.within is None else moment.t - criterion.within
        if self.ladder is not None and criterion.decay is not None and criterion.match != "first":
            spent = moment.t - criterion.decay.every * len(self.ladder)
            after = spent if after is None else max(after, spent)
        found = moment.history.activity(criterion.activity).between(after, moment.t)
        if criterion.match == "first":
            return found[:1]
        if criterion.match == "latest":
            return found[-1:]
        if criterion.match != "each" or criterion.at_most is None:
            return found
        return found[max(0, len(found) - criterion.at_most) :]

    def _decayed(self, age: timedelta) -> Decimal:
        if self.ladder is None or self.criterion.decay is None:
            return self.criterion.points
        step = age // self.criterion.decay.every
        return self.ladder[step] if step < len(self.ladder) else ZERO

    def _next_step(self, t: datetime, at: datetime) -> datetime | None:
        assert self.ladder is not None and self.criterion.decay is not None
        every = self.criterion.decay.every
        step = (t - at) // every
        for later in range(step + 1, len(self.ladder)):
            if self.ladder[later] != self.ladder[step]:
                return at + every * later
        return None


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
        self.plain = tuple(plain for line in left if (plain := line.plain()) is not None)
        self.counted = tuple(line for line in left if line.criterion.activity is not None and line.plain() is None)
        others = tuple(line for line in left if line.criterion.activity is None)
        self.asked: tuple[_OfField | CompiledCriterion, ...] = (*fields, *others)

    def worth(self, moment: Moment) -> Worth:
        points = sum([line.earned(moment) for line in self.counted], ZERO)
        t, activity = moment.t, moment.history.activity
        for name, within, most, each in self.plain:
            number = activity(name).number(None if within is None else t - within, t)
            if number:
                points += each * (number if most is None or number < most else most)
        lower = upper = ZERO
        for worth in [line.worth(moment) for line in self.asked]:
            points += worth.points
            if worth.lowest is not worth.points or worth.highest is not worth.points:
                lower += worth.lowest - worth.points
                upper += worth.highest - worth.points
        # Where nothing is in doubt all three are one number, which is quick to see.
        found = Worth(points, points + lower if lower else points, points + upper if upper else points)
        return found if self.cap is None else _clamped(found, self.cap)


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
        worth = added([part.worth(moment) for part in self._parts])
        value = self._limit(worth.points)
        lowest = value if worth.lowest is worth.points else self._limit(worth.lowest)
        return ScoreValue(value, lowest, value if worth.highest is worth.points else self._limit(worth.highest))

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
        if self.score.floor is not None and value < self.score.floor:
            return self.score.floor
        return self.score.cap if self.score.cap is not None and value > self.score.cap else value


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
        plain = Moment(moment.history, moment.t)
        plain.card = Card(self, plain)
        return plain.card

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


def next_change(node: Node, moment: Moment) -> datetime | None:
    """Return the earliest own change of a node's leaves, following the stay criterion where it is tested."""
    found: list[datetime] = []
    for leaf in node.timed:
        if leaf.own_change is not None:
            turn = leaf.own_change(moment)
        else:
            turn = next_change(moment.stay, moment) if leaf.stays and moment.stay is not None else None
        if turn is not None:
            found.append(turn)
    return min(found, default=None)


def join(row: str | None, column: str | None) -> str | None:
    """Return the cell of two grades; None where one is missing."""
    return None if row is None or column is None else row + column


def temperature(temperatures: Temperatures | None, cell: str | None) -> str | None:
    """Return the temperature of a cell."""
    if temperatures is None:
        return None
    return next((name for name, cells in temperatures.cells if cell in cells), temperatures.otherwise)


def added(worths: Sequence[Worth]) -> Worth:
    """Add; where nothing is in doubt all three are one number, which is quick to see."""
    if len(worths) == 1:
        return worths[0]
    points = sum([worth.points for worth in worths], ZERO)
    if all(worth.lowest is worth.points is worth.highest for worth in worths):
        return Worth(points, points, points)
    lowest, highest = [worth.lowest for worth in worths], [worth.highest for worth in worths]
    return Worth(points, sum(lowest, ZERO), sum(highest, ZERO))


def _clamped(worth: Worth, magnitude: Decimal) -> Worth:
    points = clamp(worth.points, magnitude)
    if worth.lowest is worth.points is worth.highest:
        return Worth(points, points, points)
    return Worth(points, clamp(worth.lowest, magnitude), clamp(worth.highest, magnitude))


def clamp(points: Decimal, magnitude: Decimal | None) -> Decimal:
    """Keep points within plus and minus a magnitude."""
    if magnitude is None:
        return points
    return max(-magnitude, min(magnitude, points))


def _banded(bands: Bands, moment: Moment) -> Worth:
    value = moment.value(bands.field)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        points = next((band.points for band in bands.bands if inside(value, band)), ZERO)
        return Worth(points, points, points)
    possible = [band.points for band in bands.bands]
    return Worth(ZERO, min([ZERO, *possible]), max([ZERO, *possible]))


def inside(value: Decimal | int, band: Band) -> bool:
    """Tell whether a number lies in a band."""
    if band.lowest is not None and (value < band.lowest or (band.above and value == band.lowest)):
        return False
    return band.highest is None or value < band.highest or (value == band.highest and not band.below)
