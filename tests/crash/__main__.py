"""``make crash``: crash whole cycles and single plans in every way, and say what became of them."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.crash.effects import tell, torment
from tests.crash.scenes import PEOPLE
from tests.crash.whole import torment_cycles, torment_databases


def main() -> int:
    """Return 0 when every promise held."""
    chosen = _arguments()
    began = time.perf_counter()
    broken = 0
    with tempfile.TemporaryDirectory() as home:
        more = {"people": chosen.people, "seed": chosen.seed, "outages": chosen.outages}
        dealt = {"every": chosen.every, "instants": chosen.instants, "workers": chosen.workers, "part": chosen.part}
        tally = torment_cycles(Path(home), tell=tell, **dealt, **more)
        broken += _told(tally.lines(), tally.broken)
        last = chosen.part[0] == chosen.part[1]
        on_server = torment_databases(Path(home), **more) if last and chosen.database else None
        if on_server is not None:
            broken += _told([f"PostgreSQL: {line}" for line in on_server.lines()], on_server.broken)
    kills = chosen.kills if last else 0
    for keyed, count in ((True, kills - kills // 2), (False, kills // 2)):
        with tempfile.TemporaryDirectory() as home:
            broken += len(torment(Path(home), count, chosen.seed, keyed=keyed).broken) if count else 0
    load = os.getloadavg()[0]
    seconds = time.perf_counter() - began
    tell(f"seed {chosen.seed}, {seconds:.0f} s, load {load:.1f}: {'all held' if not broken else 'BROKEN'}")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE, help="in the practice CRMs")
    parser.add_argument("--every", type=int, default=1, help="2: every second point of a cycle")
    parser.add_argument("--instants", type=int, default=300, help="random instants of a cycle")
    parser.add_argument("--outages", type=int, default=24, help="of the network, the disk, the database; and rivals")
    parser.add_argument("--kills", type=int, default=200, help="runs of plans of tasks, notes and notices")
    parser.add_argument("--workers", type=int, default=2, help="processes that disturb cycles side by side")
    parser.add_argument("--part", type=_part, default=(1, 1), help="2/5: the second fifth; databases in the last one")
    parser.add_argument("--seed", type=int, default=1, help="chooses the points")
    parser.add_argument("--no-database", dest="database", action="store_false", help="without PostgreSQL")
    return parser.parse_args()


def _part(text: str) -> tuple[int, int]:
    one, _, of = text.partition("/")
    return int(one), int(of)


def _told(lines: list[str], broken: list[str]) -> int:
    for line in lines:
        tell(line)
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
