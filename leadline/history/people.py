"""Where histories come from: one contract for files and for the mirror, so that whoever replays knows neither."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from leadline.rules.model import Book
from leadline.rules.state import Fact


@dataclass(frozen=True, slots=True)
class PersonHistory:
    """Everything known of one person, by ``at`` alone.

    ``born`` is when they became known (UTC); who has no dated fact is there since the source's first one.
    ``assumed`` are fields whose value as of now was taken for earlier instants, because nothing older is known.
    """

    person: str
    born: datetime
    facts: tuple[Fact, ...]
    assumed: tuple[str, ...] = ()

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

    def ids(self) -> Sequence[str]:
        """Return everybody, sorted."""

    def part(self, ids: Sequence[str]) -> HistorySource:
        """Return the same source for these people only."""

    def load(self, book: Book) -> Iterator[PersonHistory]:
        """Yield everybody's history in this book's names, in order of id. Raises UsageError for bad cells."""

    def limits(self, book: Book) -> Limits:
        """Say what this source cannot know for this book."""
