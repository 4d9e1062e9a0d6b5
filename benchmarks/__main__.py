"""Run every benchmark once and print ratios. ``make bench``; ``--people N`` and ``--seed N`` change the work.

Each line is one way to do the same work, in the order run; outputs are checked equal before anything is printed.
Ratios hold for this machine and this run; absolute times drift with the machine.
"""

from __future__ import annotations

import argparse

from benchmarks import business_time, columns, deciding, evaluating, incremental


def main() -> None:
    """Print the tables of all benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--leads", type=int, default=100_000, help="people of the columns' workload, up to a million")
    parser.add_argument("--organisation", type=int, default=100_000, help="people of the larger incremental cycle")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}, {chosen.people:,} people, book examples/waterfall\n")
    deciding.run(chosen.people, chosen.seed)
    evaluating.run(chosen.people, chosen.seed)
    business_time.run(chosen.people, chosen.seed)
    columns.run(chosen.leads, chosen.seed)
    incremental.run(chosen.organisation)


if __name__ == "__main__":
    main()
