"""A row of the result for each person."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from leadline.batch.turns import TURN, gives_turns
from leadline.common.canonical import instant_text
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
