"""Rejections: why people left the main path, and who had them, where they came from and how good they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from leadline.common.stats import Share, share_of
from leadline.rules.model import Book
from leadline.sync.reports.funnel import UNKNOWN_SOURCE
from leadline.sync.reports.lives import Basis, Life, Turn, basis_of, everyone, source_field
from leadline.sync.reports.recycle import told_reason
from leadline.sync.slas.owners import KnownUser, Owning, known_users, owner_at, owners_of
from leadline.sync.slas.report import owner_name
from leadline.sync.store import Store
from leadline.sync.store.batches import PEOPLE_AT_ONCE, chunks
from leadline.sync.store.schema import cycles

BY: Final = ("target", "stage", "team", "owner", "source", "band")
"""The stage they went to, the one they left, its team, the owner of the record, the source, the grade before."""
NO_BAND: Final = "(no grade)"
NOBODY: Final = "(nobody)"

Owners = Callable[[datetime], str]
"""Who owned a person at an instant."""


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """Rejections that share one value of what they are counted ``by``, and the reasons for them.

    ``share`` is of all stays in the stage since a book was first active, those that go on too, for the line of a
    stage; None for the others.
    """

    by: str
    key: str
    count: int
    reasons: Mapping[str, int]
    share: Share | None = None


@dataclass(frozen=True, slots=True)
class RejectionsReport:
    """Every move from the main path to a stage off it, since a book was first active. ``reasons``: most first."""

    basis: Basis
    count: int
    people: int
    reasons: Mapping[str, int]
    lines: tuple[RejectedLine, ...]


def rejections(store: Store, book: Book, source: str | None = None) -> RejectionsReport:
    """Return why people left the main path, as of the last evaluation; a new state gives zeros.

    The owner is who had the person's first record just then; the team is the one that the book names for the stage.
    Raises UsageError for a ``source`` that is no field of the book.
    """
    by = source_field(book, source)
    teams = {stage.name: stage.owner or NOBODY for stage in book.stages.values()}
    with store.read() as connection:
        basis = basis_of(connection, book)
        found = _owned(connection, book, everyone(connection, book, basis, by), set(basis.main_path))
        return rejections_of(basis, teams, found, with_source=by is not None)


def rejections_of(
    basis: Basis, teams: Mapping[str, str], everybody: Iterable[tuple[Life, Owners]], *, with_source: bool = True
) -> RejectionsReport:
    """Return the report over lives, each with who owned the person at an instant; they are gone through once."""
    path = set(basis.main_path)
    counts: dict[tuple[str, str], Counter[str]] = {}
    stays: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    people = 0
    for life, owner in everybody:
        stays.update((*(turn.source for turn in life.turns), life.stage))
        turns = list(rejected(life, path))
        people += bool(turns)
        for turn in turns:
            reason = told_reason(turn)
            reasons[reason] += 1
            said = (turn.target, turn.source, teams.get(turn.source, NOBODY), owner(turn.at),
                    life.source or UNKNOWN_SOURCE, turn.band or NO_BAND)  # fmt: skip
            for by, key in zip(BY, said, strict=True):
                if with_source or by != "source":
                    counts.setdefault((by, key), Counter())[reason] += 1
    lines = [
        RejectedLine(by, key, found.total(), dict(found.most_common()),
                     share_of(found.total(), stays[key]) if by == "stage" else None)
        for (by, key), found in counts.items()
    ]  # fmt: skip
    lines.sort(key=lambda line: (BY.index(line.by), -line.count, line.key))
    return RejectionsReport(basis, reasons.total(), people, dict(reasons.most_common()), tuple(lines))


def rejected(life: Life, path: Collection[str]) -> Iterator[Turn]:
    """Yield the moves of a person from the main path to a stage off it."""
    return (turn for turn in life.turns if turn.source in path and turn.target not in path)


def _owned(
    connection: Connection, book: Book, everybody: Iterable[Life], path: Collection[str]
) -> Iterator[tuple[Life, Owners]]:
    """Yield lives with the owners of those who were rejected, a thousand people at a time."""
    cycle = connection.execute(select(func.max(cycles.c.id))).scalar() or 0
    users = known_users(connection)
    for batch in chunks(everybody, PEOPLE_AT_ONCE):
        hit = [life.person for life in batch if any(rejected(life, path))]
        spans = owners_of(connection, book.primary, hit, cycle) if hit else {}
        for life in batch:
            yield life, _owner_of(spans.get(life.person, ()), users)


def _owner_of(spans: Sequence[Owning], users: Mapping[str, KnownUser]) -> Owners:
    return lambda at: owner_name(owner_at(spans, at), users)
