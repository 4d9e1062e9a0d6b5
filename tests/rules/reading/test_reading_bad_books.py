"""Broken books: every problem at once, each with its place, its code and the nearest valid name."""

from __future__ import annotations

from typing import Any

import pytest

from leadline.common.errors import BookError
from leadline.rules.reading import read_book
from tests.rules.reading.reading_kit import cases, sources

BAD = cases("bad")


@pytest.mark.parametrize("case", [case for _, case in BAD], ids=[name for name, _ in BAD])
def test_all_problems_are_told_with_their_places(case: dict[str, Any]) -> None:
    """A broken book raises exactly the listed problems, in file order."""
    lists = {name: text.encode() for name, text in case.get("lists", {}).items()}
    with pytest.raises(BookError) as caught:
        read_book(sources(case["book"], lists, tuple(case.get("without", ()))))
    told = [(_place(problem), problem.code, str(problem)) for problem in caught.value.problems]
    expected = case["problems"]
    assert [(place, code) for place, code, _ in told] == [(place, code) for place, code, *_ in expected], caught.value
    for (_, _, text), (_, _, *parts) in zip(told, expected, strict=True):
        for part in parts:
            assert part in text


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "there is no rules.yml"),
        ({"a.yml": b"x: 1", "b.yml": b"x: 1"}, "several YAML files"),
    ],
)
def test_the_root_must_be_clear(files: dict[str, bytes], message: str) -> None:
    """Without rules.yml, only a single YAML file can be the book."""
    with pytest.raises(BookError, match=message):
        read_book(files)


def test_a_list_that_is_not_utf8_is_placed() -> None:
    """A list in another encoding is refused at its line."""
    book = "scope: {exclude: {email: {domain_in: lists/latin.txt}}}\n"
    with pytest.raises(BookError) as caught:
        read_book(sources(book, {"lists/latin.txt": b"a.example\nm\xfcller.example\n"}))
    assert str(caught.value).startswith("lists/latin.txt:2:1: this line is not UTF-8")


def _place(problem: Any) -> str:
    place = f"{problem.line}:{problem.column}"
    return place if problem.file == "rules.yml" else f"{problem.file}:{place}"
