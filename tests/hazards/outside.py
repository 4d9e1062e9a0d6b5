"""What people and other programs do to the practice CRMs behind Leadline's back, over plain HTTP."""

from __future__ import annotations

import re
from typing import Any

import requests

from leadline.connectors.practice.serving import Practice


class Outside:
    """A Salesforce session and a HubSpot token of somebody else."""

    def __init__(self, practice: Practice) -> None:
        self._practice = practice
        own = practice.credentials
        form = {
            "grant_type": "client_credentials",
            "client_id": own.salesforce_client_id,
            "client_secret": own.salesforce_client_secret,
        }
        answer = requests.post(f"{practice.salesforce_url}/services/oauth2/token", data=form, timeout=10)
        self._token = answer.json()["access_token"]

    def salesforce(self, method: str, path: str, **more: Any) -> Any:
        """Call ``/services/data/v62.0`` + path and return the JSON, None where there is no body."""
        headers = {"Authorization": f"Bearer {self._token}", **more.pop("headers", {})}
        return _call(method, f"{self._practice.salesforce_url}/services/data/v62.0{path}", headers, more)

    def hubspot(self, method: str, path: str, **more: Any) -> Any:
        """Call HubSpot and return the JSON, None where there is no body."""
        headers = {"Authorization": f"Bearer {self._practice.credentials.hubspot_token}"}
        return _call(method, f"{self._practice.hubspot_url}{path}", headers, more)

    def convert(self, lead: str) -> str:
        """Convert a lead as sales does, without a deal; return the contact it became."""
        asked = f"<leadId>{lead}</leadId><convertedStatus>Qualified</convertedStatus>"
        asked += "<doNotCreateOpportunity>true</doNotCreateOpportunity>"
        head = f"<soapenv:Header><SessionHeader><sessionId>{self._token}</sessionId></SessionHeader></soapenv:Header>"
        body = f"<soapenv:Body><convertLead><leadConverts>{asked}</leadConverts></convertLead></soapenv:Body>"
        space = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        envelope = f"<soapenv:Envelope {space}>{head}{body}</soapenv:Envelope>"
        url = f"{self._practice.salesforce_url}/services/Soap/u/62.0"
        headers = {"SOAPAction": '""', "Content-Type": "text/xml"}
        answer = requests.post(url, data=envelope, headers=headers, timeout=10)
        found = re.search(r"<contactId>(\w+)</contactId>", answer.text)
        assert found, answer.text
        return found[1]

    def rows(self, soql: str) -> list[dict[str, Any]]:
        """Return the first page of a queryAll."""
        found: list[dict[str, Any]] = self.salesforce("GET", "/queryAll", params={"q": soql})["records"]
        return found

    def purge_leads(self, *ids: str) -> None:
        """Delete leads past the recycle bin: no query shows them any more."""
        job = self.salesforce("POST", "/jobs/ingest", json={"operation": "hardDelete", "object": "Lead"})["id"]
        text = "\n".join(["Id", *ids]) + "\n"
        self.salesforce(
            "PUT", f"/jobs/ingest/{job}/batches", data=text.encode(), headers={"Content-Type": "text/csv"}
        )
        self.salesforce("PATCH", f"/jobs/ingest/{job}", json={"state": "UploadComplete"})
        assert self.salesforce("GET", f"/jobs/ingest/{job}")["numberRecordsProcessed"] == len(ids)

    def purge_contact(self, ident: str) -> None:
        """Erase a contact by HubSpot's GDPR deletion: no list of archived records shows it."""
        self.hubspot("POST", "/crm/v3/objects/contacts/gdpr-delete", json={"objectId": ident})


def _call(method: str, url: str, headers: dict[str, str], more: dict[str, Any]) -> Any:
    answer = requests.request(method, url, headers=headers, timeout=10, **more)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None
