"""Both practice CRMs as memory without a thread: served for a while, then forked, so that all trials begin alike."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests

from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import Harness, PracticeOptions
from leadline.connectors.practice.hubspot import hubspot_app
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.salesforce import salesforce_app
from leadline.connectors.practice.serving import Practice, PracticeServer
from tests.connectors.webhooks.receiver import Receiver, receiving
from tests.crash.shown import Shown, shown, values_ever

ROOT = Path(__file__).parents[2]

CONFIGURATION = """
rules: rules
state: "${STATE}"
salesforce:
  url: ${SALESFORCE_URL}
  patience: ${BUDGET}
  auth: {flow: client_credentials, client_id: "${SALESFORCE_CLIENT_ID}", client_secret: "${SALESFORCE_CLIENT_SECRET}"}
hubspot:
  url: ${HUBSPOT_URL}
  token: ${HUBSPOT_TOKEN}
  patience: ${BUDGET}
  timeout: ${PATIENT}
channels: {"#sales": {webhook: "${HOOK}", patience: 0}}
"""


@dataclass
class World:
    """Two practice CRMs over one organisation, whose clock stands still, and whoever receives notices."""

    organisation: Organisation
    clock: PracticeClock
    salesforce: Harness
    hubspot: Harness
    apps: tuple[Any, Any]
    timeout: int
    receiver: Receiver = field(default_factory=Receiver)

    @classmethod
    def made(cls, people: int, seed: int, options: PracticeOptions | None = None) -> World:
        """Make a world of so many people; the same seed makes the same one."""
        organisation = generate(seed=seed, people=people)
        clock = PracticeClock(organisation.end, frozen=True)
        harnesses = Harness("salesforce", clock, seed), Harness("hubspot", clock, seed)
        chosen = options or PracticeOptions()
        apps = (
            salesforce_app(organisation, harnesses[0], chosen),
            hubspot_app(organisation, harnesses[1], chosen),
        )
        # Without unique keys a lost answer is waited for twice as long, in real time.
        return cls(organisation, clock, *harnesses, apps, timeout=20 if options is None else 1)

    @property
    def org(self) -> Any:
        """What the practice Salesforce holds."""
        return self.apps[0].state.org

    @property
    def portal(self) -> Any:
        """What the practice HubSpot holds."""
        return self.apps[1].state.portal

    @contextmanager
    def serving(self) -> Iterator[tuple[Practice, dict[str, str]]]:
        """Answer over HTTP for as long as the context lasts; give the environment of ``leadline.yml`` besides."""
        with PracticeServer(self.apps[0]) as one, PracticeServer(self.apps[1]) as two, receiving() as receiver:
            receiver.came += self.receiver.came
            practice = Practice(
                self.organisation, self.clock, self.salesforce, self.hubspot, one.url, two.url, Credentials()
            )
            self.receiver = receiver
            yield (
                practice,
                {**practice.environment(), "HOOK": receiver.url, "PATIENT": str(self.timeout), "BUDGET": "0.2"},
            )

    def shown(self, *, values_only: bool) -> Shown:
        """Return what both CRMs show, and the notices that came; with ``values_only`` without what was before."""
        return shown(self.org.store, self.portal, self.receiver.came, values_only=values_only)

    def submit(self, url: str, emails: Sequence[str]) -> None:
        """Have these people ask for a demonstration, at HubSpot's ``url``."""
        form = next(guid for guid, name in self.portal.forms.items() if name == "demo")
        for email in emails:
            fields = [{"name": "email", "value": email}, {"name": "jobtitle", "value": "VP Sales"}]
            path = f"{url}/submissions/v3/integration/submit/{self.portal.id}/{form}"
            assert requests.post(path, json={"fields": fields}, timeout=10).status_code == 200

    def made_twice(self) -> list[str]:
        """Return the keys of what clients made more than once."""
        counted = (*self.salesforce.created.items(), *self.hubspot.created.items())
        return sorted(key for key, count in counted if count > 1)


def set_up(home: Path, extra: str) -> None:
    """Make a directory with a configuration and the example's rule book, with more sections at its end."""
    example = ROOT / "examples" / "waterfall"
    rules = home / "rules"
    shutil.copytree(example / "lists", rules / "lists")
    text = (example / "rules.yml").read_text(encoding="utf-8")
    for old, new in (
        ("recycled: unchanged", "recycled: lead"),
        ("most: 2000 or 10%", "most: 1000000"),
        ("  backward: 50\n", "  backward: 1000000\n  actions: 1000000\n"),  # faults are looked at, not guards
        ("  to: {disqualified: 100}\n", ""),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (rules / "rules.yml").write_text(text + extra, encoding="utf-8")
    (home / "leadline.yml").write_text(CONFIGURATION, encoding="utf-8")


class Served:
    """A forked copy of a world in a process of its own: it answers over HTTP and can be asked and disturbed."""

    def __init__(self, world: World) -> None:
        asking, asked = os.pipe(), os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(asking[1])
            os.close(asked[0])
            _answer(world, os.fdopen(asking[0]), os.fdopen(asked[1], "w"))
            os._exit(0)
        os.close(asking[0])
        os.close(asked[1])
        self._ask, self._hear = os.fdopen(asking[1], "w"), os.fdopen(asked[0])
        self.environment: dict[str, str] = json.loads(self._hear.readline())

    def ask(self, what: str, **given: Any) -> Any:
        """Have a method of ``_Asked`` called there; return its answer as JSON has it."""
        self._ask.write(json.dumps([what, given]) + "\n")
        self._ask.flush()
        return json.loads(self._hear.readline())

    def shown(self, *, values_only: bool = False) -> Shown:
        """Return what the CRMs show now; with ``values_only`` without what was before."""
        return Shown(**self.ask("shown", values_only=values_only))

    def close(self) -> None:
        """End the copy: at once, because a server that says good-bye takes its time."""
        self._ask.close()
        self._hear.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Asked:
    """What a served copy can be asked."""

    def __init__(self, world: World) -> None:
        self._world = world

    def shown(self, *, values_only: bool) -> dict[str, Any]:
        return self._world.shown(values_only=values_only).plain()

    def advance(self, seconds: float) -> None:
        self._world.clock.advance(timedelta(seconds=seconds))

    def now(self) -> str:
        return self._world.clock.now().isoformat()

    def ever(self) -> list[str]:
        return values_ever(self._world.org.store, self._world.portal)

    def twice(self) -> list[str]:
        return self._world.made_twice()

    def calls(self) -> int:
        return sum(sum(one.calls.snapshot().values()) for one in (self._world.salesforce, self._world.hubspot))

    def disturb(self, faults: list[dict[str, Any]]) -> None:
        for harness in (self._world.salesforce, self._world.hubspot):
            harness.faults.add(faults)

    def calm(self) -> dict[str, int]:
        """Take every fault away; return how often each kind struck."""
        struck: Counter[str] = Counter()
        for harness in (self._world.salesforce, self._world.hubspot):
            for fault in harness.faults.plain():
                struck[fault["kind"]] += int(fault["struck"])
            harness.faults.clear()
        return dict(+struck)


def _answer(world: World, asking: Any, answering: Any) -> None:
    asked = _Asked(world)
    with world.serving() as (_, environment):
        answering.write(json.dumps(environment) + "\n")
        answering.flush()
        for line in asking:
            what, given = json.loads(line)
            answering.write(json.dumps(getattr(asked, what)(**given)) + "\n")
            answering.flush()
