"""Files of an export: what no column holds is left empty and counted, and no cell of a CSV file is run."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow
from pyarrow import parquet

from leadline.history.warehouse.tables import AT, NUMBER, TEXT, TRUTH, WHOLE, Shape
from leadline.history.warehouse.writing import Files

SHAPE = Shape(
    "all", "bucket", "all kinds",
    (("text", TEXT, ""), ("whole", WHOLE, ""), ("number", NUMBER, ""), ("true", TRUTH, ""), ("at", AT, ""),
     ("day", pyarrow.date32(), ""), ("many", pyarrow.list_(TEXT), "")),
)  # fmt: skip
ROWS = [
    {"text": '=HYPERLINK("http://x")', "whole": 7, "number": Decimal("1.00000000005"), "true": True,
     "at": datetime(2026, 3, 1, 8, tzinfo=UTC), "day": date(2026, 3, 1), "many": ("a", "b")},
    {"text": "-7", "whole": 2**63, "number": Decimal("1e30")},
    {},
]  # fmt: skip


def test_parquet_keeps_types(tmp_path: Path) -> None:
    """Numbers are rounded half to even at ten places."""
    with Files(tmp_path, SHAPE, personal=False, csv=False) as files:
        files.add("bucket=0000", ROWS)
    assert (files.count, files.too_large) == (3, 2)
    found = parquet.read_table(tmp_path / "all" / "bucket=0000" / "rows.parquet").to_pylist()
    assert found[0] == {**ROWS[0], "number": Decimal("1.0000000000"), "many": ["a", "b"]}
    assert found[1] == {**dict.fromkeys(found[2]), "text": "-7"}


def test_csv_is_harmless(tmp_path: Path) -> None:
    """A cell that begins like a formula gets an apostrophe; a number does not."""
    with Files(tmp_path, SHAPE, personal=False, csv=True) as files:
        files.add("bucket=0000", ROWS)
    with (tmp_path / "all" / "bucket=0000" / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1] == ['\'=HYPERLINK("http://x")', "7", "1", "true", "2026-03-01T08:00:00Z", "2026-03-01", "a;b"]
    assert rows[2] == ["-7", "", "", "", "", "", ""]
