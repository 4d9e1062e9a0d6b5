"""Books that are wrong: a message with a place, exit code 1, never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Leadline


def edit(book: Path, old: str, new: str) -> Path:
    """Replace the first ``old`` of the rule book; it must be there."""
    rules = book / "rules.yml"
    text = rules.read_text(encoding="utf-8")
    assert old in text
    rules.write_text(text.replace(old, new, 1), encoding="utf-8")
    return book


def test_the_example_is_without_fault(leadline: Leadline, book: Path) -> None:
    """`check` ends with 0 on what `init` wrote."""
    said = leadline("check", book)
    assert (said.code, said.err) == (0, "")


def test_an_unknown_key_gets_its_nearest(leadline: Leadline, book: Path) -> None:
    """A misspelt section names file, line, column and the right word."""
    said = leadline("check", edit(book, "\nscores:", "\nscors:"))
    assert said.code == 1
    assert "rules.yml:" in said.err
    assert "scores" in said.err


def test_all_errors_come_at_once(leadline: Leadline, book: Path) -> None:
    """Two faults in one file are told in one run, as text and as JSON."""
    edit(book, "points: 10", "points: ten")
    edit(book, "\ngrid:", "\ngird:")
    assert len(leadline("check", book).err.strip().splitlines()) >= 2
    document = leadline("check", book, "--json").json
    assert document["ok"] is False
    assert len(document["problems"]) >= 2
    assert all(problem["line"] > 0 for problem in document["problems"])


@pytest.mark.parametrize(
    ("content", "said_part"),
    [
        (b"leadline: 1\nname: \xff\xfe\n", "UTF-8"),
        (b"leadline: 1\nname: a\nname: b\n", "name"),
        (b"", "empty"),
        (b"- just\n- a list\n", "mapping"),
        (b"a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n", ""),
        (b"leadline: 1\n\tname: tab\n", ""),
        (b"[" * 50_000, ""),
    ],
    ids=["invalid UTF-8", "duplicate key", "empty", "list", "aliases", "tab", "nesting"],
)
def test_yaml_that_lies(leadline: Leadline, book: Path, content: bytes, said_part: str) -> None:
    """Text that is not a rule book is refused with its place."""
    (book / "rules.yml").write_bytes(content)
    said = leadline("check", book)
    assert said.code == 1
    assert "rules.yml" in said.err
    assert said_part in said.err


def test_a_hundred_megabytes_are_not_read(leadline: Leadline, book: Path) -> None:
    """A huge file is refused by its size."""
    with (book / "rules.yml").open("wb") as file:
        file.truncate(100_000_000)
    said = leadline("check", book)
    assert said.code == 1
    assert "larger" in said.err


def test_no_and_times_stay_text(leadline: Leadline, book: Path) -> None:
    """`NO` is Norway and `1:30` is no number: both are compared as text."""
    edit(book, "when: {industry: {in: [", "when: {industry: {in: [NO, 1:30, ")
    assert leadline("check", book).code == 0


def test_a_word_that_nobody_knows_is_never_ignored(leadline: Leadline, book: Path) -> None:
    """Nothing that a book says is silently left out, and the nearest word is named."""
    edit(book, "    entered: {mql: MQL_Date__c", "    duee: Due__c\n    entered: {mql: MQL_Date__c")
    said = leadline("check", book)
    assert said.code == 1
    assert "`duee`" in said.err
    assert "did you mean `due`" in said.err


def test_a_missing_book_says_where_one_is_expected(leadline: Leadline, tmp_path: Path) -> None:
    """A wrong directory is named."""
    said = leadline("check", tmp_path / "nowhere")
    assert said.code == 1
    assert "nowhere" in said.err


def test_init_never_overwrites(leadline: Leadline, book: Path) -> None:
    """A folder that holds something is refused, and stays as it was."""
    before = {path: path.read_bytes() for path in book.rglob("*") if path.is_file()}
    said = leadline("init", book)
    assert said.code == 2
    assert "already holds something" in said.err
    assert {path: path.read_bytes() for path in book.rglob("*") if path.is_file()} == before


def test_init_names_the_templates(leadline: Leadline, tmp_path: Path) -> None:
    """An unknown template is answered with those that exist."""
    said = leadline("init", "--template", "waterfal", tmp_path / "new")
    assert said.code == 2
    assert "waterfall" in said.err


@pytest.mark.parametrize("arguments", [["chek"], ["check", "--jsn"], ["evaluate"], ["plan", "--config"]])
def test_usage_errors_end_with_two(leadline: Leadline, arguments: list[str]) -> None:
    """A misspelt verb or option, or a missing one, is usage."""
    assert leadline(*arguments).code == 2
