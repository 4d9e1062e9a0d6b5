"""Cycles during which the network is cut, the disk is full, or the database server dies; then all is well again."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.crash.cycles import SYNC, Peace, Tally, finish, trial
from tests.crash.running import Ended, Running, run
from tests.crash.scenes import Scene
from tests.sync.state.postgres_server import Server

MOMENTS = ("before", "after", "midbody")
SMALLEST, LARGEST = 40_000, 600_000
"""Bytes that a file may have on the full disk."""


def cut_network(scene: Scene, peace: Peace, home: Path, tally: Tally, chance: random.Random) -> None:
    """Cut the network: from some call on nothing arrives any more, or no answer does."""
    after, when = chance.randrange(peace.calls), chance.choice(MOMENTS)
    with trial(scene, home) as (place, served, environment):
        served.ask("disturb", faults=[{"kind": "dropped_connection", "when": when, "after": after}])
        ended = run(SYNC, place, environment)
        served.ask("calm")
        what = f"{scene.name}, cut {when} call {after}"
        _orderly(ended, tally, what, f"network cut {when} a call")
        finish(place, served, environment, peace, tally, what)


def fill_disk(scene: Scene, peace: Peace, home: Path, tally: Tally, chance: random.Random) -> None:
    """Let the disk be full, sooner or later in the cycle."""
    largest = chance.randint(SMALLEST, LARGEST)
    with trial(scene, home) as (place, served, environment):
        ended = Running(SYNC, place, environment, largest=largest).wait()
        what = f"{scene.name}, no file over {largest} bytes"
        _orderly(ended, tally, what, "disk full")
        finish(place, served, environment, peace, tally, what)


def crash_database(
    server: Server, scene: Scene, peace: Peace, home: Path, tally: Tally, chance: random.Random
) -> None:
    """Crash the database server at a random instant."""
    after = chance.uniform(0.0, peace.seconds)
    with trial(scene, home) as (place, served, environment):
        ended = _crashed(server, place, environment, after)
        what = f"{scene.name}, database gone after {after:.3f} s"
        _orderly(ended, tally, what, "database server killed")
        finish(place, served, environment, peace, tally, what)


def _crashed(server: Server, place: Path, environment: dict[str, str], after: float) -> Ended:
    """Run a cycle whose database server dies after so many seconds, and comes back when the run has ended."""
    running = Running(SYNC, place, environment)
    time.sleep(after)
    server.crash()
    ended = running.wait()
    server.start()
    return ended


def _orderly(ended: Ended, tally: Tally, what: str, how: str) -> None:
    """Count a disturbed run; it must end as one that says what is wrong, or not have noticed."""
    tally.runs += 1
    if ended.status == 0:
        tally.disturbed["not noticed"] += 1
        return
    tally.disturbed[how] += 1
    if ended.status != 3 or not ended.orderly:
        tally.broken.append(f"{what}: ended with {ended.status}: {ended.said[-1500:]}")
