"""A rehearsal with an SLA on accepted leads: both practice CRMs over HTTP, and a receiver of notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import tenacity

from leadline.common.values import Crm, Raw, RecordRef, RecordWrite
from leadline.connectors.practice.ids import salesforce_id
from leadline.connectors.protocol import WriteConnector
from leadline.sync.apply import Patience
from leadline.sync.config import Config, load_config
from leadline.sync.cycle import (
    PlannedResult,
    Setting,
    SyncResult,
    make_plan,
    open_setting,
    open_writers,
    run_apply,
    run_sync,
)
from leadline.sync.store import open_store
from leadline.sync.store.effects import EffectRow, effects_of_persons
from leadline.sync.store.mirror import records_of_persons
from leadline.sync.store.outcomes import all_lifecycle
from leadline.sync.store.timers import TimerRow, timers_of
from tests.connectors.webhooks.receiver import Receiver, receiving
from tests.sync.writing.rehearsal import WALL, Rehearsal, rehearse

SLAS = """calendars:
  day and night: {zone: UTC, open: {mon-sun: [00:00-24:00]}}
slas:
  work it:
    from: {enters: sal}
    until: {enters: sql}
    target: 4 business hours
    ladder:
      - {at: 50%, do: {notify: owner}}
      - {at: 100%, do: [{task: {to: owner, subject: "Work on {name}"}}, {notify: {to: "#sales", text: "Not worked"}}]}
      - {at: 150%, do: [{assign: manager}, {set: {Lead.Rating: Hot}}]}
"""
REPS = tuple(salesforce_id("005", key) for key in ("u1", "u2", "u3", "u4", "u5"))
MANAGERS = tuple(salesforce_id("005", key) for key in ("u6", "u8"))


@dataclass
class Promising:
    """A rehearsal whose person ``who`` (by the lead ``lead``, a rep's) sales can accept."""

    rehearsal: Rehearsal
    receiver: Receiver
    who: str = ""
    lead: RecordRef | None = None

    @property
    def config(self) -> Config:
        """The configuration, read anew."""
        return load_config(self.rehearsal.home, {**self.rehearsal.practice.environment(), "HOOK": self.receiver.url})

    @contextmanager
    def at_work(self) -> Iterator[tuple[Setting, Mapping[Crm, WriteConnector]]]:
        """Open the state and connect to both CRMs, as a fresh process would."""
        with open_setting(self.config, lambda: WALL) as opened, open_writers(self.config) as writers:
            yield replace(opened, patience=Patience(wait=tenacity.wait_none())), writers

    def plan(self) -> PlannedResult:
        """Make a plan."""
        with self.at_work() as (setting, writers):
            return make_plan(setting, writers)

    def sync(self) -> SyncResult:
        """Run one whole cycle."""
        with self.at_work() as (setting, writers):
            return run_sync(setting, writers)

    def settle(self) -> None:
        """Adopt, and find somebody whom sales can accept: an MQL who is a lead of a rep with a manager."""
        with self.at_work() as (setting, writers):
            run_apply(setting, writers, make_plan(setting, writers).plan)
        with open_store(self.config.state_url) as store, store.read() as connection:
            mqls = [row.person_id for row in all_lifecycle(connection) if row.stage == "mql"]
            records = records_of_persons(connection, mqls)
        self.who, self.lead = next(
            (who, own.ref)
            for who in mqls
            for own in records[who]
            if own.ref.object == "Lead" and own.fields.get("OwnerId") in REPS and not own.deleted
        )

    def says(self, status: str) -> None:
        """Let sales set the lead's status, five minutes before now."""
        assert self.lead is not None
        self.rehearsal.pass_time(minutes=5)
        self.by_hand({"Status": status})
        self.rehearsal.pass_time(minutes=5)

    def by_hand(self, fields: Mapping[str, Raw]) -> None:
        """Change the lead in the CRM, behind Leadline's back."""
        assert self.lead is not None
        with open_writers(self.config) as writers:
            results = [one for page in writers["salesforce"].write([RecordWrite(self.lead, fields)]) for one in page]
        assert [one.status for one in results] == ["done"]

    def effects(self) -> list[EffectRow]:
        """Return the person's effects."""
        with open_store(self.config.state_url) as store, store.read() as connection:
            return effects_of_persons(connection, [self.who])

    def statuses(self) -> dict[str, str]:
        """Return how each effect stands, by cause and number."""
        return {f"{row.cause} {row.number}": row.status for row in self.effects()}

    def timer(self) -> TimerRow:
        """Return the person's only timer."""
        with open_store(self.config.state_url) as store, store.read() as connection:
            (row,) = timers_of(connection, [self.who])[self.who]
        return row

    def owner(self) -> str:
        """Return who owns the lead, as Salesforce has it."""
        assert self.lead is not None
        with open_writers(self.config) as writers:
            return str(writers["salesforce"].read_back([self.lead], ["OwnerId"])[self.lead]["OwnerId"])

    def made(self) -> dict[str, int]:
        """Return how often each thing of the person was made at either CRM."""
        practice = self.rehearsal.practice
        counts = {**practice.salesforce.created, **practice.hubspot.created}
        return {row.key: counts[row.key] for row in self.effects() if row.key in counts}


@contextmanager
def promising(home: Path, *edits: tuple[str, str]) -> Iterator[Promising]:
    """Start everything; ``edits`` change the text of the SLAs."""
    slas = SLAS
    for old, new in edits:
        assert old in slas
        slas = slas.replace(old, new)
    with rehearse(home) as rehearsal, receiving() as receiver:
        rehearsal.edit("\nwrite:\n", f"\n{slas}\nwrite:\n")
        file = home / "leadline.yml"
        channels = 'channels: {"#sales": {webhook: "${HOOK}", patience: 0}}\n'
        file.write_text(file.read_text(encoding="utf-8") + channels, encoding="utf-8")
        made = Promising(rehearsal, receiver)
        made.settle()
        yield made
