"""Commands as processes of their own over files of the workload."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from pyarrow import parquet

from benchmarks.workload import AT, book_text, leads, rules

FILES: Final = ("--people", "people.parquet", "--activities", "activities.parquet")
PAGE: Final = "report.html"
_SURROUNDINGS: Final = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join((str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")]))),
}
"""With the folder of this package, wherever a command runs."""


@dataclass(frozen=True, slots=True)
class Used:
    """What a command took: seconds on the wall clock, CPU seconds of all its processes, MB of its largest one."""

    wall: float
    cpu: float
    peak: float


def write_files(folder: Path, people: int, seed: int) -> None:
    """Write the book and Parquet files of so many people."""
    (folder / "book").mkdir()
    (folder / "book" / "rules.yml").write_text(book_text(rules(seed)), encoding="utf-8")
    for name, table in zip(("people", "activities"), leads(people, seed), strict=True):
        parquet.write_table(table, folder / f"{name}.parquet")


def evaluate(folder: Path, workers: int = 1) -> Used:
    """Run it once; next change and ids are included."""
    asked = ["--rules", "book", "--as-of", AT.isoformat(), "-o", "out.parquet"]
    return _used(folder, ["evaluate", *asked, *FILES, "--workers", str(workers)])


def backtest(folder: Path, days: int, workers: int = 1) -> Used:
    """Run ``leadline backtest`` of another book against this one over so many days once; its page is ``PAGE``."""
    (folder / "other").mkdir(exist_ok=True)
    told = (folder / "book" / "rules.yml").read_text(encoding="utf-8")
    changed = told.replace("interest: {at_least: 30}", "interest: {at_least: 24}")
    (folder / "other" / "rules.yml").write_text(changed, encoding="utf-8")
    span = ["--from", (AT - timedelta(days=days)).isoformat(), "--to", AT.isoformat(), "--html", PAGE]
    books = ["--rules", "other", "--against", "book"]
    return _used(folder, ["backtest", *books, *span, *FILES, "--workers", str(workers)])


def _used(folder: Path, words: list[str]) -> Used:
    asked = [sys.executable, "-m", "benchmarks.measured", *words]
    told = subprocess.run(asked, cwd=folder, env=_SURROUNDINGS, check=True, capture_output=True, text=True)
    took = json.loads(told.stdout)
    assert took.pop("status") == 0, f"leadline {words[0]} failed: {told.stderr[-2000:]}"
    return Used(**took)
