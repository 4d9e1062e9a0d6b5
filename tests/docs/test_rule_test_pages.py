"""The rule tests that documents show are run against the template that they speak of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leadline.common.bookfiles import read_sources
from leadline.rules.reading import read_book
from leadline.rules.testing import read_cases, run_cases

ROOT = Path(__file__).parents[2]
BOOK = read_book(read_sources(ROOT / "examples" / "waterfall"))
BLOCKS = [
    (f"{path.relative_to(ROOT).as_posix()}:{text.count(chr(10), 0, found.start()) + 1}", found[1])
    for path in sorted((ROOT / "docs").rglob("*.md"))
    for text in [path.read_text(encoding="utf-8")]
    for found in re.finditer(r"^```yaml\n(- test: .*?)^```$", text, re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize(("place", "block"), BLOCKS, ids=[place for place, _ in BLOCKS])
def test_a_shown_test_passes(place: str, block: str) -> None:
    """A reader who copies a test from a page sees it pass."""
    results = run_cases(BOOK, read_cases(BOOK, {place: block.encode()}))
    assert [failure for result in results for failure in result.failures] == []


def test_there_are_such_blocks() -> None:
    """The page about rule tests shows some."""
    assert sum(place.startswith("docs/reference/rule-tests.md") for place, _ in BLOCKS) >= 3
