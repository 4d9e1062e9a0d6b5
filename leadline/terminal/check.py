"""How the result of `leadline check` looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.errors import Problem
from leadline.rules.model import Book
from leadline.terminal.screen import problem_list

if TYPE_CHECKING:
    from rich.console import Console


def check_data(book: Book, problems: Sequence[Problem]) -> dict[str, Any]:
    """Return the result for machines: what the book holds, its hash and every problem."""
    return {
        "ok": not any(problem.severity == "error" for problem in problems),
        "book": book.name,
        "hash": book.hash,
        "counts": _counts(book),
        "problems": problem_list(problems),
    }


def render_check(console: Console, path: Path, book: Book, problems: Sequence[Problem]) -> None:
    """Print every problem with its place, then one line of summary."""
    for problem in problems:
        console.print(f"{problem.severity}: {problem}", markup=False)
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    held = ", ".join(f"{number} {name}" for name, number in _counts(book).items())
    verdict = "no errors" if not errors else f"{errors} errors"
    console.print(
        f"{path}: {book.name}: {held}; {verdict}, {warnings} warnings. Hash {book.hash[:12]}.", markup=False
    )


def _counts(book: Book) -> dict[str, int]:
    return {
        "fields": len(book.fields),
        "activities": len(book.activities),
        "criteria": sum(len(score.criteria) for score in book.scores.values()),
        "stages": len(book.stages),
        "transitions": len(book.transitions) + max(0, len(book.main_path) - 1),
    }
