"""Two rule books over the same history: what would have been different, in figures with intervals (design 4.1).

Both books live everybody through by ``at`` alone, from the beginning, so that neither has an advantage. Only counts
are kept of the people, so a million of them fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from leadline.common.errors import UsageError
from leadline.history.journeys import Journey, journey_of
from leadline.history.pairing import Pairing
from leadline.history.people import HistorySource, PersonHistory
from leadline.history.replaying import Span, lives, replayer
from leadline.history.tally import Tally
from leadline.history.working import in_parts
from leadline.rules.model import Book
from leadline.rules.nearest import nearest

LANDMARK: Final = timedelta(days=7)
FOCUS: Final = "mql"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: ``new`` against ``old`` (None: alone) in ``span``, with ``focus`` as the stage handed to sales.

    ``deals`` says that wins are won deals; else a win is the old book's entry of its last main-path stage.
    ``landmark`` is how long after people became known their criteria are looked at.
    """

    new: Book
    old: Book | None
    span: Span
    focus: str
    deals: bool
    landmark: timedelta = LANDMARK


@dataclass(slots=True)
class Compared:
    """What the people came to: a tally of each book and both side by side; ``dates`` are of the facts read."""

    new: Tally = field(default_factory=Tally)
    old: Tally = field(default_factory=Tally)
    pairing: Pairing = field(default_factory=Pairing)
    first: Counter[str] = field(default_factory=Counter)
    people: int = 0

    def add(self, other: Compared) -> None:
        """Add what another part of the people came to."""
        self.new.add(other.new)
        self.old.add(other.old)
        self.pairing.add(other.pairing)
        self.first.update(other.first)
        self.people += other.people


def focus_of(book: Book, other: Book | None, named: str | None) -> str:
    """Return the stage that is handed to sales: the one named, else ``mql``, else the second of the main path.

    Raises UsageError for a stage that is on neither book's main path.
    """
    paths = dict.fromkeys([*book.main_path, *(other.main_path if other is not None else ())])
    if named is not None:
        if named not in paths:
            hint = nearest(named, paths)
            raise UsageError(f"--stage: no main path has the stage {named[:60]!r}" + (f" ({hint})" if hint else ""))
        return named
    return FOCUS if FOCUS in paths else book.main_path[min(1, len(book.main_path) - 1)]


def compare(
    source: HistorySource, question: Question, workers: int = 1, progress: Callable[[int], None] = lambda _: None
) -> Compared:
    """Live everybody of ``source`` through under both books; ``progress`` is called with the people done."""
    found = Compared()
    for count, part in in_parts(source, PartTask(question), workers):
        found.add(part)
        found.people += count
        progress(found.people)
    return found


@dataclass(frozen=True, slots=True)
class PartTask:
    """What a process does with a part of the people."""

    question: Question

    def __call__(self, part: HistorySource) -> Compared:
        """Return what these people come to."""
        asked, found = self.question, Compared()
        for new, old in journeys(part, asked):
            if new is not None:
                found.new.take(asked.new, new, asked.span, asked.focus)
            if old is not None and asked.old is not None:
                found.old.take(asked.old, old, asked.span, asked.focus)
            found.pairing.take(old, new, asked.span, asked.focus)
        return found


def journeys(part: HistorySource, asked: Question) -> Iterator[tuple[Journey | None, Journey | None]]:
    """Yield everybody's journeys under the new and the old book, with the same wins for both."""
    olds: Mapping[str, Journey] = {}
    if asked.old is not None:
        olds = {found.person: found for found in _journeys(asked.old, part.load(asked.old), asked)}
    known = list(part.load(asked.new))
    news = {found.person: found for found in _journeys(asked.new, known, asked)}
    for history in known:
        new, old = news.get(history.person), olds.get(history.person)
        truth = old if asked.old is not None else new
        judge = asked.old or asked.new
        if not asked.deals:
            wins = _stage_wins(judge, truth)
            new, old = (item and replace(item, wins=wins) for item in (new, old))
        yield new, old if asked.old is not None else new


def journey_in(book: Book, known: Iterable[PersonHistory], asked: Question) -> Iterator[Journey]:
    """Yield everybody's journey under one book alone, with its own wins."""
    for found in _journeys(book, known, asked):
        yield found if asked.deals else replace(found, wins=_stage_wins(book, found))


def _journeys(book: Book, known: Iterable[PersonHistory], asked: Question) -> Iterator[Journey]:
    engine = replayer(book, identify=False).engine
    for life in lives(book, known, asked.span.until, identify=False):
        yield journey_of(life, engine, asked.span, asked.landmark)


def _stage_wins(book: Book, journey: Journey | None) -> tuple[datetime, ...]:
    last = book.main_path[-1]
    visits = journey.visits if journey is not None else ()
    return tuple(visit.at for visit in visits if visit.stage == last and not visit.implied)
