"""A short run of the fuzzer (`make fuzz` is the long one), and proof that it would notice."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from leadline.common.errors import BookError, Problem
from leadline.rules.reading import read_book
from tests.fuzz import judging
from tests.fuzz.judging import BAD, case, judged, names, samples, summary
from tests.fuzz.mutations import MUTATIONS, ROOT, Mutant, damaged
from tests.fuzz.trees import tree_of, written

CASES = 300


def test_no_damaged_book_does_harm() -> None:
    """Every damaged book is refused with a place, the same book, or one that the damage explains; at once."""
    cases = [case(samples(), 11, number) for number in range(CASES)]
    assert [f"case {item.number}: {item.kind}: {item.detail}" for item in cases if item.verdict in BAD] == []
    table = summary(cases)
    total = {name: sum(row[name] for row in table.values()) for name in ("refused", "same", "changed")}
    # A run in which nothing is refused, or nothing accepted, would show nothing.
    assert min(total.values()) > CASES // 20, total
    assert sum(total.values()) == CASES
    assert {kind for kind, row in table.items() if any(row.values())} >= set(list(MUTATIONS)[: CASES // len(names())])


@pytest.mark.parametrize("name", names())
def test_what_is_damaged_is_the_book(name: str) -> None:
    """Written again without damage, the tree means the same; so does a book with a comment more."""
    sample = next(sample for sample in samples() if sample.name == name)
    again = {**sample.files, ROOT: written(tree_of(sample.files[ROOT]))}
    assert read_book(again).hash == sample.book.hash
    assert judged(sample, damaged(sample.files, random.Random(1), "comment")) == ("same", "")


@pytest.mark.parametrize("kind", MUTATIONS)
def test_each_kind_of_damage_damages(kind: str) -> None:
    """A few tries change the files, and the same seed changes them alike."""
    sample = min(samples(), key=lambda book: len(book.files[ROOT]))
    mutants = [damaged(sample.files, random.Random(number), kind).files for number in range(4)]
    assert any(dict(files) != dict(sample.files) for files in mutants)
    assert mutants == [damaged(sample.files, random.Random(number), kind).files for number in range(4)]


def test_a_fault_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback, a problem without a place, a change elsewhere and a slow book are each told as such."""
    sample = next(sample for sample in samples() if sample.name == "waterfall")
    edited = sample.files[ROOT].replace(b"backward: 50", b"backward: 5")
    mutant = Mutant({**sample.files, ROOT: edited}, frozenset(["scores"]))
    assert judged(sample, mutant)[0] == "unexplained"
    assert judged(sample, replace(mutant, touched=frozenset(["guards"]))) == ("changed", "")
    for raised, verdict in ((BookError([Problem("rules.yml", 0, 0, "no place", code="book")]), "unplaced"),
                            (BookError([Problem("rules.yml", 1, 1, "no such code", code="x")]), "unplaced"),
                            (BookError([]), "unplaced"), (ZeroDivisionError(), "traceback")):  # fmt: skip

        def read(_: object, error: Exception = raised) -> object:
            raise error

        monkeypatch.setattr(judging, "read_book", read)
        assert case(samples(), 1, 0).verdict == verdict
    monkeypatch.setattr(judging, "read_book", read_book)
    monkeypatch.setattr(judging, "SLOW", -1.0)
    assert case(samples(), 1, 0).verdict == "slow"
