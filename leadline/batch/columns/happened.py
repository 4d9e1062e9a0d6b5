"""The activities of a partition, sorted once by activity, person and instant; questions are running counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from leadline.batch.columns.arrays import LONG_AGO, NEVER, Codes, Instants, Ints, Whole, instant, micros
from leadline.rules.deciding.localdays import day_of, day_start

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Happened:
    """One activity: its occurrences by person (a position) and instant. ``starts`` has one more than the people."""

    person: Codes
    at: Ints
    starts: Ints

    @property
    def people(self) -> int:
        """How many people there are, with or without an occurrence."""
        return self.starts.size - 1

    def reached(self, t: Instants | None) -> Ints:
        """Return each person's position behind the last occurrence up to and with ``t``; None: the first one's."""
        if t is None:
            return self.starts[:-1]
        up_to = self.at <= (t[self.person] if isinstance(t, np.ndarray) else t)
        if up_to.all():
            return self.starts[1:]
        return self.starts[:-1] + np.bincount(self.person[up_to], minlength=self.people)

    def last(self, t: Instants) -> Ints:
        """Return the instant of the latest occurrence up to ``t``; ``LONG_AGO`` without one."""
        return self.at_or(self.reached(t) - 1, self.reached(t) > self.starts[:-1], LONG_AGO)

    def following(self, t: Instants) -> Ints:
        """Return the instant of the first occurrence after ``t``; ``NEVER`` without one."""
        return self.at_or(self.reached(t), self.reached(t) < self.starts[1:], NEVER)

    def at_or(self, positions: Ints, where: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], otherwise: int) -> Ints:
        """Return the instants at positions, and something else where there is none."""
        if not self.at.size:
            return np.full(self.people, otherwise, np.int64)
        return np.where(where, self.at[np.clip(positions, 0, self.at.size - 1)], otherwise)

    def days(self, low: Ints, high: Ints, zone: str) -> Ints:
        """Return on how many days in ``zone`` the occurrences [low, high) of each person lie."""
        if not self.at.size:
            return np.zeros(self.people, np.int64)
        day = local_days(self.at, zone)
        turns = np.zeros(self.at.size, np.int64)
        np.cumsum(day[1:] != day[:-1], out=turns[1:])
        first, last = np.clip(low, 0, self.at.size - 1), np.clip(high - 1, 0, self.at.size - 1)
        return np.where(high > low, turns[last] - turns[first] + 1, 0)

    def rows(self, low: Ints, high: Ints) -> Ints:
        """Return the positions that lie in [low, high) of their person."""
        number = np.arange(self.at.size)
        return np.flatnonzero((number >= low[self.person]) & (number < high[self.person]))

    def total(self, rows: Ints, values: Ints) -> Ints:
        """Return the exact sum of values (one for each of ``rows``, in order) for each person."""
        person = self.person[rows]
        sums = np.concatenate(([0], np.cumsum(values)))
        ends = np.cumsum(np.bincount(person, minlength=self.people))
        return np.diff(sums[np.concatenate(([0], ends))])

    def least(self, rows: Ints, values: Ints) -> Ints:
        """Return the smallest of values (one for each of ``rows``) for each person; ``NEVER`` without one."""
        found = np.full(self.people, NEVER, np.int64)
        if rows.size:
            person = self.person[rows]
            begins = np.flatnonzero(np.concatenate(([True], person[1:] != person[:-1])))
            found[person[begins]] = np.minimum.reduceat(values, begins)
        return found

    def take(self, who: Ints, place: Codes) -> Happened:
        """Return what happened to some people; ``place`` is each one's new position, -1 for who is left out."""
        counts = (self.starts[1:] - self.starts[:-1])[who]
        keep = place[self.person] >= 0
        starts = np.concatenate(([0], np.cumsum(counts)))
        return Happened(place[self.person[keep]], self.at[keep], starts)


def sorted_happened(activity: Whole, person: Whole, at: Ints, activities: int, people: int) -> list[Happened]:
    """Return each activity's occurrences. The three arrays are rows in any order."""
    order_free = _packed_sort(activity, person, at, activities, people)
    if order_free is None:
        order = np.lexsort((at, person, activity))
        activity, person, at = activity[order], person[order], at[order]
        ends = np.searchsorted(activity, np.arange(activities + 1))
    else:
        ends, person, at = order_free
    found = []
    for low, high in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
        own = person[low:high]
        starts = np.concatenate(([0], np.cumsum(np.bincount(own, minlength=people))))
        found.append(Happened(own.astype(np.int32, copy=False), at[low:high], starts))
    return found


def _packed_sort(
    activity: Whole, person: Whole, at: Ints, activities: int, people: int
) -> tuple[Ints, Codes, Ints] | None:
    """Sort three columns as one integer; None where they do not fit into one exactly."""
    if not at.size:
        return None
    first = int(at.min())
    since, unit = at - first, 1
    whole = since // _SECOND
    if np.array_equal(whole * _SECOND, since):
        since, unit = whole, _SECOND
    time_bits, people_bits = int(since.max()).bit_length(), max(1, (people - 1).bit_length())
    if time_bits + people_bits + activities.bit_length() > 62:
        return None
    key = activity.astype(np.int64)
    key <<= people_bits
    key |= person
    key <<= time_bits
    key |= since
    key.sort()
    ends = np.searchsorted(key, np.arange(activities + 1, dtype=np.int64) << (people_bits + time_bits))
    sorted_at = (key & ((1 << time_bits) - 1)) * unit + first
    return ends, ((key >> time_bits) & ((1 << people_bits) - 1)).astype(np.int32), sorted_at


def local_days(at: Ints, zone: str) -> Ints:
    """Return the number of the day in ``zone`` (from any first one) that each instant lies in."""
    if zone == "UTC":
        return at // 86_400_000_000
    first, last = (day_of(instant(int(edge)), zone) for edge in (at.min(), at.max()))
    if (last - first).days > at.size:
        days, places = np.unique(at, return_inverse=True)
        return np.array([day_of(instant(int(one)), zone).toordinal() for one in days], np.int64)[places.reshape(-1)]
    begins = [micros(day_start(first + timedelta(days=number), zone)) for number in range(1, _days(first, last) + 1)]
    return np.searchsorted(np.array(begins, np.int64), at, side="right")


def _days(first: date, last: date) -> int:
    return (last - first).days
