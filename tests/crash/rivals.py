"""Two schedulers started together, one of which stands still for longer than its lease and then goes on."""

from __future__ import annotations

import random
import signal
from datetime import timedelta
from pathlib import Path

from leadline.sync.lease import LASTS
from tests.crash.cycles import SYNC, Peace, Tally, finish, trial
from tests.crash.running import Running, run
from tests.crash.scenes import Scene

LATER = LASTS + timedelta(minutes=1)


def set_rivals(scene: Scene, home: Path, peace: Peace, tally: Tally, chance: random.Random, count: int) -> None:
    """Let two runs meet so many times.

    Another one started at the same time is refused. The first one stands still at a random point. When its lease has
    ended, another one takes over and does everything; then the first one goes on. The histories of values at the
    CRMs are compared too: no field was ever set to what no decision gave.
    """
    for _ in range(count):
        point = chance.randint(1, peace.points)
        what = f"{scene.name}, stood still at point {point}"
        with trial(scene, home) as (place, served, environment):
            first = Running(SYNC, place, environment, last=point, stop=True)
            if not first.stopped():
                tally.broken.append(f"{what}: it never did")
            beside = run(SYNC, place, environment, ahead=timedelta(seconds=1))
            second = run(SYNC, place, environment, ahead=LATER)
            first.signal(signal.SIGCONT)
            ended = first.wait()
            tally.runs += 3
            tally.disturbed["stood still and were overtaken"] += 1
            if beside.status not in {0, 1} or second.status != 0 or not ended.orderly:
                codes = f"{beside.status}, {second.status}, {ended.status}"
                tally.broken.append(f"{what}: ended with {codes}: {second.said[-800:]} {ended.said[-800:]}")
            tally.disturbed["refused at the same time"] += beside.status == 1
            tally.disturbed["told that they were overtaken"] += ended.status == 1
            finish(place, served, environment, peace, tally, what)
