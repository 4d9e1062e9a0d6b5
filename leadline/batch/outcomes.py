"""A row of the result for each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from leadline.batch.turns import TURN, gives_turns
from leadline.common.canonical import decimal_text, instant_text
from leadline.rules.model import Book
from leadline.rules.state import Advance

Cells = Mapping[str, str | int | Decimal | None]


def output_columns(book: Book) -> tuple[str, ...]:
    """Return the columns of the result: those of ``outcome_columns``, and whose turn it is, where a book asks."""
    return (*outcome_columns(book), *([TURN] if gives_turns(book) else []))


def outcome_columns(book: Book) -> tuple[str, ...]:
    """Return the columns of one person's outcome: a column for each score, then its grade, then the grid's cell."""
    grades = [f"{name}_grade" for name, score in book.scores.items() if score.grades]
    cell = ["grade"] if book.grid else []
    waits = ["waits_for"] if book.capacity else []
    return ("person_id", "stage", *waits, *book.scores, *grades, *cell, "temperature", "next_change", "decision_id")


def outcome_row(person: str, result: Advance) -> Cells:
    """Return how a person stands, with more cells than the book has columns for."""
    outcome = result.state.outcome
    row: dict[str, str | int | Decimal | None] = {
        "person_id": person,
        "stage": outcome.stage,
        "waits_for": outcome.waits_for,
        "temperature": outcome.temperature,
        "grade": outcome.cell,
        "next_change": instant_text(result.next_change) if result.next_change else None,
        "decision_id": result.decisions[-1].id if result.decisions else None,
    }
    row.update({name: score.value for name, score in outcome.scores.items()})
    row.update({f"{name}_grade": grade for name, grade in outcome.grades.items()})
    return row


def as_written(table: Any, columns: Sequence[str]) -> Any:
    """Return columns of Arrow as they stand in a result, where instants (UTC) and decimals are texts."""
    import pyarrow

    return pyarrow.table({name: _written(table[name].combine_chunks()) for name in columns})


def _written(column: Any) -> Any:
    import pyarrow
    from pyarrow import types

    if types.is_timestamp(column.type):
        return _instants(column)
    if not types.is_decimal(column.type):
        return column
    coded = column.dictionary_encode()
    texts = [decimal_text(value) for value in coded.dictionary.to_pylist()]
    return pyarrow.array(texts, pyarrow.string()).take(coded.indices)


def _instants(column: Any) -> Any:
    """Return instants in microseconds as ``instant_text`` writes each."""
    import pyarrow
    import pyarrow.compute

    # Arrow would look for files of time zones only to learn that UTC is UTC.
    plain = column.cast(pyarrow.int64()).cast(pyarrow.timestamp("us"))
    seconds = pyarrow.compute.floor_temporal(plain, unit="second")
    coarse = pyarrow.compute.strftime(seconds.cast(pyarrow.timestamp("s")), format="%Y-%m-%dT%H:%M:%SZ")
    whole = pyarrow.compute.equal(seconds, plain)
    if pyarrow.compute.all(whole, min_count=0).as_py():
        return coarse
    fine = pyarrow.compute.strftime(plain, format="%Y-%m-%dT%H:%M:%SZ")
    return pyarrow.compute.if_else(whole, coarse, fine)
