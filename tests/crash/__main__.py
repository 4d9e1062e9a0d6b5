"""``make crash``: kill runs at random points and say what became of their consequences."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.effects import tell, torment


def main() -> int:
    """Return 0 when every promise held."""
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many runs are killed")
    parser.add_argument("--seed", type=int, default=1, help="chooses the points")
    chosen = parser.parse_args()
    began = time.perf_counter()
    broken = 0
    for keyed, kills in ((True, chosen.kills - chosen.kills // 2), (False, chosen.kills // 2)):
        with tempfile.TemporaryDirectory() as home:
            broken += len(torment(Path(home), kills, chosen.seed, keyed=keyed).broken)
    tell(f"seed {chosen.seed}, {time.perf_counter() - began:.0f} s: {'all held' if not broken else 'BROKEN'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
