"""Two journeys of one person side by side: which moves only one book makes, and who finds the later-won first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from leadline.history.journeys import Journey, Visit
from leadline.history.replaying import Span

SAMPLES: Final = 3
"""People named for each side of a flip."""

Step = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One person and the instant of the move that only one book makes."""

    person: str
    at: datetime


@dataclass(slots=True)
class Flip:
    """One transition: people who make it in the span under both books, only the old one, only the new one."""

    both: int = 0
    only_old: int = 0
    only_new: int = 0
    lost: list[Sample] = field(default_factory=list)
    gained: list[Sample] = field(default_factory=list)


@dataclass(slots=True)
class Finding:
    """Of people won in the span: who was in the focus stage before, under which book, and how much earlier.

    ``days`` are (old minus new) whole seconds where both found them: positive is earlier under the new book.
    """

    won: int = 0
    by_both: int = 0
    only_old: int = 0
    only_new: int = 0
    neither: int = 0
    seconds: list[int] = field(default_factory=list)
    missed: list[Sample] = field(default_factory=list)
    found: list[Sample] = field(default_factory=list)


@dataclass(slots=True)
class Pairing:
    """Flips by transition and what was found; parts of the people add up."""

    flips: dict[Step, Flip] = field(default_factory=dict)
    finding: Finding = field(default_factory=Finding)

    def add(self, other: Pairing) -> None:
        """Add another part; samples stay the first by person, so the order of the parts does not matter."""
        for step, theirs in other.flips.items():
            mine = self.flips.setdefault(step, Flip())
            mine.both += theirs.both
            mine.only_old += theirs.only_old
            mine.only_new += theirs.only_new
            mine.lost = _first(mine.lost + theirs.lost)
            mine.gained = _first(mine.gained + theirs.gained)
        one, two = self.finding, other.finding
        for name in ("won", "by_both", "only_old", "only_new", "neither"):
            setattr(one, name, getattr(one, name) + getattr(two, name))
        one.seconds += two.seconds
        one.missed = _first(one.missed + two.missed)
        one.found = _first(one.found + two.found)

    def take(self, old: Journey | None, new: Journey | None, span: Span, focus: str) -> None:
        """Compare one person's journeys; None where a book leaves them out of its scope."""
        before, after = dict(_moves(old, span)), dict(_moves(new, span))
        for step in {**before, **after}:
            flip = self.flips.setdefault(step, Flip())
            if step in before and step in after:
                flip.both += 1
            elif step in before:
                flip.only_old += 1
                flip.lost = _first([*flip.lost, _sample(old, before[step])])
            else:
                flip.only_new += 1
                flip.gained = _first([*flip.gained, _sample(new, after[step])])
        self._find(old, new, span, focus)

    def _find(self, old: Journey | None, new: Journey | None, span: Span, focus: str) -> None:
        either = old or new
        won = either.won(span.since) if either is not None else None
        if won is None:
            return
        was, now = (_before(journey, focus, won) for journey in (old, new))
        found = self.finding
        found.won += 1
        if was is not None and now is not None:
            found.by_both += 1
            found.seconds.append(int((was.at - now.at).total_seconds()))
        elif was is not None:
            found.only_old += 1
            found.missed = _first([*found.missed, _sample(old, was)])
        elif now is not None:
            found.only_new += 1
            found.found = _first([*found.found, _sample(new, now)])
        else:
            found.neither += 1


def _moves(journey: Journey | None, span: Span) -> Iterator[tuple[Step, Visit]]:
    """Yield each transition once, with the first visit that it led to in the span."""
    met: set[Step] = set()
    for visit in journey.visits if journey is not None else ():
        step = (visit.source or "", visit.stage)
        if visit.source is not None and not visit.implied and visit.at in span and step not in met:
            met.add(step)
            yield step, visit


def _before(journey: Journey | None, focus: str, won: datetime) -> Visit | None:
    """Return the first visit of the focus stage in person before a win."""
    visits = journey.visits if journey is not None else ()
    return next((v for v in visits if v.stage == focus and not v.implied and v.at < won), None)


def _sample(journey: Journey | None, visit: Visit) -> Sample:
    assert journey is not None
    return Sample(journey.person, visit.at)


def _first(samples: list[Sample]) -> list[Sample]:
    return sorted(samples, key=lambda sample: (sample.person, sample.at))[:SAMPLES]
