"""Whatever the partitions, the processes and the format of the files: what rows give, byte for byte (design 4.1)."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from leadline.batch import evaluating
from leadline.batch.evaluating import Evaluation, evaluate_files
from leadline.batch.partitions import aside, passes
from leadline.batch.partitions.parts import Aside, in_place
from leadline.batch.tables import Table
from leadline.common.errors import OutsideError, UsageError
from tests.batch.partitions.made import AT, BOOKS, Made, made, made_book, write, write_buckets

NOT_BY_ROWS = patch.object(evaluating, "_by_rows", side_effect=AssertionError("not by partitions"))


def parts_of(size: int) -> Any:
    """Put so many people aside in a partition, with accounts or without."""
    return patch.multiple(aside, PEOPLE=size, IN_ACCOUNTS=size)


LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def evaluated(kind: str, paths: dict[str, Path], **more: int) -> tuple[Evaluation, bytes]:
    """Return what evaluating the files says, and the bytes of the result."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.parquet"
        done = evaluate_files(
            made_book(kind), paths["people"], paths["activities"], AT, out, deals=paths["deals"], **more
        )
        return done, out.read_bytes()


def by_rows(kind: str, paths: dict[str, Path]) -> tuple[Evaluation, bytes]:
    """Return the same, row by row in one process."""
    with patch.object(evaluating, "_by_partitions", lambda *_: None):
        return evaluated(kind, paths)


@LAW
@given(made, st.sampled_from(sorted(BOOKS)), st.sampled_from([1, 2, 5]), st.sampled_from([".csv", ".parquet"]))
def test_any_partitioning_gives_what_rows_give(files: Made, kind: str, size: int, suffix: str) -> None:
    """Accounts, places, deals, strangers and what is to come; with every count and remark."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder), files, suffix)
        expected = by_rows(kind, paths)
        with parts_of(size), patch.object(passes, "STRETCH", 3), NOT_BY_ROWS:
            assert evaluated(kind, paths) == expected


@LAW
@given(made, st.sampled_from(sorted(BOOKS)), st.sampled_from([1, 3]))
def test_buckets_are_read_where_they_lie(files: Made, kind: str, buckets: int) -> None:
    """Directories by bucket are partitions already, and one table to whoever reads rows."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write_buckets(Path(folder), files, buckets)
        expected = by_rows(kind, paths)
        with patch.object(passes, "put_aside", side_effect=AssertionError("nothing is put aside")), NOT_BY_ROWS:
            assert evaluated(kind, paths) == expected


EXAMPLE = Made(
    [
        {"person_id": f"p{number}", "account": "Acme" if number % 2 else "", "role": "buyer", "size": "7"}
        for number in range(9)
    ],
    [{"person_id": f"p{number}", "activity": "demo", "at": "2026-02-20"} for number in range(11)],
    [{"person_id": "p3", "deal": "d", "state": "open", "at": "", "amount": "2000"}],
)  # fmt: skip


def test_two_workers_give_what_one_gives(tmp_path: Path) -> None:
    """Also through the passes in which places are given."""
    paths = write(tmp_path, EXAMPLE)
    with parts_of(3):
        one, two = evaluated("all", paths), evaluated("all", paths, workers=2)
    assert one == two
    assert one[0].stages == {"inquiry": 5, "mql": 2, "sal": 1, "sql": 1}
    assert one[0].remarks[0].startswith("2 people of the other files")


def test_an_account_in_two_buckets_is_refused(tmp_path: Path) -> None:
    """Each of them would see a part of the account only."""
    paths = write_buckets(tmp_path, EXAMPLE, 2)
    other = replace(EXAMPLE, people=[{**EXAMPLE.people[1], "person_id": "p99"}])
    stray = write(tmp_path, other, ".parquet")["people"]
    empty = next(path for path in sorted(paths["people"].iterdir()) if "Acme" not in account_names(path))
    stray.rename(empty / "stray.parquet")
    with pytest.raises(UsageError, match="an account lies in two buckets"):
        evaluated("accounts", paths)


def test_a_directory_that_a_machine_does_not_see_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    """Its bucket, and what was put aside for it."""
    paths = write_buckets(tmp_path, EXAMPLE, 2)
    lying = in_place(Table(paths["people"]), None, None)
    assert lying is not None
    there = [people for part in range(lying.count) if (people := lying.people(part)) is not None]
    assert sum(people.num_rows for people in there) == 9
    paths["people"].rename(tmp_path / "elsewhere")
    for parts in (lying, Aside(tmp_path / "gone", 2)):
        with pytest.raises(OutsideError, match="is not seen by every machine"):
            parts.people(0)


def account_names(bucket: Path) -> set[str]:
    """Return the accounts of a bucket."""
    from pyarrow import parquet

    return {name for path in bucket.iterdir() for name in parquet.read_table(path)["account"].to_pylist()}


def test_what_is_wrong_in_a_file_is_told_by_its_line(tmp_path: Path) -> None:
    """Partitions cannot place a problem; reading row by row tells it, for people, activities and deals alike."""
    twice = replace(EXAMPLE, people=[*EXAMPLE.people, {**EXAMPLE.people[0], "account": "Globex"}])
    with pytest.raises(UsageError, match=r"people.csv:11:1: person_id stands already in line 2"):
        evaluated("all", write(tmp_path, twice))
    deal = {**EXAMPLE.deals[0], "state": "wonn"}
    with pytest.raises(UsageError, match=r"deals.csv:2:1: state: no deal is 'wonn' \(did you mean `won`"):
        evaluated("all", write(tmp_path, replace(EXAMPLE, deals=[deal])))


def test_a_directory_that_is_no_table_is_refused(tmp_path: Path) -> None:
    """An empty one, files that differ, and a result that would come to lie in what is read."""
    paths = write_buckets(tmp_path, EXAMPLE, 2)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="there is no Parquet file in this directory"):
        evaluated("all", {**paths, "people": tmp_path / "empty"})
    with pytest.raises(UsageError, match="is read too, and would be replaced"):
        evaluate_files(made_book("plain"), paths["people"], None, AT, paths["people"] / "out.parquet")
    next(paths["deals"].rglob("*.parquet")).rename(paths["people"] / "bucket=0000" / "deals.parquet")
    with pytest.raises(UsageError, match="must be alike"):
        evaluated("all", paths)


def test_turns_go_round_among_all_people(tmp_path: Path) -> None:
    """In the order of the people's ids, in each part of each rota, wherever everybody's partition is."""
    people = [{**row, "role": "user" if row["person_id"] in ("p4", "p6") else "buyer"} for row in EXAMPLE.people]
    paths = write(tmp_path, replace(EXAMPLE, people=people[::-1], deals=[]))
    with parts_of(2), NOT_BY_ROWS:
        _, found = evaluated("turns", paths)
    table = parquet.read_table(pyarrow.BufferReader(found)).sort_by("person_id")
    assert dict(zip(table["stage"].to_pylist(), table["turn"].to_pylist(), strict=True)).keys() == {"mql", "sal"}
    assert table["turn"].to_pylist() == ["emil", "fritz", "emil", "fritz", "carla", "emil", "dora", "fritz", "emil"]
