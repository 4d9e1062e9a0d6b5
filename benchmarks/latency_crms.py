"""The practice CRMs of the latency benchmark, in a process of their own: people, forms, webhooks, and looking."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import requests

from leadline.common.chunking import chunks
from leadline.web.signatures import signature

if TYPE_CHECKING:
    from benchmarks.latency import Seen

SECRET: Final = "a-secret-for-measuring"
FORM: Final = "/submissions/v3/integration/submit/16694274/d3dd5625-0b54-50f7-ae2f-103f3b1edbb8"
PORT: Final = 18088
SERVE: Final = f"http://127.0.0.1:{PORT}"
_MQL: Final = ("marketingqualifiedlead", "mql")


@dataclass(slots=True)
class Crms:
    """Both practice CRMs and whoever calls them. ``environment`` is what Leadline reads."""

    environment: Mapping[str, str]
    _hubspot: requests.Session = field(default_factory=requests.Session)
    _salesforce: requests.Session = field(default_factory=requests.Session)
    _web: requests.Session = field(default_factory=requests.Session)
    _leads: dict[str, str] = field(default_factory=dict)

    def sign_in(self) -> None:
        """Get the tokens of both."""
        told = self.environment
        self._hubspot.headers["Authorization"] = f"Bearer {told['HUBSPOT_TOKEN']}"
        form = {
            "grant_type": "client_credentials",
            "client_id": told["SALESFORCE_CLIENT_ID"],
            "client_secret": told["SALESFORCE_CLIENT_SECRET"],
        }
        answer = requests.post(f"{told['SALESFORCE_URL']}/services/oauth2/token", data=form, timeout=30)
        self._salesforce.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def add_people(self, addresses: Sequence[str]) -> dict[str, str]:
        """Put people into both CRMs, as leads in Salesforce; return their HubSpot ids by address."""
        found: dict[str, str] = {}
        for group in chunks(tuple(addresses), 100):
            inputs = [{"properties": {"email": one}} for one in group]
            for row in self._ask_hubspot("contacts/batch/create", {"inputs": inputs}):
                found[row["properties"]["email"]] = row["id"]
            rows = [
                {"attributes": {"type": "Lead"}, "LastName": "Buyer", "Company": "Latency", "Email": one}
                for one in group
            ]
            made = self._ask_salesforce("POST", "/composite/sobjects", json={"allOrNone": True, "records": rows})
            self._leads |= {row["id"]: one for row, one in zip(made, group, strict=True)}
        return {one: found[one] for one in addresses}

    def submit(self, address: str) -> None:
        """Fill in the website's form."""
        body = {"fields": [{"name": "email", "value": address}]}
        self._web.post(f"{self.environment['HUBSPOT_URL']}{FORM}", json=body, timeout=60).raise_for_status()

    def tell(self, key: str) -> bool:
        """Send what HubSpot would send; say whether it was taken."""
        body = json.dumps([{"subscriptionType": "contact.propertyChange", "objectId": int(key)}]).encode()
        stamp = str(int(datetime.now(UTC).timestamp() * 1000))
        headers = {
            "X-HubSpot-Signature-v3": signature(SECRET, "POST", "http://localhost/hubspot", body, stamp),
            "X-HubSpot-Request-Timestamp": stamp,
        }
        try:
            return self._web.post(f"{SERVE}/hubspot", data=body, headers=headers, timeout=30).ok
        except requests.RequestException:
            return False

    def look(self, seen: Seen) -> int:
        """Note whose stage shows now; return the calls that looking took."""
        calls = 0
        for group in chunks([one for one in list(seen.told) if one not in seen.hubspot], 100):
            body = {"idProperty": "email", "properties": ["email", "lifecyclestage"]}
            rows = self._ask_hubspot("contacts/batch/read", body | {"inputs": [{"id": one} for one in group]})
            calls, now = calls + 1, time.monotonic()
            for row in rows:
                if row["properties"].get("lifecyclestage") in _MQL:
                    seen.hubspot.setdefault(row["properties"]["email"], now)
        for ids in chunks(
            [key for key, one in self._leads.items() if one in seen.told and one not in seen.salesforce], 200
        ):
            body = {"ids": list(ids), "fields": ["Lifecycle_Stage__c"]}
            found = self._ask_salesforce("POST", "/composite/sobjects/Lead", json=body)
            calls, now = calls + 1, time.monotonic()
            for row in found:
                if row["Lifecycle_Stage__c"] in _MQL:
                    seen.salesforce.setdefault(self._leads[row["Id"]], now)
        return calls

    def calls(self) -> tuple[int, int]:
        """Return the calls that each CRM has counted."""
        addresses = (self.environment["SALESFORCE_URL"], self.environment["HUBSPOT_URL"])
        one, two = (requests.get(f"{url}/_practice/calls", timeout=30).json()["total"] for url in addresses)
        return int(one), int(two)

    def wait_until_ready(self) -> None:
        """Wait until `serve` listens, and until a cycle is over: its first one is a thorough one.

        Calls do not tell: a cycle that evaluates many people makes none for a while.
        """
        for _ in range(1200):
            with suppress(requests.ConnectionError):
                requests.get(f"{SERVE}/health", timeout=5).raise_for_status()
                if _last_cycle() == ("sync", "done"):
                    return
            time.sleep(0.5)
        raise SystemExit("the first cycle of `leadline serve` did not end well within ten minutes")

    def _ask_hubspot(self, path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        url = f"{self.environment['HUBSPOT_URL']}/crm/v3/objects/{path}"
        found: list[dict[str, Any]] = self._hubspot.post(url, json=body, timeout=60).json()["results"]
        return found

    def _ask_salesforce(self, method: str, path: str, **more: Any) -> Any:
        url = f"{self.environment['SALESFORCE_URL']}/services/data/v62.0{path}"
        answer = self._salesforce.request(method, url, timeout=60, **more)
        answer.raise_for_status()
        return answer.json()


def _last_cycle() -> tuple[str, str]:
    """Return the kind and the status of the latest cycle in the folder we are in."""
    from leadline.sync.store import open_store
    from leadline.sync.store.cycles import last_cycles

    with open_store("sqlite:///leadline.db") as store, store.read() as connection:
        latest = last_cycles(connection)[0]
        return latest.kind, latest.status


@contextmanager
def start_practice(people: int) -> Iterator[Crms]:
    """Run both practice CRMs in another process and sign in to them."""
    command = [sys.executable, "-m", "leadline", "practice", "--people", str(people), "--seed", "7", "--json"]
    command += ["--salesforce-port", str(PORT + 1), "--hubspot-port", str(PORT + 2)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        crms = Crms({**os.environ, **_announced(process), "LEADLINE_HUBSPOT_CLIENT_SECRET": SECRET})
        crms.sign_in()
        yield crms
    finally:
        process.terminate()
        process.wait()


def _announced(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the one JSON document that `leadline practice` says when both answer."""
    text = ""
    for line in process.stdout or ():
        text += line
        try:
            found: dict[str, str] = json.loads(text)["environment"]
        except ValueError:
            continue
        return found
    raise SystemExit(f"the practice CRMs did not start: are the ports {PORT + 1} and {PORT + 2} free?")
