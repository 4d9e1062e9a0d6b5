"""Histories out of files: the same whatever the form of the files, however they are cut, and bad ones are told."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import timedelta
from operator import attrgetter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv, parquet

from leadline.batch.columns import sources
from leadline.batch.tables import Table
from leadline.common.errors import UsageError
from leadline.history.backtest import LANDMARK, Question, compare
from leadline.history.columns.crowd import crowd_of
from leadline.history.columns.journeys import journeys_by_columns
from leadline.history.files import FileSource, open_files
from leadline.history.journeys import journey_of
from leadline.history.partition import partition_of
from leadline.history.people import PersonHistory
from leadline.history.replaying import Span, replay_happened, replayer, walker_of
from leadline.history.summing import report_of
from leadline.rules.model import Book
from leadline.rules.reading import read_book
from tests.batch.partitions.made import BOOKS
from tests.history import tiny
from tests.rules.deciding.laws import law

OLD, NEW = (
    read_book({"rules.yml": BOOKS[kind].replace("at_least: 5}", f"at_least: {least}}}").encode()})
    for kind, least in (("accounts", 5), ("plain", 10))
)
ARRAYS = read_book(
    {
        "rules.yml": b"""
leadline: 1
name: Arrays
fields:
  role: {type: text, signal: true}
  size: {type: integer}
  team: {type: text, from: {table: lists/teams.csv, by: role}}
activities: {demo: {}}
scores:
  interest:
    criteria:
      demo: {points: 20, each: demo, within: 10d}
      ours: {points: 7, when: {team: {equals: red}}}
      large: {points: {size: {8 to 49: 5, from 50: 9}}}
    grades: {A: 25, B: 9}
stages:
  inquiry: {kind: inventory}
  mql: {kind: inventory, enter: {interest: {at_least: 9}}}
  sal: {kind: final, enter: {all: [{role: {equals: buyer}}, {size: {over: 7}}]}}
  customer: {kind: final, enter: {deal: won}}
paths: [inquiry -> mql -> sal -> customer]
""",
        "lists/teams.csv": b"role,team\nbuyer,red\n",
    }
)
SPAN = Span(tiny.SPAN.since.replace(month=1), tiny.SPAN.until)
AT = st.sampled_from(["2026-02-01", "2026-02-10T08:00:00Z", "2026-02-10T08:00:00Z", "2026-02-27T09:00:00+01:00"])
WHO = st.sampled_from([f"p{number}" for number in range(9)])


def rows(most: int, **cells: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return rows of a file."""
    return st.lists(st.fixed_dictionaries(cells), max_size=most)


FILES = st.fixed_dictionaries(
    {
        "people": rows(
            8,
            account=st.sampled_from(["Acme", " Acme", "Globex", "", "p1"]),
            role=st.sampled_from(["buyer", "", "'=buyer"]),
            size=st.sampled_from(["7", "80.0", ""]),
            created=st.sampled_from(["", "2026-01-20"]),
        ),
        "activities": rows(
            20, person_id=WHO, activity=st.just("demo"), at=AT, precision=st.sampled_from(["", "day"])
        ),
        "changes": rows(
            8, person_id=WHO, field=st.sampled_from(["role", "size"]), value=st.sampled_from(["", "9", "90"]), at=AT,
            assumed=st.sampled_from(["", "true"]),
        ),
        "deals": rows(5, person_id=WHO, deal=st.just("1"), state=st.sampled_from(["open", "won", "gone"]), at=AT),
    }
)  # fmt: skip
COLUMNS = {
    "people": ("person_id", "account", "role", "size", "created"),
    "activities": ("person_id", "activity", "at", "precision"),
    "changes": ("person_id", "field", "value", "at", "assumed"),
    "deals": ("person_id", "deal", "state", "at"),
}


def write(folder: Path, files: dict[str, list[dict[str, Any]]], form: str) -> list[Path]:
    """Write the files as plain or quoted CSV, as Parquet, or as directories of it."""
    found = []
    for name, columns in COLUMNS.items():
        own = [{"person_id": f"p{number}", **row} for number, row in enumerate(files[name])]
        table = pyarrow.Table.from_pylist(own, schema=pyarrow.schema([(one, pyarrow.string()) for one in columns]))
        path = folder / name
        if form == "directory":
            path.mkdir()
            for part in range(3):
                parquet.write_table(table.slice(part * 3, 3 if part < 2 else None), path / f"{part}.parquet")
        elif form == "parquet":
            path = path.with_suffix(".parquet")
            parquet.write_table(table, path)
        else:
            path = path.with_suffix(".csv")
            style = "all_valid" if form == "quoted" else "none"
            csv.write_csv(table, path, csv.WriteOptions(quoting_style=style, quoting_header=style))
        found.append(path)
    return found


def told(source: FileSource, size: int) -> tuple[list[str], object]:
    """Return the decision log of one book and the report of two, with so many people at a time."""
    asked = Question(NEW, OLD, SPAN, "mql", source.has_deals)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leadline.history.working.in_parts.__defaults__", (1, size))
        with replay_happened(source, OLD, SPAN, bodies=True) as done:
            log = list(done.texts())
        return log, report_of(source, asked, compare(source, asked))


@law(15)
@given(FILES, st.sampled_from(["plain", "quoted", "parquet", "directory"]), st.integers(1, 5), st.integers(1, 3))
def test_any_partitioning_tells_the_same(
    files: dict[str, list[dict[str, Any]]], form: str, size: int, most: int
) -> None:
    """Log and report of two books, one of accounts: by any partitions, parts and stretches of rows, byte for byte."""
    with TemporaryDirectory() as name:
        people, *others = write(Path(name), files, form)
        whole = told(open_files([NEW, OLD], people, *others), 500)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sources, "ROWS", most)
            assert told(open_files([NEW, OLD], people, *others, size=size), most) == whole


def flat(source: FileSource, book: Book) -> Iterator[object]:
    """Yield histories without the lines that the form of a file gives to activities."""
    found: list[PersonHistory] = sorted(source.load(book), key=lambda one: one.person)
    for one in found:
        yield one.person, one.born, one.assumed, [(f.kind, f.name, f.value, f.at, f.precision) for f in one.facts]


@law(6)
@given(FILES)
def test_any_form_tells_the_same(files: dict[str, list[dict[str, Any]]]) -> None:
    """Plain CSV, which is read by columns, is quoted CSV, which is read by rows; Parquet is the same in its parts."""
    for row in files["people"]:
        row["role"] = row["role"].strip("'=")
    found = []
    for form in ("plain", "quoted", "parquet", "directory"):
        with TemporaryDirectory() as name:
            source = open_files([NEW, OLD], *write(Path(name), files, form), size=3)
            found.append((source.ids(), source.shelf.strangers, *(list(flat(source, book)) for book in (NEW, OLD))))
    assert all(one == found[0] for one in found)


def test_the_folder_goes_with_its_owner(tmp_path: Path) -> None:
    """A copy in another process reads the same files; they are gone with the source that put them aside."""
    source = tiny.history(tmp_path)
    copy: FileSource = pickle.loads(pickle.dumps(source))
    assert copy.ids() == ["a", "b", "c", "d"]
    folder = source.shelf.folder.path
    del copy
    assert folder.is_dir()
    partition_of.__globals__["_last"].clear()
    del source
    assert not folder.exists()


def test_people_of_a_part(tmp_path: Path) -> None:
    """Some people can be asked for by name, strangers are nobody."""
    source = tiny.history(tmp_path)
    some = source.part(["d", "a", "x"])
    assert (some.count, some.ids()) == (2, ["a", "d"])
    assert [(part.count, part.ids()) for part in some.parts(1)] == [(1, ["a"]), (1, ["d"])]


def test_many_rows_and_then_a_bad_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a bad line stands, it is told by its number in the file, empty lines counted."""
    monkeypatch.setattr(sources, "_BLOCK", 64)
    tiny.history(tmp_path)
    path = tmp_path / "activities.csv"
    good = path.read_text()
    for bad, said in (("a,form", "2 cells"), ("a,form,soon", "not an ISO 8601"), (",form,2026-03-02", "is empty")):
        for gap, line in (("", 16), ("\n\n", 18)):
            path.write_text(good + gap + "".join(good.splitlines(keepends=True)[1:]) + bad + "\n")
            with pytest.raises(UsageError, match=rf"activities.csv:{line}:.*{said}"):
                open_files([tiny.book()], tmp_path / "people.csv", path, None, None)


def test_files_of_a_directory_that_are_not_alike(tmp_path: Path) -> None:
    """Numbers of two widths have a type in common; a number and a list have none, and the directory is named."""
    folder = tmp_path / "people"
    folder.mkdir()
    for name, kind in (("a", pyarrow.int32()), ("b", pyarrow.int64())):
        table = pyarrow.table({"person_id": [name], "budget": pyarrow.array([7], kind)})
        parquet.write_table(table, folder / f"{name}.parquet")
    source = open_files([tiny.book()], folder, None, None, None)
    assert [fact.value for one in source.load(tiny.book()) for fact in one.facts] == [7, 7]
    parquet.write_table(pyarrow.table({"person_id": ["c"], "budget": [[1]]}), folder / "c.parquet")
    with pytest.raises(UsageError, match="other types in one column"):
        open_files([tiny.book()], folder, None, None, None)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """A Parquet text that is not UTF-8 is told by its column."""
    path = tmp_path / "people.parquet"
    texts = pyarrow.StringArray.from_buffers(
        1, pyarrow.py_buffer(b"\0\0\0\0\2\0\0\0"), pyarrow.py_buffer(b"\xff\xfe")
    )
    parquet.write_table(pyarrow.table({"person_id": ["a"], "country": texts}), path)
    with pytest.raises(UsageError, match=r"people.parquet: the column country \(string\) holds"):
        open_files([tiny.book()], path, None, None, None)


def test_marked_cells_of_plain_files(tmp_path: Path) -> None:
    """What a spreadsheet must not take for a formula is read as it was, by columns too."""
    path = tmp_path / "people.csv"
    path.write_text("person_id,country\na,'=x\nb,'tis\n")
    tables = [found["country"].to_pylist() for found in sources.tables_of(Table(path))]
    assert tables == [["=x", "'tis"]]


def random_files(chance: Random) -> dict[str, list[dict[str, Any]]]:
    """Return rows of all files with several changes of one person."""

    def at() -> str:
        return f"2026-0{chance.randint(1, 2)}-{chance.randint(10, 28)}"

    def who() -> str:
        return f"p{chance.randrange(9)}"

    return {
        "people": [
            {"role": chance.choice(["buyer", ""]), "size": chance.choice(["7", "80.0", ""]),
             "created": chance.choice(["", "", "2026-01-20"])}
            for _ in range(8)
        ],
        "activities": [{"person_id": who(), "activity": "demo", "at": at()} for _ in range(16)],
        "changes": [
            {"person_id": who(), "field": chance.choice(["role", "size", "team"]), "at": at(),
             "value": chance.choice(["", "9", "90"]), "assumed": chance.choice(["", "true"])}
            for _ in range(chance.choice([0, 9]))
        ],
        "deals": [
            {"person_id": who(), "deal": "1", "state": chance.choice(["open", "won"]), "at": at()}
            for _ in range(chance.choice([0, 2]))
        ],
    }  # fmt: skip


@law(20)
@given(st.integers(0, 10**9), st.sampled_from(["plain", "parquet"]), st.integers(40, 60))
def test_a_crowd_out_of_files_is_that_of_histories(seed: int, form: str, days: int) -> None:
    """What is read as arrays tells the journeys that the histories of each tell, and nobody is left out."""
    files = random_files(Random(seed))
    span = Span(SPAN.since, SPAN.since + timedelta(days=days))
    with TemporaryDirectory() as name:
        people, *others = write(Path(name), files, form)
        source = open_files([ARRAYS], people, *others)
        one = replayer(ARRAYS, identify=False)
        walker = walker_of(one)
        assert walker is not None
        expected = [
            journey_of(life, one.engine, span, LANDMARK) for life in one.lives(source.load(ARRAYS), span.until)
        ]
        for crowd in (source.crowd(ARRAYS, span.until), crowd_of(ARRAYS, source.load(ARRAYS), span.until)):
            found = journeys_by_columns(one, walker, crowd, span, LANDMARK)
            assert sorted(found, key=attrgetter("person")) == sorted(expected, key=attrgetter("person"))


@pytest.mark.parametrize("created", ["0001-01-01", ""])
def test_who_was_created_before_the_calendar(tmp_path: Path, created: str) -> None:
    """Year 1, by which some tools mean no date, is as good as any long ago; also as a date of what happened."""
    people, activities = tmp_path / "people.csv", tmp_path / "activities.csv"
    people.write_text(f"person_id,created,role\na,{created},buyer\nb,2026-01-01,buyer\n")
    activities.write_text("person_id,activity,at\na,demo,0001-01-03\na,demo,2026-01-20\nb,demo,2026-01-20\n")
    source = open_files([ARRAYS], people, activities, None, None)
    one = replayer(ARRAYS, identify=False)
    walker = walker_of(one)
    assert walker is not None
    expected = [journey_of(life, one.engine, SPAN, LANDMARK) for life in one.lives(source.load(ARRAYS), SPAN.until)]
    found = list(journeys_by_columns(one, walker, source.crowd(ARRAYS, SPAN.until), SPAN, LANDMARK))
    assert sorted(found, key=attrgetter("person")) == expected
    assert [journey.person for journey in expected] == ["a", "b"]
