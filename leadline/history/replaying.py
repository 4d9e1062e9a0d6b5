"""The decision log of history under one book, as it happened: in order, and the same on every machine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from leadline.common.errors import UsageError
from leadline.common.instants import require_plausible
from leadline.history.columns import Walker, by_columns, by_walker
from leadline.history.events import Event, events_of
from leadline.history.living import Life, OnePerson
from leadline.history.people import HistorySource, PersonHistory
from leadline.history.runs import SortedLines
from leadline.history.working import in_parts
from leadline.rules.deciding import decision_to_json
from leadline.rules.model import Book

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Span:
    """A range of instants [since, until), both aware UTC. Raises UsageError where it is empty or absurd."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        require_plausible(self.since, "--from")
        require_plausible(self.until, "--to")
        if self.since >= self.until:
            raise UsageError("--from must lie before --to; the range has its beginning and not its end")

    def __contains__(self, at: datetime) -> bool:
        return self.since <= at < self.until


@dataclass(slots=True)
class Replay:
    """A finished replay: ``rows`` in order of (at, person, what came first), once; ``counts`` of events by kind.

    ``people`` lived in the range or before it. With ``bodies`` the rows are whole decisions (canonical JSON).
    """

    people: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    _lines: SortedLines | None = None

    def rows(self) -> Iterator[Row]:
        """Yield the rows; those of decisions are their whole content."""
        for line in self._lines or ():
            yield json.loads(line.split("\t", 3)[3])

    def texts(self) -> Iterator[str]:
        """Yield each row as one line of JSON."""
        for line in self._lines or ():
            yield line.split("\t", 3)[3]


@contextmanager
def replay_happened(
    source: HistorySource,
    book: Book,
    span: Span,
    *,
    bodies: bool = False,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Replay]:
    """Replay everybody of ``source`` and give what lies in ``span``; what was written to disk is gone afterwards.

    ``progress`` is called with the number of people done.
    """
    with SortedLines() as lines:
        found = Replay(_lines=lines)
        done = 0
        for count, (people, counts, part) in in_parts(source, _Task(book, span, bodies), workers):
            found.people += people
            found.counts.update(counts)
            lines.add(part)
            done += count
            progress(done)
        yield found


@dataclass(frozen=True, slots=True)
class _Task:
    """Replays one part; the rows come with what they are sorted by."""

    book: Book
    span: Span
    bodies: bool

    def __call__(self, part: HistorySource) -> tuple[int, Counter[str], list[str]]:
        people = 0
        counts: Counter[str] = Counter()
        lines: list[str] = []
        for life in lives(self.book, part.load(self.book), self.span.until):
            people += 1
            inside = (
                event for event in events_of(self.book, life.decisions, life.history.born) if event.at in self.span
            )
            told = list(inside)
            counts.update(event.kind for event in told)
            lines += _decision_lines(life, self.span) if self.bodies else _event_lines(told)
        return people, counts, lines


def replayer(book: Book, *, identify: bool = True) -> OnePerson:
    """Return this process's replayer of a book; compiling one takes longer than living a person through."""
    found = _KEPT.get((book.hash, identify))
    if found is None:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        found = _KEPT[book.hash, identify] = OnePerson(book, identify=identify)
    return found


def lives(book: Book, people: Iterable[PersonHistory], until: datetime, *, identify: bool = True) -> Iterator[Life]:
    """Yield each person's life under a book, by columns where they know the book; see ``living.Replayer``."""
    one = replayer(book, identify=identify)
    walker = walker_of(one)
    return one.lives(people, until) if walker is None else by_walker(one, walker, people, until)


def walker_of(one: OnePerson) -> Walker | None:
    """Return this process's columns for a replayer's book; None for a book of which they know too little."""
    if one not in _WALKERS:
        _WALKERS[one] = by_columns(one)
    return _WALKERS[one]


_MOST_KEPT = 128
_KEPT: dict[tuple[str, bool], OnePerson] = {}
_WALKERS: WeakKeyDictionary[OnePerson, Walker | None] = WeakKeyDictionary()


def _event_lines(events: list[Event]) -> Iterator[str]:
    for number, event in enumerate(events):
        yield _keyed(event.at, event.person, number, json.dumps(event.row(), ensure_ascii=False))


def _decision_lines(life: Life, span: Span) -> Iterator[str]:
    for number, made in enumerate(life.decisions):
        at = max(made.at, life.history.born)
        if at in span:
            yield _keyed(at, made.person, number, decision_to_json(made))


def _keyed(at: datetime, person: str, number: int, text: str) -> str:
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{instant}\t{json.dumps(person)}\t{number:06}\t{text}"
