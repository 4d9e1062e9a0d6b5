"""Rows of the files as a partition holds them: texts stripped, instants typed, deals as facts.

All of these raise OddError for what only reading row by row can tell the reader about.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow

from leadline.batch.accounts import COLUMN
from leadline.batch.columns import OddError
from leadline.batch.columns.sources import odd_values, person_ids, tables_of
from leadline.batch.deals import deal_facts
from leadline.batch.tables import Row, Table, plain_cells
from leadline.common.canonical import decimal_text
from leadline.common.errors import UsageError
from leadline.common.values import Raw
from leadline.rules.convert import convert
from leadline.rules.model import DEAL_PREFIX, Book

_DEALS: Final = pyarrow.schema(
    [
        ("person_id", pyarrow.string()),
        ("kind", pyarrow.string()),
        ("field", pyarrow.string()),
        ("value", pyarrow.string()),
        ("at", pyarrow.timestamp("us", "UTC")),
        ("record", pyarrow.string()),
        ("precision", pyarrow.string()),
    ]
)


def named_people(table: Any) -> Any:
    """Return rows of people with ids as texts."""
    place = table.column_names.index("person_id")
    with odd_values():
        return table.set_column(place, "person_id", person_ids(table["person_id"]))


def units_of(book: Book, people: Any) -> tuple[list[str], Any]:
    """Return each person's account ("" without one) and what must stay together: accounts, or else people."""
    ids = people["person_id"]
    if not book.accounts or COLUMN not in people.column_names:
        return [""] * people.num_rows, ids
    with odd_values():
        cells = plain_cells(people[COLUMN].combine_chunks())
    accounts = [str(cell or "").strip() for cell in cells]
    pairs = zip(accounts, ids.to_pylist(), strict=True)
    return accounts, pyarrow.array([f"a{account}" if account else f"p{person}" for account, person in pairs])


def deal_tables(book: Book, deals: Table, as_of: datetime) -> Iterator[Any]:
    """Yield the facts about deals as ``changes`` of ``evaluate_partition``."""
    line = 1
    for table in tables_of(deals):
        with odd_values():
            columns = {name: plain_cells(table[name].combine_chunks()) for name in table.column_names}
        rows = (
            Row(line + number, dict(zip(columns, cells, strict=True)))
            for number, cells in enumerate(zip(*columns.values(), strict=True))
        )
        line += table.num_rows
        yield _deal_table(book, deals, rows, as_of)


def _deal_table(book: Book, deals: Table, rows: Iterator[Row], as_of: datetime) -> Any:
    found = []
    try:
        for person, fact, cell in deal_facts(book, deals.path, rows, as_of):
            value = _text(cell)
            field = book.deals.fields.get(fact.name.removeprefix(DEAL_PREFIX)) if fact.kind == "field" else None
            if field is not None and convert(field, value) != (fact.value, None):
                raise OddError
            found.append((person, fact.kind, fact.name, value, fact.at, fact.record, fact.precision))
    except UsageError as error:
        raise OddError from error
    columns = list(zip(*found, strict=True)) or [()] * len(_DEALS)
    return pyarrow.table([list(column) for column in columns], schema=_DEALS)


def _text(cell: Raw) -> str | None:
    if isinstance(cell, bool):
        return str(cell).lower()
    return decimal_text(cell) if isinstance(cell, Decimal) else None if cell is None else str(cell)
