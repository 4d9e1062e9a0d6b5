"""Where histories come from: one contract for files and for the mirror, so that whoever replays knows neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from leadline.rules.deciding.units import Unit, since
from leadline.rules.model import Book
from leadline.rules.state import Fact

if TYPE_CHECKING:
    from leadline.history.columns.crowd import Crowd


@dataclass(slots=True)
class Together:
    """The people of one account and what is known of each: facts of the account come from all of them."""

    people: Mapping[str, tuple[Fact, ...]]
    born: datetime
    _derived: dict[Unit, tuple[Fact, ...]] = field(default_factory=dict)

    def shared(self, unit: Unit, at: datetime) -> tuple[Fact, ...]:
        """Return the facts of the account from ``at`` on; they are derived once for a book."""
        if unit not in self._derived:
            self._derived[unit] = unit.derive(self.people, self.born)
        return since(self._derived[unit], max(at, self.born))


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """Everything known of one person, by ``at`` alone.

    ``born`` is when they became known (UTC); who has no dated fact is there since the source's first one.
    ``assumed`` are fields whose value as of now was taken for earlier instants, because nothing older is known.
    ``together`` are the people of their account, for a book that asks for facts of accounts.
    """

    person: str
    born: datetime
    facts: tuple[Fact, ...]
    assumed: tuple[str, ...] = ()
    together: Together | None = None

    def before(self, until: datetime) -> PersonHistory:
        """Return what had happened before ``until``."""
        return replace(self, facts=tuple(fact for fact in self.facts if fact.at < until))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a source cannot know, in sentences; ``fieldless`` says per book field that nothing tells it, and why."""

    sentences: tuple[str, ...] = ()
    fieldless: Mapping[str, str] = field(default_factory=dict)


class HistorySource(Protocol):
    """A set of people whose histories can be read for any book. It can be pickled, and split by person."""

    @property
    def has_deals(self) -> bool:
        """Whether it tells of deals at all; else a win must be told by a stage."""

    @property
    def count(self) -> int:
        """How many people there are."""

    def ids(self) -> Sequence[str]:
        """Return everybody, sorted."""

    def part(self, ids: Sequence[str]) -> HistorySource:
        """Return the same source for these people only."""

    def parts(self, size: int) -> Iterator[HistorySource]:
        """Yield the same people in parts of at most ``size``, in the order that is read fastest."""

    def load(self, book: Book) -> Iterator[PersonHistory]:
        """Yield everybody's history in this book's names, always in one order. Raises UsageError for bad cells."""

    def crowd(self, book: Book, until: datetime) -> Crowd:
        """Return the same histories as arrays, up to and without ``until``. Raises UsageError for bad cells."""

    def limits(self, book: Book) -> Limits:
        """Say what this source cannot know for this book."""
