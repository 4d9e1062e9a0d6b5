"""Damage the example books at random and count what becomes of them: ``python -m tests.fuzz``, or ``make fuzz``.

Ends with 1 when a damaged book gave a traceback, took over 2 s, was accepted with a meaning that its damage does not
explain, or was refused without a place. ``--only NUMBER`` repeats one case and shows it.
"""

from __future__ import annotations

import argparse
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.fuzz.judging import BAD, GOOD, Judged, case, samples, summary
from tests.fuzz.mutations import MUTATIONS, ROOT, damaged


def main() -> int:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", type=int, help="repeat the case of this number")
    chosen = parser.parse_args()
    if chosen.only is not None:
        return _show(chosen.seed, chosen.only)
    with ProcessPoolExecutor(chosen.workers) as pool:
        cases = list(pool.map(partial(_case, chosen.seed), range(chosen.count), chunksize=50))
    _print(cases, chosen.seed)
    return 1 if any(item.verdict in BAD for item in cases) else 0


def _case(seed: int, number: int) -> Judged:
    return case(samples(), seed, number)


def _print(cases: list[Judged], seed: int) -> None:
    books = ", ".join(sorted({item.book for item in cases}))
    sys.stdout.write(f"{len(cases):,} damaged books (seed {seed}) out of {books}\n\n")
    sys.stdout.write(f"{'damage':12}" + "".join(f"{name:>12}" for name in (*GOOD, *BAD)) + "\n")
    table = summary(cases)
    total = {name: sum(row[name] for row in table.values()) for name in (*GOOD, *BAD)}
    for kind, row in {**table, "in all": total}.items():
        sys.stdout.write(f"{kind:12}" + "".join(f"{row[name]:>12,}" for name in (*GOOD, *BAD)) + "\n")
    slowest = max(cases, key=lambda item: item.seconds)
    sys.stdout.write(f"\nslowest {slowest.seconds * 1000:.0f} ms of CPU ({slowest.kind}, case {slowest.number})\n")
    for item in [item for item in cases if item.verdict in BAD][:20]:
        sys.stdout.write(f"\n{item.verdict}: case {item.number}, {item.kind} of {item.book}\n{item.detail}\n")


def _show(seed: int, number: int) -> int:
    books = samples()
    found = case(books, seed, number)
    rng = random.Random(f"{seed}:{number}")
    sample = books[number % len(books)]
    kind = tuple(MUTATIONS)[number // len(books) % len(MUTATIONS)]
    mutant = damaged(sample.files, rng, kind)
    sys.stdout.write(mutant.files.get(ROOT, b"").decode("utf-8", "replace")[:200_000])
    sys.stdout.write(
        f"\n{found.verdict}: {found.kind} of {found.book}, touched {sorted(mutant.touched)}\n{found.detail}\n"
    )
    return 1 if found.verdict in BAD else 0


if __name__ == "__main__":
    sys.exit(main())
