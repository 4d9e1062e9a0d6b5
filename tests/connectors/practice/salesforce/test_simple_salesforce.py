"""The official Python client, which hard-codes https, is led to the practice server by a transport adapter."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceMalformedRequest

from leadline.connectors.practice.credentials import Credentials
from tests.connectors.practice.salesforce.site import Site, lead

KNOWN = Credentials()


class Redirected(HTTPAdapter):
    """Sends every https request to the practice server instead."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._host = urlsplit(url).netloc

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        """Rewrite scheme and host, keep the rest."""
        parts = urlsplit(str(request.url))
        request.url = parts._replace(scheme="http", netloc=self._host).geturl()
        return super().send(request, **more)


def signed_in(site: Site, **credentials: str) -> Salesforce:
    """Return a client of the practice server."""
    session = requests.Session()
    session.mount("https://", Redirected(site.url))
    return Salesforce(session=session, version="62.0", domain="practice.my", **credentials)


@pytest.mark.parametrize(
    "credentials",
    [
        {
            "username": KNOWN.salesforce_username,
            "password": KNOWN.salesforce_password,
            "security_token": KNOWN.salesforce_security_token,
        },
        {"consumer_key": KNOWN.salesforce_client_id, "consumer_secret": KNOWN.salesforce_client_secret},
        {
            "username": KNOWN.salesforce_username,
            "consumer_key": KNOWN.salesforce_client_id,
            "privatekey": KNOWN.private_key,
        },
    ],
    ids=["soap", "client", "jwt"],
)
def test_each_way_in(site: Site, credentials: dict[str, str]) -> None:
    """SOAP, client credentials and the JWT bearer grant open a session that works."""
    client = signed_in(site, **credentials)
    assert client.query("SELECT COUNT() FROM Lead")["totalSize"] == 3
    assert client.api_usage["api-usage"].used == 1
    client.session.close()


def test_reads_and_writes(site: Site) -> None:
    """Describe, paging, updates, collections, bulk and refusals as the client understands them."""
    client = signed_in(site, consumer_key=KNOWN.salesforce_client_id, consumer_secret=KNOWN.salesforce_client_secret)
    assert client.Lead.describe()["keyPrefix"] == "00Q"
    assert len(client.query_all("SELECT Id FROM Lead", include_deleted=True)["records"]) == 5
    assert client.Lead.update(lead("p1"), {"Lifecycle_Stage__c": "mql"}) == 204
    assert client.Lead.get(lead("p1"))["Lifecycle_Stage__c"] == "mql"
    assert client.Task.upsert("Leadline_Key__c/k1", {"Subject": "Call"}) == 201
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Lead.update(lead("p1"), {"Lifecycle_Stage__c": "nonsense"})
    assert refused.value.content[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    result = next(client.bulk2.Lead.query("SELECT Id, Email FROM Lead ORDER BY Email"))
    assert [row["Email"] for row in csv.DictReader(io.StringIO(result))][1] == "p1@acme.example"
    client.session.close()


def test_wrong_credentials(library: Site) -> None:
    """A wrong password is the client's own error."""
    with pytest.raises(SalesforceAuthenticationFailed):
        signed_in(library, username=KNOWN.salesforce_username, password="wrong", security_token="")
