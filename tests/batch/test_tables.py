"""Reading and writing rows: places, whole files, exact values."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from leadline.batch.tables import Table, write_table
from leadline.common.errors import UsageError

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


def test_csv_rows_know_their_lines(tmp_path: Path) -> None:
    """A quoted line break moves the line of the next row."""
    path = tmp_path / "people.csv"
    path.write_text('person_id,title\na,"two\nlines"\nb,\n', encoding="utf-8")
    assert [(row.line, dict(row.cells)) for row in Table(path)] == [
        (3, {"person_id": "a", "title": "two\nlines"}),
        (4, {"person_id": "b", "title": ""}),
    ]


def test_byte_order_mark_is_not_part_of_a_name(tmp_path: Path) -> None:
    """Spreadsheets write a byte order mark; the first column keeps its name."""
    path = tmp_path / "people.csv"
    path.write_bytes(b"\xef\xbb\xbfperson_id\na\n")
    assert Table(path).columns == ("person_id",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"person_id,person_id\n", "stands twice"),
        (b"person_id\na,b\n", ":2: 2 cells"),
        (b"person_id\n\xff\n", "not UTF-8"),
        (b'person_id\n"a\n', "not readable as CSV"),
    ],
)
def test_a_csv_that_cannot_be_read_is_a_usage_error(tmp_path: Path, content: bytes, said: str) -> None:
    """Every fault of a CSV file names the file and, where there is one, the line."""
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=str(path)) as caught:
        list(Table(path))
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["missing.csv", "missing.parquet"])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    """A missing file says what to name instead."""
    with pytest.raises(UsageError, match="name a CSV or Parquet file"):
        Table(tmp_path / name)


def test_a_file_that_only_looks_like_parquet(tmp_path: Path) -> None:
    """The suffix decides; the content must agree."""
    path = tmp_path / "people.parquet"
    path.write_text("person_id\na\n")
    with pytest.raises(UsageError, match="not readable as Parquet"):
        Table(path)


def test_parquet_values_become_exact(tmp_path: Path) -> None:
    """A float is read as the decimal it prints as, and NaN as empty."""
    path = tmp_path / "people.parquet"
    parquet.write_table(pyarrow.table({"person_id": ["a", "b"], "amount": [0.1, float("nan")]}), path)
    assert [row.cells["amount"] for row in Table(path)] == [Decimal("0.1"), None]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@given(cells=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, cells: list[tuple[str, str]]
) -> None:
    """Any text survives both formats."""
    path = tmp_path_factory.mktemp("tables") / f"out{suffix}"
    rows = [{"person_id": one, "stage": two} for one, two in cells]
    assert write_table(path, ("person_id", "stage"), rows) == len(rows)
    assert [dict(row.cells) for row in Table(path)] == rows


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """The file appears whole or not at all, and nothing else is left beside it."""
    path = tmp_path / "out.csv"
    path.write_text("before")

    def rows() -> object:
        yield {"person_id": "a"}
        raise UsageError("stop")

    with pytest.raises(UsageError, match="stop"):
        write_table(path, ("person_id",), rows())  # type: ignore[arg-type]
    assert path.read_text() == "before"
    assert [item.name for item in tmp_path.iterdir()] == ["out.csv"]
