"""Run the benchmarks once and print rates and ratios: ``make bench``. ``--only columns,features`` chooses some.

Each line is one way to do the same work; outputs are checked equal before anything is printed.
Ratios hold for this machine and this run; absolute times drift with the machine.
"""

from __future__ import annotations

import argparse
import os

from benchmarks import (
    business_time,
    columns,
    deciding,
    evaluating,
    growth,
    incremental,
    one_lead,
    replaying,
    two_workers,
)

FEW = 5_000
"""People of the benchmarks that settle one after the other."""
COPIED = 100_000
"""People of the organisation whose cycle is timed; ``python -m benchmarks.incremental`` copies more."""
PARTS = {
    "columns": columns.run_raw,
    "features": columns.run_features,
    "more": columns.run_more,
    "workers": two_workers.run,
    "growth": growth.run,
    "incremental": lambda people, _: incremental.run(min(people, COPIED)),
    "one-lead": lambda _, seed: one_lead.run(seed),
    "replaying": lambda people, seed: replaying.run(min(people, COPIED), seed),
    "deciding": lambda people, seed: deciding.run(min(people, FEW), seed),
    "evaluating": lambda people, seed: evaluating.run(min(people, FEW), seed),
    "business-time": lambda people, seed: business_time.run(min(people, FEW), seed),
}


def main() -> None:
    """Print the tables of the chosen benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000, help="people of the workload (1,000,000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    chosen = parser.parse_args()
    names = chosen.only.split(",")
    if unknown := [name for name in names if name not in PARTS]:
        parser.error(f"--only knows {', '.join(PARTS)}; not {', '.join(unknown)}")
    print(f"seed {chosen.seed}, {chosen.people:,} people, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    for name in names:
        PARTS[name](chosen.people, chosen.seed)


if __name__ == "__main__":
    main()
