"""Whatever a client sends, the server chooses its answer: no input makes it fail."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.connectors.practice.hubspot.hub import CONTACTS, Hub, where

JUNK = (
    None,
    True,
    -1,
    1e400,
    "",
    "²",
    "9" * 400,
    "0001-01-01T00:00:00+23:00",
    "999999999999999",
    [],
    {},
    [[{}]],
    {"a": 1},
)
"""Values that stand in turn in every place of a right body."""

_SPEC = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}
_PAIR = {"from": {"id": "1"}, "to": {"id": "1"}}


def _bodies(record: str) -> Iterator[tuple[str, Any]]:
    """Walk right bodies for every call that takes one; writes aim at ``record``."""
    row = {"id": record, "properties": {"city": "x", "fit_score": "1"}}
    linked = {"properties": {"city": "x"}, "associations": [{"to": {"id": "1"}, "types": [_SPEC]}]}
    yield CONTACTS, linked
    yield (
        "/crm/v3/objects/deals",
        {"properties": {"closedate": "2026-01-01", "amount": "1", "dealstage": "closedwon"}},
    )
    for one in (
        where("lastmodifieddate", "GTE", "0"),
        where("hs_object_id", "GT", "1"),
        where("fit_score", "BETWEEN", "1", highValue="2"),
        where("email", "IN", values=["x"]),
        where("email", "CONTAINS_TOKEN", "x*"),
    ):
        search = {
            "filterGroups": [{"filters": [one]}],
            "sorts": [{"propertyName": "email", "direction": "ASCENDING"}],
        }
        yield f"{CONTACTS}/search", {**search, "limit": 5, "after": "0", "properties": ["email"], "query": "x"}
    yield f"{CONTACTS}/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"}
    yield f"{CONTACTS}/gdpr-delete", {"objectId": "1", "idProperty": "email"}
    read = {"inputs": [{"id": record}], "properties": ["email"], "propertiesWithHistory": ["email"], "idProperty": ""}
    yield f"{CONTACTS}/batch/read", read
    yield f"{CONTACTS}/batch/create", {"inputs": [linked]}
    yield f"{CONTACTS}/batch/update", {"inputs": [row]}
    yield f"{CONTACTS}/batch/upsert", {"inputs": [{**row, "idProperty": ""}]}
    yield f"{CONTACTS}/batch/archive", {"inputs": [{"id": "1"}]}
    mine = {"name": "city", "label": "x", "type": "enumeration", "fieldType": "select", "groupName": "leadline",
            "options": [{"label": "x", "value": "x"}], "hasUniqueValue": False, "description": "x"}  # fmt: skip
    yield "/crm/v3/properties/contacts", mine
    yield "/crm/v3/properties/contacts/batch/create", {"inputs": [mine]}
    yield "/crm/v3/properties/contacts/batch/read", {"inputs": [{"name": "email"}]}
    yield "/crm/v3/properties/contacts/batch/archive", {"inputs": [{"name": "none"}]}
    yield "/crm/v3/properties/contacts/groups", {"name": "leadline", "label": "x"}
    links = "/crm/v4/associations/contacts/companies/batch"
    yield f"{links}/read", {"inputs": [{"id": record}]}
    yield f"{links}/create", {"inputs": [{**_PAIR, "types": [_SPEC]}]}
    yield f"{links}/associate/default", {"inputs": [_PAIR]}
    yield f"{links}/archive", {"inputs": [{"from": {"id": record}, "to": [{"id": "1"}]}]}


def test_junk_in_every_place_of_every_body(hub: Hub) -> None:
    """Each value of each right body is replaced by each piece of junk; every answer is below 500."""
    record = hub.create(city="Junk")
    failed = []
    sent = 0
    for path, body in _bodies(record):
        for place in _places(body):
            for junk in JUNK:
                sent += 1
                text = json.dumps(_replaced(body, place, junk))
                if _status(hub, path, text) >= 500:
                    failed.append((path, place, junk))
    assert failed == []
    assert sent > 2_000


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (CONTACTS, {"limit": "0"}),
        (CONTACTS, {"limit": "²"}),
        (CONTACTS, {"limit": "101"}),
        (CONTACTS, {"limit": "51", "propertiesWithHistory": "email"}),
        (CONTACTS, {"after": "x"}),
        (CONTACTS, {"associations": "unicorns"}),
        ("/events/v3/events", {"occurredAfter": "yesterday"}),
        ("/events/v3/events", {"limit": "1001"}),
        ("/email/public/v1/events", {"startTimestamp": "2026-01-01"}),
        ("/email/public/v1/events", {"limit": "1001"}),
        ("/crm/v3/owners", {"limit": "501"}),
        ("/marketing/v3/forms", {"after": "-1"}),
    ],
)
def test_odd_query_parameters(shared: Hub, path: str, params: dict[str, str]) -> None:
    """A parameter that cannot be is 400."""
    assert shared.call("GET", path, 400, params=params)["category"] == "VALIDATION_ERROR"


def _status(hub: Hub, path: str, text: str) -> int:
    """Return the answer's status; a server that failed may drop the connection at the next call."""
    try:
        return hub.answer("POST", path, data=text).status_code
    except requests.ConnectionError:
        return 599


def _places(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    items = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, inner in items:
        yield from _places(inner, (*at, key))


def _replaced(body: Any, place: tuple[Any, ...], junk: object) -> Any:
    if not place:
        return junk
    changed = copy.deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    return changed
