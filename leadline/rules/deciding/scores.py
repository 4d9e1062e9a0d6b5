"""Scores at an instant: exact decimals, with bounds over what is unknown.

Order of limits: each criterion's ``up_to`` (magnitude), then its group's cap (magnitude of the group's sum), then the
score's floor and cap. Decayed points are rounded half-even once, to the decimal places of the criterion's points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from leadline.rules.decay import decay_ladder
from leadline.rules.deciding.conditions import Node, compile_condition
from leadline.rules.deciding.moment import ZERO, Moment
from leadline.rules.model import Band, Bands, Book, Criterion, Score, Temperatures
from leadline.rules.state import ScoreValue


@dataclass(frozen=True, slots=True)
class Worth:
    """What a criterion gives at an instant: points, and the lowest and highest they could be."""

    points: Decimal
    lowest: Decimal
    highest: Decimal


NOTHING = Worth(ZERO, ZERO, ZERO)


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

    def worth(self, moment: Moment) -> Worth:
        """Return the points at this moment, after ``up_to``."""
        criterion = self.criterion
        if criterion.activity is not None:
            if criterion.counted:
                band = self.counted_band(moment)
                points = ZERO if band is None else band.points
            elif self.ladder is None and criterion.match != "distinct_days":
                points = criterion.points * len(self._counting(moment))
            else:
                points = sum((match.points for match in self.matches(moment)), ZERO)
            points = clamp(points, criterion.up_to)
            return Worth(points, points, points)
        found = _banded(criterion.bands, moment) if criterion.bands is not None else self._conditional(moment)
        if criterion.up_to is None:
            return found
        limited = (clamp(item, criterion.up_to) for item in (found.points, found.lowest, found.highest))
        return Worth(*limited)

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
            occurrences = moment.history.activity(criterion.activity)
            found = occurrences.between(moment.t - criterion.within, moment.t)
            turns.append(occurrences.ats[found[0]] + criterion.within if found else None)
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


class CompiledScore:
    """One score with its criteria."""

    __slots__ = ("criteria", "score")

    def __init__(self, score: Score, book: Book) -> None:
        self.score = score
        self.criteria = tuple(CompiledCriterion(criterion, book) for criterion in score.criteria)

    def value(self, moment: Moment) -> ScoreValue:
        """Return the score at this moment, after every limit."""
        return self.total([criterion.worth(moment) for criterion in self.criteria])

    def total(self, worths: Sequence[Worth]) -> ScoreValue:
        """Add the worths of the criteria, in their order, and apply group caps, floor and cap."""
        value = lowest = highest = ZERO
        groups: dict[str, Worth] = {}
        for criterion, worth in zip(self.criteria, worths, strict=True):
            group = criterion.criterion.group
            if group is None or group not in self.score.groups:
                value += worth.points
                lowest += worth.lowest
                highest += worth.highest
                continue
            sofar = groups.get(group, NOTHING)
            groups[group] = Worth(
                sofar.points + worth.points, sofar.lowest + worth.lowest, sofar.highest + worth.highest
            )
        for name, worth in groups.items():
            cap = self.score.groups[name]
            value += clamp(worth.points, cap)
            lowest += clamp(worth.lowest, cap)
            highest += clamp(worth.highest, cap)
        return ScoreValue(self._limit(value), self._limit(lowest), self._limit(highest))

    def grade(self, value: Decimal) -> str | None:
        """Return the grade of a value; None where it is below every threshold."""
        return next((name for name, threshold in self.score.grades if value >= threshold), None)

    def grades_between(self, lowest: Decimal, highest: Decimal) -> frozenset[str | None]:
        """Return every grade that a value between the bounds can have."""
        reached = {self.grade(lowest), self.grade(highest)}
        return frozenset(reached | {name for name, edge in self.score.grades if lowest <= edge <= highest})

    def _limit(self, value: Decimal) -> Decimal:
        if self.score.floor is not None and value < self.score.floor:
            return self.score.floor
        return self.score.cap if self.score.cap is not None and value > self.score.cap else value


class Scoring:
    """All scores of a book, compiled."""

    __slots__ = ("book", "disqualifiers", "scores")

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

    def card(self, moment: Moment) -> Card:
        """Return the scores at the moment's instant; the pass and the stage play no part in them."""
        plain = Moment(moment.history, moment.t)
        plain.card = Card(self, plain)
        return plain.card

    def next_change(self, card: Card) -> datetime | None:
        """Return an instant not later than the first after the card's at which a score can differ by time alone."""
        moment = card.moment
        found = [criterion.next_change(moment) for score in self.scores.values() for criterion in score.criteria]
        return min((turn for turn in found if turn is not None), default=None)


class Card:
    """The scores of one person at one instant, each computed when first asked for."""

    __slots__ = ("_values", "moment", "scoring")

    def __init__(self, scoring: Scoring, moment: Moment) -> None:
        self.scoring = scoring
        self.moment = moment
        self._values: dict[str, ScoreValue] = {}

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
        return {
            name: compiled.grade(self.score(name).value)
            for name, compiled in self.scoring.scores.items()
            if compiled.score.grades
        }

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
    for leaf in node.leaves():
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
