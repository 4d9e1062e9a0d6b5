"""The waterfall's book, and tests written in a line or two."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from leadline.common.bookfiles import read_sources
from leadline.rules.reading import read_book
from leadline.rules.testing import Case, CaseResult, read_cases, run_cases

WATERFALL = Path(__file__).parents[3] / "examples" / "waterfall"
BOOK = read_book(read_sources(WATERFALL))


def cases(text: str) -> tuple[Case, ...]:
    """Read one file of tests."""
    return read_cases(BOOK, {"tests/t.yml": dedent(text).encode()})


def run(text: str) -> CaseResult:
    """Run the one test of a file."""
    (result,) = run_cases(BOOK, cases(text))
    return result


def told(text: str) -> list[tuple[str, str, str]]:
    """Run the one test of a file and return what failed: what, expected, actual."""
    return [(failure.what, failure.expected, failure.actual) for failure in run(text).failures]
