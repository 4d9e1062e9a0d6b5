"""Ours and its peers over one work: answers checked equal, CPU seconds, rates and ratios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np

from benchmarks.peers.peer import Answer, MissingError, Peer, Timed, Work
from benchmarks.targets import Target
from benchmarks.work import timed

RUNS = 9
ENOUGH_SECONDS = 3.0
"""Nobody is run again after so long."""


_LEAST_TURNS = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A peer, and the ratio that ours is to reach against it (None: none is asked)."""

    peer: Peer
    at_least: float | None = None
    of_fast: float | None = None


@dataclass(slots=True)
class _Runner:
    """One who takes part: its work, the least CPU seconds of a person, and what it found."""

    peer: Peer
    run: Callable[[], Any]
    people: int
    each: float = float("inf")
    spent: float = 0.0
    found: Any = None

    @classmethod
    def of(cls, peer: Peer, work: Work) -> _Runner:
        return cls(peer, peer.prepare(work), work.people.num_rows)

    def once(self) -> float:
        """Run once; return the CPU seconds of a person."""
        seconds, self.found = _once(self.run)
        self.spent += seconds
        self.each = min(self.each, seconds / self.people)
        return seconds / self.people

    def answer(self) -> Answer | None:
        return self.peer.answer(self.found)


def race(
    title: str, work: Work, ours: Peer, fast: Peer | None, entries: Sequence[Entry], short: str = ""
) -> list[Target]:
    """Print a table: how many leads a second, how many times as fast ours is, and how many times it is asked to be.

    Ours and a peer run in turns and the least of each counts, so that a ratio is of one and the same minute. An
    answer that differs ends the run.
    """
    print(f"{title}\n  {'':<48}{'people':>10}{'leads/s':>14}{'ours is':>12}{'asked':>15}{'fast is':>12}{'asked':>15}")
    base = _Runner.of(ours, work)
    base.once()  # finds its memory, and compiles
    expected = base.answer()
    quick = None if fast is None else _told(fast, lambda: _checked(fast, work, expected))
    own = [base] if quick is None else [base, quick]
    for one in own:
        one.each = min(one.once() for _ in range(min(_LEAST_TURNS, RUNS)))
        _line(one.peer.name, one.people, one.each, "")
    targets = []
    for entry in entries:
        some = work.few(entry.peer.most)
        beside = _told(entry.peer, lambda entry=entry, some=some: _checked(entry.peer, some, expected))  # type: ignore[misc]
        ratios = [] if beside is None else _in_turns(beside, own)
        cells = ""
        asks = ((entry.at_least, ""), (entry.of_fast, ", with fast"))
        for ratio, (asked, who) in zip_longest(ratios, asks):
            what = f"{short}, against {entry.peer.name}{who}"
            target = None if asked is None else Target(what, ratio, asked)
            targets += [] if target is None else [target]
            cells += "" if ratio is None else f"{ratio:>11,.2f}x"
            cells += f"{'':>15}" if target is None else f"{f'{asked:g}x {target.verdict}':>15}"
        if beside is not None:
            _line(entry.peer.name, some.people.num_rows, beside.each, cells)
    print()
    return targets


def _told(peer: Peer, work: Callable[[], _Runner]) -> _Runner | None:
    try:
        return work()
    except ImportError as error:
        print(f"  {peer.name:<48}was not run: {error.name} is not installed (pip install -e '.[bench,fast]')")
    except MissingError as error:
        print(f"  {peer.name:<48}was not run: {error}")
    return None


def _checked(peer: Peer, work: Work, expected: Answer | None) -> _Runner:
    runner = _Runner.of(peer, work)
    runner.once()
    answer = runner.answer()
    if answer is not None and expected is not None:
        for name, ours, theirs in zip(Answer._fields, expected, answer, strict=True):
            assert np.array_equal(ours[: theirs.size], theirs), f"{peer.name}: {name} differs"
    return runner


def _in_turns(peer: _Runner, own: Sequence[_Runner]) -> list[float]:
    """Return how many times as fast each of ``own`` is: the least of runs in turns, and of the peer's first one."""
    least = [float("inf")] * len(own)
    for turn in range(RUNS):
        for place, one in enumerate(own):
            least[place] = min(least[place], one.once())
        if peer.spent < ENOUGH_SECONDS:
            peer.once()
        elif turn >= _LEAST_TURNS - 1:
            break
    return [peer.each / one for one in least]


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


def _line(name: str, people: int, each: float, cells: str) -> None:
    print(f"  {name:<48}{people:>10,}{1 / each:>14,.0f}{cells}".rstrip())
