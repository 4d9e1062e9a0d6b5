"""Places in rule tests: given at an instant, waited for, told out of a story."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from leadline.common.bookfiles import read_sources
from leadline.common.errors import BookError
from leadline.rules.allocation import place_fact
from leadline.rules.reading import read_book
from leadline.rules.testing import CaseResult, read_cases, run_cases
from leadline.rules.testing.telling import Story, tell
from tests.rules.testing.testing_kit import WATERFALL

SOURCES = read_sources(WATERFALL)
SOURCES = {**SOURCES, "rules.yml": SOURCES["rules.yml"] + b"\ncapacity: {sal: {most: 15 a day, per: owner team}}\n"}
BOOK = read_book(SOURCES)
LEAD = """
- test: a lead
  person: {email: ann@globex.example, country: Germany, title: VP, employees: 500, budget: false}
  history:
    - 2026-03-02 09:00: demo_request
    - 2026-03-03 10:00: {status: Accepted}
"""


def run(text: str) -> CaseResult:
    """Run the lead's test with more lines."""
    (result,) = run_cases(BOOK, read_cases(BOOK, {"t.yml": (LEAD + text).encode()}))
    return result


def test_who_qualifies_waits_until_a_place_is_given() -> None:
    """The person of a test waits alone: the test says when there is a place."""
    text = """\
    - 2026-03-04 09:30: {allocated: sal}
  expect:
    - 2026-03-02 12:00: {stage: mql, waits_for: none}
    - 2026-03-04 09:29: {stage: mql, waits_for: sal}
    - 2026-03-04 09:30: {stage: sal, waits_for: none, moves: mql -> sal}
"""
    assert run(text).passed


def test_a_difference_says_why() -> None:
    """The way into the stage is told, with what it waits for."""
    result = run("  expect:\n    - 2026-03-05: {stage: sal}\n    - 2026-03-02 10:00: {waits_for: sal}\n")
    first, second = result.failures
    assert (first.what, first.expected, first.actual) == ("waits for", "sal", "none")
    assert any("sal" in line for line in first.because)
    waits = "qualifies for SAL, waits for a place (15 a day per owner team)"
    assert (second.actual, second.because[1]) == ("mql", f"to sal (main path): no room: {waits}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("    - 2026-03-04: {allocated: sql}\n", "there is no `sql`"),
        ("  expect:\n    - 2026-03-04: {waits_for: mql}\n", "there is no `mql`"),
    ],
)
def test_only_a_stage_with_a_capacity_has_places(line: str, told: str) -> None:
    """Others are refused in their place, with those that have one."""
    with pytest.raises(BookError, match=told) as refused:
        run(line + ("" if "expect" in line else "  expect:\n    - 2026-03-05: {stage: sal}\n"))
    assert "sal" in refused.value.problems[0].hint


def test_a_story_tells_the_places_that_were_given() -> None:
    """So the test of a real person comes out as it did."""
    text = dedent(LEAD) + "  expect: [2026-03-05: {stage: mql}]\n"
    (case,) = read_cases(BOOK, {"t.yml": text.encode()})
    given = place_fact("sal", max(fact.at for fact in case.facts).replace(hour=15))
    facts = tuple(replace(fact, source="hubspot") for fact in case.facts)
    told = tell(BOOK, Story((*facts, given), case.start, given.at), "a real person")
    assert "allocated: sal" in told.text
    (result,) = run_cases(BOOK, read_cases(BOOK, {"t.yml": told.text.encode()}))
    assert result.passed
    assert [move.target for move in result.moves][-1] == "sal"
