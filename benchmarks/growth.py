"""``leadline evaluate`` over files: time and peak memory at 10,000, 100,000 and 1,000,000 people."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pyarrow import parquet

from benchmarks.workload import AT, book_text, leads, rules

SIZES = (10_000, 100_000, 1_000_000)
MOST_MB = 1_500


def run(people: int, seed: int) -> None:
    """Print a line a size up to ``people``: CPU seconds, people a second, peak memory of the largest process."""
    print(f"leadline evaluate, one worker, Parquet to Parquet, next change and ids included (seed {seed})")
    sizes = [size for size in SIZES if size < people] + [people]
    first = None
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="leadline-bench-") as name:
            seconds, peak = _evaluated(Path(name), size, seed)
        first = first or seconds / size
        growth = seconds / size / first
        print(
            f"  {size:>10,} people{seconds:>10.1f} s{size / seconds:>12,.0f} people/s"
            f"{growth:>8.2f}x the time a person{peak:>9,.0f} MB (asked: under {MOST_MB:,})"
        )
    print()


def _evaluated(folder: Path, people: int, seed: int) -> tuple[float, float]:
    (folder / "book").mkdir()
    (folder / "book" / "rules.yml").write_text(book_text(rules(seed)), encoding="utf-8")
    for name, table in zip(("people", "activities"), leads(people, seed), strict=True):
        parquet.write_table(table, folder / f"{name}.parquet")
    command = [sys.executable, "-m", "leadline", "evaluate", "--rules", "book", "--people", "people.parquet"]
    command += ["--activities", "activities.parquet", "--as-of", AT.isoformat(), "-o", "out.parquet"]
    # Only waiting for it by number tells what this process alone used.
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"leadline evaluate ended with {process.returncode}"
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
