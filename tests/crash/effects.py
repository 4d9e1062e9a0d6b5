"""Killing runs at random points and counting what they made: each task once, each notice at least once."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from leadline.connectors.practice.harness import PracticeOptions
from leadline.sync.plan import Plan, save_plan
from tests.crash.forking import Forker
from tests.sync.consequences.staging import UNKEYED, Stage, everything, staged

JOB = "tests.crash.effects_job:run"
MOST_RUNS = 12
"""Runs of one plan until it must be done; each is killed with chance one half."""
LOSSES = ("POST /crm/v3/objects/*/batch/*", "*/composite")


def tell(line: str) -> None:
    """Write one line to the terminal."""
    sys.stdout.write(f"{line}\n")


@dataclass
class Tally:
    """What happened: kills by how, runs, effects made, and every promise that was broken."""

    kills: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    effects: int = 0
    notices: int = 0
    notices_again: int = 0
    broken: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the tally in words."""
        how = ", ".join(f"{count} {name}" for name, count in sorted(self.kills.items()))
        return [
            f"{self.kills.total()} kills ({how}) in {self.runs} runs",
            f"{self.effects} tasks, notes and memberships, each exactly once at the practice CRMs"
            if not self.broken
            else f"{len(self.broken)} promises broken",
            f"{self.notices} notices arrived, {self.notices_again} of them more than once, each under its own key",
            *self.broken[:20],
        ]


def torment(home: Path, kills: int, seed: int, *, keyed: bool, tell: Callable[[str], None] = tell) -> Tally:
    """Kill at least ``kills`` runs, resuming after each, and check every plan when it is done.

    ``keyed``: whether the portal has a unique property for keys. Some answers are lost after the commit besides.
    """
    tally, chance = Tally(), random.Random(seed)
    options = PracticeOptions() if keyed else UNKEYED
    with staged(home, options) as stage, Forker(JOB, stage.environment) as forker:
        number = 1
        usual = _calibrate(stage, forker, home, number)
        while tally.kills.total() < kills:
            number += 100
            plan = _written(stage, home, number)
            _lose_some(stage, chance)
            _until_done(stage, forker, home, plan, chance, usual, tally)
            _check(stage, plan, tally)
            if tally.broken:
                break
    for line in tally.lines():
        tell(f"{'unique keys' if keyed else 'no unique keys'}: {line}")
    return tally


def _calibrate(stage: Stage, forker: Forker, home: Path, number: int) -> int:
    """Return the points of an undisturbed run."""
    _written(stage, home, number)
    ended = forker.run(home=str(home), plan=str(home / "plan.json"), last=0)
    assert ended.told.get("ok"), ended
    return int(ended.told["points"])


def _written(stage: Stage, home: Path, number: int) -> Plan:
    plan = stage.plan(*everything(stage, number))
    save_plan(plan, home / "plan.json")
    return plan


def _lose_some(stage: Stage, chance: random.Random) -> None:
    for crm in ("salesforce", "hubspot"):
        box = stage.harness(crm).faults
        box.clear()
        if chance.random() < 0.3:
            for match in LOSSES:
                when = chance.choice(("before", "after", "midbody"))
                box.add([{"kind": "dropped_connection", "when": when, "match": match, "times": 1}])


def _until_done(
    stage: Stage, forker: Forker, home: Path, plan: Plan, chance: random.Random, usual: int, tally: Tally
) -> None:
    for run in range(MOST_RUNS):
        spared = run == MOST_RUNS - 1 or chance.random() < 0.25
        anytime = not spared and chance.random() < 0.3
        last = 0 if spared or anytime else chance.randint(1, usual)
        after = chance.uniform(0.0, 0.5) if anytime else None
        ended = forker.run(after, home=str(home), plan=str(home / "plan.json"), last=last)
        tally.runs += 1
        if ended.killed:
            tally.kills["at any instant" if anytime else "at a call or commit"] += 1
        elif ended.told.get("ok"):
            return
        elif ended.status != 0:
            tally.broken.append(f"plan {plan.hash[:12]}: a run ended with status {ended.status}")
            return
        if set(stage.statuses(plan)) == {"done"}:
            return  # killed after its last settlement: the plan is applied and cannot be run again
    tally.broken.append(f"plan {plan.hash[:12]}: not done after {MOST_RUNS} runs: {stage.statuses(plan)}")


def _check(stage: Stage, plan: Plan, tally: Tally) -> None:
    created = {**stage.practice.salesforce.created, **stage.practice.hubspot.created}
    for one in plan.effects:
        if one.kind == "notify":
            came = stage.receiver.keys.count(one.key)
            tally.notices += 1
            tally.notices_again += came > 1
            if came < 1:
                tally.broken.append(f"notice {one.key} never came")
            continue
        tally.effects += 1
        made = created.get(one.key, 0) if one.kind != "member" else 1
        if made != 1:
            tally.broken.append(f"{one.crm} {one.kind} {one.key} was made {made} times")
    tally.broken += [f"{key} was joined {n} times" for key, n in created.items() if "/" in key and n > 1]
    unknown = set(stage.receiver.keys) - {f"e-{number:032x}" for number in range(100_000)}
    tally.broken += [f"a notice came under the unknown key {key}" for key in sorted(unknown)]
