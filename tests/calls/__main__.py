"""``make calls``: whole cycles against the practice CRMs, their calls beside the fewest there could have been."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.calls.measuring import HEADER, measure


def main() -> int:
    """Return 0 when every run took at most 1.10 times the lower bound plus 2."""
    parser = argparse.ArgumentParser(prog="make calls", description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[500, 5000], help="how many people, once each")
    chosen = parser.parse_args()
    broken = 0
    for people in chosen.people:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as home:
            lines = measure(Path(home), people)
        _tell(f"\n{people:,} people, {time.perf_counter() - began:.0f} s\n{HEADER}")
        for line in lines:
            _tell(line.line())
        broken += sum(not line.holds for line in lines)
    return 1 if broken else 0


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
