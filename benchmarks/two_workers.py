"""What a second worker gains: the same work in one process alone, and in two at once. It needs two idle cores."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.columns import work_of
from benchmarks.peers.ours import Ours

PEOPLE = 1 << 18
ASKED = 1.5


def run(people: int, seed: int) -> None:
    """Print the gain on the wall clock, and how busy the machine was with other things."""
    part = (min(people, PEOPLE), seed)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        alone = min(next(pool.map(_timed_part, [part])) for _ in range(5))
        both = min(max(pool.map(_timed_part, [part] * 2)) for _ in range(5))
    load = os.getloadavg()[0]
    print(f"two workers over one: {2 * alone / both:.2f}x, asked {ASKED:g}x (wall clock; the load was {load:.1f})\n")


def _timed_part(part: tuple[int, int]) -> float:
    evaluate = Ours("ours").prepare(work_of(*part))
    evaluate()
    start = time.perf_counter()
    evaluate()
    return time.perf_counter() - start
