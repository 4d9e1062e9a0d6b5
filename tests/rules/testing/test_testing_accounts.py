"""Rule tests with several people of one account: expectations on each, and what their account comes to."""

from __future__ import annotations

import pytest

from leadline.common.errors import BookError
from leadline.rules.reading import read_book
from leadline.rules.testing import CaseResult, coverage, read_cases, run_cases

BOOK = read_book(
    {
        "rules.yml": b"""
leadline: 1
name: Agreeing
fields: {role: {type: text}, size: {type: integer}}
activities: {demo: {hubspot: {form: demo}}}
accounts:
  engaged: {count: people, when: {interest: {at_least: 10}}}
  largest: {most: size}
scores:
  interest:
    criteria:
      demo: {points: 20, latest: demo, within: 30d}
      group: {points: {account.engaged: {1: 1, from 2: 5}}}
stages:
  lead: {kind: inventory}
  engaged: {kind: gate, enter: {account.engaged: {at_least: 2}}}
  cooled: {kind: detour}
paths: [lead -> engaged, {from: engaged, to: cooled, when: {account.engaged: {under: 2}}}]
"""
    }
)


def results(text: str) -> tuple[CaseResult, ...]:
    """Run the tests of one file."""
    return run_cases(BOOK, read_cases(BOOK, {"tests/t.yml": text.encode()}))


AGREEING = """
- test: two agree
  history:
    - 2026-03-02: demo
  expect:
    - 2026-03-02: {stage: lead, account.engaged: 1, account.largest: none, interest: 21}
    - 2026-03-05: {stage: engaged, account.engaged: {at_least: 2}, interest: 25, next_change: 2026-04-01}
    - 2026-04-02: {stage: cooled, account.engaged: 1}
  moves:
    - 2026-03-04: lead -> engaged
    - 2026-04-01: engaged -> cooled
  colleagues:
    bob:
      person: {role: user}
      history:
        - 2026-03-04: demo
        - 2026-03-06: {size: 40}
      expect:
        - 2026-03-03: {stage: lead, interest: 1}
        - 2026-03-07: {stage: engaged, account.largest: {over: 39, under: 41}}
    cem:
      adopted: engaged
      expect:
        - 2026-03-02: {stage: cooled}
      moves: [2026-03-02: engaged -> cooled]
"""


def test_people_of_an_account_are_told_together() -> None:
    """Each person has expectations of their own; the adopted one cools at once, as adoption decides."""
    (result,) = results(AGREEING)
    assert [(item.what, item.expected, item.actual) for item in result.failures] == []
    assert coverage(BOOK, [result]).complete


def test_a_failure_names_the_colleague() -> None:
    """What is not as expected says of whom, what was expected and what is there."""
    (result,) = results("""
- test: nobody agrees
  history: [2026-03-02: demo]
  expect: [2026-03-02: {account.engaged: {at_least: 2}}]
  colleagues:
    bob: {expect: [2026-03-03: {stage: engaged, account.largest: 3}]}
""")
    assert [(item.what, item.expected, item.actual) for item in result.failures] == [
        ("account.engaged", "at least 2", "1"),
        ("bob: stage", "engaged", "lead"),
        ("bob: account.largest", "3", "none"),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- test: a\n  colleagues: {bob: {persn: {role: x}}}\n", "the colleague `bob` has no key `persn`"),
        ("- test: a\n  colleagues: {bob: 5}\n", "the colleague `bob` is a mapping"),
        ("- test: a\n  colleagues: {bob: {person: {role: x}}}\n", "expects nothing"),
        ("- test: a\n  expect: [2026-03-02: {account.engage: 2}]\n", "did you mean `account.engaged`?"),
        ("- test: a\n  expect: [2026-03-02: {account.engaged: many}]\n", "`account.engaged` is a number"),
    ],
)
def test_mistakes_are_told(text: str, problem: str) -> None:
    """A misspelt key, a name that is not there and a test without expectations have their places."""
    with pytest.raises(BookError) as caught:
        read_cases(BOOK, {"tests/t.yml": text.encode()})
    assert problem in str(caught.value)
