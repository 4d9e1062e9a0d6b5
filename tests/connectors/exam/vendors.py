"""What the exam must know of a vendor: how to connect, and how to disturb its practice server from outside.

A future vendor implements ``leadline.connectors.protocol`` and adds one class here and one line to ``VENDORS``.
The outside looks and changes go over plain ``requests``, not through the connector under examination.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import requests

from leadline.common.values import Crm
from leadline.connectors import hubspot, salesforce
from leadline.connectors.practice.harness import Harness
from leadline.connectors.practice.serving import Practice
from leadline.connectors.protocol import WriteConnector
from leadline.connectors.settings import HubSpotSettings, SalesforceSettings


class Vendor(ABC):
    """One practice CRM under examination. ``waits`` are the seconds that retries would have slept."""

    crm: Crm
    person: str
    text: str  # a field that takes any text
    number: str  # a field that takes numbers
    pick: str  # a field that takes only its options
    option: str  # one of them
    hidden: str  # a field that this user may not see
    nobody: str  # an id that no person has
    activity: str  # a kind of activity with many rows
    reads: str  # what the server calls a call that reads records
    writes: str  # what the server calls a call that writes many records
    creates: str  # what the server calls a call that makes tasks
    secrets: tuple[str, ...]

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.waits: list[float] = []
        self._opened: list[WriteConnector] = []
        self._http = requests.Session()

    def connect(self, **settings: Any) -> WriteConnector:
        """Return a connector whose retries do not really wait."""
        connector = self.open(self.waits.append, **settings)
        self._opened.append(connector)
        return connector

    def close(self) -> None:
        for connector in self._opened:
            connector.close()
        self._http.close()

    @property
    @abstractmethod
    def harness(self) -> Harness:
        """The practice server's own clock, calls and faults."""

    @abstractmethod
    def open(self, sleep: Callable[[float], None], **settings: Any) -> WriteConnector:
        """Return the connector, ``settings`` put over the usual ones."""

    @abstractmethod
    def wrong(self) -> WriteConnector:
        """Return a connector with credentials that are refused."""

    @abstractmethod
    def ids(self) -> set[str]:
        """Return the ids of all persons that a full read shows."""

    @abstractmethod
    def change(self, ids: Sequence[str], value: str) -> None:
        """Set the text field, in one call for all."""

    @abstractmethod
    def delete(self, ident: str) -> None:
        """Delete one person."""

    @abstractmethod
    def order(self, ident: str) -> Any:
        """Return what ids of equal stamps are ordered by."""


class SalesforceVendor(Vendor):
    """The practice Salesforce, signed in to by client credentials."""

    crm: Crm = "salesforce"
    person = "Lead"
    text, number, hidden = "Title", "Fit_Score__c", "Lead.Rating"
    pick, option = "Lifecycle_Stage__c", "mql"
    nobody = "00Q0000000000AAAAA"
    activity = "task"
    reads, writes, creates = "query", "composite", "composite"

    def __init__(self, practice: Practice) -> None:
        super().__init__(practice)
        self.secrets = (practice.credentials.salesforce_client_secret,)

    @property
    def harness(self) -> Harness:
        return self.practice.salesforce

    def open(self, sleep: Callable[[float], None], **settings: Any) -> WriteConnector:
        own = self.practice.credentials
        auth = {
            "flow": "client_credentials",
            "client_id": own.salesforce_client_id,
            "client_secret": own.salesforce_client_secret,
        }
        given = {"url": self.practice.salesforce_url, "auth": auth} | settings
        return salesforce.connect(SalesforceSettings.model_validate(given), sleep=sleep)

    def wrong(self) -> WriteConnector:
        auth = {
            "flow": "client_credentials",
            "client_id": "practice-connected-app",
            "client_secret": "not-the-secret",
        }
        return self.connect(auth=auth)

    def ids(self) -> set[str]:
        found: set[str] = set()
        page = self._call("GET", "/queryAll", params={"q": "SELECT Id FROM Lead"})
        while True:
            found |= {row["Id"] for row in page["records"]}
            if page["done"]:
                return found
            page = self._call("GET", page["nextRecordsUrl"].partition("v62.0")[2])

    def change(self, ids: Sequence[str], value: str) -> None:
        for start in range(0, len(ids), 200):
            rows = [
                {"attributes": {"type": "Lead"}, "id": ident, "Title": value} for ident in ids[start : start + 200]
            ]
            answer = self._call("PATCH", "/composite/sobjects", json={"allOrNone": True, "records": rows})
            assert all(row["success"] for row in answer), answer

    def delete(self, ident: str) -> None:
        self._call("DELETE", f"/sobjects/Lead/{ident}")

    def order(self, ident: str) -> Any:
        return ident

    def _call(self, method: str, path: str, **more: Any) -> Any:
        own = self.practice.credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": own.salesforce_client_id,
            "client_secret": own.salesforce_client_secret,
        }
        url = self.practice.salesforce_url
        token = self._http.post(f"{url}/services/oauth2/token", data=form, timeout=10).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._http.request(method, f"{url}/services/data/v62.0{path}", headers=headers, timeout=10, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


class HubSpotVendor(Vendor):
    """The practice HubSpot, with a private app's token."""

    crm: Crm = "hubspot"
    person = "contact"
    text, number, hidden = "jobtitle", "fit_score", "contact.phone"
    pick, option = "hs_lead_status", "IN_PROGRESS"
    nobody = "99999999999"
    activity = "call"
    reads, writes = "POST /crm/v3/objects/contacts/search", "POST /crm/v3/objects/contacts/batch/update"
    creates = "POST /crm/v3/objects/tasks/batch/*"

    def __init__(self, practice: Practice) -> None:
        super().__init__(practice)
        self.secrets = (practice.credentials.hubspot_token,)

    @property
    def harness(self) -> Harness:
        return self.practice.hubspot

    def open(self, sleep: Callable[[float], None], **settings: Any) -> WriteConnector:
        usual = {
            "url": self.practice.hubspot_url,
            "token": self.practice.credentials.hubspot_token,
            "searches_a_second": 1000,
        }
        given = usual | settings
        return hubspot.connect(HubSpotSettings.model_validate(given), sleep=sleep)

    def wrong(self) -> WriteConnector:
        return self.connect(token="not-the-token")

    def ids(self) -> set[str]:
        found: set[str] = set()
        after: dict[str, str] = {}
        while True:
            asked = {"limit": "100", "properties": "hs_merged_object_ids"} | after
            page = self._call("GET", "/crm/v3/objects/contacts", params=asked)
            for row in page["results"]:
                lost = row["properties"].get("hs_merged_object_ids") or ""
                found |= {row["id"], *filter(None, lost.split(";"))}
            if "paging" not in page:
                return found
            after = {"after": page["paging"]["next"]["after"]}

    def change(self, ids: Sequence[str], value: str) -> None:
        for start in range(0, len(ids), 100):
            inputs = [{"id": ident, "properties": {"jobtitle": value}} for ident in ids[start : start + 100]]
            answer = self._call("POST", "/crm/v3/objects/contacts/batch/update", json={"inputs": inputs})
            assert "errors" not in answer, answer

    def delete(self, ident: str) -> None:
        self._call("DELETE", f"/crm/v3/objects/contacts/{ident}")

    def order(self, ident: str) -> Any:
        return int(ident)

    def merge(self, survivor: str, lost: str) -> str:
        """Merge two contacts and return the survivor's id, which may be new."""
        body = {"primaryObjectId": survivor, "objectIdToMerge": lost}
        return str(self._call("POST", "/crm/v3/objects/contacts/merge", json=body)["id"])

    def _call(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.practice.credentials.hubspot_token}"}
        answer = self._http.request(method, f"{self.practice.hubspot_url}{path}", headers=headers, timeout=10, **more)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


VENDORS: tuple[type[Vendor], ...] = (SalesforceVendor, HubSpotVendor)
