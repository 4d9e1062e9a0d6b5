"""Whole cycles under every kind of crash, in a process of its own: it forks, so it must have no threads."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from leadline.connectors.practice.harness import PracticeOptions
from tests.crash.cycles import Tally, kill_at_instants, kill_at_points, left_in_peace
from tests.crash.outages import crash_database, cut_network, fill_disk
from tests.crash.rivals import set_rivals
from tests.crash.scenes import scenes
from tests.crash.states import Databases
from tests.sync.state.postgres_server import find_binaries, postgres_server

UNKEYED = PracticeOptions(hidden_fields=("task.leadline_key", "note.leadline_key"))
"""A portal that has no unique property for our keys."""


def torment_cycles(
    home: Path, *, people: int, seed: int, every: int, instants: int, outages: int, tell: Callable[[str], None]
) -> Tally:
    """Disturb the cycles of both scenes; return what came of it.

    They are killed at each ``every``-th point and at ``instants`` random instants, half of these where the portal
    has no unique keys; the network is cut, and the disk is full, and two
    schedulers meet, ``outages`` times each.
    """
    tally, chance = Tally(), random.Random(seed)
    for number, scene in enumerate(scenes(home / "keyed", people)):
        peace = left_in_peace(scene, home)
        tell(f"{scene.name}: {peace.points} points, {peace.calls} calls, {peace.seconds:.1f} s when left in peace")
        kill_at_points(scene, home, peace, tally, range(chance.randint(1, every), peace.points + 1, every))
        kill_at_instants(scene, home, peace, tally, chance, (instants + 3 - number) // 4)
        cut_network(scene, home, peace, tally, chance, (outages + 1 - number) // 2)
        fill_disk(scene, home, peace, tally, chance, (outages + 1 - number) // 2)
        set_rivals(scene, home, peace, tally, chance, (outages + 1 - number) // 2)
    if instants > 4:
        for number, scene in enumerate(scenes(home / "unkeyed", people, options=UNKEYED)):
            peace = left_in_peace(scene, home)
            kill_at_instants(scene, home, peace, tally, chance, (instants + 1 - number) // 4)
    return tally


def torment_databases(home: Path, *, people: int, seed: int, outages: int) -> Tally | None:
    """Crash a PostgreSQL server under both scenes, ``outages`` times; None where there is none."""
    binaries = find_binaries()
    if binaries is None:
        return None
    tally, chance = Tally(), random.Random(seed)
    with postgres_server(binaries) as server:
        for number, scene in enumerate(scenes(home / "postgres", people, states=Databases(server))):
            peace = left_in_peace(scene, home)
            crash_database(scene, home, server, peace, tally, chance, (outages + 1 - number) // 2)
    return tally
