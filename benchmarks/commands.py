"""Commands as processes of their own over files of the workload."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from pyarrow import parquet

from benchmarks.workload import AT, book_text, leads, rules

FILES: Final = ("--people", "people.parquet", "--activities", "activities.parquet")
PAGE: Final = "report.html"


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
    begun = time.perf_counter()
    # Only waiting for it by number tells what this process and those that it started used.
    process = subprocess.Popen([sys.executable, "-m", "leadline", *words], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"leadline {words[0]} ended with {process.returncode}"
    return Used(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
