"""`leadline evaluate` on files as people have them: every mistake with file and line, and nothing left behind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Leadline, Said

PEOPLE = "person_id,email,title\n1,a@b.example,CTO\n2,,\n"
ACTIVITIES = "person_id,activity,at\n1,demo_request,2026-06-01T00:00:00Z\n"
AS_OF = "2026-06-30T00:00:00Z"


@pytest.fixture(autouse=True)
def _at_work(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (book / "work").mkdir()
    monkeypatch.chdir(book / "work")


def evaluate(leadline: Leadline, people: str | bytes, activities: str | bytes | None = None, **given: str) -> Said:
    """Write the files and evaluate them; when that fails, nothing else may be there."""
    Path("p.csv").write_bytes(people if isinstance(people, bytes) else people.encode())
    extra: list[str] = []
    if activities is not None:
        Path("a.csv").write_bytes(activities if isinstance(activities, bytes) else activities.encode())
        extra = ["--activities", "a.csv"]
    return run(leadline, "p.csv", extra, **given)


def run(leadline: Leadline, people: str, extra: list[str], as_of: str = AS_OF, out: str = "o.csv") -> Said:
    """Evaluate a file; when that fails, nothing is left behind and the input is as it was."""
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    said = leadline("evaluate", "--rules", "..", "--people", people, *extra, "--as-of", as_of, "-o", out)
    if said.code:
        assert said.out == ""
        assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before
    return said


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ("", "p.csv: the file is empty; its first line must name the columns"),
        ("\n\n", "p.csv:1: the column person_id is missing (there: no columns)"),
        ("id,email\n1,x\n", "p.csv:1: the column person_id is missing (there: id, email)"),
        (PEOPLE.replace(",", ";"), "separate the cells by commas, not by ';'"),
        (PEOPLE.replace(",", "\t"), "separate the cells by commas, not by '\\t'"),
        ("person_id\n1\n1\n", "p.csv:3:1: person_id stands already in line 2 (one row a person)"),
        ("person_id,email\n,x\n", "p.csv:2:1: person_id is empty"),
        ("person_id,title\n1,a,b\n", "p.csv:2: 3 cells where the first line names 2 columns"),
        ('person_id,title\n1,"abc\n2,x\n', "not readable as CSV: unexpected end of data"),
        ("person_id,title,title\n1,a,b\n", "p.csv:1: the column title stands twice"),
        (
            "person_id,title\n1,CTO\n2,Geschäftsführer\n".encode("latin-1"),
            "p.csv:3: not UTF-8; save the file as UTF-8",
        ),
        (PEOPLE.encode("utf-16"), "p.csv:1: not UTF-8"),
        ("person_id,title\n1," + "a" * 2_000_000 + "\n", "p.csv:2: not readable as CSV: field larger than"),
        ("person_id,stage\n1,mqll\n", "p.csv:2:1: the book has no stage 'mqll' (did you mean mql?)"),
        ("person_id,stage,stage_since\n1,mql,2027-01-01\n", "p.csv:2:1: stage_since lies after --as-of"),
        ("person_id,stage_since\n1,before\n", "p.csv:2:1: stage_since: not an ISO 8601 instant"),
        ("person_id,pass\n1,0\n2,two\n", "p.csv:3:1: pass: not a whole number from 1: 'two'"),
        ("person_id,employees\n1,many\n2,7\n3,1.5\n", "p.csv:4:1: employees: this is no whole number"),
        ("person_id,opted_out\n1,perhaps\n", "p.csv:2:1: opted_out: this is no boolean"),
        ("person_id,timeline\n1,2026-02-30\n", "p.csv:2:1: timeline: this is no date"),
        ("person_id,amount\n1,NaN\n2,1e400\n", "p.csv:3:1: amount: this is no number"),
        ("person_id,\x1b[31mx\n1,2,3\n", "p.csv:2: 3 cells"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) and "csv" in value else "",
)
def test_people_that_cannot_be_read(leadline: Leadline, people: str | bytes, said: str) -> None:
    """Exit code 2 with the file, the line and what to do."""
    told = evaluate(leadline, people)
    assert told.code == 2
    assert said in told.err


@pytest.mark.parametrize(
    ("activities", "said"),
    [
        ("", "a.csv: the file is empty"),
        ("person_id,activity\n1,demo_request\n", "a.csv:1: the column at is missing (there: person_id, activity)"),
        ("person_id,activity,at\n1,demo_requst,2026-06-01\n", "a.csv:2:1: the book has no activity"),
        ("person_id,activity,at\n,demo_request,2026-06-01\n", "a.csv:2:1: person_id is empty"),
        ("person_id,activity,at\n1,demo_request,yesterday\n1,demo_request,\n", "a.csv:3:1: at: not an ISO"),
        ("person_id,activity,at\n1,demo_request,2026-13-01\n", "a.csv:2:1: at: not an ISO 8601 instant"),
        ("person_id,activity,at\n1,demo_request,1719878400\n", "a.csv:2:1: at: not an ISO 8601 instant"),
        ("person_id,activity,at\n1,demo_request,0001-01-01T00:00+14:00\n", "outside the years 1 to 9999"),
    ],
)  # fmt: skip
def test_activities_that_cannot_be_read(leadline: Leadline, activities: str, said: str) -> None:
    """Exit code 2 with the file, the line and the nearest name."""
    told = evaluate(leadline, PEOPLE, activities)
    assert told.code == 2
    assert said in told.err


@pytest.mark.parametrize("as_of", ["nonsense", "", "2026-02-30", "now", "-5", "0001-01-01T00:00:00Z", "9999-12-31"])
def test_an_instant_that_is_none(leadline: Leadline, as_of: str) -> None:
    """--as-of is an ISO instant of years that somebody can mean."""
    told = evaluate(leadline, PEOPLE, as_of=as_of)
    assert told.code == 2
    assert "--as-of" in told.err


@pytest.mark.parametrize(
    "people",
    [
        PEOPLE.replace("\n", "\r\n"),
        PEOPLE.replace("\n", "\r"),
        "\ufeff" + PEOPLE,
        PEOPLE.rstrip("\n"),
        PEOPLE + "\n\n",
    ],
    ids=["Windows", "old Mac", "BOM", "no last line end", "blank lines"],
)
def test_how_editors_save(leadline: Leadline, people: str) -> None:
    """Line ends, byte order marks and blank lines change nothing."""
    assert evaluate(leadline, PEOPLE, ACTIVITIES).code == 0
    wanted = Path("o.csv").read_bytes()
    assert evaluate(leadline, people, ACTIVITIES.replace("\n", "\r\n")).code == 0
    assert Path("o.csv").read_bytes() == wanted


def test_what_is_left_out_is_said(leadline: Leadline) -> None:
    """Columns nobody reads, people nobody knows, and what lies after --as-of."""
    rows = "person_id,activity,at\n9,webinar,2026-06-01\n1,webinar,2026-07-01\n"
    told = evaluate(leadline, "person_id,titel\n1,CTO\n", rows)
    assert told.code == 0
    assert "no rule reads the column titel (did you mean title?)" in told.err
    assert "1 people of the other files are not in the people file" in told.err
    assert "1 activities lie after --as-of; they were left out" in told.err


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("nowhere/o.csv", "cannot be written: No such file or directory"),
        ("p.csv", "is read too, and would be replaced"),
        ("a.csv", "is read too, and would be replaced"),
        ("o.xlsx", "neither CSV nor Parquet"),
        ("/proc/o.csv", "cannot be written"),
        (".", "is a directory"),
    ],
)
def test_a_result_that_cannot_be_written(leadline: Leadline, out: str, said: str) -> None:
    """The place is named, and nothing is overwritten or left half-done."""
    told = evaluate(leadline, PEOPLE, ACTIVITIES, out=out)
    assert told.code == 2
    assert said in told.err


def test_a_failure_leaves_the_earlier_result(leadline: Leadline) -> None:
    """A result of yesterday is not lost to a file that turns out wrong in its last line."""
    assert evaluate(leadline, PEOPLE, ACTIVITIES).code == 0
    before = Path("o.csv").read_bytes()
    assert evaluate(leadline, PEOPLE + "1,,\n", ACTIVITIES).code == 2
    assert Path("o.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "said"), [("p.xlsx", "neither CSV nor Parquet"), ("p.parquet", "not readable as Parquet")]
)
def test_a_file_of_another_kind(leadline: Leadline, name: str, said: str) -> None:
    """A spreadsheet, or a text that is called Parquet."""
    Path(name).write_bytes(b"PK\3\4 this is no table")
    told = run(leadline, name, [])
    assert told.code == 2
    assert said in told.err


def odd_columns() -> Mapping[str, tuple[Mapping[str, Any], str]]:
    """Return Parquet columns of odd types, and what is said about each; nothing where it can be read."""
    import pyarrow as pa

    one = pa.array(["1"])
    return {
        "numbers as ids": (
            {"person_id": [1, 2], "employees": [60.0, None], "timeline": [date(2026, 8, 1), None]},
            "",
        ),
        "nanoseconds": (
            {"person_id": one, "timeline": pa.array([1719878400123456789], pa.timestamp("ns", "UTC"))},
            "",
        ),
        "bytes": ({"person_id": [b"1"], "title": [b"CTO"]}, ""),
        "dictionary": ({"person_id": pa.array(["1", "2"]).dictionary_encode()}, ""),
        "struct": ({"person_id": one, "title": [{"a": 1}]}, ""),
        "nobody": ({"person_id": pa.array([], pa.string())}, ""),
        "no ids": ({"person_id": pa.nulls(1)}, "p.parquet:1:1: person_id is empty"),
        "bytes that are no text": ({"person_id": [b"\xff"]}, "the column person_id (binary) holds what is no text"),
        "a zone of Mars": (
            {"person_id": one, "timeline": pa.array([1], pa.timestamp("us", "Mars/Olympus"))},
            "the column timeline (timestamp",
        ),
        "beyond the calendar": (
            {"person_id": one, "timeline": pa.array([2**60], pa.timestamp("us"))},
            "the column timeline (timestamp",
        ),
        "a time of day": (
            {"person_id": one, "timeline": pa.array([5], pa.time64("ns"))},
            "timeline: this is no date",
        ),
        "a duration": ({"person_id": one, "amount": pa.array([5], pa.duration("ns"))}, "amount: this is no number"),
        "infinity": ({"person_id": one, "amount": [float("inf")]}, "p.parquet:1:1: amount: this is no number"),
        "not a number": ({"person_id": one, "amount": [float("nan")]}, ""),
    }


def test_parquet_of_odd_types(leadline: Leadline) -> None:
    """What can be understood is read; the rest is told by its column, never by a traceback."""
    import pyarrow as pa
    from pyarrow import parquet

    for name, (columns, said) in odd_columns().items():
        parquet.write_table(pa.table(dict(columns)), "p.parquet")
        told = run(leadline, "p.parquet", [])
        assert (told.code, said in told.err) == (2 if said else 0, True), (name, told.err)


def test_parquet_that_is_cut_or_spoilt(leadline: Leadline) -> None:
    """A file of which the end is missing, or bytes have changed, is refused or read, but never a traceback."""
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"person_id": [str(number) for number in range(500)]}), "p.parquet")
    whole = Path("p.parquet").read_bytes()
    Path("p.parquet").write_bytes(whole[: len(whole) // 2])
    assert "not readable as Parquet" in run(leadline, "p.parquet", []).err
    for place in range(4, len(whole) - 4, len(whole) // 25):
        Path("p.parquet").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert leadline(
            "evaluate", "--rules", "..", "--people", "p.parquet", "--as-of", AS_OF, "-o", "o.csv"
        ).code in {0, 2}
