"""Compare the product's business time with the walk of every minute, on random cases: ``make oracle``.

Usage: python -m tests.rules.business_time.oracle [--cases N] [--seed N] [--workers N]
Prints each difference with what is needed to see it again, and ends with 1 when there is any.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from leadline.rules.business_time import Calendar, add, elapsed, is_open, next_opening
from tests.rules.business_time.chance import PLACES, YEARS, Question, a_calendar, a_question
from tests.rules.business_time.walking import OffTheMapError, Walk, Wall

PER_CALENDAR = 400
"""Questions asked of each random calendar."""
SHOWN = 50
VERBS = ("add", "elapsed", "next_opening", "is_open")


def main() -> int:
    """Run the comparison and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    begun = time.perf_counter()
    share, rest = divmod(chosen.cases, len(PLACES))
    tasks = [(chosen.seed, number, share + (number < rest)) for number in range(len(PLACES))]
    done: Counter[str] = Counter()
    differences: list[str] = []
    with ProcessPoolExecutor(chosen.workers) as pool:
        for counted, found in pool.map(_place, tasks):
            done += counted
            differences += found
    took = time.perf_counter() - begun
    cases = sum(done[verb] for verb in VERBS)
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in sorted(done.items()) if kind != "calendars")
    lines = [
        *differences[:SHOWN],
        f"seed {chosen.seed}: {cases:,} cases over {done['calendars']:,} calendars in {len(PLACES)} zones",
        f"  {kinds}",
        f"  {len(differences):,} differences, {took:.0f} s with {chosen.workers} processes",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if differences else 0


def _place(task: tuple[int, int, int]) -> tuple[Counter[str], list[str]]:
    seed, number, cases = task
    zone, year = PLACES[number]
    done: Counter[str] = Counter()
    differences = list(compare(Random(f"{seed} {zone}"), Wall(zone, year, YEARS), year, cases, done))
    return done, differences


def compare(chance: Random, wall: Wall, year: int, cases: int, done: Counter[str]) -> Iterator[str]:
    """Yield a text for each of ``cases`` random cases in which product and walk differ; count them in ``done``."""
    asked = 0
    while asked < cases:
        calendar = a_calendar(chance, wall.zone, year)
        walk = Walk(calendar, wall)
        done["calendars"] += 1
        edges = walk.edges(chance, 50)
        for _ in range(min(PER_CALENDAR, cases - asked)):
            question = a_question(chance, year, wall.changes, edges)
            try:
                if question.verb == "add" and chance.random() < 0.05:
                    question = _met_by_a_pause(walk, question)
                expected = _walked(walk, question)
            except OffTheMapError:
                # Only the walk knows so few years: such a case is drawn again.
                done["drawn again"] += 1
                continue
            asked += 1
            done[question.verb] += 1
            done["never"] += expected is None
            done["with pauses"] += bool(question.pauses)
            answer = _answered(calendar, question)
            if answer != expected:
                yield f"{question}\n  of {calendar}\n  walked {expected}\n  got    {answer}"


def _met_by_a_pause(walk: Walk, asked: Question) -> Question:
    """Return the question with a pause that begins (looking back: ends) just at its due instant."""
    due = walk.add(asked.start, asked.target, ())
    if due is None:
        return asked
    hour = timedelta(hours=1)
    return replace(asked, pauses=((due, due + hour) if asked.target.amount > 0 else (due - hour, due),))


def _walked(walk: Walk, asked: Question) -> Any:
    if asked.verb == "add":
        return walk.add(asked.start, asked.target, asked.pauses)
    if asked.verb == "elapsed":
        return walk.elapsed(asked.start, asked.end, asked.pauses)
    return walk.next_opening(asked.start) if asked.verb == "next_opening" else walk.is_open(asked.start)


def _answered(calendar: Calendar, asked: Question) -> Any:
    if asked.verb == "add":
        return add(calendar, asked.start, asked.target, asked.pauses)
    if asked.verb == "elapsed":
        return elapsed(calendar, asked.start, asked.end, asked.pauses)
    return next_opening(calendar, asked.start) if asked.verb == "next_opening" else is_open(calendar, asked.start)


if __name__ == "__main__":
    sys.exit(main())
