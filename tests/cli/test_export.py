"""`leadline export --to`: the state as tables, which every verb over files reads back with the same answers."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.dataset
import pytest

from leadline.common.bookfiles import read_sources
from leadline.history.warehouse import Options, export_state, exporting
from leadline.rules.reading import read_book
from leadline.sync.store import open_store
from tests.cli.conftest import Leadline
from tests.cli.desk import Desk

RANGE = ("--rules", ".", "--from", "2026-05-01", "--to", "2026-06-30")
FILES = ("people", "activities", "changes", "deals")


def read(export: str, table: str) -> Any:
    """Return a table of an export as a warehouse reads it, with what its folders say."""
    return pyarrow.dataset.dataset(f"{export}/{table}", partitioning="hive").to_table()


def files_of(folder: str) -> dict[str, bytes]:
    """Return everything in a directory."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_the_state_goes_out_and_comes_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masked, the same bytes each time, and its history replays to the same decisions, byte for byte."""
    desk.refused("export", "--to", "lake", code=1, said="no book is active yet")
    desk.adopt()
    told = desk.leadline("export", "--to", "lake", "--json").json
    replays(desk)
    is_described(told["rows"])
    is_masked(desk)
    evaluates(desk)
    begins_later(desk, told["rows"])
    is_whole_or_not_at_all(desk, monkeypatch)
    is_of_one_instant()


def replays(desk: Desk) -> None:
    """The log of the mirror and that of the export are one; what is only assumed stays known to be so."""
    tables = [text for name in FILES for text in (f"--{name}", f"lake/{name}")]
    assert desk.leadline("replay", *RANGE, "--as", "happened", "--out", "one.jsonl").code == 0
    assert desk.leadline("replay", *RANGE, *tables, "--out", "two.jsonl").code == 0
    one, two = (Path(name).read_bytes() for name in ("one.jsonl", "two.jsonl"))
    assert one == two
    assert b'"decision": "d-' in one
    assert sum(read("lake", "changes")["assumed"].to_pylist()) > 20


def is_described(rows: dict[str, int]) -> None:
    """`schema.json` and `README.md` name every table and column that is there, and how many rows."""
    described = json.loads(Path("lake/schema.json").read_text(encoding="utf-8"))
    page = Path("lake/README.md").read_text(encoding="utf-8")
    assert described["time_zone"] == "UTC"
    for name, table in described["tables"].items():
        assert table["rows"] == rows[name]
        assert f"## {name}\n" in page
        if rows[name]:
            there = read("lake", name)
            assert there.num_rows == rows[name]
            names = [column["name"] for column in table["columns"]]
            assert set(there.column_names) - {"bucket", "month"} == set(names)
            assert all(f"| `{column}` |" in page for column in names)
    assert rows["people"] == rows["outcomes"] == 60
    assert rows["stage_history"] > 0 < rows["writes"]
    in_both = read("lake", "activities")["person_id"].to_pylist()
    bucket = {row["person_id"]: row["bucket"] for row in read("lake", "people").to_pylist()}
    assert [bucket[person] for person in in_both] == read("lake", "activities")["bucket"].to_pylist()


def is_masked(desk: Desk) -> None:
    """No address is anywhere unless it is asked for; CSV says the same as Parquet."""
    emails = {row.split("'")[1] for row in desk.state("addresses").get("addresses", []) if "@" in row}
    assert desk.leadline("export", "--to", "open", "--personal-data", "--format", "csv").code == 0
    assert [stat.S_IMODE(Path(name).stat().st_mode) & 0o077 == 0 for name in ("open", "lake")] == [True, False]
    plain = b"".join(files_of("open").values()).decode()
    people = {row["person_id"]: row for row in read("lake", "people").to_pylist()}
    with_mail = 0
    for path in sorted(Path("open/people").rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                masked = people[row["person_id"]]
                assert str(masked["employees"] or "") == row["employees"]
                assert masked["stage"] == row["stage"]
                if row["email"]:
                    with_mail += 1
                    assert masked["email"] != row["email"]
                    emails.add(row["email"])
    assert with_mail > 30
    assert all(email in plain for email in emails)
    columns = {name: read("lake", name) for name in (*FILES, "outcomes", "records", "decisions", "writes")}
    told = {str(cell) for table in columns.values() for column in table.columns for cell in column.to_pylist()}
    assert not told & emails
    assert "email" not in columns["records"].column_names


def evaluates(desk: Desk) -> None:
    """Buckets are read where they lie, and everybody stands where they stand, or has moved on."""
    tables = [text for name in ("people", "activities", "deals") for text in (f"--{name}", f"lake/{name}")]
    told = desk.leadline(
        "evaluate", "--rules", ".", *tables, "--as-of", "2026-06-30T16:00:00Z", "-o", "out.csv", "--json"
    )
    assert told.json["people"] == 60
    assert told.json["remarks"] == []
    stands = {row["person_id"]: row["current_stage"] for row in read("lake", "outcomes").to_pylist()}
    with Path("out.csv").open(encoding="utf-8", newline="") as file:
        found = {row["person_id"]: row["stage"] for row in csv.DictReader(file)}
    assert found == stands


def begins_later(desk: Desk, everything: dict[str, int]) -> None:
    """`--since` leaves out older rows of dated tables; people stay."""
    told = desk.leadline("export", "--to", "late", "--since", "2026-06-30", "--buckets", "2", "--json").json["rows"]
    assert told["people"] == everything["people"]
    assert 0 < told["decisions"] <= everything["decisions"]
    assert told["activities"] < everything["activities"]
    assert all(at.isoformat() >= "2026-06-30" for at in read("late", "changes")["at"].to_pylist())
    assert {path.name for path in Path("late/people").iterdir()} == {"bucket=0000", "bucket=0001"}


def is_whole_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same state gives the same bytes; a failure leaves the export before it, and nothing beside it."""
    before = files_of("lake")
    assert desk.leadline("export", "--to", "lake").code == 0
    assert files_of("lake") == before
    there = {path for path in Path().iterdir() if path.suffix not in {".db-shm", ".db-wal"}}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "_describe", full)
        for name in ("lake", "another"):
            said = desk.leadline("export", "--to", name)
            assert (said.code, said.err) == (2, f"{name}: cannot be written: No space left on device\n")
    assert files_of("lake") == before
    assert {path for path in Path().iterdir() if path.suffix not in {".db-shm", ".db-wal"}} == there
    assert "there is something else" in desk.leadline("export", "--to", ".").err
    assert "cannot be written" in desk.leadline("export", "--to", "no/such/place").err


def is_of_one_instant() -> None:
    """What is written while an export runs is not in it, in no table."""
    before = files_of("lake")

    def meanwhile(_: int) -> None:
        with sqlite3.connect("leadline.db") as state:
            state.execute("DELETE FROM lifecycle")
            state.execute("DELETE FROM journal")
            state.execute("DELETE FROM activities")
        state.close()

    with open_store("sqlite:///leadline.db") as store:
        export_state(store, read_book(read_sources(Path())), Path("lake"), Options(), meanwhile)
    assert files_of("lake") == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give --person WHO -o FILE for one person, or --to DIR for everybody"),
        (("17", "--to", "lake"), "for one person, or --to DIR"),
        (("17", "--person", "18", "-o", "x.json"), "give one"),
        (("--person", "17"), "--person needs -o FILE"),
        (("17", "-o", "x.json", "--personal-data"), "--personal-data belongs to --to"),
        (("17", "-o", "x.json", "--format", "csv"), "--format belongs to --to"),
        (("--to", "lake", "-o", "x.json"), "--output belongs to --person"),
    ],
)
def test_one_person_or_everybody(leadline: Leadline, options: tuple[str, ...], said: str) -> None:
    """What belongs to the other of the two is not silently left out."""
    told = leadline("export", *options)
    assert told.code == 2
    assert said in told.err
