"""Files of histories put aside by partition: read and checked as they stream past, looked up some people at a time.

Memory holds some rows of a file, or one partition, however many people there are. Accounts stay together.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from weakref import finalize

import pyarrow
import pyarrow.compute

from leadline.batch.accounts import COLUMN
from leadline.batch.columns import OddError
from leadline.batch.columns.arrays import instant
from leadline.batch.columns.sources import LINE, dated_table, instants, numbered_tables, odd_values, person_ids
from leadline.batch.partitions.aside import home_of, spread_out
from leadline.batch.problems import Problems
from leadline.batch.tables import Row, Table, plain_cells, stripped
from leadline.common.instants import read_instant
from leadline.common.values import Precision
from leadline.rules.nearest import nearest

PEOPLE: Final = 1 << 12
"""People of one partition, about."""
FIRST_INSTANT: Final = datetime(1000, 1, 1, tzinfo=UTC)
"""Nobody became known before: some tools write year 1 for no date, and windows would begin before the calendar."""
DEAL_STATES: Final = ("open", "won", "lost", "gone")
CREATED: Final = " created"
UNIT: Final = " account"
_UTC: Final = pyarrow.timestamp("us", "UTC")
_NO_DATE: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Folder:
    """A folder for this process's files on the way; it is gone with the object, or at the end of the process.

    In another process it is the same folder, which that process does not own.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="leadline-")) if path is None else path
        if path is None:
            finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def __reduce__(self) -> tuple[type[Folder], tuple[Path]]:
        return Folder, (self.path,)


@dataclass(slots=True)
class Shelf:
    """The partitions in ``folder``, how many people each has, and what was seen on the way.

    ``strangers`` are people of whom only the other files know, ``changing`` the names of changed fields, ``earliest``
    is the first instant of all.
    """

    folder: Folder
    people: tuple[int, ...] = ()
    strangers: int = 0
    changing: set[str] = field(default_factory=set)
    earliest: datetime = _NO_DATE

    def home(self, person: str) -> int | None:
        """Return the partition of a person, None for a stranger."""
        return home_of(self.folder.path, len(self.people), person)


def put_on_shelf(
    people: Table,
    activities: tuple[Table, set[str]] | None,
    changes: tuple[Table, set[str]] | None,
    deals: Table | None,
    *,
    accounts: bool,
    size: int = PEOPLE,
) -> Shelf:
    """Read the files; activities and changes come with the names that they may have.

    Raises UsageError with every problem of a file at once.
    """
    shelf = Shelf(Folder())
    firsts: list[int] = []
    happened: dict[str, Callable[[], Iterator[Any]]] = {}
    if activities is not None:
        happened["activities"] = partial(_dated_tables, *activities, "activity", "activity")
    if changes is not None:
        happened["changes"] = partial(_changes, *changes, shelf.changing)
    if deals is not None:
        happened["deals"] = partial(_deal_tables, deals)

    def units(table: Any) -> Any:
        together = table[UNIT].combine_chunks() if accounts else table["person_id"].combine_chunks()
        empty = pyarrow.compute.equal(together, "")
        return pyarrow.compute.if_else(empty, table["person_id"].combine_chunks(), together)

    def follow(_: str, found: Any, __: Any) -> None:
        firsts.extend(_first(found["at"]))

    def read() -> Iterator[Any]:
        for table in _people_tables(people):
            firsts.extend(_first(table[CREATED]))
            yield table

    try:
        shelf.people, shelf.strangers = spread_out(read(), units, happened, shelf.folder.path, size, follow)
    except OddError:
        _name_problems(people)
        raise
    shelf.earliest = instant(min(firsts)) if firsts else _NO_DATE
    return shelf


def _first(at: Any) -> list[int]:
    found = pyarrow.compute.min(at.cast(pyarrow.int64())).as_py()
    return [] if found is None else [found]


def _people_tables(table: Table) -> Iterator[Any]:
    """Yield the cells as they are, with ids, accounts and ``created`` as they are meant."""
    for read in numbered_tables(table):
        try:
            with odd_values():
                ids = person_ids(read["person_id"])
        except OddError:
            ids = pyarrow.array([stripped(cell) for cell in _cells(read, "person_id")], pyarrow.string())
        created = _created(read, table)
        place = read.column_names.index("person_id")
        accounts = [str(cell or "").strip() for cell in _cells(read, COLUMN)]
        told = pyarrow.array(accounts or [""] * len(ids), pyarrow.string())
        if pyarrow.compute.any(pyarrow.compute.equal(ids, ""), min_count=0).as_py():
            _name_problems(table)
        yield read.set_column(place, "person_id", ids).append_column(CREATED, created).append_column(UNIT, told)


def _created(read: Any, table: Table) -> Any:
    if "created" not in read.column_names:
        return pyarrow.nulls(read.num_rows, _UTC)
    column = read["created"].combine_chunks()
    try:
        with odd_values():
            return instants(column)[0]
    except OddError:
        problems = Problems(table.path)
        rows = (Row(0, {"created": cell}) for cell in plain_cells(column))
        found = [_instant(row, "created", problems)[0] if _text(row, "created") else None for row in rows]
        if problems.found:
            _name_problems(table)
        return pyarrow.array(found, _UTC)


def _name_problems(table: Table) -> None:
    """Read the people row by row and raise UsageError with what is wrong with them."""
    problems = Problems(table.path)
    seen: dict[str, int] = {}
    for row in table:
        person = _text(row, "person_id")
        if not person:
            problems.add(row.line, "person_id is empty", "every person needs one")
        elif person in seen:
            problems.add(row.line, f"person_id stands already in line {seen[person]}", "one row a person")
        if _text(row, "created"):
            _instant(row, "created", problems)
        seen.setdefault(person, row.line)
    problems.raise_if_any()


def _changes(table: Table, names: set[str], changing: set[str]) -> Iterator[Any]:
    for found in _dated_tables(table, names, "field", "field", "value"):
        changing.update(found["name"].unique().to_pylist())
        yield found


def _dated_tables(table: Table, names: set[str], column: str, what: str, value: str | None = None) -> Iterator[Any]:
    """Yield activities or changes: ``person_id``, ``name``, ``at``, ``precision``, ``LINE``, ``value``, ``assumed``.

    Raises UsageError after the last row.
    """
    problems = Problems(table.path)
    for read in numbered_tables(table):
        try:
            with odd_values():
                found = dated_table(names, column, read)
            found = found.rename_columns(["name" if name == column else name for name in found.column_names])
        except OddError:
            rows = [_dated(row, names, column, what, problems) for row in _rows(read)]
            found = _table(rows)
        if value is not None:
            assumed = [stripped(cell).lower() == "true" for cell in _cells(read, "assumed")]
            found = found.append_column("value", read[value])
            found = found.append_column("assumed", pyarrow.array(assumed or [False] * read.num_rows))
        yield found.append_column(LINE, read[LINE])
    problems.raise_if_any()


def _dated(row: Row, names: set[str], column: str, what: str, problems: Problems) -> tuple[object, ...]:
    person, name = _text(row, "person_id"), _text(row, column)
    at, precision = _instant(row, "at", problems)
    if not person:
        problems.add(row.line, "person_id is empty", "name the person it is about")
    if name not in names:
        problems.add(row.line, f"no book has the {what} {name[:60]!r}", nearest(name, names))
    return person, name, at, precision


def _deal_tables(table: Table) -> Iterator[Any]:
    problems = Problems(table.path)
    for read in numbered_tables(table):
        rows, records, states = [], [], []
        for row in _rows(read):
            person, deal, state = (_text(row, name) for name in ("person_id", "deal", "state"))
            at, precision = _instant(row, "at", problems)
            if not person or not deal:
                problems.add(row.line, "person_id or deal is empty", "name the person and the deal")
            if state not in DEAL_STATES:
                problems.add(row.line, f"no state of a deal: {state[:40]!r}", nearest(state, DEAL_STATES))
            rows.append((person, _text(row, "kind") or "deal", at, precision))
            records.append(deal)
            states.append(state)
        found = _table(rows).append_column("value", pyarrow.array(states, pyarrow.string()))
        yield found.append_column("record", pyarrow.array(records, pyarrow.string())).append_column(LINE, read[LINE])
    problems.raise_if_any()


def _table(rows: Sequence[tuple[object, ...]]) -> Any:
    kinds = (pyarrow.string(), pyarrow.string(), _UTC, pyarrow.string())
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    names = ("person_id", "name", "at", "precision")
    return pyarrow.table(
        {name: pyarrow.array(list(cells), kind) for name, cells, kind in zip(names, columns, kinds, strict=True)}
    )


def _rows(read: Any) -> Iterator[Row]:
    columns: Mapping[str, Any] = {name: plain_cells(read[name].combine_chunks()) for name in read.column_names}
    lines = columns[LINE]
    for place, cells in enumerate(zip(*columns.values(), strict=True)):
        yield Row(lines[place], dict(zip(columns, cells, strict=True)))


def _cells(read: Any, name: str) -> list[Any]:
    return plain_cells(read[name].combine_chunks()) if name in read.column_names else []


def _text(row: Row, name: str) -> str:
    return stripped(row.cells.get(name))


def _instant(row: Row, name: str, problems: Problems) -> tuple[datetime, Precision]:
    try:
        at, precision = read_instant(_text(row, name))
        return at, "day" if name == "at" and _text(row, "precision") == "day" else precision
    except ValueError as error:
        problems.add(row.line, f"{name}: {error}")
    return _NO_DATE, "day"
