"""What a second worker gains: the whole command over files, reading and writing included. It needs two idle cores."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.commands import Used, evaluate, write_files
from benchmarks.targets import Target

ROUNDS = 3
ASKED = 1.5


def run(people: int, seed: int) -> list[Target]:
    """Print the least seconds on the wall clock of each, in turns, and how busy the machine was with other things."""
    taken: dict[int, list[Used]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory(prefix="leadline-bench-") as name:
        write_files(Path(name), people, seed)
        for _ in range(ROUNDS):
            for workers, found in taken.items():
                found.append(evaluate(Path(name), workers))
    least = {workers: min(found, key=lambda used: used.wall) for workers, found in taken.items()}
    print(f"leadline evaluate by workers, Parquet to Parquet ({people:,} people, seed {seed}; least of {ROUNDS})")
    for workers, used in least.items():
        print(
            f"  {workers} worker{'s' * (workers > 1):<2}{used.wall:>8.1f} s on the clock{used.cpu:>8.1f} CPU seconds"
        )
    print(f"  the load was {os.getloadavg()[0]:.1f}\n")
    return [Target("two workers over one, leadline evaluate, on the clock", least[1].wall / least[2].wall, ASKED)]
