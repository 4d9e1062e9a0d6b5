"""``make chaos``: cycles under every kind of fault at once, compared with cycles left in peace."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from tests.chaos.chaos import torment


def main() -> int:
    """Return 0 when every promise held."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--rate", type=float, default=0.2, help="the share of calls, and of records, that fail")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a new directory in which both states are left, to look at")
    chosen = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() if chosen.keep is None else nullcontext(chosen.keep) as home:
        tally = torment(
            Path(home), people=chosen.people, cycles=chosen.cycles, rate=chosen.rate, seed=chosen.seed, tell=_tell
        )
    _tell(f"seed {chosen.seed}, {time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f}")
    return 1 if tally.broken else 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
