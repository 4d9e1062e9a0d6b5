"""Ours and its peers over one work: answers checked equal, CPU seconds, rates and ratios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers.peer import Answer, MissingError, Peer, Timed, Work
from benchmarks.work import timed

RUNS = 9
ENOUGH_SECONDS = 3.0
"""Nobody is run again after so long."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A peer, and the ratio that ours is to reach against it (None: none is asked)."""

    peer: Peer
    at_least: float | None = None
    of_fast: float | None = None


def race(title: str, work: Work, ours: Peer, fast: Peer | None, entries: Sequence[Entry]) -> None:
    """Print a table: how many leads a second, how many times as fast ours is, and how many times it is asked to be.

    An answer that differs ends the run.
    """
    print(f"{title}\n  {'':<48}{'people':>10}{'leads/s':>14}{'ours is':>10}{'asked':>8}{'fast is':>10}{'asked':>8}")
    seconds, expected = _timed(ours, work)
    base, quick = seconds / work.people.num_rows, None
    _line(ours.name, work.people.num_rows, base)
    if fast is not None:
        quick = _told(lambda: _checked(fast, work, expected), fast.name)
        if quick is not None:
            _line(fast.name, work.people.num_rows, quick)
    for entry in entries:
        some = work.few(entry.peer.most)
        seconds = _told(lambda entry=entry, some=some: _checked(entry.peer, some, expected), entry.peer.name)  # type: ignore[misc]
        if seconds is not None:
            _line(entry.peer.name, some.people.num_rows, seconds, base, quick, entry)
    print()


def _told(work: Callable[[], float], name: str) -> float | None:
    try:
        return work()
    except ImportError as error:
        print(f"  {name:<48}was not run: {error.name} is not installed (pip install -e '.[bench,fast]')")
    except MissingError as error:
        print(f"  {name:<48}was not run: {error}")
    return None


def _checked(peer: Peer, work: Work, expected: Answer | None) -> float:
    seconds, answer = _timed(peer, work)
    if answer is not None and expected is not None:
        for name, ours, theirs in zip(Answer._fields, expected, answer, strict=True):
            assert np.array_equal(ours[: theirs.size], theirs), f"{peer.name}: {name} differs"
    return seconds / work.people.num_rows


def _timed(peer: Peer, work: Work) -> tuple[float, Answer | None]:
    seconds, found = least(peer.prepare(work))
    return seconds, peer.answer(found)


def least(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the least CPU seconds of some runs (the first also finds its memory), and what the last one found."""
    spent: list[float] = []
    found = None
    while not spent or (len(spent) < RUNS and sum(spent) < ENOUGH_SECONDS):
        seconds, found = _once(run)
        spent.append(seconds)
    return min(spent), found


def _once(run: Callable[[], Any]) -> tuple[float, Any]:
    seconds, found = timed(run)
    return (found.seconds, found.found) if isinstance(found, Timed) else (seconds, found)


def _line(
    name: str, people: int, each: float, base: float = 0, quick: float | None = None, entry: Entry | None = None
) -> None:
    cells = ""
    if entry is not None:
        for ours, asked in ((base, entry.at_least), (quick, entry.of_fast)):
            cells += f"{each / ours:>9.2f}x" if ours else f"{'':>10}"
            cells += f"{asked:>7g}x" if asked is not None else f"{'':>8}"
    print(f"  {name:<48}{people:>10,}{1 / each:>14,.0f}{cells}".rstrip())
