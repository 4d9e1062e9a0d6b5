"""Sources: how far the people of each source come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leadline.common.errors import UsageError
from leadline.common.stats import Share, share_of
from leadline.rules.model import Book
from leadline.sync.reports.funnel import FEWEST, UNKNOWN_SOURCE
from leadline.sync.reports.lives import Basis, Life, lives, source_field
from leadline.sync.store import Store


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The people of one source, and of them those who ever reached each stage of the main path, or a later one.

    ``few`` says that they are too few to compare with others.
    """

    source: str
    people: int
    reached: Mapping[str, Share]

    @property
    def few(self) -> bool:
        """Fewer than ``FEWEST`` people."""
        return self.people < FEWEST


@dataclass(frozen=True, slots=True)
class SourcesReport:
    """Every source, that with the most people first; ``everybody`` are all of them. ``field`` is what they are by."""

    basis: Basis
    field: str
    lines: tuple[SourceLine, ...]
    everybody: SourceLine


def sources(store: Store, book: Book, field: str | None = None) -> SourcesReport:
    """Return how far people came by the last evaluation, by the book's ``field``, by default ``source``.

    Raises UsageError for a field that the book does not have, or where it has no field ``source`` and none is named.
    """
    by = source_field(book, field)
    if by is None:
        raise UsageError(f"the book has no field source; name another one with --source: {', '.join(book.fields)}")
    with lives(store, book, by) as (basis, everybody):
        return sources_of(basis, by, everybody)


def sources_of(basis: Basis, field: str, everybody: Iterable[Life]) -> SourcesReport:
    """Return the report over lives, which are gone through once."""
    places = {stage: place for place, stage in enumerate(basis.main_path)}
    people: Counter[str] = Counter()
    furthest: Counter[tuple[str, int]] = Counter()
    for life in everybody:
        source = life.source or UNKNOWN_SOURCE
        people[source] += 1
        reached = [places[stage] for entered in life.passes.values() for stage in entered if stage in places]
        for place in range(max(reached, default=-1) + 1):
            furthest[source, place] += 1
    lines = [
        SourceLine(
            source, count, {stage: share_of(furthest[source, place], count) for stage, place in places.items()}
        )
        for source, count in people.items()
    ]
    everyone = people.total()
    reached_by_all = {stage: sum(line.reached[stage].part for line in lines) for stage in places}
    return SourcesReport(
        basis,
        field,
        tuple(sorted(lines, key=lambda line: (-line.people, line.source))),
        SourceLine("everybody", everyone, {stage: share_of(n, everyone) for stage, n in reached_by_all.items()}),
    )
