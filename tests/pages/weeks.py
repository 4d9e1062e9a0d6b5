"""Weeks of life at Acme on the practice CRMs, so that reports have something to tell: forms and sales' answers."""

from __future__ import annotations

import json
import random
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from leadline.common.values import Raw, RecordRef, RecordWrite
from leadline.connectors.practice.serving import Practice
from leadline.sync.config import load_config
from leadline.sync.cycle import open_writers
from leadline.sync.store import open_store
from leadline.sync.store.mirror import MirrorRecord, records_of_persons
from leadline.sync.store.outcomes import all_lifecycle

BANT = {
    "Budget_Confirmed__c": True,
    "Decision_Maker__c": True,
    "Need_Confirmed__c": True,
    "Expected_Amount__c": 12000,
}
ANSWERS = ("Accepted", "Accepted", "Working", "Unqualified", "On Hold", "")


@dataclass
class Weeks:
    """An organisation at work in ``home``, whose book is adopted already; ``run`` runs a command there."""

    home: Path
    practice: Practice
    run: Callable[..., object]
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def live(self, steps: int, share: float = 0.2, **each: float) -> None:
        """Let so many spans of time pass (``each``: days, hours); in each one a share of the people stir."""
        for _ in range(steps):
            self._stir(share)
            self.practice.clock.advance(timedelta(**each))
            self.run("sync")

    def _stir(self, share: float) -> None:
        with open_store(f"sqlite:///{self.home / 'leadline.db'}") as store, store.read() as connection:
            stages = {row.person_id: row.stage for row in all_lifecycle(connection)}
            records = records_of_persons(connection, stages)
        chosen = [person for person in sorted(stages) if self.chance.random() < share]
        writes: dict[RecordRef, dict[str, Raw]] = {}
        for person in chosen:
            live = [record for record in records.get(person, []) if not record.deleted]
            email = next((record.fields.get("email") for record in live if record.ref.crm == "hubspot"), None)
            stage = stages[person]
            if stage in {"inquiry", "recycled"} and isinstance(email, str):
                self._ask_for_a_demo(email)
            elif stage == "mql":
                self._answer(live, writes)
            elif stage == "sal" and self.chance.random() < 0.6:
                writes |= {record.ref: dict(BANT) for record in live if record.ref.object in {"Lead", "Contact"}}
        self._write(writes)

    def _answer(self, live: list[MirrorRecord], writes: dict[RecordRef, dict[str, Raw]]) -> None:
        said = self.chance.choice(ANSWERS)
        for record in live:
            if said and record.ref.object in {"Lead", "Contact"}:
                writes[record.ref] = {"Status" if record.ref.object == "Lead" else "Lead_Status__c": said}

    def _write(self, writes: dict[RecordRef, dict[str, Raw]]) -> None:
        with open_writers(load_config(self.home)) as writers:
            for kind in ("Lead", "Contact"):
                mine = [RecordWrite(ref, values) for ref, values in writes.items() if ref.object == kind]
                for page in writers["salesforce"].write(mine):
                    assert {result.status for result in page} <= {"done", "failed"}

    def _ask_for_a_demo(self, email: str) -> None:
        forms = self._call("/marketing/v3/forms?limit=50")["results"]
        form = next(one["id"] for one in forms if one["name"] == "demo")
        portal = self._call("/account-info/v3/details")["portalId"]
        body = {"fields": [{"name": "email", "value": email}]}
        self._call(f"/submissions/v3/integration/submit/{portal}/{form}", body)

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        token = self.practice.environment()["HUBSPOT_TOKEN"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.practice.hubspot_url + path, data, headers)
        with urllib.request.urlopen(request) as answer:
            found: dict[str, Any] = json.load(answer)
        return found
