"""A tour of the practice HubSpot: at least one call of every route, with right and with wrong input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import requests

from leadline.connectors.practice.credentials import (
    HUBSPOT_CLIENT_ID,
    HUBSPOT_CLIENT_SECRET,
    HUBSPOT_REFRESH_TOKEN,
    HUBSPOT_TOKEN,
)
from tests.connectors.practice.hubspot.hub import Hub, ids, where

Stop = tuple[str, str, dict[str, Any]]
KINDS: Final = ("contacts", "companies", "deals", "calls", "emails", "meetings", "notes", "tasks")
_NEW: Final = {
    "contacts": {"email": "new.one@tour.example", "lastname": "Ñew"},
    "companies": {"name": "Tour", "domain": "tour.example"},
    "deals": {"dealname": "Tour", "dealstage": "qualifiedtobuy", "amount": "12.50"},
    "calls": {"hs_timestamp": "2026-01-02T03:04:05Z", "hs_call_title": "Tour"},
    "emails": {"hs_timestamp": "2026-01-02T03:04:05Z", "hs_email_direction": "EMAIL", "hs_email_status": "SENT"},
    "meetings": {"hs_timestamp": "2026-01-02T03:04:05Z", "hs_meeting_outcome": "COMPLETED"},
    "notes": {"hs_timestamp": "2026-01-02T03:04:05Z", "hs_note_body": "Tour"},
    "tasks": {"hs_timestamp": "2026-01-02T03:04:05Z", "hs_task_subject": "Tour"},
}


def travel(hub: Hub, see: Callable[[str, str, requests.Response], None]) -> None:
    """Make every call of the tour and show each answer (with its method and path) to ``see``."""
    for leg in (
        *(_records(hub, kind) for kind in KINDS),
        _definitions(),
        _associations(hub),
        _activity(hub),
        _lists(hub),
        _account(),
    ):
        for method, path, more in leg:
            see(method, path, hub.answer(method, path, **more))


def _records(hub: Hub, kind: str) -> Iterator[Stop]:
    base, new = f"/crm/v3/objects/{kind}", _NEW[kind]
    name, value = next(iter(new.items()))
    first, other = hub.create(kind, **_changed(new, "a")), hub.create(kind, **_changed(new, "b"))
    yield "GET", base, {"params": {"limit": 3, "properties": name, "associations": "contacts,companies"}}
    yield "GET", base, {"params": {"propertiesWithHistory": name}}
    yield "GET", f"{base}/{first}", {"params": {"properties": name, "propertiesWithHistory": name}}
    yield "GET", f"{base}/1", {}
    yield "POST", base, {"json": {"properties": _changed(new, "c"), "associations": []}}
    yield "POST", base, {"json": {"properties": {"nope": "1"}, "associations": []}}
    yield "PATCH", f"{base}/{first}", {"json": {"properties": {name: _changed(new, "d")[name]}}}
    yield "PATCH", f"{base}/1", {"json": {"properties": {}}}
    yield "POST", f"{base}/search", {"json": {"filterGroups": [{"filters": [where("hs_object_id", "GT", "0")]}]}}
    yield "POST", f"{base}/search", {"json": {"filterGroups": [{"filters": [where("nope", "EQ", "0")]}]}}
    some = {"inputs": [{"id": first}, {"id": other}]}
    yield "POST", f"{base}/batch/read", {"json": {**some, "properties": [name], "propertiesWithHistory": [name]}}
    yield "POST", f"{base}/batch/read", {"json": {"inputs": [{"id": first}, {"id": "1"}], "properties": [name]}}
    change = [{"id": row, "properties": {"hubspot_owner_id": ""}} for row in (first, other)]
    yield "POST", f"{base}/batch/update", {"json": {"inputs": change}}
    yield "POST", f"{base}/batch/update", {"json": {"inputs": [*change, {"id": "1", "properties": {}}]}}
    yield "POST", f"{base}/batch/update", {"json": {"inputs": [{"id": first, "properties": {"nope": "x"}}]}}
    yield (
        "POST",
        f"{base}/batch/create",
        {"json": {"inputs": [{"properties": _changed(new, "e"), "associations": []}]}},
    )
    yield "POST", f"{base}/batch/upsert", {"json": {"inputs": [{"id": first, "properties": {name: value}}]}}
    yield "POST", f"{base}/merge", {"json": {"primaryObjectId": first, "objectIdToMerge": other}}
    yield "POST", f"{base}/batch/archive", {"json": {"inputs": [{"id": first}]}}
    if kind == "contacts":
        yield "POST", f"{base}/gdpr-delete", {"json": {"objectId": other}}
    yield "DELETE", f"{base}/{hub.create(kind, **_changed(new, 'f'))}", {}
    yield "GET", base, {"params": {"archived": "true"}}


def _definitions() -> Iterator[Stop]:
    base = "/crm/v3/properties/contacts"
    mine = {"name": "tour_a", "label": "Tour", "type": "enumeration", "fieldType": "select", "groupName": "leadline",
            "options": [{"label": "One", "value": "1", "hidden": False}]}  # fmt: skip
    for kind in KINDS:
        yield "GET", f"/crm/v3/properties/{kind}", {}
        yield "GET", f"/crm/v3/pipelines/{kind}", {}
    yield "POST", base, {"json": mine}
    yield "POST", base, {"json": mine}
    yield "GET", f"{base}/tour_a", {}
    yield "GET", f"{base}/tour_b", {}
    yield "PATCH", f"{base}/tour_a", {"json": {"label": "Other"}}
    yield "DELETE", f"{base}/tour_a", {}
    yield "POST", f"{base}/batch/create", {"json": {"inputs": [{**mine, "name": "tour_c"}]}}
    yield "POST", f"{base}/batch/read", {"json": {"inputs": [{"name": "email"}, {"name": "no"}], "archived": False}}
    yield "POST", f"{base}/batch/archive", {"json": {"inputs": [{"name": "tour_c"}]}}
    yield "GET", f"{base}/groups", {}
    yield "GET", f"{base}/groups/leadline", {}
    yield "POST", f"{base}/groups", {"json": {"name": "tour", "label": "Tour"}}
    yield "DELETE", f"{base}/groups/tour", {}
    yield "DELETE", f"{base}/groups/leadline", {}
    yield "GET", "/automation/v4/flows", {}
    yield "GET", "/automation/v4/flows/1", {}
    yield "POST", "/oauth/v2/private-apps/get/access-token-info", {"json": {"tokenKey": HUBSPOT_TOKEN}}
    yield "POST", "/oauth/v2/private-apps/get/access-token-info", {"json": {}}
    yield "GET", "/crm/v3/pipelines/deals/default", {}
    yield "GET", "/crm/v3/pipelines/deals/default/stages", {}
    yield "GET", "/crm/v3/pipelines/deals/default/stages/closedwon", {}
    yield "GET", "/crm/v3/pipelines/deals/no", {}
    yield "GET", "/crm/v4/associations/contacts/companies/labels", {}


def _associations(hub: Hub) -> Iterator[Stop]:
    contact, company = hub.create(email="linked@tour.example"), hub.create("companies", name="Linked")
    base, one = "/crm/v4/associations/contacts/companies/batch", f"/crm/v4/objects/contacts/{contact}/associations"
    pair = {"from": {"id": contact}, "to": {"id": company}}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    lost = {"from": {"id": contact}, "to": {"id": "1"}, "types": types}
    yield "POST", f"{base}/associate/default", {"json": {"inputs": [pair]}}
    yield "POST", f"{base}/create", {"json": {"inputs": [{**pair, "types": types}]}}
    yield "POST", f"{base}/create", {"json": {"inputs": [{**pair, "types": types}, lost]}}
    yield "POST", f"{base}/read", {"json": {"inputs": [{"id": contact}]}}
    yield "POST", f"{base}/read", {"json": {"inputs": [{"id": contact}, {"id": "1"}]}}
    yield "GET", f"{one}/companies", {}
    yield "GET", "/crm/v3/objects/contacts", {"params": {"associations": "companies,deals", "limit": 100}}
    yield "PUT", f"{one}/default/companies/{company}", {}
    yield "PUT", f"{one}/companies/{company}", {"json": types}
    yield "DELETE", f"{one}/companies/{company}", {}
    yield "POST", f"{base}/archive", {"json": {"inputs": [{"from": {"id": contact}, "to": [{"id": company}]}]}}


def _activity(hub: Hub) -> Iterator[Stop]:
    form = ids(hub.call("GET", "/marketing/v3/forms"))[0]
    yield "GET", "/events/v3/events", {"params": {"limit": 5, "sort": "occurredAt"}}
    yield "GET", "/events/v3/events/", {"params": {"limit": 5}}
    yield "GET", "/events/v3/events", {"params": {"sort": "sideways"}}
    yield "GET", "/events/v3/events/event-types", {}
    yield "GET", "/email/public/v1/events", {"params": {"limit": 5}}
    campaigns = hub.call("GET", "/email/public/v1/campaigns")["campaigns"]
    yield "GET", "/email/public/v1/campaigns", {}
    yield "GET", "/email/public/v1/campaigns/by-id", {}
    yield "GET", f"/email/public/v1/campaigns/{campaigns[0]['id']}", {}
    yield "GET", "/marketing/v3/forms", {}
    yield "GET", "/marketing/v3/forms/", {"params": {"limit": 1}}
    yield "GET", f"/marketing/v3/forms/{form}", {}
    yield "GET", f"/form-integrations/v1/submissions/forms/{form}", {"params": {"limit": 2}}
    portal = hub.call("GET", "/account-info/v3/details")["portalId"]
    typed = {"fields": [{"objectTypeId": "0-1", "name": "email", "value": "visitor@tour.example"}]}
    yield "POST", f"/submissions/v3/integration/submit/{portal}/{form}", {"json": typed}
    yield "POST", f"/submissions/v3/integration/submit/{portal}/{form}", {"json": {"fields": []}}


def _lists(hub: Hub) -> Iterator[Stop]:
    contact, base = hub.create(email="listed@tour.example"), "/crm/v3/lists"
    listed = hub.call("GET", f"{base}/object-type-id/0-1/name/Nurture")["list"]["listId"]
    dynamic = hub.call("GET", f"{base}/object-type-id/0-1/name/Active customers")["list"]["listId"]
    yield "GET", f"{base}/object-type-id/0-1/name/No such list", {}
    yield "GET", f"{base}/{listed}", {}
    yield "PUT", f"{base}/{listed}/memberships/add", {"json": [contact, "1"]}
    yield "PUT", f"{base}/{listed}/memberships/add", {"json": {"not": "a list"}}
    yield "PUT", f"{base}/{dynamic}/memberships/add", {"json": [contact]}
    yield "GET", f"{base}/{listed}/memberships", {"params": {"limit": 1}}
    yield "GET", f"{base}/records/0-1/{contact}/memberships", {}
    yield "PUT", f"{base}/{listed}/memberships/remove", {"json": [contact]}


def _account() -> Iterator[Stop]:
    grant = {"grant_type": "refresh_token", "client_id": HUBSPOT_CLIENT_ID, "client_secret": HUBSPOT_CLIENT_SECRET}
    yield "POST", "/oauth/v1/token", {"data": {**grant, "refresh_token": HUBSPOT_REFRESH_TOKEN}}
    yield "GET", f"/oauth/v1/access-tokens/{HUBSPOT_TOKEN}", {}
    yield "GET", f"/oauth/v1/refresh-tokens/{HUBSPOT_REFRESH_TOKEN}", {}
    yield "GET", "/account-info/v3/details", {}
    yield "GET", "/account-info/v3/details", {"headers": {"Authorization": "Bearer wrong"}}
    yield "GET", "/account-info/v3/api-usage/daily/private-apps", {}
    yield "GET", "/crm/v3/owners", {"params": {"limit": 2}}
    yield "GET", "/crm/v3/owners/", {"params": {"archived": "true"}}
    yield "GET", "/crm/v3/owners/1", {}
    yield "GET", "/calling/v1/dispositions", {}


def _changed(new: dict[str, str], mark: str) -> dict[str, str]:
    """Return properties of another record of the same kind."""
    return {name: f"{mark}.{value}" if name == "email" else value for name, value in new.items()}
