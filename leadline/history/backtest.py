"""Two rule books over the same history: what would have been different, in figures with intervals (design 4.1).

Both books live everybody through by ``at`` alone, from the beginning, so that neither has an advantage. Only counts
are kept of the people, so a million of them fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from leadline.common.errors import UsageError
from leadline.history.columns.crowd import Crowd
from leadline.history.columns.journeys import journeys_by_columns
from leadline.history.journeys import Journey, journey_of
from leadline.history.pairing import Pairing
from leadline.history.people import HistorySource
from leadline.history.replaying import Span, replayer, walker_of
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
    """Yield everybody's journeys under the new and the old book, with the same wins for both, in no order."""
    read = Reading(part, asked)
    news = {found.person: found for found in read.journeys(asked.new)}
    olds = {found.person: found for found in read.journeys(asked.old)} if asked.old is not None else {}
    judge, truths = (asked.old, olds) if asked.old is not None else (asked.new, news)
    for person in dict.fromkeys((*news, *olds)):
        new, old = news.get(person), olds.get(person)
        if not asked.deals:
            wins = stage_wins(judge, truths.get(person))
            new, old = (item and replace(item, wins=wins) for item in (new, old))
        yield new, old if asked.old is not None else new


class Reading:
    """Some people, read once for all books that know the same fields, activities and deals."""

    def __init__(self, part: HistorySource, asked: Question) -> None:
        self._part = part
        self._asked = asked
        self._crowds: list[tuple[Book, Crowd]] = []

    def journeys(self, book: Book) -> Iterator[Journey]:
        """Yield everybody's journey under a book, with the wins that deals tell, in no order."""
        one, span, landmark = replayer(book, identify=False), self._asked.span, self._asked.landmark
        walker = walker_of(one)
        if walker is not None:
            yield from journeys_by_columns(one, walker, self._crowd(book), span, landmark)
            return
        for life in one.lives(self._part.load(book), span.until):
            yield journey_of(life, one.engine, span, landmark)

    def _crowd(self, book: Book) -> Crowd:
        for other, crowd in self._crowds:
            if _same_facts(book, other):
                return crowd
        found = self._part.crowd(book, self._asked.span.until)
        self._crowds.append((book, found))
        return found


def _same_facts(one: Book, other: Book) -> bool:
    return (one.fields, one.activities, one.deals, one.write) == (
        other.fields, other.activities, other.deals, other.write
    )  # fmt: skip


def stage_wins(book: Book, journey: Journey | None) -> tuple[datetime, ...]:
    """Return when somebody entered a book's last main-path stage: what counts as won where nothing tells of deals."""
    last = book.main_path[-1]
    visits = journey.visits if journey is not None else ()
    return tuple(visit.at for visit in visits if visit.stage == last and not visit.implied)
