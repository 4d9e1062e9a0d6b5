"""A sweep: the same book with other numbers in it, and how volume and conversion go with them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Final, Literal

from leadline.common.canonical import decimal_text
from leadline.common.errors import BookError, UsageError
from leadline.common.stats import Share, share_of
from leadline.history.backtest import Question, Reading, stage_wins
from leadline.history.people import HistorySource
from leadline.history.places import Place, find_number
from leadline.history.tally import WON, Tally
from leadline.history.working import in_parts
from leadline.rules.deciding.localdays import day_of
from leadline.rules.model import Book
from leadline.rules.reading import read_book

MOST_POINTS: Final = 100
"""Books of one sweep: each of them lives everybody through."""
Per = Literal["day", "workday", "week"]

_RANGE: Final = re.compile(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)")
_CAPACITY: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:an?|per|/)\s*(day|workday|week)")


@dataclass(frozen=True, slots=True)
class Sweep:
    """One number of the book and the values that it takes."""

    place: Place
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many new people sales can take."""

    count: Decimal
    per: Per

    def __str__(self) -> str:
        return f"{decimal_text(self.count)} a {self.per}"


@dataclass(frozen=True, slots=True)
class Point:
    """One book of the sweep: entries of the focus stage, on average ``a_day`` (or per unit of capacity), and wins.

    ``over`` is the share of days with more than the capacity; None without one. ``frontier``: no other point has
    both more people and a higher conversion. ``present`` are the numbers that the book has now.
    """

    values: tuple[str, ...]
    entries: int
    mean: Decimal
    busiest: int
    conversion: Share
    fits: bool | None
    over: Decimal | None
    frontier: bool
    present: bool


@dataclass(frozen=True, slots=True)
class Swept:
    """A whole sweep. ``chosen`` is the point with the most people that sales can take; None where none fits."""

    paths: tuple[str, ...]
    focus: str
    per: Per
    capacity: Capacity | None
    points: tuple[Point, ...]
    chosen: int | None


def read_sweeps(texts: Sequence[str], sources: Mapping[str, bytes]) -> tuple[Sweep, ...]:
    """Read ``PATH=FROM..TO/STEP`` or ``PATH=A,B,C``. Raises UsageError for a bad text, path or too many points."""
    found = tuple(_sweep(text, sources) for text in texts)
    points = 1
    for sweep in found:
        points *= len(sweep.values)
    if points > MOST_POINTS:
        raise UsageError(f"--sweep: {points:,} books; at most {MOST_POINTS} are tried at once, so take larger steps")
    return found


def read_capacity(text: str) -> Capacity:
    """Read ``15 a day``, ``15 a workday`` or ``75 a week``. Raises UsageError."""
    found = _CAPACITY.fullmatch(text.strip())
    if found is None or not Decimal(found[1]):
        raise UsageError(f'--capacity: write it like "15 a day", "15 a workday" or "75 a week", not {text[:40]!r}')
    return Capacity(Decimal(found[1]), found[2])  # type: ignore[arg-type]


def run_sweep(
    source: HistorySource,
    asked: Question,
    sources: Mapping[str, bytes],
    sweeps: Sequence[Sweep],
    capacity: Capacity | None = None,
    *,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Swept:
    """Live everybody through under each book of the grid. Raises UsageError where a number makes no readable book."""
    grid = list(product(*(sweep.values for sweep in sweeps)))
    books = tuple(_book(sources, sweeps, values) for values in grid)
    totals = [_Count() for _ in grid]
    done = 0
    for people, counts in in_parts(source, _Task(asked, books), workers):
        for total, count in zip(totals, counts, strict=True):
            total.add(count)
        done += people
        progress(done)
    per: Per = capacity.per if capacity is not None else "day"
    points = [_point(asked, sweeps, values, total, per, capacity) for values, total in zip(grid, totals, strict=True)]
    points = [_on_frontier(point, points) for point in points]
    fitting = [number for number, point in enumerate(points) if point.fits]
    chosen = max(fitting, key=lambda n: (points[n].entries, points[n].conversion.share or 0), default=None)
    return Swept(tuple(sweep.place.path for sweep in sweeps), asked.focus, per, capacity, tuple(points), chosen)


@dataclass(slots=True)
class _Count:
    """One book's entries of the focus stage by day, and how many of them were won."""

    days: Counter[date] = field(default_factory=Counter)
    entered: int = 0
    won: int = 0

    def add(self, other: _Count) -> None:
        self.days.update(other.days)
        self.entered += other.entered
        self.won += other.won


@dataclass(frozen=True, slots=True)
class _Task:
    asked: Question
    books: tuple[Book, ...]

    def __call__(self, part: HistorySource) -> list[_Count]:
        read = Reading(part, self.asked)
        return [self._count(book, read) for book in self.books]

    def _count(self, book: Book, read: Reading) -> _Count:
        tally = Tally()
        for found in read.journeys(book):
            journey = found if self.asked.deals else replace(found, wins=stage_wins(book, found))
            tally.take(book, journey, self.asked.span, self.asked.focus)
        step = (self.asked.focus, WON)
        days = Counter({day: count for (stage, day), count in tally.entries.items() if stage == self.asked.focus})
        return _Count(days, tally.entered[step], tally.converted[step])


def _sweep(text: str, sources: Mapping[str, bytes]) -> Sweep:
    path, equals, values = text.partition("=")
    if not equals:
        raise UsageError(
            f"--sweep: write PATH=FROM..TO/STEP, such as scores.interest.grades.1=30..70/5: {text[:60]!r}"
        )
    return Sweep(find_number(sources, path.strip()), _values(path, values.strip()))


def _values(path: str, text: str) -> tuple[str, ...]:
    found = _RANGE.fullmatch(text)
    if found is None:
        listed = [item.strip() for item in text.split(",")]
        if not all(re.fullmatch(r"-?\d+(?:\.\d+)?", item) for item in listed):
            raise UsageError(f"--sweep {path}: write the values as 30..70/5 or 30,40,50, not {text[:40]!r}")
        return tuple(dict.fromkeys(listed))
    first, last, step = (Decimal(item) for item in found.groups())
    if step <= 0 or last < first:
        raise UsageError(
            f"--sweep {path}: {text} goes nowhere; write FROM..TO/STEP with FROM below TO and a step above 0"
        )
    count = int((last - first) / step) + 1
    if count > MOST_POINTS:
        raise UsageError(f"--sweep {path}: {count:,} values; at most {MOST_POINTS} are tried, so take larger steps")
    return tuple(decimal_text(first + step * number) for number in range(count))


def _book(sources: Mapping[str, bytes], sweeps: Sequence[Sweep], values: Sequence[str]) -> Book:
    changed = dict(sources)
    # From the last place to the first, so that a longer number moves no other one of its line.
    pairs = sorted(zip(sweeps, values, strict=True), key=lambda pair: (pair[0].place.line, pair[0].place.column))
    for sweep, value in reversed(pairs):
        changed = sweep.place.put(changed, value)
    try:
        return read_book(changed)
    except BookError as error:
        told = ", ".join(f"{sweep.place.path}={value}" for sweep, value in zip(sweeps, values, strict=True))
        raise UsageError(f"--sweep: with {told} the rule book cannot be used:\n{error}") from error


def _point(
    asked: Question,
    sweeps: Sequence[Sweep],
    values: tuple[str, ...],
    total: _Count,
    per: Per,
    capacity: Capacity | None,
) -> Point:
    days = _days(asked, per)
    mean = (Decimal(total.days.total()) / days).quantize(Decimal("0.01"))
    over = None
    if capacity is not None and capacity.per != "week":
        above = sum(count > capacity.count for count in total.days.values())
        over = (Decimal(above) / days).quantize(Decimal("0.0001"))
    return Point(
        values,
        total.days.total(),
        mean,
        max(total.days.values(), default=0),
        share_of(total.won, total.entered),
        None if capacity is None else mean <= capacity.count,
        over,
        frontier=False,
        present=all(Decimal(value) == Decimal(s.place.number) for s, value in zip(sweeps, values, strict=True)),
    )


def _days(asked: Question, per: Per) -> Decimal:
    first, last = _ends(asked.span.since, asked.span.until, asked.new.zone)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    if per == "workday":
        return Decimal(max(sum(day.weekday() < 5 for day in days), 1))
    return Decimal(len(days)) / 7 if per == "week" else Decimal(len(days))


def _ends(since: datetime, until: datetime, zone: str) -> tuple[date, date]:
    return day_of(since, zone), day_of(until - timedelta(microseconds=1), zone)


def _on_frontier(point: Point, points: Sequence[Point]) -> Point:
    def better(other: Point) -> bool:
        mine, theirs = point.conversion.share or 0, other.conversion.share or 0
        return other.entries >= point.entries and theirs >= mine and (other.entries, theirs) != (point.entries, mine)

    return replace(point, frontier=not any(better(other) for other in points))
