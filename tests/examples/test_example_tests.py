"""The tests that ship with the examples: all pass, and they reach the whole book."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadline.common.bookfiles import read_sources, read_tests
from leadline.rules.reading import read_book
from leadline.rules.testing import coverage, read_cases, run_cases

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    "book", sorted(path.parent.parent for path in EXAMPLES.glob("*/tests/fit.yml")), ids=lambda path: path.name
)
def test_an_example_s_tests_pass_and_reach_everything(book: Path) -> None:
    """Every criterion, band, grade, stage and transition is reached by a test that passes."""
    read = read_book(read_sources(book))
    results = run_cases(read, read_cases(read, read_tests(book)))
    assert [result.case.name for result in results if not result.passed] == []
    missed = coverage(read, results).missed
    assert {kind: [item.name for item in items] for kind, items in missed.items() if items} == {}
