"""`evaluate` by columns writes what reading row by row writes, in however many processes and partitions."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow
import pytest
from pyarrow import csv, parquet

from leadline.batch import evaluating
from leadline.batch.partitions import aside, local
from leadline.common.bookfiles import read_sources
from leadline.common.errors import UsageError
from leadline.rules.model import Book
from leadline.rules.reading import read_book

AT = datetime(2026, 6, 30, 16, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "examples" / "waterfall"
VALUES = {
    "title": ["VP Sales", "Engineer", "", " Head of IT"],
    "employees": ["12", "900", "", "12000.0"],
    "email": ["a@acme.example", "b@gmail.com", ""],
    "status": ["Working", "Rejected", ""],
    "opted_out": ["true", "no", ""],
    "stage": ["", "mql", "recycled"],
    "stage_since": ["", "2026-05-01", "2026-06-01T10:00:00+02:00"],
    "pass": ["", "1", "2"],
}


@pytest.fixture(scope="module")
def book() -> Book:
    """Read the example book."""
    return read_book(read_sources(EXAMPLE))


def write_files(folder: Path, book: Book, count: int, *, quoted: bool = False) -> tuple[Path, Path]:
    """Write people and activities with some of everything: strangers, days, activities that are still to come."""
    chance = random.Random(5)
    lines = [",".join(["person_id", *VALUES, "unread"])]
    for number in range(count):
        cells = [chance.choice(values) for values in VALUES.values()]
        lines.append(",".join([f"p{number}", *cells, '"a, b"' if quoted else ""]))
    people, activities = folder / "people.csv", folder / "activities.csv"
    people.write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = sorted(book.activities)
    rows = ["person_id,activity,at"]
    for _ in range(count * 3):
        at = AT - timedelta(minutes=chance.randrange(-9_000, 150_000))
        text = at.date().isoformat() if chance.random() < 0.2 else at.isoformat().replace("+00:00", "Z")
        rows.append(f"p{chance.randrange(count + 3)},{chance.choice(names)},{text}")
    activities.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return people, activities


@pytest.mark.parametrize(("suffix", "quoted"), [(".csv", False), (".csv", True), (".parquet", False)])
def test_columns_write_what_rows_write(
    tmp_path: Path, book: Book, monkeypatch: pytest.MonkeyPatch, suffix: str, quoted: bool
) -> None:
    """Every byte, every count and every remark, with many small partitions."""
    given = (*write_files(tmp_path, book, 150, quoted=quoted), AT)
    monkeypatch.setattr(aside, "PEOPLE", 20)
    by_columns = evaluating.evaluate_files(book, *given, tmp_path / f"one{suffix}")
    monkeypatch.setattr(evaluating, "_by_partitions", lambda *_: None)
    by_rows = evaluating.evaluate_files(book, *given, tmp_path / f"two{suffix}")
    assert by_columns == by_rows
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


def test_two_workers_write_what_one_writes(tmp_path: Path, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of the people file stays, too; both read some of the activities' groups of rows."""
    people, activities = write_files(tmp_path, book, 90)
    parquet.write_table(csv.read_csv(activities), tmp_path / "activities.parquet", row_group_size=40)
    given = (people, tmp_path / "activities.parquet", AT)
    monkeypatch.setattr(aside, "PEOPLE", 30)
    monkeypatch.setattr(local, "_LARGE", 0)
    one = evaluating.evaluate_files(book, *given, tmp_path / "one.csv")
    two = evaluating.evaluate_files(book, *given, tmp_path / "two.csv", workers=2)
    assert one == two
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_an_empty_file_of_people_has_an_empty_result(tmp_path: Path, book: Book) -> None:
    """Only the names of the columns are written, and strangers are told."""
    people, activities = write_files(tmp_path, book, 5)
    people.write_text("person_id,title\n", encoding="utf-8")
    done = evaluating.evaluate_files(book, people, activities, AT, tmp_path / "out.csv")
    assert done.people == 0
    assert "people of the other files are not in the people file" in done.remarks[0]
    assert (tmp_path / "out.csv").read_text().count("\n") == 1


IDS = pyarrow.array(["0", "1"])
SIZES = pyarrow.array(["12", "900"])
ODD = {
    "a number 0 as an id": {"person_id": pyarrow.array([0, 1]), "employees": SIZES},
    "views of texts": {"person_id": IDS, "employees": SIZES.cast(pyarrow.string_view())},
    "views of bytes": {"person_id": IDS, "employees": SIZES.cast(pyarrow.binary_view())},
    "no types in common": {"person_id": IDS, "employees": pyarrow.array([12, 900])},
}


@pytest.mark.parametrize("name", ODD)
def test_odd_types_of_parquet_are_read_alike(
    tmp_path: Path, book: Book, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Columns write what rows write, whatever the types of one file, or of two in a directory."""
    folder = tmp_path / "people"
    folder.mkdir()
    parquet.write_table(pyarrow.table(ODD[name]), folder / "a.parquet")
    if name == "no types in common":
        parquet.write_table(pyarrow.table({"person_id": ["2"], "employees": ["13"]}), folder / "b.parquet")
    activities = tmp_path / "activities.parquet"
    happened = {"person_id": [0, 1], "activity": sorted(book.activities)[:2], "at": ["2026-06-01T00:00:00Z"] * 2}
    parquet.write_table(pyarrow.table(happened), activities)
    by_columns = evaluating.evaluate_files(book, folder, activities, AT, tmp_path / "one.csv")
    monkeypatch.setattr(evaluating, "_by_partitions", lambda *_: None)
    assert evaluating.evaluate_files(book, folder, activities, AT, tmp_path / "two.csv") == by_columns
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_year_that_is_none(tmp_path: Path, book: Book) -> None:
    """Arrow knows a year 0; it is refused as reading by rows refuses it."""
    people, activities = write_files(tmp_path, book, 5)
    activities.write_text(f"person_id,activity,at\np1,{min(book.activities)},0000-01-01T00:00:00Z\n")
    with pytest.raises(UsageError, match=r"activities.csv:2:1: at: not an ISO 8601 instant"):
        evaluating.evaluate_files(book, people, activities, AT, tmp_path / "out.csv")
