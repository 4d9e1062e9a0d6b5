"""Whole cycles under every kind of crash, in a process of its own: it forks, so it must have no threads."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from leadline.connectors.practice.harness import PracticeOptions
from tests.crash.cycles import Peace, Tally, kill_at, kill_sometime, left_in_peace
from tests.crash.outages import crash_database, cut_network, fill_disk
from tests.crash.rivals import set_rivals, set_rivals_apart
from tests.crash.scenes import Scene, scenes
from tests.crash.sharing import Trial, share
from tests.crash.states import Databases
from tests.sync.state.postgres_server import find_binaries, postgres_server

UNKEYED = PracticeOptions(hidden_fields=("task.leadline_key", "note.leadline_key"))
"""A portal that has no unique property for our keys."""


def torment_cycles(
    home: Path,
    *,
    people: int,
    seed: int,
    every: int,
    instants: int,
    outages: int,
    workers: int,
    part: tuple[int, int],
    tell: Callable[[str], None],
) -> Tally:
    """Disturb the cycles of both scenes; return what came of it.

    They are killed at each ``every``-th point and at ``instants`` random instants, half of these where the portal
    has no unique keys; the network is cut, and the disk is full, and two schedulers meet in both ways, ``outages``
    times each. ``part`` (1, 3) does a third of it: the other two thirds are parts (2, 3) and (3, 3).
    """
    tally = Tally()
    for number, scene in enumerate(scenes(home / "keyed", people)):
        peace = left_in_peace(scene, home)
        tell(f"{scene.name}: {peace.points} points, {peace.calls} calls, {peace.seconds:.1f} s when left in peace")
        first = random.Random(seed).randint(1, every)
        trials = [
            *(partial(kill_at, point, scene, peace) for point in range(first, peace.points + 1, every)),
            *[partial(kill_sometime, scene, peace)] * ((instants + 3 - number) // 4),
            *_outages(scene, peace, (outages + 1 - number) // 2),
        ]
        tally.add(share(trials[part[0] - 1 :: part[1]], home, f"{seed} {scene.name} {part}", workers))
    for number, scene in enumerate(scenes(home / "unkeyed", people, options=UNKEYED) if instants > 4 else ()):
        peace = left_in_peace(scene, home)
        trials = [partial(kill_sometime, scene, peace)] * ((instants + 1 - number) // 4)
        tally.add(share(trials[part[0] - 1 :: part[1]], home, f"{seed} {scene.name} without keys {part}", workers))
    return tally


def torment_databases(home: Path, *, people: int, seed: int, outages: int, crashes: bool = True) -> Tally | None:
    """Crash a PostgreSQL server under both scenes (``crashes``), and let rivals meet on it; None where there is none.

    One after the other, because a server that dies takes everybody's database with it.
    """
    binaries = find_binaries()
    if binaries is None:
        return None
    tally = Tally()
    with postgres_server(binaries) as server:
        for number, scene in enumerate(scenes(home / "postgres", people, states=Databases(server))):
            peace, chance = left_in_peace(scene, home), random.Random(f"{seed} {number}")
            for _ in range((outages + 1 - number) // 2):
                point = chance.randint(1, peace.points)
                meeting = [partial(set_rivals, scene, peace), partial(set_rivals_apart, scene, peace)]
                dying = [partial(crash_database, server, scene, peace), partial(kill_at, point, scene, peace)]
                for disturb in (*dying, *meeting) if crashes else meeting:
                    disturb(home, tally, chance)
    return tally


def _outages(scene: Scene, peace: Peace, count: int) -> Iterator[Trial]:
    for disturb in (cut_network, fill_disk, set_rivals, set_rivals_apart):
        yield from [partial(disturb, scene, peace)] * count
