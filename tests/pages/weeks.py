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

from sqlalchemy import func, select

from leadline.common.values import Raw, RecordRef, RecordWrite
from leadline.connectors.practice.serving import Practice
from leadline.sync.config import load_config
from leadline.sync.cycle import open_writers
from leadline.sync.store import open_store
from leadline.sync.store.mirror import MirrorRecord, records_of_persons
from leadline.sync.store.outcomes import all_lifecycle
from leadline.sync.store.schema import decisions

REPORTS = ("funnel", "velocity", "sources", "sla", "recycle", "rejections", "lifecycle")
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
            self.stir(share)
            self.practice.clock.advance(timedelta(**each))
            self.run("sync")

    def busiest(self) -> str:
        """Return the person about whom most was decided."""
        with open_store(f"sqlite:///{self.home / 'leadline.db'}") as store, store.read() as connection:
            query = select(decisions.c.person_id).group_by(decisions.c.person_id)
            return str(connection.execute(query.order_by(func.count().desc(), decisions.c.person_id)).scalar())

    def stir(self, share: float = 0.2) -> None:
        """Let a share of the people do something, and sales answer."""
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
                # A record that was deleted meanwhile is refused, as for anybody.
                list(writers["salesforce"].write(mine))

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


def roomy(book: Path) -> None:
    """Let the book's guards pass what weeks of much news cause."""
    rules = book / "rules.yml"
    text = rules.read_text(encoding="utf-8")
    for narrow, wide in (
        ("most: 2000 or 10%", "most: 2000"),
        ("backward: 50", "backward: 500"),
        ("actions: 500", "actions: 5000"),
    ):
        assert narrow in text
        text = text.replace(narrow, wide)
    rules.write_text(text, encoding="utf-8")


def made_pages(weeks: Weeks, out: Path, steps: int) -> list[Path]:
    """Adopt the CRMs, let weeks pass, and write every page there is to ``out``; return them."""
    pages = {name: out / f"{name}.html" for name in ("adoption", "plan", *REPORTS, "person", "person-zh", "backtest")}
    weeks.run("plan", "-o", "plan.json", "--html", str(pages["adoption"]))
    weeks.run("apply", "plan.json")
    weeks.live(steps, days=2, hours=7)
    weeks.stir()
    weeks.run("plan", "-o", "plan.json", "--html", str(pages["plan"]))
    for name in REPORTS:
        weeks.run("report", name, "--html", str(pages[name]))
    person = weeks.busiest()
    weeks.run("explain", person, "--html", str(pages["person"]))
    weeks.run("explain", person, "--language", "zh-CN", "--html", str(pages["person-zh"]))
    span = ("--from", "2026-01-01", "--to", "2026-06-01")
    weeks.run("backtest", "--rules", ".", *span, "--html", str(pages["backtest"]))
    return list(pages.values())
