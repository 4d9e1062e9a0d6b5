"""`leadline check`: reading and checking a book, and how the result looks as text, JSON and SARIF."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.bookfiles import read_sources
from leadline.common.errors import BookError, Problem, RefusedError
from leadline.rules.check import check_book
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.terminal.sarif import sarif
from leadline.terminal.screen import Screen, problem_list

if TYPE_CHECKING:
    from rich.console import Console


def run_check(path: Path, style: str, config: Path | None = None) -> int:
    """Check the book at ``path`` and show the result in ``style`` (text, json or sarif); return the exit code.

    With a configuration the book is also held against what its state knows of the CRMs.
    """
    screen = Screen(as_json=style != "text")
    try:
        book = read_book(read_sources(path))
        problems: Sequence[Problem] = sorted([*check_book(book), *(_known(book, config) if config else ())])
    except BookError as error:
        if style != "sarif":
            screen.error(error)
        else:
            screen.result(_sarif(error.problems, path), lambda _: None)
        return error.exit_code
    data = _sarif(problems, path) if style == "sarif" else check_data(book, problems)
    screen.result(data, lambda console: render_check(console, path, book, problems))
    return RefusedError.exit_code if any(problem.severity == "error" for problem in problems) else 0


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
    warnings = sum(problem.severity == "warning" for problem in problems)
    notes = len(problems) - errors - warnings
    held = ", ".join(f"{number} {name}" for name, number in _counts(book).items())
    verdict = "no errors" if not errors else f"{errors} errors"
    told = f"{verdict}, {warnings} warnings" + (f", {notes} notes" if notes else "")
    console.print(
        f"{path}: {book.name}: {held}; {told}. Hash {book.hash[:12]}.",
        markup=False,
    )


def _known(book: Book, config: Path) -> Sequence[Problem]:
    # Only here does a check load the store.
    from leadline.sync.config import load_config
    from leadline.sync.knowing import problems_known

    return problems_known(load_config(config, os.environ, crms=False).state_url, book)


def _sarif(problems: Sequence[Problem], path: Path) -> dict[str, Any]:
    return sarif(problems, path.parent if path.is_file() else path, Path.cwd())


def _counts(book: Book) -> dict[str, int]:
    return {
        "fields": len(book.fields),
        "activities": len(book.activities),
        "criteria": sum(len(score.criteria) for score in book.scores.values()),
        "stages": len(book.stages),
        "transitions": len(book.transitions) + max(0, len(book.main_path) - 1),
    }
