"""`leadline diff`: two books by directory, by file and by a hash that the state keeps."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import Leadline
from tests.cli.test_bad_books import edit


def test_a_changed_book_is_told_in_words(leadline: Leadline, book: Path, tmp_path: Path) -> None:
    """What changed stands under its section; the exit code is 0, for a difference is no fault."""
    shutil.copytree(book, tmp_path / "new")
    edit(tmp_path / "new", "points: 10, each: pricing_page", "points: 15, each: pricing_page")
    said = leadline("diff", book, tmp_path / "new")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:2] == [
        "scores",
        "  score interest: criterion pricing page gives 15 instead of 10 points",
    ]
    assert "1 difference. Hash" in said.out
    document = leadline("diff", book / "rules.yml", tmp_path / "new" / "rules.yml", "--json").json
    assert (document["same"], document["differences"][0]["section"]) == (False, "scores")
    assert document["differences"][0]["line"] > 100


def test_the_same_book_has_no_difference(leadline: Leadline, book: Path) -> None:
    """A book is like itself."""
    said = leadline("diff", book, book)
    assert (said.code, said.out.startswith("the same rules.")) == (0, True)
    assert leadline("diff", book, book, "--json").json["same"] is True


def test_a_book_that_decided_is_known_by_its_hash(leadline: Leadline, installed: Path) -> None:
    """After an edit, the book of the last plan can still be compared, by the beginning of its hash."""
    before = leadline("check", "--json").json["hash"]
    assert leadline("plan").code in {0, 1}
    edit(installed, "points: 10, each: pricing_page", "points: 15, each: pricing_page")
    said = leadline("diff", before[:10], ".")
    assert "gives 15 instead of 10 points" in said.out
    unknown = leadline("diff", "0" * 12, ".")
    assert unknown.code == 1
    assert "keeps no rule book whose hash begins with 000000000000" in unknown.err


def test_a_book_that_is_not_there(leadline: Leadline, book: Path) -> None:
    """A wrong name, and a book with faults, are told as `check` would."""
    assert leadline("diff", book, book / "nowhere").code == 1
    edit(book, "points: 10", "points: ten")
    said = leadline("diff", book, book)
    assert said.code == 1
    assert "`points` is a number" in said.err
