"""No cell of a CSV file that we write is a formula, whoever wrote the text."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.spreadsheets import as_it_was, harmless, write_csv

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20|"
TEXT = st.text(st.sampled_from("=+-@'\uff1d 1a\r\n\t\",\ufeff|") | st.characters(codec="utf-8"), max_size=8)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 30 123",
        "-cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\ufeff=1",
        "\uff1d1",
        "-",
    ],
)
def test_a_formula_becomes_text(text: str) -> None:
    """Every beginning that a spreadsheet would run, also behind what nobody sees."""
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("value", ["", " ", "-10", "+3.5", "0", "a=b", "ann@acme.example", "p-000017", 7, -7, None])
def test_numbers_and_words_stay(value: object) -> None:
    """A score below nothing is still a number."""
    assert harmless(value) == value


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3))
def test_a_reader_finds_these_cells_and_no_formula(cells: list[tuple[str, str]]) -> None:
    """Through the writer and any reader: as many rows as there were, each text again, none that would be run."""
    file = io.StringIO()
    assert write_csv(file, ("one", "other"), cells) == len(cells)
    rows = list(csv.reader(io.StringIO(file.getvalue(), newline="")))[1:]
    assert [tuple(as_it_was(cell) for cell in row) for row in rows] == cells
    for cell in (cell for row in rows for cell in row):
        number = cell[:1] in "+-" and cell[1:].replace(".", "", 1).isdigit()
        assert number or cell.strip(" \t\r\n\ufeff")[:1] not in set(SIGNS)
