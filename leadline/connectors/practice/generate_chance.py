"""Chance and time for the generator: the same numbers on every platform and Python.

Only ``Random.random`` is used, whose sequence for a seed is fixed; no logarithms, powers, sets or hashes.
Instants are whole milliseconds since the organisation's start until they are cast into datetimes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


class Chance:
    """A seeded stream of chances; each subject has its own, so that one does not shift another."""

    def __init__(self, seed: int, subject: str) -> None:
        self.random = Random(f"{seed}/{subject}").random  # noqa: S311 - rehearsal data, not secrets

    def yes(self, share: float) -> bool:
        """Return True in ``share`` of the cases."""
        return self.random() < share

    def below(self, count: int) -> int:
        """Return a whole number from 0 to count - 1."""
        return int(self.random() * count)

    def between(self, lowest: int, highest: int) -> int:
        """Return a whole number from lowest to highest, both included; lowest when they cross."""
        return lowest + int(self.random() * (highest - lowest + 1)) if highest > lowest else lowest

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items, each as likely."""
        return items[int(self.random() * len(items))]

    def early(self, items: Sequence[Item]) -> Item:
        """Return one of the items, the first ones more often, as big customers have more people."""
        drawn = self.random()
        return items[int(drawn * drawn * len(items))]


class Weighted(Generic[Item]):
    """Items with whole-number weights, to be drawn from with a ``Chance``."""

    def __init__(self, *items: tuple[Item, int]) -> None:
        self._items = [item for item, _ in items]
        self._bounds: list[int] = []
        for _, weight in items:
            self._bounds.append(weight + (self._bounds[-1] if self._bounds else 0))

    def draw(self, chance: Chance) -> Item:
        """Return a drawn item."""
        return self._items[bisect_right(self._bounds, int(chance.random() * self._bounds[-1]))]


class Span:
    """The organisation's twelve months, between ``start`` and ``end`` (aware UTC)."""

    def __init__(self, end: datetime) -> None:
        self.end = end.astimezone(UTC)
        self.start = self.end - timedelta(days=365)
        self.length = 365 * DAY
        self._midnight = (self.start.hour * 60 + self.start.minute) * MINUTE + self.start.second * SECOND

    def at(self, moment: int) -> datetime:
        """Cast milliseconds since the start into an instant."""
        return self.start + timedelta(milliseconds=moment)

    def moment(self, at: datetime) -> int:
        """Cast an instant into whole milliseconds since the start."""
        return (at - self.start) // timedelta(milliseconds=1)

    def busy(self, chance: Chance, first: int, last: int) -> int:
        """Return a moment in [first, last], mostly in working hours (07:00 to 18:00 UTC)."""
        first, last = max(first, 0), min(last, self.length)
        drawn = chance.between(first, last)
        if chance.random() < 0.8:
            day = (drawn + self._midnight) // DAY * DAY - self._midnight
            moved = day + 7 * HOUR + int(chance.random() * 11 * HOUR)
            if first <= moved <= last:
                return moved
        return drawn

    def clock_changes(self) -> list[int]:
        """Return the moments at which Europe and America change their clocks within the span, in order.

        European Union: last Sunday of March and October, 01:00 UTC. United States (Eastern): second Sunday of
        March 07:00 UTC, first Sunday of November 06:00 UTC.
        """
        changes = []
        for year in range(self.start.year, self.end.year + 1):
            changes += [_sunday(year, 3, 25, 1), _sunday(year, 10, 25, 1)]
            changes += [_sunday(year, 3, 8, 7), _sunday(year, 11, 1, 6)]
        return sorted(self.moment(change) for change in changes if self.start <= change <= self.end)


def _sunday(year: int, month: int, day: int, hour: int) -> datetime:
    """Return the first Sunday on or after a day."""
    first = datetime(year, month, day, hour, tzinfo=UTC)
    return first + timedelta(days=(6 - first.weekday()) % 7)
