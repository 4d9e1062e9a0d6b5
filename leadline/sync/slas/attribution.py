"""Who or what took the time of a promise: a split of its clock time that adds up to the microsecond."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import pairwise

from leadline.rules.business_time import Calendar, elapsed
from leadline.rules.business_time.model import instant, micros
from leadline.sync.slas.owners import KnownUser, Owning, is_nobody

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Microseconds by what they went to, in the order in which the first that is so counts.

    ``paused``: the promise stood still. ``outside``: the calendar was closed. Of what was open, ``sync`` passed
    before the CRM showed it, ``unassigned`` while it was nobody's, and ``rep`` in an owner's hands.
    """

    paused: int = 0
    outside: int = 0
    sync: int = 0
    unassigned: int = 0
    rep: int = 0

    @property
    def total(self) -> int:
        """All of it: from the start to the end, on the clock."""
        return self.paused + self.outside + self.open

    @property
    def open(self) -> int:
        """What counted: the business time that was used."""
        return self.sync + self.unassigned + self.rep

    def __add__(self, other: Attribution) -> Attribution:
        names = [field.name for field in fields(Attribution)]
        return Attribution(**{name: getattr(self, name) + getattr(other, name) for name in names})


def attribute(
    calendar: Calendar,
    start: datetime,
    end: datetime,
    *,
    shown: datetime | None,
    pauses: Sequence[tuple[datetime, datetime | None]] = (),
    unassigned: Sequence[Interval] = (),
) -> Attribution:
    """Split the time from ``start`` to ``end``; ``shown`` is when the CRM showed the promise (None: not by the end).

    The parts add up to ``end - start`` exactly. Raises ValueError for an instant without a zone.
    """
    first, last = micros(start), max(micros(start), micros(end))
    still = [(micros(low), last if high is None else micros(high)) for low, high in pauses]
    nobodys = [(micros(low), micros(high)) for low, high in unassigned]
    told = last if shown is None else micros(shown)
    edges = {first, last, told, *(at for span in (*still, *nobodys) for at in span)}
    points = sorted(at for at in edges if first <= at <= last)
    paused = outside = sync = alone = rep = 0
    for low, high in pairwise(points):
        if _within(still, low):
            paused += high - low
            continue
        opened = micros_of(calendar, low, high)
        outside += high - low - opened
        if low < told:
            sync += opened
        elif _within(nobodys, low):
            alone += opened
        else:
            rep += opened
    return Attribution(paused, outside, sync, alone, rep)


def micros_of(calendar: Calendar, low: int, high: int) -> int:
    """Return the open microseconds between two instants."""
    passed = elapsed(calendar, instant(low), instant(high))
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def unassigned_between(
    spans: Sequence[Owning], known: Mapping[str, KnownUser], start: datetime, end: datetime
) -> Iterator[Interval]:
    """Yield when nobody at work owned a person: no owner, a queue, or one who had left by then."""
    begun = [(max(span.at, start), span.owner) for span in spans if span.at < end]
    before = [item for item in begun if item[0] == start]
    held = [before[-1]] if before else [(start, spans[0].owner if spans else None)]
    held += [item for item in begun if item[0] > start]
    for place, (low, owner) in enumerate(held):
        high = held[place + 1][0] if place + 1 < len(held) else end
        user = known.get(owner) if owner is not None else None
        if is_nobody(owner, known, low):
            yield low, high
        elif user is not None and user.inactive_since is not None and user.inactive_since < high:
            yield user.inactive_since, high


def _within(spans: Sequence[tuple[int, int]], at: int) -> bool:
    return any(low <= at < high for low, high in spans)
