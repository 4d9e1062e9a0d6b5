"""One person lived through from their beginning, as it happened: by ``at`` alone (design 4.1).

Everybody begins in the book's start stage, just before they became known, with nothing known, so that what follows is
caused by facts. Ranges only choose what is told: a replay of two halves tells what a replay of the whole tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from leadline.history.people import PersonHistory
from leadline.rules.deciding import Engine
from leadline.rules.model import Book
from leadline.rules.state import Decision, PersonState

MOMENT: Final = timedelta(microseconds=1)
"""The precision of every instant: a range [from, to) ends one moment before ``to``."""


@dataclass(frozen=True, slots=True)
class Life:
    """One person under one book: ``decisions`` from the beginning on, the first one takes them up."""

    history: PersonHistory
    decisions: tuple[Decision, ...]
    state: PersonState


class Replayer(Protocol):
    """Lives many people through under one book; the one-person engine here, columns behind the same door."""

    book: Book

    def lives(self, people: Iterable[PersonHistory], until: datetime) -> Iterator[Life]:
        """Yield each person's life up to and without ``until``, in the order given.

        Who became known later than ``until`` is left out, and who is out of the book's scope by all that is known:
        scope has no history here, so that it does not depend on the range.
        """


class OnePerson:
    """The replayer over ``rules.deciding.Engine``: slow, readable, and the oracle for any other."""

    def __init__(self, book: Book, *, identify: bool = True) -> None:
        """Compile the book; without ``identify`` decisions have no ids, for who only counts them.

        Everybody who qualifies enters at once: a stage's ``capacity`` is given out among all people, cycle by cycle,
        and no history tells that of another book.
        """
        self.book = book
        self.engine = Engine(replace(book, capacity={}), identify=identify)

    def lives(self, people: Iterable[PersonHistory], until: datetime) -> Iterator[Life]:
        """Yield each person's life; see ``Replayer``."""
        for history in people:
            found = self.life(history, until)
            if found is not None:
                yield found

    def life(self, history: PersonHistory, until: datetime) -> Life | None:
        """Return one person's life, None for who has none in this range."""
        if history.born >= until:
            return None
        last = max((fact.at for fact in history.facts), default=history.born)
        if self.engine.in_scope(history.facts, last) is False:
            return None
        begun = self.engine.begin(history.person, (), history.born - MOMENT)
        known = history.before(until).facts
        if self.engine.unit is not None and history.together is not None:
            shared = history.together.shared(self.engine.unit, history.born)
            known = (*known, *(fact for fact in shared if fact.at < until))
        lived = self.engine.advance(begun.state, known, until - MOMENT)
        return Life(history, (*begun.decisions, *lived.decisions), lived.state)
