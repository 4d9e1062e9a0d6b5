"""Rule tests that are written wrongly: every problem at once, placed, with the nearest name."""

from __future__ import annotations

import pytest

from leadline.common.errors import BookError
from leadline.rules.testing import read_cases
from tests.rules.testing.testing_kit import BOOK, cases


def problems(text: str) -> list[str]:
    """Return what reading says of a file of tests."""
    with pytest.raises(BookError) as caught:
        cases(text)
    return [str(problem).removeprefix("tests/t.yml:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("person: {emial: a@b.example}", "2:12: fields: there is no `emial` (did you mean `email`?)"),
        ("person: {region: EMEA}", "2:12: `region` is looked up in a table by `country` (set `country`)"),
        ("person: {employees: many}", "2:23: `employees` is of type integer, but this is the text `many`"),
        ("person: {employees: [1, 2]}", "2:23: `employees` is of type integer, but this is a list"),
        ("person: {title: {a: b}}", "2:19: `title` is of type text, but this is a mapping"),
        ("persn: {email: a}", "2:3: a test has no key `persn` (did you mean `person`?)"),
        ("history: [demo_request]", "such as `- 2026-03-02 09:00: ...`"),
        ("history: [2026-03-02: demo]", "activities: there is no `demo`"),
        ("history: [2026-03-02: {demo_request: 1}]", "(write {activity: demo_request})"),
        ("history: [2026-03-02: {stage: mql}]", "(write {by_hand: ...} for a stage that a person set"),
        ("history: [2026-03-02: {deal: opened}]", "`deal`: there is no `opened` (did you mean `open`?)"),
        ("history: [2026-03-02: {by_hand: mgl}]", "stages: there is no `mgl` (did you mean `mql`?)"),
        ("history: [2026-03-02: {unreadable: emial}]", "fields: there is no `emial`"),
        ("history: [2026-02-30: {}]", "2:13: `2026-02-30` is no instant (write 2026-03-02 09:00 (UTC)"),
        ("history: [yesterday: {}]", "`yesterday` is no instant"),
        ("history: [+2 months: {}]", "`+2 months` is no instant"),
        ("history: [1812-03-02: {}]", "is not between 1970 and 2199"),
        ("history: [2026-03-02: [{phone: 1}, {phone: 2}]]", "`phone` is set twice at this instant, first at line 2"),
        ("adopted: mgl", "stages: there is no `mgl`"),
        ("adopted: {since: 2026-01-01}", "`adopted` needs `stage`"),
        ("adopted: {stage: mql, since: 2027-01-01}", "`since` is after the test begins"),
        ("start: [1]", "`start` is an instant or a day"),
        ("start: soon", "`soon` is no instant"),
        ("expect: [+0d: mql]", "what is expected is a mapping"),
        ("expect: [+0d: {mql: true}]", "`mql` cannot be expected (write {stage: mql})"),
        ("expect: [+0d: {intrest: 3}]", "(did you mean `interest`?)"),
        ("expect: [+0d: {stage: mgl}]", "`stage`: there is no `mgl`"),
        ("expect: [+0d: {grade: A9}]", "`grade`: there is no `A9`"),
        ("expect: [+0d: {temperature: warmish}]", "there is no `warmish` (did you mean `warm`?)"),
        ("expect: [+0d: {fit: E}]", "grades of `fit`: there is no `E`"),
        ("expect: [+0d: {fit: {at_lest: 3}}]", "the score `fit` has no key `at_lest` (did you mean `at_least`?)"),
        ("expect: [+0d: {fit: {over: much}}]", "`over` is a number"),
        ("expect: [+0d: {pass: 0}]", "`pass` is 0"),
        ("expect: [+0d: {scope: inside}]", "`scope`: there is no `inside`"),
        ("expect: [+0d: {disqualified: rival}]", "there is no `rival`"),
        ("expect: [+0d: {moves: mql}]", "`mql` is no move (such as `inquiry -> mql`, or `none`)"),
        ("expect: [+0d: {moves: inquiry -> mgl}]", "stages: there is no `mgl`"),
        ("expect: [+0d: {next_change: [1]}]", "`next_change` is an instant or `never`"),
        ("moves: [2026-03-02: a -> mql]", "stages: there is no `a`"),
    ],
)
def test_each_mistake_is_named_with_its_place(line: str, said: str) -> None:
    """A wrong line gives one message that says where, what and what instead."""
    text = f"- test: one\n  {line}\n" + (
        "" if line.startswith("expect") else "  expect: [2026-05-01: {stage: mql}]\n"
    )
    (problem,) = problems(text)
    assert said in problem
    assert problem.startswith("2:")


def test_all_mistakes_of_all_files_come_at_once() -> None:
    """A broken file does not hide the next one; a test that expects nothing and a second name are told."""
    files = {
        "tests/a.yml": b"- test: [\n",
        "tests/b.yml": b"- test: one\n- test: two\n  expect: [+0d: {stage: mql}]\n- nothing\n",
        "tests/c.yml": b"- {test: two, expect: [+0d: {stage: mql}]}\n- person: {}\n",
    }
    with pytest.raises(BookError) as caught:
        read_cases(BOOK, files)
    told = [(problem.file, problem.line, problem.code) for problem in caught.value.problems]
    assert told == [
        ("tests/a.yml", 2, "yaml-syntax"),
        ("tests/b.yml", 1, "missing-key"),
        ("tests/b.yml", 4, "wrong-type"),
        ("tests/c.yml", 1, "twice"),
        ("tests/c.yml", 2, "missing-key"),
        ("tests/c.yml", 2, "missing-key"),
    ]


def test_what_happens_before_the_beginning_is_refused_to_be_expected() -> None:
    """Nothing is decided before `start`, so nothing can be expected there."""
    text = "- test: one\n  start: 2026-03-02 09:00\n  expect: [2026-03-01: {stage: mql}]\n"
    assert "this is before the test begins" in problems(text)[0]


def test_a_single_test_needs_no_list() -> None:
    """A file may be one test; history and expectations may be mappings."""
    (case,) = cases("{test: one, history: {2026-03-02: demo_request}, expect: {+1d: {stage: inquiry}}}")
    assert [fact.name for fact in case.facts] == ["demo_request"]
    assert (case.expectations[0].at - case.start).days == 1
