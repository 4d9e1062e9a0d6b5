"""Rule tests of SLAs: the state and the due instant that are expected, and what failing ones say."""

from __future__ import annotations

import pytest

from leadline.common.errors import BookError
from leadline.rules.reading import read_book
from leadline.rules.testing.coverage import coverage
from leadline.rules.testing.reading import read_cases
from leadline.rules.testing.running import run_cases

RULES = b"""leadline: 1
name: promises
fields: {status: {type: text, signal: true}}
activities: {demo: {}}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {activity: demo}}
  sal: {kind: gate, enter: {status: Accepted}}
paths: [inquiry -> mql -> sal]
calendars: {office: {zone: UTC, open: {mon-fri: [09:00-17:00]}}}
slas: {accept: {from: {enters: mql}, target: 2 business hours}}
"""
STORY = """- test: a promise
  history:
    - 2026-07-13 10:00: demo
    - 2026-07-14 10:00: {status: Accepted}
  expect:
"""


def run(expected: str) -> list[str]:
    """Return what fails of one expectation, in words."""
    book = read_book({"rules.yml": RULES})
    cases = read_cases(book, {"tests.yml": f"{STORY}    - {expected}\n".encode()})
    (result,) = run_cases(book, cases)
    return [f"{item.what}: {item.expected}, not {item.actual}; {'; '.join(item.because)}" for item in result.failures]


@pytest.mark.parametrize(
    "expected",
    [
        "2026-07-13 09:59: {sla: {accept: none}, due: {accept: never}}",
        "2026-07-13 10:00: {sla: {accept: running}, due: {accept: 2026-07-13 12:00}}",
        "2026-07-13 12:00: {sla: {accept: breached}, due: {accept: 2026-07-13}}",
        "2026-07-15: {sla: {accept: breached}}",
    ],
)
def test_what_comes_true(expected: str) -> None:
    """States and due instants, as an instant, a day or never."""
    assert run(expected) == []


def test_what_does_not_come_true_says_how_the_time_went() -> None:
    """The arithmetic stands beside both sides."""
    (failed,) = run("2026-07-13 12:00: {sla: {accept: met}}")
    assert failed.startswith("accept: met, not breached; accept is breached: 2 business hours by calendar office")
    (due,) = run("2026-07-13 11:00: {due: {accept: 2026-07-13 13:00}}")
    assert due.startswith("accept due: 2026-07-13 13:00")
    assert "1:00:00 used" in due


@pytest.mark.parametrize(
    "wrong", ["{sla: {acept: met}}", "{sla: {accept: late}}", "{due: {accept: [1]}}", "{sla: met}"]
)
def test_what_cannot_be_expected(wrong: str) -> None:
    """Unknown SLAs and states, and due instants that are none, are problems with a place."""
    with pytest.raises(BookError):
        run(f"2026-07-13 12:00: {wrong}")


def test_coverage_asks_for_both_outcomes() -> None:
    """A test that only sees the breach leaves `met` unreached."""
    book = read_book({"rules.yml": RULES})
    story = f"{STORY}    - 2026-07-15: {{stage: sal}}\n".encode()
    covered = coverage(book, run_cases(book, read_cases(book, {"tests.yml": story})))
    assert [item.name for item in covered.missed["sla"]] == ["accept: met"]
