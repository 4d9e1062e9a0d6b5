"""Run the benchmarks once and print rates and ratios: ``make bench``. ``--only columns,features`` chooses some.

Each line is one way to do the same work; outputs are checked equal before anything is printed. At the end stand the
targets, each beside what was measured. Ratios hold for this machine and this run; times drift with the machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Final

from benchmarks.targets import Target, show_targets

FEW: Final = 5_000
"""People of the benchmarks that settle one after the other."""
LIVES: Final = 100_000
"""People whose year is lived through, and who are backtested."""
Part = Callable[[int, int], list[Target] | None]


def _part(module: str, name: str = "run", most: int | None = None) -> Part:
    """Return a benchmark that is imported when it runs, as others should run where what it needs is not installed."""

    def run(people: int, seed: int) -> list[Target] | None:
        found: list[Target] | None = getattr(import_module(f"benchmarks.{module}"), name)(
            people if most is None else min(people, most), seed
        )
        return found

    return run


PARTS: Final[dict[str, Part]] = {
    "columns": _part("columns", "run_raw"),
    "features": _part("columns", "run_features"),
    "more": _part("columns", "run_more"),
    "workers": _part("two_workers"),
    "growth": _part("growth"),
    "one-lead": _part("one_lead"),
    "replaying": _part("replaying", most=LIVES),
    "backtest": _part("backtesting", most=LIVES),
    "incremental": _part("incremental"),
    "deciding": _part("deciding", most=FEW),
    "evaluating": _part("evaluating", most=FEW),
    "business-time": _part("business_time", most=FEW),
}


def main() -> None:
    """Print the tables of the chosen benchmarks, then the targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000, help="people of the workload (1,000,000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    chosen = parser.parse_args()
    names = chosen.only.split(",")
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"--only knows {', '.join(PARTS)}; not {', '.join(unknown)}")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    head = f"seed {chosen.seed}, {chosen.people:,} people, {os.cpu_count()} cores"
    print(f"{head}, load {_load()}\n")
    targets: list[Target] = []
    begun = time.monotonic()
    for name in names:
        try:
            targets += PARTS[name](chosen.people, chosen.seed) or []
        except ImportError as error:
            print(f"{name} was not run: {error.name} is not installed (pip install -e '.[bench,fast]')\n")
        print(f"[{name}: {(time.monotonic() - begun) / 60:.1f} minutes since the start, load {_load()}]\n")
    if targets:
        show_targets(targets, f"{head}, load {_load()}")


def _load() -> str:
    return ", ".join(f"{one:.1f}" for one in os.getloadavg())


if __name__ == "__main__":
    main()
