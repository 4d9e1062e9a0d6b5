"""`leadline test`: exit code, difference, coverage, JSON, and a test out of a real person."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Leadline

FAILING = """
- test: a demo request is not enough
  person: {email: ann@globex.example}
  history:
    - 2026-03-02 09:00: demo_request
  expect:
    - 2026-03-02 09:00: {stage: sal}
"""


def test_what_init_copies_passes_whole(leadline: Leadline, book: Path) -> None:
    """The template's tests pass and reach everything."""
    said = leadline("test", book, "--coverage")
    assert said.code == 0
    assert "all passed" in said.out
    assert said.out.count("100.0 %") == 5
    assert "no test reaches" not in said.out


def test_a_failure_is_placed_and_explained(leadline: Leadline, book: Path) -> None:
    """The difference names the line of the expectation, both sides, and why; the exit code is 1."""
    (book / "tests" / "mine.yml").write_text(FAILING, encoding="utf-8")
    said = leadline("test", book)
    assert said.code == 1
    assert "tests/mine.yml:2:3: failed: a demo request is not enough" in said.out
    assert "tests/mine.yml:7:26: 2026-03-02 09:00Z: expected stage sal, but it is mql" in said.out
    assert "to sal (main path): undecided" in said.out
    assert "1 failed" in said.out


def test_machines_get_the_same(leadline: Leadline, book: Path) -> None:
    """JSON has every test, its place, its failures and moves, and what was not reached."""
    for path in (book / "tests").iterdir():
        path.unlink()
    (book / "tests" / "mine.yml").write_text(FAILING, encoding="utf-8")
    said = leadline("test", book, "--coverage", "--json")
    assert said.code == 1
    document = said.json
    assert (document["ok"], document["passed"], document["failed"]) == (False, 0, 1)
    (test,) = document["tests"]
    assert (test["file"], test["line"], test["moves"][0]["to"]) == ("tests/mine.yml", 2, "mql")
    (failure,) = test["failures"]
    assert (failure["what"], failure["expected"], failure["actual"], failure["line"]) == ("stage", "sal", "mql", 7)
    missed = document["coverage"]["stage"]["missed"]
    assert {"sal", "customer"} <= {item["name"] for item in missed}
    assert all(item["file"] == "rules.yml" and item["line"] > 0 for item in missed)


def test_mistakes_in_tests_are_told_like_those_of_books(leadline: Leadline, book: Path) -> None:
    """A misspelt name has a place and the nearest right one; nothing is run."""
    (book / "tests" / "mine.yml").write_text(FAILING.replace("demo_request\n", "demo_requets\n"), encoding="utf-8")
    said = leadline("test", book)
    assert (said.code, said.out) == (1, "")
    assert "tests/mine.yml:5:25: activities: there is no `demo_requets` (did you mean `demo_request`?)" in said.err


def test_a_book_without_tests_says_how_to_begin(leadline: Leadline, book: Path) -> None:
    """No tests is not a pass."""
    for path in (book / "tests").iterdir():
        path.unlink()
    said = leadline("test", book)
    assert said.code == 1
    assert "there are no tests" in said.err


def test_tests_are_no_part_of_the_book(leadline: Leadline, book: Path) -> None:
    """Neither the hash nor `check` looks at them."""
    before = leadline("check", book, "--json").json
    (book / "tests" / "mine.yml").write_text("not: [a test", encoding="utf-8")
    assert leadline("check", book, "--json").json == before


def test_a_real_person_becomes_a_masked_test(leadline: Leadline, installed: Path) -> None:
    """The story of somebody in the mirror is written to a new file, passes, and names nobody."""
    assert leadline("plan").code in {0, 1}
    said = leadline("test", "--from", "p-000017", "-o", "tests/real/../one.yml")
    assert said.code == 0, said.err
    text = (installed / "tests" / "one.yml").read_text(encoding="utf-8")
    assert "  history:\n" in text
    assert "masked.example" in text or "@" not in text
    assert leadline("test").code == 0
    assert leadline("test", "--from", "p-000017", "-o", "tests/one.yml").code == 2
    printed = leadline("test", "--from", "p-000017")
    assert printed.out == text
    assert leadline("test", "--from", "p-000017", "--json").json["test"] == text


def test_from_and_its_options_are_usage(leadline: Leadline, installed: Path) -> None:
    """--from does not go with a book or coverage, and -o not without --from; an unknown person is named so."""
    assert leadline("test", installed, "--from", "p-000017").code == 2
    assert leadline("test", "--coverage", "--from", "p-000017").code == 2
    assert leadline("test", "-o", "tests/x.yml").code == 2
    said = leadline("test", "--from", "nobody@nowhere.example")
    assert said.code == 1
    assert "nobody is known" in said.err
