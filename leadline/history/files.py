"""Histories out of files: people as they are now, what they did, what changed, and their deals.

People: ``person_id``, a column for each field of the book, optionally ``created`` and ``account``. Activities:
``person_id``, ``activity``, ``at``. Changes: ``person_id``, ``field``, ``value``, ``at``. Deals: ``person_id``,
``deal``, ``state`` (open, won, lost, gone), ``at``, optionally ``kind``. CSV, Parquet, or a directory of Parquet.
Where ``precision`` says ``day``, ``at`` is known to the day only; where ``assumed`` says ``true``, nobody knows since
when a value is so. A field that the changes know of never changed for whom they name no change of it; before
somebody's first change it is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from leadline.batch.columns import OddError
from leadline.batch.evaluating import STATE_COLUMNS
from leadline.batch.problems import Problems
from leadline.batch.tables import Table
from leadline.common.errors import UsageError
from leadline.history.columns.crowd import Crowd, crowd_of
from leadline.history.crowding import Gathering
from leadline.history.partition import Dated, Rows, partition_of
from leadline.history.people import Limits, PersonHistory, Together
from leadline.history.shelving import FIRST_INSTANT, PEOPLE, Shelf, put_on_shelf
from leadline.rules.convert import convert
from leadline.rules.model import Book
from leadline.rules.state import Fact

SOURCE: Final = "files"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some people of one partition: those from ``low`` to ``high`` in order of id, or the ``chosen`` ones."""

    part: int
    low: int
    high: int
    chosen: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class FileSource:
    """A ``HistorySource`` over files that were put aside by partition; ``pieces`` say which people."""

    people: Path
    shelf: Shelf
    pieces: tuple[Piece, ...]
    columns: tuple[str, ...]
    has_deals: bool = False
    changes: Path | None = None

    @property
    def count(self) -> int:
        """How many people there are."""
        return sum(piece.high - piece.low if piece.chosen is None else len(piece.chosen) for piece in self.pieces)

    def ids(self) -> Sequence[str]:
        """Return everybody, sorted."""
        return sorted(one for piece in self.pieces for one in self._chosen(piece))

    def part(self, ids: Sequence[str]) -> FileSource:
        """Return these people; rows of the others in their accounts come along when they are read."""
        homes: dict[int, set[str]] = {}
        for person in ids:
            home = self.shelf.home(person)
            if home is not None:
                homes.setdefault(home, set()).add(person)
        counts = self.shelf.people
        pieces = (Piece(part, 0, counts[part], frozenset(found)) for part, found in sorted(homes.items()))
        return replace(self, pieces=tuple(pieces))

    def parts(self, size: int) -> Iterator[FileSource]:
        """Yield the same people in parts of at most ``size``, partition by partition."""
        for piece in self.pieces:
            if piece.chosen is not None:
                found = sorted(piece.chosen)
                cuts = (found[low : low + size] for low in range(0, len(found), size))
                yield from (replace(self, pieces=(replace(piece, chosen=frozenset(cut)),)) for cut in cuts)
                continue
            for low in range(piece.low, piece.high, size):
                yield replace(self, pieces=(replace(piece, low=low, high=min(low + size, piece.high)),))

    def load(self, book: Book) -> Iterator[PersonHistory]:
        """Yield everybody's history; see ``HistorySource``. What this book does not name is left out.

        They come in order of id in each partition.
        """
        for piece in self.pieces:
            yield from self._load(book, piece)

    def _chosen(self, piece: Piece) -> Sequence[str]:
        ids = partition_of(self.shelf, piece.part).ids
        if piece.chosen is None:
            return ids[piece.low : piece.high]
        return sorted(piece.chosen)

    def _load(self, book: Book, piece: Piece) -> Iterator[PersonHistory]:
        columns = tuple(name for name in book.fields if name in self.columns)
        chosen = self._chosen(piece)
        known = partition_of(self.shelf, piece.part).rows(chosen, columns, together=bool(book.accounts))
        problems = Problems(self.people)
        alone = {person: self._history(book, rows, person, columns, problems) for person, rows in known.items()}
        problems.raise_if_any()
        if not book.accounts:
            yield from alone.values()
            return
        members: dict[str, list[str]] = {}
        for person, rows in known.items():
            members.setdefault(f"a{rows.account}" if rows.account else f"p{person}", []).append(person)
        units: dict[str, Together] = {}
        for unit, people in members.items():
            units[unit] = Together({one: alone[one].facts for one in people}, min(alone[one].born for one in people))
        for person in chosen:
            account = known[person].account
            yield replace(alone[person], together=units[f"a{account}" if account else f"p{person}"])

    def crowd(self, book: Book, until: datetime) -> Crowd:
        """Return the same histories as arrays; see ``HistorySource``."""
        if len(self.pieces) != 1 or self.pieces[0].chosen is not None:
            return crowd_of(book, self.load(book), until)
        piece = self.pieces[0]
        columns = tuple(name for name in book.fields if name in self.columns)
        try:
            gathering = Gathering(
                self.shelf, partition_of(self.shelf, piece.part), piece.low, piece.high, book, columns
            )
            found = gathering.plain(until)
        except OddError:
            return crowd_of(book, self.load(book), until)

        def load(ids: Sequence[str]) -> Iterator[PersonHistory]:
            return replace(self, pieces=(replace(piece, chosen=frozenset(ids)),)).load(book)

        return Crowd(found.ids, found.assumed, found.told, found.others, load)

    def limits(self, book: Book) -> Limits:
        """Say what these files cannot know; see ``HistorySource``."""
        said = ["Deleted and merged people are not in a file; who is missing in it is missing in every figure."]
        if self.shelf.strangers:
            said.append(
                f"{self.shelf.strangers} people of the other files are not in the people file; they were left out."
            )
        if any(name in self.columns for name in STATE_COLUMNS):
            said.append("The people file's stage is that of now; everybody begins in the start stage instead.")
        silent = {
            name: "it is a signal, and no change says when it came"
            if item.signal
            else "no column and no change tells it"
            for name, item in book.fields.items()
            if name not in self.shelf.changing and (item.signal or name not in self.columns)
        }
        fieldless = {name: why for name, why in silent.items() if book.fields[name].table is None}
        return Limits(tuple(said), fieldless)

    def _history(
        self, book: Book, rows: Rows, person: str, columns: tuple[str, ...], problems: Problems
    ) -> PersonHistory:
        dated = (*rows.activities, *rows.changes, *rows.deals)
        born = max(rows.created or min((item.at for item in dated), default=self.shelf.earliest), FIRST_INSTANT)
        changed = {item.name for item in rows.changes}
        now = [name for name in columns if name not in changed and not book.fields[name].signal]
        facts = [*self._as_of_now(book, now, rows, born, problems), *self._dated(book, rows, problems)]
        assumed = {name for name in now if name not in self.shelf.changing}
        assumed |= {item.name for item in rows.changes if item.assumed and item.name in book.fields}
        return PersonHistory(person, born, tuple(facts), tuple(name for name in book.fields if name in assumed))

    def _as_of_now(
        self, book: Book, columns: Iterable[str], rows: Rows, born: datetime, problems: Problems
    ) -> Iterator[Fact]:
        for name in columns:
            value, reason = convert(book.fields[name], rows.cells[name])
            if reason:
                problems.add(rows.line, f"{name}: {reason}")
            if value is None and book.fields[name].table is not None:
                continue
            yield Fact("field", name, value, born, SOURCE, "person", born)

    def _dated(self, book: Book, rows: Rows, problems: Problems) -> Iterator[Fact]:
        for item in rows.changes:
            if item.name in book.fields:
                value, reason = convert(book.fields[item.name], item.value)
                if reason:
                    problems.add(item.line, f"{item.name}: {reason}", f"a line of {self.changes}")
                yield _fact("field", item, value, "person")
        for item in rows.activities:
            if item.name in book.activities:
                yield _fact("activity", item, True, f"activity/{item.line}")
        for item in rows.deals:
            state = None if item.value == "gone" else item.value
            yield _fact("deal", replace(item, name="deal"), state, f"deal/{item.record}")
            if item.name in book.deals.kinds:
                yield _fact("deal", item, state, f"deal/{item.record}")


def open_files(
    books: Sequence[Book],
    people: Path,
    activities: Path | None,
    changes: Path | None,
    deals: Path | None,
    size: int = PEOPLE,
) -> FileSource:
    """Read the files into a source for these books, put aside by partitions of about ``size`` people.

    Raises UsageError with every problem of a file at once; an activity or a changed field must be known to any book.
    """
    table = Table(people)
    table.require("person_id")
    shelf = put_on_shelf(
        table,
        _named(activities, {name for book in books for name in book.activities}, "activity"),
        _named(changes, {name for book in books for name in book.fields}, "field", "value"),
        _table(deals, "person_id", "deal", "state", "at"),
        accounts=any(book.accounts for book in books),
        size=size,
    )
    pieces = tuple(Piece(part, 0, count) for part, count in enumerate(shelf.people) if count)
    return FileSource(people, shelf, pieces, table.columns, deals is not None, changes)


def _named(path: Path | None, names: set[str], *columns: str) -> tuple[Table, set[str]] | None:
    table = _table(path, "person_id", *columns, "at")
    return None if table is None else (table, names)


def _table(path: Path | None, *columns: str) -> Table | None:
    if path is None:
        return None
    table = Table(path)
    table.require(*columns)
    return table


def _fact(kind: str, item: Dated, value: object, record: str) -> Fact:
    name = item.name
    return Fact(kind, name, value, item.at, SOURCE, record, item.at, precision=item.precision)  # type: ignore[arg-type]


def require_files(people: Path | None, *others: Path | None) -> None:
    """Raise UsageError when files of happenings were given without the people they happened to."""
    if people is None and any(other is not None for other in others):
        raise UsageError("--activities, --changes and --deals need --people; without files the mirror is read")
