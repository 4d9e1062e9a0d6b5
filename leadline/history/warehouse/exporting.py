"""The whole export: into a folder beside the target, which takes its place when all of it is written."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow
from sqlalchemy import Connection, select

from leadline.batch.columns.spilling import Spill, read_part
from leadline.common.canonical import instant_text
from leadline.common.errors import UsageError
from leadline.history.mirror import known_since, read_histories
from leadline.history.warehouse.ledgers import ledger_rows
from leadline.history.warehouse.people import (
    Telling,
    activity_rows,
    change_rows,
    deal_rows,
    outcome_row,
    person_row,
)
from leadline.history.warehouse.readme import readme_text
from leadline.history.warehouse.tables import Shape, shapes_of
from leadline.history.warehouse.writing import Files
from leadline.rules.model import Book
from leadline.sync.intake.accounts import units_of
from leadline.sync.store import Store
from leadline.sync.store.batches import CHUNK, chunks
from leadline.sync.store.outcomes import load_lifecycle
from leadline.sync.store.schema import persons

SCHEMA: Final = "schema.json"
"""What an export of ours is known by."""
FORMAT: Final = 1
PEOPLE: Final = 500
"""People whose facts are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to export: ``since`` leaves out older rows of dated tables, ``personal`` writes values as they are."""

    since: datetime | None = None
    buckets: int = 16
    csv: bool = False
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """Rows by table, the cycle that the export tells, and numbers that no column holds (left empty)."""

    rows: Mapping[str, int]
    cycle: int
    too_large: int


def export_state(store: Store, book: Book, to: Path, options: Options, progress: Callable[[int], None]) -> Exported:
    """Write mirror and decisions to the directory ``to``, in the names of ``book``; the same state, the same bytes.

    All of it is of one instant: what a cycle writes meanwhile is not in it.
    ``progress`` is called with the number of people done. An earlier export at ``to`` is replaced at once. Memory
    holds some hundred people, some thousand rows, and the ids of one bucket. Raises UsageError where ``to`` is
    something else or cannot be written, RefusedError where nothing was read completely yet.
    """
    shapes, telling = shapes_of(book), Telling(book, personal=options.personal)
    with store.read() as connection, _whole_folder(to, private=options.personal) as folder:
        cycle, earliest = known_since(connection)
        written = _People(connection, (cycle, earliest), telling, options).write(folder, shapes, progress)
        for name, rows in ledger_rows(connection, telling, cycle, options.since).items():
            with Files(folder, shapes[name], personal=options.personal, csv=options.csv) as files:
                last = ""
                for place, row in rows():
                    if place != last:
                        files.close_all()
                    last = place
                    files.add(place, [row])
            written[name] = files
        rows_by_table = {name: written[name].count for name in shapes}
        _describe(folder, shapes, book, cycle, options, rows_by_table)
    return Exported(rows_by_table, cycle, sum(files.too_large for files in written.values()))


class _People:
    """The tables by bucket; ``known`` are the cycle and the first instant of all."""

    def __init__(
        self, connection: Connection, known: tuple[int, datetime], telling: Telling, options: Options
    ) -> None:
        self._connection = connection
        self._cycle, self._earliest = known
        # Account facts are derived by whoever reads the export.
        self._book = replace(telling.book, accounts={})
        self._telling = telling
        self._options = options

    def write(self, folder: Path, shapes: Mapping[str, Shape], progress: Callable[[int], None]) -> dict[str, Files]:
        """Write them, bucket after bucket."""
        own = [shape for shape in shapes.values() if shape.by == "bucket"]
        files = {
            shape.name: Files(folder, shape, personal=self._options.personal, csv=self._options.csv) for shape in own
        }
        done = 0
        with tempfile.TemporaryDirectory(prefix="leadline-") as name:
            self._spread(Path(name))
            for number in range(self._options.buckets):
                place = f"bucket={number:04}"
                for one in files.values():
                    one.open(place)
                accounts = _bucket(Path(name), number)
                for ids in chunks(sorted(accounts), PEOPLE):
                    for table, rows in self._rows(ids, accounts):
                        files[table].add(place, rows)
                    done += len(ids)
                    progress(done)
                for one in files.values():
                    one.close_all()
        return files

    def _spread(self, folder: Path) -> None:
        """Put everybody's id aside by bucket of accounts."""
        with Spill(folder, "people") as spill:
            for ids in _everybody(self._connection):
                _, known = units_of(self._connection, self._telling.book.primary, ids, self._cycle)
                accounts = [str(known[person]) if person in known else None for person in ids]
                units = (account or person for person, account in zip(ids, accounts, strict=True))
                numbers = [zlib.crc32(unit.encode()) % self._options.buckets for unit in units]
                table = pyarrow.table({"person": ids, "account": pyarrow.array(accounts, pyarrow.string())})
                spill.add(table, np.array(numbers, np.int64))

    def _rows(
        self, ids: Sequence[str], accounts: Mapping[str, str | None]
    ) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        stands = load_lifecycle(self._connection, ids)
        telling, since = self._telling, self._options.since
        for history in read_histories(self._connection, self._book, ids, self._cycle, self._earliest):
            person = history.person
            yield "people", person_row(telling, history, accounts[person], stands.get(person))
            yield "activities", activity_rows(history, since)
            yield "changes", change_rows(telling, history, since)
            yield "deals", deal_rows(telling, history, since)
            if person in stands:
                yield "outcomes", outcome_row(telling, stands[person])


def _everybody(connection: Connection) -> Iterator[list[str]]:
    """Yield the ids of all people, some at a time."""
    last = ""
    while True:
        following = select(persons.c.id).where(persons.c.alias_of.is_(None), persons.c.id > last)
        ids = list(connection.execute(following.order_by(persons.c.id).limit(CHUNK)).scalars())
        if not ids:
            return
        yield ids
        last = ids[-1]


def _bucket(folder: Path, number: int) -> dict[str, str | None]:
    """Return the people of a bucket with their accounts."""
    table = read_part(folder, "people", number)
    return {} if table is None else dict(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


@contextmanager
def _whole_folder(to: Path, *, private: bool) -> Iterator[Path]:
    """Give a folder beside ``to``, and put it in place when all went well; then an earlier export there goes.

    Nobody else may read a ``private`` one.
    """
    if to.exists() and not (to / SCHEMA).is_file() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to}: there is something else, and no export of Leadline; name a new directory")
    try:
        folder = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}."))
    except OSError as error:
        raise UsageError(f"{to}: cannot be written: {error.strerror}") from error
    new, old = folder / "new", folder / "old"
    try:
        new.mkdir(mode=0o700 if private else 0o777)
        yield new
        with suppress(FileNotFoundError):
            to.replace(old)
        new.replace(to)
    except OSError as error:
        raise UsageError(f"{to}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _describe(
    folder: Path,
    shapes: Mapping[str, Shape],
    book: Book,
    cycle: int,
    options: Options,
    rows: Mapping[str, int],
) -> None:
    document = {
        "format": FORMAT,
        "book": book.hash,
        "cycle": cycle,
        "since": None if options.since is None else instant_text(options.since),
        "buckets": options.buckets,
        "personal_data": options.personal,
        "time_zone": "UTC",
        "tables": {
            name: {
                "about": shape.about,
                "files": shape.by,
                "rows": rows[name],
                "columns": [
                    {"name": column, "type": str(kind), "about": about}
                    for column, kind, about in shape.all_columns(personal=options.personal)
                ],
            }
            for name, shape in shapes.items()
        },
    }
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    (folder / SCHEMA).write_text(text, encoding="utf-8")
    (folder / "README.md").write_text(readme_text(document), encoding="utf-8")
