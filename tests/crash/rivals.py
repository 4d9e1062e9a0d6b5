"""Two schedulers started together, one of which stands still for longer than its lease and then goes on."""

from __future__ import annotations

import random
import signal
from datetime import timedelta
from pathlib import Path

from leadline.common.values import RecordWrite
from leadline.sync.config import load_config
from leadline.sync.cycle import open_writers
from leadline.sync.lease import LASTS
from tests.crash.cycles import SYNC, Peace, Tally, finish, trial
from tests.crash.kept import kept
from tests.crash.running import Ended, Running, run
from tests.crash.scenes import Scene, leads_in
from tests.crash.world import Served

LATER = LASTS + timedelta(minutes=1)


def set_rivals(scene: Scene, peace: Peace, home: Path, tally: Tally, chance: random.Random) -> None:
    """Let two runs meet.

    Another one started at the same time is refused. The first one stands still at a random point. When its lease has
    ended, another one takes over and does everything; then the first one goes on. The histories of values at the
    CRMs are compared too: no field was ever set to what no decision gave.
    """
    point = chance.randint(1, peace.points)
    what = f"{scene.name}, stood still at point {point}"
    with trial(scene, home) as (place, served, environment):
        first = _standing(point, place, environment)
        beside = run(SYNC, place, environment, ahead=timedelta(seconds=1))
        second = run(SYNC, place, environment, ahead=LATER)
        ended = _gone_on(first, tally)
        tally.runs += 2
        if beside.status not in {0, 1} or second.status != 0:
            codes = f"{beside.status}, {second.status}"
            tally.broken.append(f"{what}: ended with {codes}: {second.said[-800:]}")
        tally.disturbed["refused at the same time"] += beside.status == 1
        _orderly(ended, tally, what)
        finish(place, served, environment, peace, tally, what)


def set_rivals_apart(scene: Scene, peace: Peace, home: Path, tally: Tally, chance: random.Random) -> None:
    """Let the world go on while the first one stands still: when it wakes, what it knows is no longer so.

    The batch that it was about to send may arrive late. Every value that a field ever had was given by a decision
    all the same, nothing is made twice, and the next cycle puts right what came late.
    """
    point = chance.randint(1, peace.points)
    what = f"{scene.name}, stood still at point {point} while the world went on"
    with trial(scene, home) as (place, served, environment):
        assert run(SYNC, place, environment).status == 0
        _go_on(place, served, environment)
        assert [run(SYNC, place, environment).status for _ in range(2)] == [0, 0]
        allowed, left = _ever(served), served.shown(values_only=True)
    with trial(scene, home) as (place, served, environment):
        first = _standing(point, place, environment)
        overtaking = [run(SYNC, place, environment, ahead=LATER)]
        _go_on(place, served, environment)
        overtaking.append(run(SYNC, place, environment, ahead=LATER))
        _orderly(_gone_on(first, tally), tally, what)
        overtaking.append(run(SYNC, place, environment, ahead=LATER))
        tally.runs += len(overtaking)
        tally.trials += 1
        wrong = [f"a run ended with {one.status}: {one.said[-800:]}" for one in overtaking if one.status != 0]
        wrong += [f"made twice: {key}" for key in served.ask("twice")]
        wrong += [f"no decision gave {one}" for one in sorted(_ever(served) - allowed)]
        wrong += left.differences(served.shown(values_only=True))
        wrong += [f"left over: {one}" for one in kept(environment["STATE"])["wrong"]]
        tally.broken += [f"{what}: {one}" for one in wrong]


def _standing(point: int, place: Path, environment: dict[str, str]) -> Running:
    first = Running(SYNC, place, environment, last=point, stop=True)
    first.stopped()
    return first


def _gone_on(first: Running, tally: Tally) -> Ended:
    tally.runs += 1
    if first.over:  # a run renews its lease by time, so this one may have had a few points less
        tally.disturbed["not noticed"] += 1
        return first.wait()
    first.signal(signal.SIGCONT)
    ended = first.wait()
    tally.disturbed["stood still and were overtaken"] += 1
    tally.disturbed["told that they were overtaken"] += ended.status == 1
    return ended


def _orderly(ended: Ended, tally: Tally, what: str) -> None:
    if not ended.orderly:
        tally.broken.append(f"{what}: the first one ended with {ended.status}: {ended.said[-800:]}")


def _go_on(place: Path, served: Served, environment: dict[str, str]) -> None:
    """An hour later sales refuses every second lead that was handed over, and accepts the others."""
    served.ask("advance", seconds=3600)
    answers = ("Unqualified", "Accepted")
    leads = leads_in(environment["STATE"], "mql")
    writes = [RecordWrite(ref, {"Status": answers[number % 2]}) for number, ref in enumerate(leads)]
    with open_writers(load_config(place, environment)) as writers:
        assert all(one.status == "done" for page in writers["salesforce"].write(writes) for one in page)


def _ever(served: Served) -> set[str]:
    return set(served.ask("ever"))
