"""Killing whole cycles: at every step and at random instants, restarted, and compared with a run left in peace."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.kept import Kept, differences, kept
from tests.crash.running import run
from tests.crash.scenes import Scene
from tests.crash.shown import Shown
from tests.crash.world import Served

SYNC = ("sync", "--json")
MOST_RUNS = 6


@dataclass
class Tally:
    """What happened: how runs were disturbed, how many there were, and everything that came out different."""

    disturbed: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    trials: int = 0
    broken: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add what another one counted."""
        self.disturbed += other.disturbed
        self.runs += other.runs
        self.trials += other.trials
        self.broken += other.broken

    def lines(self) -> list[str]:
        """Return the tally in words."""
        how = ", ".join(f"{count} {name}" for name, count in sorted(self.disturbed.items()))
        told = "each time both CRMs and the state are as after a run left in peace" if not self.broken else "BROKEN:"
        return [f"{self.trials} cycles, {self.runs} runs: {how}", told, *self.broken[:40]]


@dataclass(frozen=True)
class Peace:
    """What a run left in peace comes to: the CRMs, the state, its points and its seconds."""

    shown: Shown
    kept: Kept
    points: int
    seconds: float
    calls: int


def kill_at(point: int, scene: Scene, peace: Peace, home: Path, tally: Tally, _: random.Random) -> None:
    """Kill a cycle at this point, run it again, and compare."""
    _killed(scene, home, peace, tally, at=point)


def kill_sometime(scene: Scene, peace: Peace, home: Path, tally: Tally, chance: random.Random) -> None:
    """Kill a cycle at a random instant, sometimes the run after it too, and compare."""
    _killed(scene, home, peace, tally, after=chance.uniform(0.0, peace.seconds), again=chance)


def left_in_peace(scene: Scene, home: Path) -> Peace:
    """Return what one undisturbed cycle comes to."""
    with trial(scene, home) as (place, served, environment):
        before = served.ask("calls")
        ended = run(SYNC, place, environment)
        assert ended.status == 0, ended.said
        state = kept(environment["STATE"])
        assert not state["wrong"], state["wrong"]
        return Peace(served.shown(), state, ended.points, ended.seconds, served.ask("calls") - before)


class trial:  # noqa: N801 - used as a function
    """A copy of a scene to disturb: its directory, its CRMs, its environment."""

    def __init__(self, scene: Scene, home: Path) -> None:
        self._scene, self._home = scene, home

    def __enter__(self) -> tuple[Path, Served, dict[str, str]]:
        self._place = self._home / "trial"
        state = self._scene.copy(self._place)
        self._served = Served(self._scene.world)
        environment = {**self._served.environment, "STATE": state}
        return self._place, self._served, environment

    def __exit__(self, *_: object) -> None:
        self._served.close()
        shutil.rmtree(self._place)


def _killed(
    scene: Scene,
    home: Path,
    peace: Peace,
    tally: Tally,
    *,
    at: int = 0,
    after: float | None = None,
    again: random.Random | None = None,
) -> None:
    what = f"{scene.name}, killed at point {at}" if at else f"{scene.name}, killed after {after:.3f} s"
    with trial(scene, home) as (place, served, environment):
        ended = run(SYNC, place, environment, after, at)
        tally.runs += 1
        if ended.killed:
            tally.disturbed["killed at a point" if at else "killed at an instant"] += 1
        for _ in range(MOST_RUNS):  # sometimes the restart is killed too
            if again is None or again.random() > 0.3:
                break
            ended = run(SYNC, place, environment, again.uniform(0.0, peace.seconds))
            tally.runs += 1
            if ended.killed:
                tally.disturbed["killed again"] += 1
        finish(place, served, environment, peace, tally, what)


def finish(place: Path, served: Served, environment: dict[str, str], peace: Peace, tally: Tally, what: str) -> None:
    """Run once more in peace and compare."""
    tally.trials += 1
    ended = run(SYNC, place, environment)
    tally.runs += 1
    if ended.status != 0:
        tally.broken.append(f"{what}: the run after it ended with {ended.status}: {ended.said[-1500:]}")
        return
    found = [f"made twice: {key}" for key in served.ask("twice")]
    found += peace.shown.differences(served.shown())
    state = kept(environment["STATE"])
    found += [f"left over: {one}" for one in state["wrong"]]
    found += differences(peace.kept, {**state, "wrong": []})
    tally.broken += [f"{what}: {one}" for one in found]
