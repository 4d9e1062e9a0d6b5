"""The candidate book of shadow mode beside the live one: who stands elsewhere, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from leadline.common.errors import RefusedError
from leadline.history.leaking import book_readers
from leadline.history.mirror import never_pulled
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.sync.shadow import SHADOW_BOOK, SHADOW_PROBLEM, SHADOW_SINCE
from leadline.sync.store import Store
from leadline.sync.store.cycles import book_sources, get_meta
from leadline.sync.store.schema import lifecycle, shadow_lifecycle

SAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class BesideSample:
    """One person who stands elsewhere: both reasons, and since when."""

    person: str
    live_why: str
    live_since: str
    shadow_why: str
    shadow_since: str


@dataclass(frozen=True, slots=True)
class BesideLine:
    """People in one stage under the live book and in one (maybe another) under the candidate."""

    live: str
    shadow: str
    people: int
    samples: tuple[BesideSample, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """Both books side by side, as of ``frontier``. ``stages`` are (stage, live, shadow) in the order of the books.

    ``since`` is when this candidate began to follow. ``unread`` are fields of the candidate that were never pulled.
    ``problem`` says why the candidate did not follow the last time.
    """

    book: str
    name: str
    since: datetime
    frontier: datetime | None
    people: int
    same: int
    other_grade: int
    stages: tuple[tuple[str, int, int], ...]
    lines: tuple[BesideLine, ...]
    unread: tuple[str, ...]
    problem: str


def compare_shadow(store: Store) -> Beside:
    """Return where the candidate's people stand beside the live ones. Raises RefusedError where there is none."""
    with store.read() as connection:
        book_hash, problem = get_meta(connection, SHADOW_BOOK), get_meta(connection, SHADOW_PROBLEM) or ""
        sources = book_sources(connection, book_hash) if book_hash else None
        if book_hash is None or sources is None:
            raise RefusedError(
                problem
                or "no candidate book ever followed; run `leadline sync --shadow DIR`, or name it as `shadow:`"
            )
        book = read_book(sources)
        since = datetime.fromisoformat(get_meta(connection, SHADOW_SINCE) or "")
        rows = list(_rows(connection))
        unread = tuple(_unread(connection, book))
    pairs = Counter((row.live["stage"], row.shadow["stage"]) for row in rows)
    return Beside(
        book=book.hash,
        name=book.name,
        since=since,
        frontier=max((row.frontier for row in rows), default=None),
        people=len(rows),
        same=sum(count for (live, shadow), count in pairs.items() if live == shadow),
        other_grade=sum(row.live["cell"] != row.shadow["cell"] for row in rows),
        stages=tuple(_stages(book, rows)),
        lines=tuple(_lines(book, pairs, rows)),
        unread=unread,
        problem=problem,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    person: str
    live: Mapping[str, str]
    shadow: Mapping[str, str]
    frontier: datetime


def _rows(connection: Connection) -> Iterator[_Row]:
    mine = shadow_lifecycle.c
    both = lifecycle.join(shadow_lifecycle, mine.person_id == lifecycle.c.person_id)
    query = select(mine.person_id, lifecycle.c.outcome, mine.outcome, mine.frontier).select_from(both)
    for row in connection.execute(query.order_by(mine.person_id)):
        yield _Row(*row)


def _stages(book: Book, rows: Sequence[_Row]) -> Iterator[tuple[str, int, int]]:
    live = Counter(row.live["stage"] for row in rows)
    shadow = Counter(row.shadow["stage"] for row in rows)
    for stage in dict.fromkeys([*book.stages, *sorted(live)]):
        yield stage, live[stage], shadow[stage]


def _lines(book: Book, pairs: Counter[tuple[str, str]], rows: Sequence[_Row]) -> Iterator[BesideLine]:
    order = {stage: place for place, stage in enumerate(book.stages)}
    last = len(order)
    for live, shadow in sorted(pairs, key=lambda pair: (order.get(pair[0], last), order.get(pair[1], last), pair)):
        samples: list[BesideSample] = []
        if live != shadow:
            samples = [_sample(row) for row in rows if (row.live["stage"], row.shadow["stage"]) == (live, shadow)]
        yield BesideLine(live, shadow, pairs[live, shadow], tuple(samples[:SAMPLES]))


def _sample(row: _Row) -> BesideSample:
    return BesideSample(row.person, row.live["why"], row.live["since"], row.shadow["why"], row.shadow["since"])


def _unread(connection: Connection, book: Book) -> Iterator[str]:
    for field, why in never_pulled(connection, book):
        rules = list(book_readers(book, field))
        if rules:
            yield f"`{field}` is always empty ({why}); it is read by {', '.join(rules[:3])}"
