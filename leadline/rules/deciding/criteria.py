"""One line of a score at an instant: its points with their bounds, what gave them, and when time changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from leadline.rules.decay import decay_ladder
from leadline.rules.deciding.conditions import Node, compile_condition
from leadline.rules.deciding.fieldtests import NEAR_OPS
from leadline.rules.deciding.moment import ZERO, Moment
from leadline.rules.model import Band, Bands, Book, Criterion, FieldTest, Known


class Worth(NamedTuple):
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
        return found if criterion.up_to is None else clamped(found, criterion.up_to)

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


def added(worths: Sequence[Worth]) -> Worth:
    """Add; where nothing is in doubt all three are one number, which is quick to see."""
    if len(worths) == 1:
        return worths[0]
    points = sum([worth.points for worth in worths], ZERO)
    if all(worth.lowest is worth.points is worth.highest for worth in worths):
        return Worth(points, points, points)
    lowest, highest = [worth.lowest for worth in worths], [worth.highest for worth in worths]
    return Worth(points, sum(lowest, ZERO), sum(highest, ZERO))


def clamped(worth: Worth, magnitude: Decimal) -> Worth:
    """Keep all three bounds within plus and minus a magnitude."""
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
