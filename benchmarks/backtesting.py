"""``leadline backtest`` over files: two books over everybody's last four months, in one process."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.commands import PAGE, backtest, write_files
from benchmarks.targets import Target

DAYS = 121
MOST_MB = 1_500


def run(people: int, seed: int) -> list[Target]:
    """Print CPU seconds, people a second, peak memory, and the size of the page."""
    with tempfile.TemporaryDirectory(prefix="leadline-bench-") as name:
        write_files(Path(name), people, seed)
        used = backtest(Path(name), DAYS)
        page = (Path(name) / PAGE).stat().st_size / 1024
    print(f"leadline backtest of two books over {DAYS} days, one worker, Parquet to HTML (seed {seed})")
    print(
        f"  {people:>10,} people{used.cpu:>10.1f} s{people / used.cpu:>12,.0f} people/s{used.peak:>9,.0f} MB"
        f"{page:>7,.0f} kB the page\n"
    )
    return [Target(f"peak memory of backtest, {people:,} people", used.peak, MOST_MB, " MB", at_most=True)]


if __name__ == "__main__":
    chosen = argparse.ArgumentParser(prog="python -m benchmarks.backtesting", description=__doc__)
    chosen.add_argument("--people", type=int, default=1_000_000)
    chosen.add_argument("--seed", type=int, default=7)
    given = chosen.parse_args()
    run(given.people, given.seed)
