"""``leadline evaluate`` as a process of its own over files of the workload."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pyarrow import parquet

from benchmarks.workload import AT, book_text, leads, rules


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
    command = [sys.executable, "-m", "leadline", "evaluate", "--rules", "book", "--people", "people.parquet"]
    command += ["--activities", "activities.parquet", "--as-of", AT.isoformat(), "-o", "out.parquet"]
    begun = time.perf_counter()
    # Only waiting for it by number tells what this process and those that it started used.
    process = subprocess.Popen([*command, "--workers", str(workers)], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"leadline evaluate ended with {process.returncode}"
    return Used(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
