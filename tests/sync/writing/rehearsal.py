"""A rehearsal: both practice CRMs over HTTP, a state store, and the example's rule book, for whole runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tenacity

from leadline.common.values import Crm, Raw, RecordRef, RecordWrite
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.protocol import WriteConnector
from leadline.sync.apply import Patience
from leadline.sync.config import Config, load_config
from leadline.sync.cycle import AppliedResult, Setting, make_plan, open_setting, open_writers, run_apply
from leadline.sync.store import open_store

EXAMPLE = Path(__file__).parents[3] / "examples" / "waterfall"
PEOPLE = 40
WALL = datetime(2026, 11, 1, tzinfo=UTC)
"""The lease's clock in these tests; it stands still."""

CONFIGURATION = """
rules: rules
state: sqlite:///leadline.db
salesforce:
  url: ${SALESFORCE_URL}
  patience: 0
  auth: {flow: client_credentials, client_id: "${SALESFORCE_CLIENT_ID}", client_secret: "${SALESFORCE_CLIENT_SECRET}"}
hubspot: {url: "${HUBSPOT_URL}", token: "${HUBSPOT_TOKEN}", patience: 0}
"""


@dataclass(frozen=True)
class Rehearsal:
    """The practice CRMs and a directory with a configuration and a rule book."""

    practice: Practice
    home: Path

    @property
    def config(self) -> Config:
        """The configuration, read anew."""
        return load_config(self.home, self.practice.environment())

    @contextmanager
    def at_work(self) -> Iterator[tuple[Setting, Mapping[Crm, WriteConnector]]]:
        """Open the state and connect to both CRMs, as a fresh process would."""
        with open_setting(self.config, lambda: WALL) as opened, open_writers(self.config) as writers:
            patience = Patience(wait=tenacity.wait_none())
            yield (
                Setting(
                    opened.store,
                    opened.book,
                    opened.sources,
                    opened.now,
                    opened.tell,
                    patience,
                    shares=opened.shares,
                    upkeep=opened.upkeep,
                ),
                writers,
            )

    def adopt(self) -> AppliedResult:
        """Make the first plan and accept it."""
        with self.at_work() as (setting, writers):
            return run_apply(setting, writers, make_plan(setting, writers).plan)

    def edit(self, old: str, new: str) -> None:
        """Edit the rule book; the old text must be there."""
        rules = self.home / "rules" / "rules.yml"
        text = rules.read_text(encoding="utf-8")
        assert old in text, old
        rules.write_text(text.replace(old, new), encoding="utf-8")

    def pass_time(self, **by: float) -> None:
        """Let time pass in both CRMs."""
        self.practice.clock.advance(timedelta(**by))

    def disturb(self, kind: str, **more: Any) -> None:
        """Put a fault in force at both CRMs, or at the one named by ``crm``."""
        for harness in (self.practice.salesforce, self.practice.hubspot):
            harness.faults.add([{"kind": kind, **more}])

    def calm(self) -> None:
        """Take every fault away."""
        for harness in (self.practice.salesforce, self.practice.hubspot):
            harness.faults.clear()

    def write_calls(self) -> int:
        """Return how many calls that wrote contacts arrived at the practice HubSpot since its start."""
        return self.practice.hubspot.calls.snapshot().get("POST /crm/v3/objects/contacts/batch/update", 0)

    def by_hand(self, ref: RecordRef, fields: Mapping[str, Raw]) -> None:
        """Change a record in the CRM, behind Leadline's back."""
        with open_writers(self.config) as writers:
            results = [result for page in writers[ref.crm].write([RecordWrite(ref, fields)]) for result in page]
        assert [result.status for result in results] == ["done"]

    def shown(self) -> dict[RecordRef, dict[str, Raw]]:
        """Return the values of every target field of every live person record, read from the CRMs."""
        with open_setting(self.config, lambda: WALL) as setting, open_writers(self.config) as writers:
            found: dict[RecordRef, dict[str, Raw]] = {}
            for crm, writer in writers.items():
                described = writer.describe(PERSON_OBJECTS[crm])
                for name in PERSON_OBJECTS[crm]:
                    fields = [n for n in setting.book.write[crm].all_fields() if n in described[name].fields]
                    refs = _refs(setting, crm, name)
                    if refs:
                        found |= {ref: dict(values) for ref, values in writer.read_back(refs, fields).items()}
            return found


@contextmanager
def rehearse(home: Path, people: int = PEOPLE, **chosen: Any) -> Iterator[Rehearsal]:
    """Start practice CRMs with a stopped clock, and set up a directory with the example's rule book.

    In this copy HubSpot shows recycled people as leads, so that moves go back there, and small numbers pass the
    guards.
    """
    rules = home / "rules"
    (rules / "lists").mkdir(parents=True)
    for path in (EXAMPLE / "rules.yml", *(EXAMPLE / "lists").iterdir()):
        (rules / path.relative_to(EXAMPLE)).write_bytes(path.read_bytes())
    (home / "leadline.yml").write_text(CONFIGURATION, encoding="utf-8")
    with start_practice(people=people, frozen=True, **chosen) as practice:
        made = Rehearsal(practice, home)
        made.edit("recycled: unchanged", "recycled: lead")
        made.edit("most: 2000 or 10%", "most: 2000")
        yield made


def _refs(setting: Setting, crm: Crm, name: str) -> list[RecordRef]:
    from sqlalchemy import select

    from leadline.sync.store.schema import records

    query = select(records.c.record_id).where(records.c.crm == crm, records.c.object == name)
    with setting.store.read() as connection:
        return [RecordRef(crm, name, key) for key in connection.execute(query).scalars()]


__all__ = ["Rehearsal", "open_store", "rehearse"]
