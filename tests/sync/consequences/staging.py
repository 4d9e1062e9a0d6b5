"""A stage for consequences: practice CRMs, a webhook receiver, a state with an active book, and plans of effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tenacity

from leadline.common.values import Crm, Raw, RecordRef
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import Harness, PracticeOptions
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.protocol import RecordRequest, WriteConnector
from leadline.rules.model import CreateTask
from leadline.rules.state import Effect
from leadline.sync.apply import ApplyReport, Patience, Run, apply_plan
from leadline.sync.config import Config, load_config
from leadline.sync.cycle import Setting, open_setting, open_writers
from leadline.sync.cycle.setting import CycleClock
from leadline.sync.plan import Plan
from leadline.sync.plan.file import plan_hash
from leadline.sync.plan.model import Counts, EffectKind, PlannedEffect
from leadline.sync.plan.write import PlannedWrite
from leadline.sync.store import open_store
from leadline.sync.store.cycles import activate_book, remember_book, set_frontier, start_cycle
from leadline.sync.store.effects import EffectRow, add_effects, effects_by_key
from tests.connectors.webhooks.receiver import Receiver, receiving

ROOT = Path(__file__).parents[3]
WALL = datetime(2026, 11, 1, tzinfo=UTC)
CHANNEL = "#sales"
UNKEYED = PracticeOptions(hidden_fields=("task.leadline_key", "note.leadline_key"))
"""A portal that has no unique property for our keys."""

CONFIGURATION = """
rules: rules
state: sqlite:///leadline.db
salesforce:
  url: ${SALESFORCE_URL}
  patience: 0.2
  auth: {flow: client_credentials, client_id: "${SALESFORCE_CLIENT_ID}", client_secret: "${SALESFORCE_CLIENT_SECRET}"}
hubspot: {url: "${HUBSPOT_URL}", token: "${HUBSPOT_TOKEN}", patience: 0.2, timeout: 0.3}
channels: {"#sales": {webhook: "${HOOK}", patience: 0}}
"""

_PERSONS: Mapping[Crm, tuple[str, str]] = {"salesforce": ("Lead", "Title"), "hubspot": ("contact", "jobtitle")}
_GROUP = "Nurture"


@dataclass
class Stage:
    """Where consequences are tried out; ``environment`` is what ``leadline.yml`` in ``home`` reads."""

    practice: Practice
    receiver: Receiver
    home: Path
    people: Mapping[Crm, Sequence[RecordRef]] = field(default_factory=dict)
    groups: Mapping[Crm, str] = field(default_factory=dict)
    _organisations: Mapping[Crm, str] = field(default_factory=dict)
    _book: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """The variables of the configuration."""
        return {**self.practice.environment(), "HOOK": self.receiver.url}

    @property
    def config(self) -> Config:
        """The configuration, read anew."""
        return load_config(self.home, self.environment)

    def harness(self, crm: Crm) -> Harness:
        """Return one CRM's server."""
        return self.practice.salesforce if crm == "salesforce" else self.practice.hubspot

    def settle(self) -> None:
        """Find people and groups in the CRMs, and activate the book on an empty state."""
        with open_writers(self.config) as writers, open_setting(self.config, lambda: WALL) as setting:
            self.people = {crm: _people(writer) for crm, writer in writers.items()}
            self.groups = {crm: writer.groups([_GROUP])[_GROUP].id for crm, writer in writers.items()}
            self._organisations = {crm: writer.organisation() for crm, writer in writers.items()}
            self._book = setting.book.hash
            with setting.store.write() as connection:
                cycle = start_cycle(connection, "plan", WALL)
                set_frontier(connection, cycle, WALL, setting.book.hash)
                remember_book(connection, setting.book.hash, setting.book.name, setting.sources)
                activate_book(connection, setting.book.hash, WALL, cycle)

    def plan(self, *effects: PlannedEffect, writes: Sequence[PlannedWrite] = ()) -> Plan:
        """Return a plan of these effects (and writes), made in a cycle of its own; the effects wait in the state."""
        with open_store(self.config.state_url) as store, store.write() as connection:
            cycle = start_cycle(connection, "plan", WALL)
            set_frontier(connection, cycle, WALL, self._book)
            add_effects(connection, known_effects(effects), cycle, WALL)
        plan = Plan("", cycle, WALL, self._book, self._organisations, False, tuple(writes), {}, Counts(),
                    effects=effects)  # fmt: skip
        return replace(plan, hash=plan_hash(plan))

    def apply(self, plan: Plan, waits: list[float] | None = None) -> ApplyReport:
        """Apply a plan in this process."""
        with open_setting(self.config, lambda: WALL) as setting, open_writers(self.config) as writers:
            sleep = waits.append if waits is not None else tenacity.nap.sleep
            patience = Patience(attempts=3, wait=tenacity.wait_none(), sleep=sleep)
            return apply(replace(setting, patience=patience), writers, plan)

    def rows(self, plan: Plan) -> dict[str, EffectRow]:
        """Return a plan's effects as they are stored."""
        with open_store(self.config.state_url) as store, store.read() as connection:
            return effects_by_key(connection, [one.key for one in plan.effects])

    def statuses(self, plan: Plan) -> list[str]:
        """Return how a plan's effects stand, in its order."""
        rows = self.rows(plan)
        return [rows[one.key].status for one in plan.effects]


def apply(setting: Setting, writers: Mapping[Crm, WriteConnector], plan: Plan) -> ApplyReport:
    """Apply a plan under the writer lease, as a run does."""
    with setting.lease().held() as lease:
        told = max(writer.server_time() for writer in writers.values())
        run = Run(
            owner=lease.owner,
            clock=CycleClock(told),
            keep=lease.keep,
            patience=setting.patience,
            notifier=setting.notifier,
        )
        return apply_plan(setting.store, plan, writers, setting.book, run)


@contextmanager
def staged(home: Path, options: PracticeOptions | None = None, people: int = 30) -> Iterator[Stage]:
    """Start everything; the practice clock runs on, so that waiting means something."""
    rules = home / "rules"
    (rules / "lists").mkdir(parents=True)
    example = ROOT / "examples" / "waterfall"
    for path in (example / "rules.yml", *(example / "lists").iterdir()):
        (rules / path.relative_to(example)).write_bytes(path.read_bytes())
    (home / "leadline.yml").write_text(CONFIGURATION, encoding="utf-8")
    organisation = generate(seed=7, people=people)
    with start_practice(organisation=organisation, options=options) as practice, receiving() as receiver:
        stage = Stage(practice, receiver, home)
        stage.settle()
        yield stage


def effect(number: int, kind: EffectKind, ref: RecordRef | None, **payload: Raw) -> PlannedEffect:
    """Return one effect; its number gives its key."""
    return PlannedEffect(
        key=f"e-{number:032x}",
        person=f"p-{number}",
        kind=kind,
        at=WALL - timedelta(hours=1),
        cause="enter mql",
        number=0,
        decision=f"d-{number:020x}",
        ref=ref,
        payload=payload,
        title=kind,
    )


def known_effects(effects: Sequence[PlannedEffect]) -> list[Effect]:
    """Return the effects that were decided before these were planned."""
    return [Effect(one.key, one.person, one.at, one.cause, one.number, CreateTask(), one.decision) for one in effects]


def a_task(number: int, ref: RecordRef, **more: Raw) -> PlannedEffect:
    """Return a task."""
    return effect(number, "task", ref, subject="Call", text="Now", due="2026-11-02T09:00:00Z", **more)


def everything(stage: Stage, start: int, count: int = 2) -> list[PlannedEffect]:
    """Return effects of every kind that makes something, for both CRMs and the channel."""
    found: list[PlannedEffect] = []

    def add(kind: EffectKind, ref: RecordRef | None, **payload: Raw) -> None:
        found.append(effect(start + len(found), kind, ref, **payload))

    for crm, people in sorted(stage.people.items()):
        for place in range(count):
            ref = people[(start + place) % len(people)]
            add("task", ref, subject="Call", text="Now", due="2026-11-02T09:00:00Z", urgent=True)
            add("note", ref, subject="Hand-off", text="Who they are", at="2026-11-01T00:00:00Z")
        add("member", people[start % len(people)], group=stage.groups[crm])
    add("notify", None, channel=CHANNEL, text="Look")
    return found


def _people(writer: WriteConnector) -> list[RecordRef]:
    name, text = _PERSONS[writer.crm]
    pages: Iterator[Any] = writer.records(RecordRequest(name, (text,), writer.server_time()))
    return [record.ref for page in pages for record in page if not record.deleted and not record.links]
