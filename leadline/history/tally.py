"""What many journeys come to under one book, as counts that can be added up from any parts of the people."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from itertools import groupby, pairwise

from leadline.history.journeys import Journey, Visit
from leadline.history.replaying import Span
from leadline.rules.deciding.localdays import day_of
from leadline.rules.model import Book

WON = "won"
"""The step after the last stage: a deal was won, whatever the stages say."""


@dataclass(slots=True)
class Tally:
    """Counts of one book. Entries count in person, not those passed over.

    ``entries`` by (stage, day of the book's zone); ``entered``/``converted`` by step and ``times`` its seconds;
    ``stays`` finished stays in seconds and ``staying`` those that last, by stage; ``load`` by (sla, owner, hour);
    ``late`` the breached of them; ``ended`` by (sla, status); ``criteria`` by (score, criterion, gave points, won).
    """

    people: int = 0
    entries: Counter[tuple[str, date]] = field(default_factory=Counter)
    entered: Counter[tuple[str, str]] = field(default_factory=Counter)
    converted: Counter[tuple[str, str]] = field(default_factory=Counter)
    times: dict[tuple[str, str], array[int]] = field(default_factory=dict)
    stays: dict[str, array[int]] = field(default_factory=dict)
    staying: Counter[str] = field(default_factory=Counter)
    load: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    late: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    writes: int = 0
    criteria: Counter[tuple[str, str, bool | None, bool]] = field(default_factory=Counter)
    assumed: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add what another part of the people came to."""
        for item in fields(self):
            mine, theirs = getattr(self, item.name), getattr(other, item.name)
            if isinstance(mine, Counter):
                mine.update(theirs)
            elif isinstance(mine, dict):
                for key, found in theirs.items():
                    mine.setdefault(key, _numbers()).extend(found)
            else:
                setattr(self, item.name, mine + theirs)

    def take(self, book: Book, journey: Journey, span: Span, focus: str) -> None:
        """Count one person's journey."""
        self.people += 1
        self.writes += journey.writes
        self.actions.update(journey.actions)
        self.assumed.update(journey.assumed)
        self._take_visits(book, journey, span, focus)
        self._take_timers(book, journey, span)
        if journey.landmark is not None:
            before = any(at < journey.landmark for at in journey.wins)
            won = journey.won(journey.landmark) is not None
            for (score, criterion), gave in () if before else journey.points.items():
                self.criteria[score, criterion, gave, won] += 1

    def _take_visits(self, book: Book, journey: Journey, span: Span, focus: str) -> None:
        for visit in journey.visits:
            if visit.implied:
                continue
            if visit.source is not None and visit.at in span:
                self.entries[visit.stage, day_of(visit.at, book.zone)] += 1
            if visit.left is not None and visit.left in span:
                self.stays.setdefault(visit.stage, _numbers()).append(_seconds(visit.at, visit.left))
            elif visit.left is None:
                self.staying[visit.stage] += 1
        for _, visits in groupby(journey.visits, key=lambda visit: visit.pass_number):
            found = list(visits)
            for step in pairwise(book.main_path):
                self._step(found, step, span)
        begun = next((v for v in journey.visits if v.stage == focus and not v.implied and v.at in span), None)
        if begun is not None:
            self._converted((focus, WON), begun.at, journey.won(begun.at))

    def _step(self, visits: Iterable[Visit], step: tuple[str, str], span: Span) -> None:
        """Count one step of one pass; a pass in which either stage was passed over says nothing about it."""
        first: dict[str, Visit] = {}
        for visit in visits:
            if visit.stage in step and (visit.stage not in first or first[visit.stage].implied):
                first[visit.stage] = visit
        start, end = (first.get(stage) for stage in step)
        if start is None or start.implied or start.at not in span or (end is not None and end.implied):
            return
        self._converted(step, start.at, end.at if end is not None and end.at >= start.at else None)

    def _converted(self, step: tuple[str, str], began: datetime, ended: datetime | None) -> None:
        self.entered[step] += 1
        if ended is not None:
            self.converted[step] += 1
            self.times.setdefault(step, _numbers()).append(_seconds(began, ended))

    def _take_timers(self, book: Book, journey: Journey, span: Span) -> None:
        from zoneinfo import ZoneInfo

        for timer in journey.timers:
            if timer.state.started not in span:
                continue
            key = (timer.sla, timer.owner, timer.state.started.astimezone(ZoneInfo(book.zone)).hour)
            self.load[key] += 1
            self.late[key] += timer.state.breached is not None
            self.ended[timer.sla, timer.state.status] += 1


def _numbers() -> array[int]:
    """Of a million people there are many millions of these, which as objects would take five times the memory."""
    return array("q")


def _seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())
