"""Histories out of files: people as they are now, what they did, what changed, and their deals.

People: ``person_id``, a column for each field of the book, optionally ``created`` and ``account``. Activities:
``person_id``, ``activity``, ``at``. Changes: ``person_id``, ``field``, ``value``, ``at``. Deals: ``person_id``,
``deal``, ``state`` (open, won, lost, gone), ``at``, optionally ``kind``. CSV, Parquet, or a directory of Parquet.
Where ``precision`` says ``day``, ``at`` is known to the day only; where ``assumed`` says ``true``, nobody knows since
when a value is so. A field that the changes know of never changed for whom they name no change of it; before
somebody's first change it is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from leadline.batch.accounts import COLUMN
from leadline.batch.evaluating import STATE_COLUMNS
from leadline.batch.problems import Problems
from leadline.batch.tables import Row, Table
from leadline.common.errors import UsageError
from leadline.common.instants import read_instant
from leadline.common.values import Precision, Raw
from leadline.history.people import Limits, PersonHistory, Together
from leadline.rules.convert import convert
from leadline.rules.model import Book
from leadline.rules.nearest import nearest
from leadline.rules.state import Fact

SOURCE: Final = "files"
DEAL_STATES: Final = ("open", "won", "lost", "gone")
_NO_DATE: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Dated:
    """One dated row: an activity (``name``), a change (``name`` is the field) or a deal (``value`` its state)."""

    line: int
    name: str
    at: datetime
    precision: Precision
    value: Raw = None
    record: str = ""
    assumed: bool = False


@dataclass(slots=True)
class _Rows:
    """What the files hold of one person."""

    line: int = 0
    cells: Mapping[str, Raw] = field(default_factory=dict)
    created: datetime | None = None
    account: str = ""
    activities: list[Dated] = field(default_factory=list)
    changes: list[Dated] = field(default_factory=list)
    deals: list[Dated] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FileSource:
    """A ``HistorySource`` over files; ``changing`` are fields of which the changes file knows any change."""

    people: Path
    rows: Mapping[str, _Rows]
    chosen: tuple[str, ...]
    columns: tuple[str, ...]
    changing: frozenset[str]
    earliest: datetime
    strangers: int = 0
    has_deals: bool = False
    changes: Path | None = None

    def ids(self) -> Sequence[str]:
        """Return everybody, sorted."""
        return self.chosen

    def part(self, ids: Sequence[str]) -> FileSource:
        """Return these people; rows of the others in their accounts come along."""
        accounts = {account for person in ids if (account := self.rows[person].account)}
        members = [person for person, row in self.rows.items() if row.account in accounts] if accounts else []
        rows = {person: self.rows[person] for person in (*ids, *members)}
        return replace(self, rows=rows, chosen=tuple(sorted(ids)))

    def load(self, book: Book) -> Iterator[PersonHistory]:
        """Yield everybody's history; see ``HistorySource``. What this book does not name is left out."""
        columns = tuple(name for name in book.fields if name in self.columns)
        problems = Problems(self.people)
        alone = {person: self._history(book, person, columns, problems) for person in self.rows}
        problems.raise_if_any()
        units: dict[str, Together] = {}
        for person in self.chosen:
            history, account = alone[person], self.rows[person].account
            if not book.accounts:
                yield history
                continue
            if not account or account not in units:
                members = [one for one, row in self.rows.items() if row.account == account] if account else [person]
                born = min(alone[one].born for one in members)
                units[account] = Together({one: alone[one].facts for one in members}, born)
            yield replace(history, together=units[account])

    def limits(self, book: Book) -> Limits:
        """Say what these files cannot know; see ``HistorySource``."""
        said = ["Deleted and merged people are not in a file; who is missing in it is missing in every figure."]
        if self.strangers:
            said.append(f"{self.strangers} people of the other files are not in the people file; they were left out.")
        if any(name in self.columns for name in STATE_COLUMNS):
            said.append("The people file's stage is that of now; everybody begins in the start stage instead.")
        silent = {
            name: "it is a signal, and no change says when it came"
            if item.signal
            else "no column and no change tells it"
            for name, item in book.fields.items()
            if name not in self.changing and (item.signal or name not in self.columns)
        }
        fieldless = {name: why for name, why in silent.items() if book.fields[name].table is None}
        return Limits(tuple(said), fieldless)

    def _history(self, book: Book, person: str, columns: tuple[str, ...], problems: Problems) -> PersonHistory:
        rows = self.rows[person]
        dated = (*rows.activities, *rows.changes, *rows.deals)
        born = rows.created or min((item.at for item in dated), default=self.earliest)
        changed = {item.name for item in rows.changes}
        now = [name for name in columns if name not in changed and not book.fields[name].signal]
        facts = [*self._as_of_now(book, now, rows, born, problems), *self._dated(book, rows, problems)]
        assumed = {name for name in now if name not in self.changing}
        assumed |= {item.name for item in rows.changes if item.assumed and item.name in book.fields}
        return PersonHistory(person, born, tuple(facts), tuple(name for name in book.fields if name in assumed))

    def _as_of_now(
        self, book: Book, columns: Iterable[str], rows: _Rows, born: datetime, problems: Problems
    ) -> Iterator[Fact]:
        for name in columns:
            value, reason = convert(book.fields[name], rows.cells[name])
            if reason:
                problems.add(rows.line, f"{name}: {reason}")
            if value is None and book.fields[name].table is not None:
                continue
            yield Fact("field", name, value, born, SOURCE, "person", born)

    def _dated(self, book: Book, rows: _Rows, problems: Problems) -> Iterator[Fact]:
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
    books: Sequence[Book], people: Path, activities: Path | None, changes: Path | None, deals: Path | None
) -> FileSource:
    """Read the files into a source for these books.

    Raises UsageError with every problem of a file at once; an activity or a changed field must be known to any book.
    """
    table = Table(people)
    table.require("person_id")
    rows = _people(table)
    strangers: set[str] = set()
    if activities is not None:
        names = {name for book in books for name in book.activities}
        for person, item in _read(activities, "activity", names, "activity"):
            _mine(rows, strangers, person, "activities", item)
    changing: set[str] = set()
    if changes is not None:
        names = {name for book in books for name in book.fields}
        for person, item in _read(changes, "field", names, "field", "value"):
            changing.add(item.name)
            _mine(rows, strangers, person, "changes", item)
    if deals is not None:
        for person, item in _read_deals(deals):
            _mine(rows, strangers, person, "deals", item)
    dated = (item.at for row in rows.values() for item in (*row.activities, *row.changes, *row.deals))
    created = [row.created for row in rows.values() if row.created is not None]
    earliest = min((*dated, *created), default=_NO_DATE)
    return FileSource(
        people,
        rows,
        tuple(sorted(rows)),
        table.columns,
        frozenset(changing),
        earliest,
        len(strangers),
        deals is not None,
        changes,
    )


def _fact(kind: str, item: Dated, value: object, record: str) -> Fact:
    name = item.name
    return Fact(kind, name, value, item.at, SOURCE, record, item.at, precision=item.precision)  # type: ignore[arg-type]


def _mine(rows: Mapping[str, _Rows], strangers: set[str], person: str, where: str, item: Dated) -> None:
    if person in rows:
        getattr(rows[person], where).append(item)
    else:
        strangers.add(person)


def _people(table: Table) -> dict[str, _Rows]:
    problems = Problems(table.path)
    found: dict[str, _Rows] = {}
    for row in table:
        person = _text(row, "person_id")
        if not person:
            problems.add(row.line, "person_id is empty", "every person needs one")
        elif person in found:
            problems.add(row.line, f"person_id stands already in line {found[person].line}", "one row a person")
        created = _instant(row, "created", problems)[0] if _text(row, "created") else None
        found.setdefault(person, _Rows(row.line, row.cells, created, _text(row, COLUMN)))
    problems.raise_if_any()
    return found


def _read(
    path: Path, column: str, names: set[str], what: str, value: str | None = None
) -> Iterator[tuple[str, Dated]]:
    table = Table(path)
    table.require("person_id", column, *([value] if value else []), "at")
    problems = Problems(path)
    for row in table:
        person, name = _text(row, "person_id"), _text(row, column)
        at, precision = _instant(row, "at", problems)
        if not person:
            problems.add(row.line, "person_id is empty", "name the person it is about")
        if name not in names:
            problems.add(row.line, f"no book has the {what} {name[:60]!r}", nearest(name, names))
        assumed = value is not None and _text(row, "assumed").lower() == "true"
        yield person, Dated(row.line, name, at, precision, row.cells[value] if value else None, assumed=assumed)
    problems.raise_if_any()


def _read_deals(path: Path) -> Iterator[tuple[str, Dated]]:
    table = Table(path)
    table.require("person_id", "deal", "state", "at")
    problems = Problems(path)
    for row in table:
        person, deal, state = (_text(row, name) for name in ("person_id", "deal", "state"))
        at, precision = _instant(row, "at", problems)
        if not person or not deal:
            problems.add(row.line, "person_id or deal is empty", "name the person and the deal")
        if state not in DEAL_STATES:
            problems.add(row.line, f"no state of a deal: {state[:40]!r}", nearest(state, DEAL_STATES))
        yield person, Dated(row.line, _text(row, "kind") or "deal", at, precision, state, deal)
    problems.raise_if_any()


def _text(row: Row, name: str) -> str:
    return str(row.cells.get(name) or "").strip()


def _instant(row: Row, name: str, problems: Problems) -> tuple[datetime, Precision]:
    try:
        at, precision = read_instant(_text(row, name))
        return at, "day" if name == "at" and _text(row, "precision") == "day" else precision
    except ValueError as error:
        problems.add(row.line, f"{name}: {error}")
    return _NO_DATE, "day"


def require_files(people: Path | None, *others: Path | None) -> None:
    """Raise UsageError when files of happenings were given without the people they happened to."""
    if people is None and any(other is not None for other in others):
        raise UsageError("--activities, --changes and --deals need --people; without files the mirror is read")
