"""Associations of version 4."""

from __future__ import annotations

from tests.connectors.practice.hubspot.hub import Hub

BATCH = "/crm/v4/associations/contacts/companies/batch"


def _types(hub: Hub, record: str) -> dict[str, set[int]]:
    found = hub.call("GET", f"/crm/v4/objects/contacts/{record}/associations/companies")["results"]
    return {one["toObjectId"]: {kind["typeId"] for kind in one["associationTypes"]} for one in found}


def test_the_first_company_is_primary_and_can_be_replaced(hub: Hub) -> None:
    """One primary company at most; the contact's own property follows it; both ends agree."""
    record = hub.create(lastname="Linked")
    one, two = hub.create("companies", name="One"), hub.create("companies", name="Two")
    for company in (one, two):
        hub.call("PUT", f"/crm/v4/objects/contacts/{record}/associations/default/companies/{company}")
    assert _types(hub, record) == {one: {1, 279}, two: {279}}
    assert hub.read(record, "associatedcompanyid") == {"associatedcompanyid": one}
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    hub.call("PUT", f"/crm/v4/objects/contacts/{record}/associations/companies/{two}", 201, json=spec)
    assert _types(hub, record) == {one: {279}, two: {1, 279}}
    assert hub.read(record, "associatedcompanyid") == {"associatedcompanyid": two}
    back = hub.call("GET", f"/crm/v4/objects/companies/{two}/associations/contacts")["results"][0]
    assert {kind["typeId"] for kind in back["associationTypes"]} == {2, 280}
    hub.call("DELETE", f"/crm/v4/objects/contacts/{record}/associations/companies/{two}", 204)
    assert hub.read(record, "associatedcompanyid") == {"associatedcompanyid": None}


def test_batch_read_names_those_without(hub: Hub) -> None:
    """Records that have none, or are not there, stand in a 207's errors; 1,000 a call at most."""
    record, alone = hub.create(lastname="Linked"), hub.create(lastname="Alone")
    company = hub.create("companies", name="One")
    pair = {"from": {"id": record}, "to": {"id": company}}
    hub.call("POST", f"{BATCH}/associate/default", json={"inputs": [pair]})
    told = hub.call("POST", f"{BATCH}/read", 207, json={"inputs": [{"id": record}, {"id": alone}, {"id": "1"}]})
    assert [(one["from"]["id"], one["to"][0]["toObjectId"]) for one in told["results"]] == [(record, company)]
    assert [error["context"]["fromObjectId"] for error in told["errors"]] == [[alone], ["1"]]
    many = [{"id": str(number)} for number in range(1001)]
    assert hub.answer("POST", f"{BATCH}/read", json={"inputs": many}).status_code == 400
    hub.call("POST", f"{BATCH}/archive", 204, json={"inputs": [{"from": {"id": record}, "to": [{"id": company}]}]})
    assert hub.call("POST", f"{BATCH}/read", 207, json={"inputs": [{"id": record}]})["results"] == []


def test_associations_in_reads_and_creates(hub: Hub) -> None:
    """A create may bring associations, a read may show them by version 3 names."""
    company = hub.create("companies", name="One")
    link = {"to": {"id": company}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]}
    record = hub.create(associations=[link], lastname="Linked")
    shown = hub.call("GET", f"/crm/v3/objects/contacts/{record}?associations=companies,deals")["associations"]
    assert shown == {
        "companies": {
            "results": [
                {"id": company, "type": "contact_to_company"},
                {"id": company, "type": "contact_to_company_unlabeled"},
            ]
        }
    }
    wrong = {**link, "to": {"id": "1"}}
    body = {"properties": {"lastname": "x"}, "associations": [wrong]}
    assert hub.call("POST", "/crm/v3/objects/contacts", 400, json=body)["status"] == "error"


def test_wrong_types(shared: Hub) -> None:
    """A type number of another pair is refused."""
    record, company = shared.create(lastname="x"), shared.create("companies", name="y")
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}]
    path = f"/crm/v4/objects/contacts/{record}/associations/companies/{company}"
    assert shared.call("PUT", path, 400, json=spec)["category"] == "VALIDATION_ERROR"
    assert shared.call("PUT", path, 400, json=[])["category"] == "VALIDATION_ERROR"
