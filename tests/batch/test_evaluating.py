"""`evaluate` over files: an empty cell says no more than a column that is not there."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadline.batch.evaluating import evaluate_files
from leadline.rules.reading import read_book

BOOK = """
leadline: 1
name: Regions
fields:
  country: {type: text, hubspot: contact.country}
  region: {type: text, from: {table: lists/regions.csv, by: country}}
scores:
  fit: {criteria: {home: {points: 10, when: {region: {in: [EMEA]}}}}}
stages:
  inquiry: {kind: inventory, owner: marketing, start: true}
  mql: {kind: gate, owner: sales, enter: {fit: {at_least: 10}}}
paths: [inquiry -> mql]
"""


@pytest.mark.parametrize(
    ("people", "stage"),
    [
        ("person_id,country\np1,Peru\n", "inquiry"),
        ("person_id,country\np1,Germany\n", "mql"),
        ("person_id,country,region\np1,Germany,\n", "mql"),
        ("person_id,country,region\np1,Germany,LATAM\n", "inquiry"),
        ("person_id,country,region\np1,Peru,EMEA\n", "mql"),
    ],
)
def test_an_empty_cell_of_a_looked_up_field_is_looked_up(tmp_path: Path, people: str, stage: str) -> None:
    """The table answers where the file says nothing of the field, and only there."""
    book = read_book({"rules.yml": BOOK.encode(), "lists/regions.csv": b"country,region\nGermany,EMEA\nPeru,LATAM\n"})
    (tmp_path / "people.csv").write_text(people, encoding="utf-8")
    out = tmp_path / "out.csv"
    evaluate_files(book, tmp_path / "people.csv", None, datetime(2026, 3, 1, tzinfo=UTC), out)
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["stage"] for row in csv.DictReader(file)] == [stage]
