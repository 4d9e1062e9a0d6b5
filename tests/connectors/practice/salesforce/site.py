"""A practice Salesforce over a small organisation made by hand, as tests hold it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests

from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.harness import Harness, PracticeOptions
from leadline.connectors.practice.ids import salesforce_id
from leadline.connectors.practice.organisation import (
    Campaign,
    Company,
    Deal,
    Happening,
    Organisation,
    Owner,
    Person,
)
from leadline.connectors.practice.salesforce import salesforce_app
from leadline.connectors.practice.serving import PracticeServer

END = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)
VERSION = "62.0"


def at(days: float) -> datetime:
    """Return the instant that many days before the end."""
    return END - timedelta(days=days)


def person(key: str, **more: Any) -> Person:
    """Return a lead, changed as told."""
    plain: dict[str, Any] = {
        "key": key,
        "first_name": "Ann",
        "last_name": f"Lead {key}",
        "email": f"{key}@acme.example",
        "title": "Head of Ops",
        "phone": None,
        "country": "Germany",
        "company": None,
        "company_name": "Acme",
        "owner": "ada",
        "source": "Web",
        "created": at(100),
        "modified": at(50),
        "salesforce": "lead",
        "in_hubspot": False,
    }
    return Person(**(plain | more))


def organisation(**more: Any) -> Organisation:
    """Return eight people: leads, contacts, one converted, one deleted, one merged away."""
    plain: dict[str, Any] = {
        "name": "Acme",
        "seed": 1,
        "start": at(365),
        "end": END,
        "owners": (
            Owner("ada", "Ada", "Ärger", "ada@acme.example", "sales"),
            Owner("bob", "Bob", "Gone", "bob@acme.example", "sales", active=False),
            Owner("inbound", "Inbound", "Queue", "", "marketing", queue=True),
        ),
        "companies": (
            Company("c1", "Acme", "acme.example", "Software", 250, "Germany", Decimal(1000000), "ada", at(200)),
            Company("c2", "Beta 100%", "beta.example", None, None, None, None, "bob", at(150)),
        ),
        "people": (
            person("p1", status="Working", status_at=at(60), budget=True),
            person("p2", salesforce="contact", company="c1", title="VP_Sales", modified=at(10)),
            person("p3", salesforce="converted", company="c1", converted=at(20), deal="d1", modified=at(5)),
            person("p4", deleted=at(4), deleted_in=("salesforce",)),
            person("p5", duplicate_of="p1", merged=at(3), merged_in=("salesforce",)),
            person("p6", first_name=None, email=None, title=None, owner="inbound", country=None, modified=at(0.2)),
            person("p7", salesforce="contact", company="c2", expected_amount=Decimal("12.50")),
            person("p8", salesforce=None, in_hubspot=True),
        ),
        "deals": (
            Deal(
                *("d1", "Acme new", "c1", ("p3", "p2"), "ada", Decimal("1500.50"), "New Business", at(20)),
                *(date(2026, 7, 31), (("Qualification", at(20)), ("Proposal", at(8)))),
            ),
            Deal(
                *("d2", "Beta won", "c2", ("p7",), "ada", None, "New Business", at(90)),
                *(date(2026, 5, 1), (("Qualification", at(90)), ("Closed Won", at(60)))),
            ),
        ),
        "campaigns": (Campaign("k1", "Webinar June", "Webinar", date(2026, 6, 1)),),
        "happenings": (
            Happening(
                "h1", "call", "salesforce", "p1", at(30), "ada", {"outcome": "Connected", "status": "Completed"}
            ),
            Happening("h2", "task", "salesforce", "p3", at(29), "ada", {"subtype": "Email", "status": "Not Started"}),
            Happening("h3", "event", "salesforce", "p2", at(28), "ada", {"subject": "Demo"}),
            Happening("h4", "campaign_member", "salesforce", "p1", at(27), None, _responded(True)),
            Happening("h5", "campaign_member", "salesforce", "p3", at(27), None, _responded(False)),
            Happening("h6", "task", "salesforce", "p1", at(300), "ada", {"status": "Completed"}),
            Happening("h7", "task", "salesforce", "p1", at(366), "ada", {"status": "Completed"}),
            Happening("h8", "page_view", "hubspot", "p8", at(1), None, {"url": "/pricing"}),
        ),
    }
    return Organisation(**(plain | more))


@dataclass
class Site:
    """A running practice Salesforce and a signed-in client."""

    url: str
    harness: Harness
    token: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self, **form: str) -> requests.Response:
        """Ask for a token; by default with client credentials, kept for further calls."""
        known = Credentials()
        given = form or {
            "grant_type": "client_credentials",
            "client_id": known.salesforce_client_id,
            "client_secret": known.salesforce_client_secret,
        }
        answer = self.session.post(f"{self.url}/services/oauth2/token", data=given, timeout=10)
        if answer.ok:
            self.token = answer.json()["access_token"]
        return answer

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call a path below ``/services/data/vXX.0``."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        url = path if path.startswith("http") else f"{self.url}/services/data/v{VERSION}{path}"
        return self.session.request(method, url, headers=headers, timeout=10, **more)

    def soql(self, query: str, *, everything: bool = False) -> list[dict[str, Any]]:
        """Return the records of a query, without their attributes."""
        answer = self.call("GET", "/queryAll" if everything else "/query", params={"q": query})
        assert answer.ok, answer.text
        return [strip(record) for record in answer.json()["records"]]

    def values(self, query: str, *, everything: bool = False) -> list[Any]:
        """Return the first column of a query."""
        return [next(iter(record.values())) for record in self.soql(query, everything=everything)]

    def refusal(self, query: str) -> tuple[str, str]:
        """Return the code and the message that a query is refused with."""
        answer = self.call("GET", "/query", params={"q": query})
        assert answer.status_code == 400, answer.text
        return answer.json()[0]["errorCode"], answer.json()[0]["message"]

    def read(self, name: str, key: str, *fields: str) -> Any:
        """Return the present value (or values) of a record made from ``key``."""
        prefix = {"Lead": "00Q", "Contact": "003"}[name]
        answer = self.call(
            "GET", f"/sobjects/{name}/{salesforce_id(prefix, key)}", params={"fields": ",".join(fields)}
        )
        found = strip(answer.json())
        return found[fields[0]] if len(fields) == 1 else found

    def patch_many(self, records: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
        """Update records of Lead by one collections call and return their results."""
        body = {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}, **record} for record in records]}
        answer = self.call("PATCH", "/composite/sobjects", json=body | more)
        assert answer.ok, answer.text
        results: list[dict[str, Any]] = answer.json()
        return results

    def fault(self, kind: str, **more: Any) -> None:
        """Put one fault in force."""
        self.harness.faults.add([{"kind": kind, **more}])


def lead(key: str) -> str:
    """Return the id of the Lead made from ``key``."""
    return salesforce_id("00Q", key)


def contact(key: str) -> str:
    """Return the id of the Contact made from ``key``."""
    return salesforce_id("003", key)


def strip(record: Any) -> Any:
    """Take ``attributes`` out of a record and of what is nested in it."""
    if isinstance(record, dict):
        return {name: strip(value) for name, value in record.items() if name != "attributes"}
    return [strip(item) for item in record] if isinstance(record, list) else record


@contextmanager
def running(made: Organisation | None = None, **options: Any) -> Iterator[Site]:
    """Serve an organisation with the clock frozen, signed in."""
    shown = made or organisation()
    harness = Harness("salesforce", PracticeClock(shown.end, frozen=True), seed=1)
    with PracticeServer(salesforce_app(shown, harness, PracticeOptions(**options))) as server:
        site = Site(server.url, harness)
        site.sign_in()
        yield site
        site.session.close()


def _responded(yes: bool) -> dict[str, str | bool | None]:
    return {"campaign": "k1", "status": "Responded" if yes else "Sent", "responded": yes}
