"""Deals of a file: ``person_id``, ``deal``, ``state`` (open, won, lost, gone, or a kind of the book's), ``at``.

A row is what a deal was from ``at`` on (ISO instant or day; empty is ``--as-of``); a deal may have many rows and
many people. With a plain state, ``kind`` may name the kind of the book's that the deal is. A column for each of the
book's fields of deals may follow; without ``state`` a row tells fields alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from leadline.batch.problems import Problems
from leadline.batch.tables import Row, Table, stripped
from leadline.common.instants import read_instant
from leadline.common.values import Precision, Raw
from leadline.rules.convert import convert
from leadline.rules.model import DEAL_PREFIX, Book
from leadline.rules.nearest import nearest
from leadline.rules.state import Fact

SOURCE: Final = "files"
STATES: Final = ("open", "won", "lost", "gone")


def read_deals(book: Book, path: Path, as_of: datetime) -> dict[str, list[Fact]]:
    """Return the facts about each person's deals; raises UsageError with every problem of the file at once."""
    table = Table(path)
    table.require("person_id", "deal")
    by_person: dict[str, list[Fact]] = defaultdict(list)
    for person, fact, _ in deal_facts(book, path, table, as_of):
        by_person[person].append(fact)
    return by_person


def deal_facts(book: Book, path: Path, rows: Iterable[Row], as_of: datetime) -> Iterator[tuple[str, Fact, Raw]]:
    """Yield whose each fact of these rows of the file is, the fact, and the cell that it was read from.

    Raises UsageError at the end, with every problem at once.
    """
    problems = Problems(path)
    for row in rows:
        person, name = (stripped(row.cells[key]) for key in ("person_id", "deal"))
        if not person or not name:
            problems.add(row.line, f"{'deal' if person else 'person_id'} is empty", "every row needs both")
        at = _at(row, as_of, problems)
        if at is not None:
            for fact, cell in _facts(book, row, name, at, as_of, problems):
                yield person, fact, cell
    problems.raise_if_any()


def _at(row: Row, as_of: datetime, problems: Problems) -> tuple[datetime, Precision] | None:
    text = str(row.cells.get("at") or "").strip()
    if not text:
        return as_of, "instant"
    try:
        return read_instant(text)
    except ValueError as error:
        problems.add(row.line, f"at: {error}")
        return None


def _facts(
    book: Book, row: Row, deal: str, at: tuple[datetime, Precision], as_of: datetime, problems: Problems
) -> Iterator[tuple[Fact, Raw]]:
    record, (when, precision), kinds = f"deal/{deal}", at, book.deals.kinds
    state = str(row.cells.get("state") or "").strip()
    if state in kinds:
        yield Fact("deal", state, kinds[state].state, when, SOURCE, record, as_of, 0, precision), kinds[state].state
    elif state in STATES:
        now = None if state == "gone" else state
        yield Fact("deal", "deal", now, when, SOURCE, record, as_of, 0, precision), now
        kind = str(row.cells.get("kind") or "").strip()
        if kind in kinds:
            yield Fact("deal", kind, now, when, SOURCE, record, as_of, 0, precision), now
    elif state:
        problems.add(row.line, f"state: no deal is {state[:20]!r}", nearest(state, (*STATES, *kinds)))
    for name, field in book.deals.fields.items():
        if name not in row.cells:
            continue
        value, reason = convert(field, row.cells[name])
        if reason:
            problems.add(row.line, f"{name}: {reason}")
        if value is not None or field.table is None:
            fact = Fact("field", DEAL_PREFIX + name, value, when, SOURCE, record, as_of, 0, precision)
            yield fact, row.cells[name]
