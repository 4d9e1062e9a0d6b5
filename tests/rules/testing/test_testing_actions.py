"""Rule tests of actions: expected where they are caused, and counted by coverage."""

from __future__ import annotations

import pytest

from leadline.common.errors import BookError
from leadline.rules.reading import read_book
from leadline.rules.testing import coverage, read_cases, run_cases
from leadline.rules.testing.coverage import Coverage
from leadline.rules.testing.model import CaseResult

BOOK = read_book(
    {
        "rules.yml": b"""leadline: 1
name: Actions
fields:
  email: {type: text, salesforce: Lead.Email}
  title: {type: text, salesforce: Lead.Title}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {known: email}}
  sal: {kind: final, enter: {known: title}}
paths: inquiry -> mql -> sal
on_enter:
  mql: [{task: owner}, {remove_from: {hubspot_list: Nurture}}]
  sal: {note: hand-off}
"""
    }
)
HISTORY = """- test: one
  start: 2026-03-01
  history:
    - 2026-03-02 10:00: {email: a@b.example}
    - 2026-03-05 10:00: {title: VP}
  expect:
"""


def run(expected: str) -> tuple[CaseResult, Coverage]:
    """Run one test that expects this."""
    results = run_cases(BOOK, read_cases(BOOK, {"tests.yml": (HISTORY + expected).encode()}))
    return results[0], coverage(BOOK, results)


def test_actions_are_expected_at_an_instant_and_on_a_day() -> None:
    """In the order of the book; a day without any has none."""
    result, covered = run(
        "    - 2026-03-02 10:00: {stage: mql, actions: [task, remove_from]}\n"
        "    - 2026-03-03: {actions: none}\n"
        "    - 2026-03-05: {actions: note}\n"
    )
    assert result.passed, result.failures
    assert covered.total["action"] == 3
    assert not covered.missed["action"]


def test_what_is_caused_instead_is_told() -> None:
    """Both sides in the words of the book, and what no test reached."""
    result, covered = run("    - 2026-03-02: {actions: [note]}\n")
    assert [(item.what, item.expected, item.actual) for item in result.failures] == [
        ("actions", "note", "task, remove_from")
    ]
    assert [item.name for item in covered.missed["action"]] == []


def test_an_action_that_no_test_reaches_is_placed() -> None:
    """A test that ends before the stage does not reach its actions."""
    text = "- {test: two, start: 2026-03-01, expect: {+1d: {actions: none}}}\n"
    results = run_cases(BOOK, read_cases(BOOK, {"tests.yml": text.encode()}))
    missed = coverage(BOOK, results).missed["action"]
    assert [(item.name, item.mark.line) for item in missed] == [
        ("enter mql: 1 task", 12), ("enter mql: 2 remove_from", 12), ("enter sal: 1 note", 13),
    ]  # fmt: skip


def test_an_action_that_there_is_not_is_refused() -> None:
    """With the nearest word."""
    with pytest.raises(BookError, match=r"there is no `tusk`.*`task`"):
        run("    - 2026-03-02: {actions: tusk}\n")
