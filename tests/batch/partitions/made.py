"""Made-up files for a book that asks for everything which needs more than one person: accounts, places, deals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow
from hypothesis import strategies as st
from pyarrow import csv, parquet

from leadline.rules.model import Book
from leadline.rules.reading import read_book

AT = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = """
leadline: 1
name: Together
fields:
  role: {type: text, hubspot: contact.role}
  size: {type: integer, hubspot: contact.size}
activities: {demo: {hubspot: {form: demo}}}
deals:
  fields: {amount: {type: money, hubspot: deal.amount}}
scores:
  interest:
    criteria:
      demo: {points: 20, latest: demo, within: 30d}
"""
ACCOUNTS = """      together: {points: 5, when: {account.engaged: {at_least: 2}}}
accounts: {engaged: {count: people, when: {interest: {at_least: 10}}}}
"""
STAGES = """
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {interest: {at_least: 5}}}
  sal: {kind: gate, enter: {all: [{role: {equals: buyer}}, {was_in: mql}]}}
  sql: {kind: gate, enter: {deal: {sum: amount, over: 1000}}}
paths: [inquiry -> mql -> sal -> sql]
"""
PLACES = "capacity: {mql: {most: 3 a day, best: interest}, sal: {most: 1 a day, per: role, best: interest}}\n"
TURNS = """rotas:
  sdr: {buyer: [anna, ben, "Inbound Queue"], otherwise: [carla, dora]}
  closers: [emil, fritz]
on_enter:
  mql: {do: [{assign: {rota: sdr, by: role}}], on_adoption: true}
  sal: {do: [{assign: {rota: closers}}], on_adoption: true}
  inquiry: [{assign: {rota: closers}}]
"""
BOOKS = {
    "accounts": HEAD + ACCOUNTS + STAGES,
    "places": HEAD + STAGES + PLACES,
    "turns": HEAD + STAGES + TURNS,
    "all": HEAD + ACCOUNTS + STAGES + PLACES + TURNS,
    "plain": HEAD + STAGES,
}


def made_book(kind: str) -> Book:
    """Return one of the books."""
    return read_book({"rules.yml": BOOKS[kind].encode()})


@dataclass(frozen=True, slots=True)
class Made:
    """Rows of the three files."""

    people: list[dict[str, Any]]
    activities: list[dict[str, Any]]
    deals: list[dict[str, Any]]


def _rows(what: dict[str, list[str | None]], most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in what.items()}), max_size=most
    )


WHO: list[str | None] = [f"p{number}" for number in range(14)]
DAYS: list[str | None] = ["2026-02-01", "2026-02-10", "2026-02-10T08:00:00Z", "2026-02-27", "2026-03-09"]
PEOPLE = {
    "account": ["Acme", "Globex", " Acme", "Initech", "", None],
    "role": ["buyer", "user", "", None],
    "size": ["7", "80", "", None],
    "stage": ["", "mql", "inquiry", None],
    "pass": ["1", "", "2", None],
}
made = st.builds(
    lambda people, activities, deals: Made(
        [{"person_id": f"p{number}", **row} for number, row in enumerate(people)], activities, deals
    ),
    _rows(PEOPLE, 12),
    _rows({"person_id": WHO, "activity": ["demo"], "at": DAYS}, 25),
    _rows(
        {"person_id": WHO, "deal": ["d1", "d2"], "state": ["open", "won", "", "gone"], "at": [*DAYS, ""],
         "amount": ["600", "1200.50", "", None]},
        12,
    ),
)  # fmt: skip
COLUMNS = {
    "people": ["person_id", *PEOPLE],
    "activities": ["person_id", "activity", "at"],
    "deals": ["person_id", "deal", "state", "at", "amount"],
}


def write(folder: Path, files: Made, suffix: str = ".csv") -> dict[str, Path]:
    """Write the files, and return the paths by the names of `evaluate_files`."""
    found = {}
    for name, columns in COLUMNS.items():
        table = _table(getattr(files, name), columns)
        found[name] = folder / f"{name}{suffix}"
        if suffix == ".csv":
            csv.write_csv(table, found[name])
        else:
            parquet.write_table(table, found[name])
    return found


def write_buckets(folder: Path, files: Made, buckets: int) -> dict[str, Path]:
    """Write the files as directories by bucket of accounts."""
    account = {row["person_id"]: (row["account"] or "").strip() or row["person_id"] for row in files.people}
    found = {}
    for name, columns in COLUMNS.items():
        found[name] = folder / name
        for bucket in range(buckets):
            rows = [row for row in getattr(files, name) if _bucket(account, row, buckets) == bucket]
            path = found[name] / f"bucket={bucket:04}" / "rows.parquet"
            path.parent.mkdir(parents=True)
            parquet.write_table(_table(rows, columns), path)
    return found


def _bucket(account: dict[str, str], row: dict[str, Any], buckets: int) -> int:
    return sum(account.get(row["person_id"], "?").encode()) % buckets


def _table(rows: list[dict[str, Any]], columns: list[str]) -> Any:
    return pyarrow.Table.from_pylist(rows, schema=pyarrow.schema([(name, pyarrow.string()) for name in columns]))
