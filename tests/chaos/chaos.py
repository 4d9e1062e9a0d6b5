"""Cycle after cycle in two equal worlds, one left in peace and one in which every kind of fault strikes."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from leadline.common.values import CRMS, Crm, RecordWrite
from leadline.sync.config import load_config
from leadline.sync.cycle import open_writers
from leadline.sync.operations.parked import parked_values
from leadline.sync.store import open_store
from leadline.sync.store.effects import effects_by_status
from leadline.sync.store.schema import effects, journal
from tests.chaos.lawful import Lawful
from tests.crash.kept import kept
from tests.crash.running import Ended, run
from tests.crash.scenes import ACTIONS, adopt, leads_in
from tests.crash.world import Served, World, set_up

SYNC = ("sync", "--json")
HALF_A_DAY = timedelta(hours=12)
USUAL_CALLS = 60
"""About as many calls as one run makes at one CRM."""
TRIES = 40
"""Runs of one cycle at most, a minute apart, as a schedule would start them."""


def all_kinds(rate: float, chance: random.Random, used_up: Crm | None = None) -> list[dict[str, Any]]:
    """Return every kind of fault for one run; calls fail with chance ``rate`` in all, and so do records in a call.

    A quota that is used up stays so until midnight (``used_up``), and HubSpot's token has no session to renew: once
    refused, it stays refused until somebody gives another. So each of these comes to a run with chance ``rate``, from
    some call on, and lasts. If single calls met them, no run of a hundred calls would ever come to its end.
    """
    calls: list[dict[str, Any]] = [
        {"kind": "slow_answer", "seconds": 0.02},
        {"kind": "dropped_connection", "when": "before"},
        {"kind": "dropped_connection", "when": "after"},
        {"kind": "dropped_connection", "when": "midbody"},
        {"kind": "too_many_requests", "retry_after": 1},
        {"kind": "server_error"},
        {"kind": "server_error", "status": 500},
        {"kind": "html_body"},
        {"kind": "expired_session", "crm": "salesforce"},
    ]
    rows: list[dict[str, Any]] = [
        {"kind": "partial_failure"},
        {"kind": "silent_ignore"},
        {"kind": "late_commit", "seconds": 30},
        {"kind": "equal_timestamps"},
        {"kind": "lock_error", "crm": "salesforce"},
    ]
    # Each is drawn by itself: so often that one of them strikes with chance ``rate``.
    kinds = [{**one, "rate": 1 - (1 - rate) ** (1 / len(group))} for group in (calls, rows) for one in group]
    lasting: list[dict[str, Any]] = [{"kind": "expired_session", "crm": "hubspot"}]
    lasting += [{"kind": "quota_used_up", "crm": chance.choice(CRMS)}] if used_up is None else []
    kinds += [{**one, "after": chance.randrange(USUAL_CALLS)} for one in lasting if chance.random() < rate]
    kinds += [{"kind": "quota_used_up", "crm": used_up}] if used_up is not None else []
    chance.shuffle(kinds)  # a fault strikes by its place, so another order is another run
    return kinds


@dataclass
class Tally:
    """What happened: runs by exit code, faults that struck, what was parked, and every promise that was broken."""

    codes: Counter[int] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    parked: Counter[str] = field(default_factory=Counter)
    later: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the tally in words."""
        told = "the end is as without faults" if not self.broken else f"BROKEN ({len(self.broken)}):"
        return [
            f"{self.codes.total()} runs, by exit code: {dict(sorted(self.codes.items()))}",
            f"{self.struck.total()} faults struck: {dict(sorted(self.struck.items()))}",
            f"writes: {dict(sorted(self.settled.items()))}; actions: {dict(sorted(self.carried.items()))}",
            f"parked on the way: {dict(sorted(self.parked.items()))}",
            f"first heard of by a later run, and dated so: {len(self.later)}",
            *self.later[:10],
            told,
            *self.broken[:60],
        ]


@dataclass
class Side:
    """One of the two worlds: its servers, its directory, its state."""

    served: Served
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """What ``leadline.yml`` reads."""
        return {**self.served.environment, "STATE": f"sqlite:///{self.home}/leadline.db", "BUDGET": "60"}

    def run(self, *arguments: str) -> Ended:
        """Run one verb as a process."""
        return run(arguments, self.home, self.environment, hurried=True)


def torment(
    home: Path, *, people: int, cycles: int, rate: float, seed: int, tell: Callable[[str], None] = lambda _: None
) -> Tally:
    """Let so many cycles pass in both worlds and compare their ends."""
    tally, chance, known = Tally(), random.Random(seed), 0
    world = World.made(people, seed)
    set_up(home / "peace", ACTIONS)
    with world.serving() as (_, environment):
        adopt(home / "peace", {**environment, "STATE": f"sqlite:///{home}/peace/leadline.db"})
    shutil.copytree(home / "peace", home / "chaos")
    emails = [row.values["email"] for row in world.portal.tables["contact"].rows.values() if "email" in row.values]
    with Served(world) as one, Served(world) as other:
        peace, chaos = Side(one, home / "peace"), Side(other, home / "chaos")
        for number in range(1, cycles + 1):
            _news(world, peace, chaos, chance, emails)
            _in_peace(peace)
            runs, passed = _cycle(chaos, tally, f"cycle {number}", rate, chance)
            peace.served.ask("advance", seconds=passed)
            _in_peace(peace)  # at the instant of the last run, so that both have seen the same time pass
            for line in tally.broken[known:]:
                tell(f"BROKEN: {line}")
            known = len(tally.broken)
            tell(f"cycle {number}: {runs} runs in {passed / 3600:.1f} h, {dict(sorted(tally.codes.items()))}")
        _end(peace, chaos, tally)
    for line in tally.lines():
        tell(line)
    return tally


def _in_peace(peace: Side) -> None:
    ended = peace.run(*SYNC)
    assert ended.status == 0, ended.said


def _cycle(chaos: Side, tally: Tally, what: str, rate: float, chance: random.Random) -> tuple[int, float]:
    """Run one cycle until it says that all is well and nothing stands refused, every run under every kind of fault.

    All that helps is what helps in earnest: the schedule runs it again a minute later, after midnight once a quota
    is used up; and somebody releases what was refused (``leadline retry --all``). Return how many runs that took, and
    how many seconds passed.
    """
    passed, used_up = 0.0, None
    for number in range(1, TRIES + 1):
        kinds = all_kinds(rate, chance, used_up)
        chaos.served.ask("disturb", faults=kinds)
        ended = chaos.run(*SYNC)
        struck = chaos.served.ask("calm")
        tally.struck.update(struck)
        tally.codes[ended.status] += 1
        _look(chaos, ended, tally, f"{what}, run {number}")
        refused = chaos.run("parked").status
        if ended.status == 0 and refused == 0:
            return number, passed
        if refused:
            chaos.run("retry", "--all")
        wait = 60.0
        if used_up is not None:  # the run before told so; this one found it still so
            wait, used_up = _until_midnight(chaos), None
        elif struck.get("quota_used_up"):
            used_up = next(one["crm"] for one in kinds if one["kind"] == "quota_used_up")
        chaos.served.ask("advance", seconds=wait)
        passed += wait
    tally.broken.append(f"{what}: not at its end after {TRIES} runs: {ended.said[-1500:]}")
    return TRIES, passed


def _until_midnight(chaos: Side) -> float:
    """Return the seconds until a minute past the next midnight of UTC."""
    now = datetime.fromisoformat(chaos.served.ask("now"))
    return (now.replace(hour=0, minute=1, second=0, microsecond=0) + timedelta(days=1) - now).total_seconds()


def _look(chaos: Side, ended: Ended, tally: Tally, what: str) -> None:
    """Check what one run says against its exit code and the journal."""
    if not ended.orderly:
        tally.broken.append(f"{what}: ended with {ended.status}: {ended.said[-1200:]}")
        return
    told = _json(ended.said)
    reports = [one for one in (told.get("apply"), told.get("resumed")) if one]
    failed = any(one["errors"] or one["undone_actions"] or set(one["counts"]) - {"verified"} for one in reports)
    if ended.status == 0 and (failed or not told.get("ok")):
        tally.broken.append(f"{what}: said success with failures: {str(reports)[:600]}")
    with open_store(chaos.environment["STATE"]) as store:
        for value in parked_values(store):
            tally.parked[value.code or value.status] += 1
            if not value.remedy:
                tally.broken.append(f"{what}: {value.ref} is parked without a remedy")
        with store.read() as connection:
            for row in effects_by_status(connection, ("parked",)):
                tally.parked[f"{(row.payload or {}).get('kind')} {row.code}"] += 1
                if not row.code:
                    tally.broken.append(f"{what}: effect {row.key} is parked without a reason")


def _end(peace: Side, chaos: Side, tally: Tally) -> None:
    """Let all be well again, and compare."""
    for _ in range(3):  # scores that drift are published once a day
        for side in (peace, chaos):
            side.served.ask("advance", seconds=2 * 86400)
            ended = side.run(*SYNC)
            if ended.status != 0:
                tally.broken.append(f"{side.home.name}: a calm run ended with {ended.status}: {ended.said[-1500:]}")
    tally.broken += [f"made twice: {key}" for key in chaos.served.ask("twice")]
    lawful = Lawful.read(peace.environment["STATE"], chaos.environment["STATE"])
    for apart in peace.served.shown(values_only=True).apart(chaos.served.shown(values_only=True)):
        (tally.later if lawful.allows(apart) else tally.broken).append(apart.told())
    ends = [kept(side.environment["STATE"]) for side in (peace, chaos)]
    tally.broken += [f"chaos: {one}" for one in ends[1]["wrong"]]
    with open_store(chaos.environment["STATE"]) as store, store.read() as connection:
        tally.settled.update(connection.execute(select(journal.c.status)).scalars())
        tally.carried.update(connection.execute(select(effects.c.status)).scalars())
    left = set(tally.settled) & {"planned", "claimed", "done", "failed"}
    tally.broken += [f"writes are left {status}" for status in left]
    left = set(tally.carried) & {"planned", "claimed", "failed", "parked"}
    tally.broken += [f"actions are left {status}" for status in left]


def _json(said: str) -> Mapping[str, Any]:
    found = re.search(r"^\{.*^\}", said, re.MULTILINE | re.DOTALL)
    read: Mapping[str, Any] = json.loads(found.group()) if found else {}
    return read


def _news(world: World, peace: Side, chaos: Side, chance: random.Random, emails: Sequence[str]) -> None:
    """Half a day later some people asked for a demonstration, and sales answered some of the leads."""
    asking = chance.sample(emails, max(2, len(emails) // 40))
    leads = leads_in(peace.environment["STATE"], "mql")
    answers: tuple[dict[str, Any], ...] = ({"Status": "Accepted"}, {"Status": "Unqualified"})
    writes = [RecordWrite(ref, dict(chance.choice(answers))) for ref in leads if chance.random() < 0.3]
    for side in (peace, chaos):
        side.served.ask("advance", seconds=int(HALF_A_DAY.total_seconds()))
        world.submit(side.environment["HUBSPOT_URL"], asking)
        _write(side, writes)


def _write(side: Side, writes: Sequence[RecordWrite]) -> None:
    if not writes:
        return
    with open_writers(load_config(side.home, side.environment)) as writers:
        results = [one for page in writers["salesforce"].write(writes) for one in page]
    # A lead that was converted before refuses in both worlds alike.
    assert {one.status for one in results} <= {"done", "gone"}, results
