"""Two cycles to be disturbed: people enter stages that cause things, and, days later, promises that were broken."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from leadline.common.values import Crm, Raw, RecordRef, RecordWrite
from leadline.connectors.practice.harness import PracticeOptions
from leadline.sync.config import load_config
from leadline.sync.cycle import make_plan, open_setting, open_writers, run_apply, run_sync
from leadline.sync.store import open_store
from tests.crash.states import Files, States
from tests.crash.world import World, set_up

WALL = datetime(2026, 11, 1, tzinfo=UTC)
PEOPLE = 60

ACTIONS = """
on_enter:
  mql:
    - {assign: {to: Inbound Queue}}
    - {task: {to: owner, subject: "Call {name} ({grade})", due: 1d, urgent: true}}
    - {note: hand-off}
    - {notify: "#sales"}
    - {set: {Lead.Rating: Hot}}
  sal:
    - {task: {to: owner, subject: "Work on {name}"}}
    - {note: hand-off}
  recycled:
    - {add_to: {hubspot_list: Nurture, salesforce_campaign: Nurture, status: Sent}}
    - {notify: {to: owner, text: "{name} went back: {why}"}}
calendars:
  office: {zone: Europe/Berlin, open: {mon-fri: [09:00-18:00]}}
slas:
  accept mql:
    from: {enters: mql}
    until: {enters: sal}
    target: 8 business hours
    ladder:
      - {at: 50%, do: {notify: owner}}
      - {at: 100%, do: [{task: {to: owner, subject: "Too late: {name}"}}, {notify: "#sales"}]}
"""


@dataclass(frozen=True)
class Scene:
    """A world and a state just before a cycle that has a lot to do."""

    name: str
    world: World
    home: Path
    states: States

    def copy(self, where: Path) -> str:
        """Copy the directory, and the state; return the copy's URL."""
        shutil.copytree(self.home, where)
        return self.states.copy(where)


def scenes(
    home: Path,
    people: int = PEOPLE,
    seed: int = 7,
    options: PracticeOptions | None = None,
    states: States | None = None,
) -> Iterator[Scene]:
    """Yield the two scenes, one after the other; who asks for the second one lets the first one's cycle pass."""
    world, states = World.made(people, seed, options), states or Files()
    set_up(home, ACTIONS)
    url = states.base(home)
    with world.serving() as (_, served):
        environment = {**served, "STATE": url}
        adopt(home, environment)
        _news(world, home, environment)
    yield Scene("people enter", world, home, states)
    with world.serving() as (_, served):
        environment = {**served, "STATE": url}
        _sync(home, environment)
        world.clock.advance(timedelta(days=4))
        _say(home, environment)
    yield Scene("promises broken", world, home, states)


def adopt(home: Path, environment: Mapping[str, str]) -> None:
    """Make the first plan and apply it, in this process."""
    config = load_config(home, environment)
    with open_setting(config, lambda: WALL) as setting, open_writers(config) as writers:
        assert run_apply(setting, writers, make_plan(setting, writers).plan).exit_code == 0


def _sync(home: Path, environment: Mapping[str, str]) -> None:
    config = load_config(home, environment)
    with open_setting(config, lambda: WALL) as setting, open_writers(config) as writers:
        assert run_sync(setting, writers).exit_code == 0


def _news(world: World, home: Path, environment: Mapping[str, str]) -> None:
    """One hour later a third of all contacts asked for a demonstration, and sales accepted or refused some leads."""
    world.clock.advance(timedelta(hours=1))
    emails = [row.values["email"] for row in world.portal.tables["contact"].rows.values() if "email" in row.values]
    world.submit(environment["HUBSPOT_URL"], [*emails[::3], "new.one@site.example", "new.two@site.example"])
    _say(home, environment)


def leads_in(url: str, stage: str) -> list[RecordRef]:
    """Return the leads that are in a stage, by id."""
    from sqlalchemy import select

    from leadline.sync.store.schema import lifecycle, records

    query = select(records.c.record_id).join(lifecycle, lifecycle.c.person_id == records.c.person_id)
    query = query.where(lifecycle.c.stage == stage, records.c.object == "Lead", records.c.deleted.is_(False))
    with open_store(url) as store, store.read() as connection:
        return [
            RecordRef("salesforce", "Lead", key) for key in connection.execute(query.order_by("record_id")).scalars()
        ]


def _say(home: Path, environment: Mapping[str, str]) -> None:
    """Sales accepted some of those who had asked, and refused others; somebody turned out to be a student."""
    by: dict[Crm, list[RecordWrite]] = {"salesforce": []}
    words: tuple[Mapping[str, Raw], ...] = ({"Status": "Accepted"}, {"Status": "Unqualified"}, {"Title": "Student"})
    for place, ref in enumerate(leads_in(environment["STATE"], "mql")):
        if place % 4 < len(words):
            by["salesforce"].append(RecordWrite(ref, dict(words[place % 4])))
    config = load_config(home, environment)
    with open_writers(config) as writers:
        for crm, writes in by.items():
            assert all(one.status == "done" for page in writers[crm].write(writes) for one in page)
