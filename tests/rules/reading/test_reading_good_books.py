"""Every spelling of the rule language, and which spellings are the same book."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from leadline.common.bookfiles import read_sources
from leadline.rules import model
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from leadline.rules.reading.hashing import book_hash
from tests.rules.reading.reading_kit import BASE, cases, sources

GOOD = cases("good")
EXAMPLES = Path(__file__).parents[3] / "examples"


def _read(case: dict[str, Any], book: str) -> Book:
    lists = {name: text.encode() for name, text in case.get("lists", {}).items()}
    return read_book(sources(book, lists, tuple(case.get("without", ()))))


@pytest.mark.parametrize("case", [case for _, case in GOOD], ids=[name for name, _ in GOOD])
def test_a_spelling_means_what_it_says(case: dict[str, Any]) -> None:
    """A book reads to the listed values, and to the same hash as its other spellings only."""
    book = _read(case, case["book"])
    known = {
        **vars(model),
        "Decimal": Decimal,
        "timedelta": timedelta,
        "date": date,
        "datetime": datetime,
        "UTC": UTC,
    }
    for expression in case.get("means", "").splitlines():
        assert eval(expression, {**known, "book": book}), expression
    for other in case.get("like", ()):
        assert _read(case, other).hash == book.hash
    for other in case.get("unlike", ()):
        assert _read(case, other).hash != book.hash


def test_a_hash_is_64_hex_digits_and_does_not_cover_itself_or_file_names() -> None:
    """The hash of a read book is the same under another file name and when computed again."""
    files = sources("")
    book = read_book(files)
    renamed = read_book({"acme.yml": files.pop("rules.yml"), **files})
    assert len(book.hash) == 64
    assert renamed.hash == book.hash == book_hash(book)
    assert renamed.stages["mql"].mark.file == "acme.yml"


def test_a_hash_does_not_depend_on_the_process() -> None:
    """Another interpreter with another hash seed gives the same book hash."""
    program = (
        "import sys; from leadline.common.bookfiles import read_sources; "
        "from leadline.rules.reading import read_book; "
        "print(read_book(read_sources(sys.argv[1])).hash)"
    )
    path = EXAMPLES / "waterfall"
    said = {
        subprocess.run(
            [sys.executable, "-c", program, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert said == {read_book(read_sources(path)).hash}


@pytest.mark.parametrize("name", ["waterfall", "olist"])
def test_the_examples_read(name: str) -> None:
    """Each example directory is a book."""
    assert read_book(read_sources(EXAMPLES / name)).main_path[-1] == "customer"


def test_every_section_changes_the_hash() -> None:
    """Whatever a book says about decisions is in its hash."""
    book = read_book(sources(""))
    changed = [
        dataclasses.replace(book, machines=("x",)),
        dataclasses.replace(book, primary=("Lead",)),
        dataclasses.replace(book, grid=None),
        dataclasses.replace(book, temperatures=None),
        dataclasses.replace(book, main_path=("inquiry", "mql")),
        dataclasses.replace(book, transitions=book.transitions[1:]),
        dataclasses.replace(book, stages={**book.stages, "mql": dataclasses.replace(book.stages["mql"], stay=None)}),
        dataclasses.replace(book, by_hand=model.ByHand(False)),
        dataclasses.replace(book, guards=model.Guards(backward=1)),
    ]
    hashes = {book_hash(item) for item in [book, *changed]}
    assert len(hashes) == len(changed) + 1


def test_a_large_book_reads_fast() -> None:
    """500 criteria take well under 0.3 s of CPU: the least of three, for memory is tidied meanwhile."""
    lines = [
        f"      c{n}: {{points: 1, when: {{any: [{{title: {{has_word: [w{n}, v{n}]}}}}, {{known: email}}]}}}}"
        for n in range(250)
    ]
    lines += [f"      d{n}: {{points: 2, each: demo, within: {n + 1}d, at_most: 3}}" for n in range(250)]
    interest = "  interest:\n    criteria: {demo: {points: 40, latest: demo}}\n    grades: {1: 30, 2: 0}\n"
    book = "scores:\n  fit:\n    criteria:\n" + "\n".join(lines) + "\n    grades: {A: 50, B: 0}\n" + interest
    files = sources(book)
    spent = []
    for _ in range(3):
        started = time.process_time()
        read = read_book(files)
        spent.append(time.process_time() - started)
    assert len(read.scores["fit"].criteria) == 500
    assert min(spent) < 0.3


def test_the_base_book_is_complete() -> None:
    """The base of all cases reads by itself, so a case fails only for its own section."""
    assert list(read_book(sources("")).stages) == ["inquiry", "mql", "customer", "recycled"]
    assert set(BASE) >= {"fields", "stages", "paths"}


def test_zone_data_is_part_of_a_book_with_a_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other rules of the zone's clock are another book; a book in UTC knows no zone data."""
    texts = {name: sources(f"zone: {name}\n", {}, ()) for name in ("UTC", "Europe/Berlin")}
    before = {name: read_book(text).hash for name, text in texts.items()}
    monkeypatch.setattr("leadline.rules.business_time.zones.zone_offsets", lambda zone: ((0, len(zone)),))
    after = {name: read_book(text).hash for name, text in texts.items()}
    assert after["UTC"] == before["UTC"]
    assert after["Europe/Berlin"] != before["Europe/Berlin"]
