"""Calls to one Salesforce organisation through simple-salesforce, each with its purpose, retries and sign-in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import quote

import requests
import tenacity
from simple_salesforce.api import Salesforce

from leadline.common.canonical import decimal_text
from leadline.common.errors import ContractError
from leadline.common.values import Quota
from leadline.connectors.contract import rows_in
from leadline.connectors.http_answer import Answer
from leadline.connectors.http_meter import Meter, Purpose
from leadline.connectors.record_ids import full_id
from leadline.connectors.retrying import Patience, TransientError
from leadline.connectors.salesforce.answers import CRM, fault_of
from leadline.connectors.salesforce.session import SalesforceSession, answer_of, read_usage
from leadline.connectors.salesforce.signin import grant_of, sign_in
from leadline.connectors.settings import SalesforceSettings

Row = Mapping[str, Any]
T = TypeVar("T")

MOST_SUBREQUESTS: Final = 25
"""Composite: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm"""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation's id, 18 characters, and its time zone (IANA)."""

    id: str
    zone: str


class SalesforceClient:
    """Signs in at the first call and again when the session ends; the headers are set anew each time."""

    def __init__(self, settings: SalesforceSettings, sleep: Callable[[float], None] | None = None) -> None:
        self._settings = settings
        self.meter = Meter(CRM, settings.quota_share, read_usage)
        self._session = SalesforceSession(settings.url, settings.timeout, self.meter)
        self._patience = Patience(
            settings.patience, self._sign_in, sleep or tenacity.nap.sleep, last_call=self.meter.last_call
        )
        self.sleep = sleep or tenacity.nap.sleep
        self._client: Salesforce | None = None
        self._grant = grant_of(settings)
        self.data_path = f"/services/data/v{settings.version}"
        self.task_key = settings.task_key
        self.loads = settings.duplicates != "allow"  # a bulk job knows no header that lets duplicates pass
        # Given to each part of a composite call too: parts inherit only Accept, Authorization and Content-Type.
        self.write_headers = {"Sforce-Auto-Assign": "FALSE"}
        if settings.duplicates == "allow":
            self.write_headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"

    def query(
        self,
        soql: str,
        purpose: Purpose = "read",
        *,
        include_deleted: bool = True,
        told: Callable[[int], None] = lambda _: None,
    ) -> Iterator[Sequence[Row]]:
        """Yield the pages of a query; numbers with a fraction are Decimal. Archived tasks count as deleted rows.

        ``told`` is told how many rows there are in all, before the first page.
        """
        page = self._call(purpose, lambda client: client.query(soql, include_deleted=include_deleted))
        told(int(page.get("totalSize") or 0))
        while True:
            rows, done, more = (
                rows_in(page, "salesforce", "a query", "records"),
                page.get("done"),
                page.get("nextRecordsUrl"),
            )
            if not done and not isinstance(more, str):
                raise ContractError("Salesforce answered a query without a next page")
            if rows:
                yield rows
            if done:
                return
            page = self._call(purpose, partial(_next_page, url=str(more)))

    def rows(self, soql: str, purpose: Purpose = "describe") -> list[Row]:
        """Return all rows of a query, deleted ones left out."""
        return [row for page in self.query(soql, purpose, include_deleted=False) for row in page]

    def tooling(self, soql: str) -> list[Row]:
        """Return all rows of a query of the Tooling API."""
        rows: list[Row] = []
        page = self.get(f"tooling/query?q={quote(soql)}", "describe")
        while True:
            found, more = page.get("records"), page.get("nextRecordsUrl")
            if not isinstance(found, list):
                raise ContractError("Salesforce answered a Tooling query without records")
            rows += found
            if page.get("done") is not False or not isinstance(more, str):
                return rows
            page = self.get(more.partition(self.data_path + "/")[2], "describe")

    def organisation(self) -> Organisation:
        """Return which organisation this is; the answer also tells its present (``date``). One call."""
        pages = list(self.query("SELECT Id, TimeZoneSidKey FROM Organization", "login"))
        if not pages:
            raise ContractError("Salesforce shows no Organization row to this user")
        row = pages[0][0]
        return Organisation(full_id(str(row["Id"])), str(row.get("TimeZoneSidKey") or "UTC"))

    def get(self, path: str, purpose: Purpose) -> Any:
        """Return the JSON of ``path`` below the versioned data address."""
        return self._call(purpose, lambda client: client.restful(path))

    def outside(self, path: str, purpose: Purpose) -> Any:
        """Return the JSON of an address outside the versioned data address, such as ``/services/data/``."""

        def fetch(client: Salesforce) -> Any:
            headers = {"Authorization": f"Bearer {client.session_id}"}
            return self._session.request("GET", f"{self._session.host_url}{path}", headers=headers).json()

        return self._call(purpose, fetch)

    def post(self, path: str, body: Mapping[str, Any], purpose: Purpose) -> Any:
        """Post JSON and return JSON. Repeated after a timeout: only for reads and absolute writes."""
        data = json.dumps(body, default=_json_number, ensure_ascii=False).encode()
        return self._call(purpose, lambda client: client.restful(path, method="POST", data=data))

    def patch(self, path: str, body: Mapping[str, Any], purpose: Purpose) -> Any:
        """Change something by JSON and return JSON."""
        data = json.dumps(body).encode()
        return self._call(purpose, lambda client: client.restful(path, method="PATCH", data=data))

    def raw(self, path: str, purpose: Purpose) -> Answer:
        """Return the whole answer of ``path`` below the versioned data address: headers, and bytes as they came."""

        def fetch(client: Salesforce) -> Answer:
            return answer_of(self._session.request("GET", f"{client.base_url}{path}", headers=client.headers))

        return self._call(purpose, fetch)

    def put(self, path: str, body: bytes, media: str, purpose: Purpose) -> None:
        """Send bytes to ``path`` below the versioned data address; what is answered besides success is not read."""

        def send(client: Salesforce) -> bool:
            headers = {**client.headers, "Content-Type": media}
            self._session.request("PUT", f"{client.base_url}{path}", headers=headers, data=body)
            return True

        self._call(purpose, send)

    def delete(self, path: str, purpose: Purpose) -> None:
        """Delete what stands at ``path`` below the versioned data address; what is gone already is no error."""

        def send(client: Salesforce) -> bool:
            headers = {"Authorization": f"Bearer {client.session_id}"}
            url = f"{self._session.host_url}{self.data_path}/{path}"
            answer = answer_of(self._session.request("DELETE", url, headers=headers, judge=False))
            fault = None if answer.status == 404 else fault_of(answer)
            if fault is not None:
                raise fault
            return True

        self._call(purpose, send)

    def composite(self, requests_: Sequence[Mapping[str, Any]], purpose: Purpose) -> Sequence[tuple[int, Any]]:
        """Make one call of up to 25 sub-requests and return (status, body) of each, in order."""
        answer = self.post("composite", {"allOrNone": False, "compositeRequest": list(requests_)}, purpose)
        parts = answer.get("compositeResponse") if isinstance(answer, Mapping) else None
        if not isinstance(parts, list) or len(parts) != len(requests_):
            raise ContractError("Salesforce answered a composite call with another number of parts")
        by_name = {part.get("referenceId"): part for part in parts}
        return [
            (int(by_name[item["referenceId"]]["httpStatusCode"]), by_name[item["referenceId"]].get("body"))
            for item in requests_
        ]

    def quota(self) -> Quota:
        return self.meter.quota

    def date(self) -> datetime | None:
        """Return the Date header of the last answer."""
        return self.meter.date

    def close(self) -> None:
        self._session.close()

    def _call(self, purpose: Purpose, action: Callable[[Salesforce], T | None]) -> T:
        def attempt() -> T:
            if self._client is None:
                self._sign_in()
            client = self._client
            if client is None:
                raise ContractError("Salesforce was not signed in to")
            with self.meter.purpose(purpose):
                try:
                    answer = action(client)
                except requests.exceptions.JSONDecodeError as error:
                    raise TransientError("Salesforce answered 200 with what is not JSON (is `url` right?)") from error
            if answer is None:
                raise ContractError("Salesforce answered without a body")
            return answer

        return self._patience.call(attempt)

    def _sign_in(self) -> None:
        """Build the client anew: its constructor keeps custom headers, which its own 401 retry loses."""
        stale = str(self._client.session_id) if self._client is not None else ""
        self._client = None
        token = sign_in(self._settings, self._session, self.meter, self._grant, stale)
        client = Salesforce(
            session_id=token,
            instance_url=self._session.host_url,
            version=self._settings.version,
            session=self._session,
            parse_float=Decimal,
            object_pairs_hook=dict,
        )
        client.headers |= self.write_headers
        client.headers["X-PrettyPrint"] = "0"
        self._client = client


def _next_page(client: Salesforce, url: str) -> Any:
    return client.query_more(url, identifier_is_url=True)


def part_fault(status: int, body: Any) -> Exception | None:
    """Return what a failed sub-request means, as if it had been a call of its own."""
    return fault_of(Answer(status, {}, json.dumps(body).encode()))


def _json_number(value: object) -> float | str:
    """Write a decimal as a number where its digits survive, else as text, which Salesforce reads as a number too."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} cannot be written to Salesforce")
    near = float(value)
    return near if value.is_finite() and Decimal(repr(near)) == value else decimal_text(value)
