"""``leadline evaluate`` over files: time and peak memory at 10,000, 100,000 and 1,000,000 people."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.commands import evaluate, write_files
from benchmarks.targets import Target

SIZES = (10_000, 100_000, 1_000_000)
MOST_MB = 1_500


def run(people: int, seed: int) -> list[Target]:
    """Print a line a size up to ``people``: CPU seconds, people a second, peak memory of the largest process."""
    print(f"leadline evaluate, one worker, Parquet to Parquet, next change and ids included (seed {seed})")
    sizes = [size for size in SIZES if size < people] + [people]
    peaks = []
    first = None
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="leadline-bench-") as name:
            write_files(Path(name), size, seed)
            used = evaluate(Path(name))
        first = first or used.cpu / size
        peaks.append(used.peak)
        print(
            f"  {size:>10,} people{used.cpu:>10.1f} s{size / used.cpu:>12,.0f} people/s"
            f"{used.cpu / size / first:>8.2f}x the time a person{used.peak:>9,.0f} MB"
        )
    print()
    return [Target(f"peak memory of evaluate, {people:,} people", max(peaks), MOST_MB, " MB", at_most=True)]
