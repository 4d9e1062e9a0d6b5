"""A running practice HubSpot, as tests hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from starlette.applications import Starlette
from starlette.routing import Route

from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.harness import Harness
from leadline.connectors.practice.hubspot.portal import Portal
from leadline.connectors.practice.organisation import Organisation

CONTACTS = "/crm/v3/objects/contacts"


@dataclass(slots=True)
class Hub:
    """One running practice HubSpot and a session that is signed in to it."""

    url: str
    harness: Harness
    clock: PracticeClock
    portal: Portal
    organisation: Organisation
    session: requests.Session
    app: Starlette

    def call(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """Make one call, insist on its status and return the JSON (None without a body)."""
        answer = self.answer(method, path, **more)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def answer(self, method: str, path: str, **more: Any) -> requests.Response:
        """Make one call and return the whole answer."""
        return self.session.request(method, self.url + path, timeout=20, **more)

    def routes(self) -> list[Route]:
        """Return every route that is served."""
        return [route for route in self.app.routes if isinstance(route, Route)]

    def search(self, *groups: Sequence[Mapping[str, Any]], kind: str = "contacts", **more: Any) -> Any:
        """Search with groups of filters."""
        body = {"filterGroups": [{"filters": list(group)} for group in groups], "limit": 100, **more}
        return self.call("POST", f"/crm/v3/objects/{kind}/search", json=body)

    def create(self, kind: str = "contacts", associations: Sequence[Any] = (), **properties: Any) -> str:
        """Make one record and return its id."""
        body = {"properties": properties, "associations": list(associations)}
        return str(self.call("POST", f"/crm/v3/objects/{kind}", 201, json=body)["id"])

    def read(self, record: str, *names: str, kind: str = "contacts") -> dict[str, Any]:
        """Return the named properties of one record."""
        asked = {"properties": ",".join(names)}
        found = self.call("GET", f"/crm/v3/objects/{kind}/{record}", params=asked)["properties"]
        return {name: found[name] for name in names}

    def write(self, record: str, kind: str = "contacts", status: int = 200, **properties: Any) -> Any:
        """Change one record."""
        return self.call("PATCH", f"/crm/v3/objects/{kind}/{record}", status, json={"properties": properties})

    def later(self, **length: float) -> None:
        """Let time pass at the practice CRM."""
        self.clock.advance(timedelta(**length))


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """Return one search filter."""
    return {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}


def ids(answer: Mapping[str, Any]) -> list[str]:
    """Return the ids of an answer's results."""
    return [result["id"] for result in answer["results"]]
