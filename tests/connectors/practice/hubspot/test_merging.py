"""Merges, chained, with and without a new id, and the associations that survive them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.connectors.practice.hubspot.hub import CONTACTS, Hub, ids, where

NAMES = ("lastname", "city", "email", "hs_additional_emails", "hs_merged_object_ids")


def _merge(hub: Hub, primary: str, other: str) -> str:
    body = {"primaryObjectId": primary, "objectIdToMerge": other}
    return str(hub.call("POST", f"{CONTACTS}/merge", json=body)["id"])


@pytest.mark.parametrize("new_id", [True, False])
def test_the_survivor(start: Callable[..., Hub], new_id: bool) -> None:
    """Primary's values win, gaps are filled, addresses add up, and old ids lead to the survivor."""
    hub = start(merge_new_id=new_id)
    one = hub.create(lastname="Primary", email="one@merge.example")
    two = hub.create(lastname="Other", city="Oslo", email="two@merge.example")
    survivor = _merge(hub, one, two)
    assert (survivor not in {one, two}) if new_id else (survivor == one)
    assert hub.read(survivor, *NAMES) == {
        "lastname": "Primary",
        "city": "Oslo",
        "email": "one@merge.example",
        "hs_additional_emails": "two@merge.example",
        "hs_merged_object_ids": f"{one};{two}" if new_id else two,
    }
    for known in (one, two, survivor):
        assert hub.read(known, "hs_object_id") == {"hs_object_id": survivor}
    assert hub.read("two@merge.example?idProperty=email", "hs_object_id") == {"hs_object_id": survivor}
    hub.later(seconds=1)
    found = ids(hub.search([where("hs_object_id", "IN", values=[one, two, survivor])]))
    assert found == [survivor]
    read = {"inputs": [{"id": one}, {"id": two}], "properties": []}
    assert ids(hub.call("POST", f"{CONTACTS}/batch/read", json=read)) == [survivor]


def test_chained_merges(hub: Hub) -> None:
    """A survivor that is merged again keeps every former id."""
    one, two, three = (hub.create(lastname=name) for name in ("One", "Two", "Three"))
    first = _merge(hub, one, two)
    last = _merge(hub, three, first)
    former = hub.read(last, "hs_merged_object_ids")["hs_merged_object_ids"].split(";")
    assert set(former) == {one, two, three, first}
    assert hub.read(two, "hs_object_id") == {"hs_object_id": last}
    hub.write(one, lastname="Written by an old id")
    assert hub.read(last, "lastname") == {"lastname": "Written by an old id"}


def test_associations_move_to_the_survivor(hub: Hub) -> None:
    """Calls and companies of both are the survivor's; the primary's company stays primary."""
    one, two = hub.create(lastname="One"), hub.create(lastname="Two")
    first, second = hub.create("companies", name="First"), hub.create("companies", name="Second")
    call = hub.create("calls", hs_timestamp="2026-01-01T00:00:00Z")
    for record, to, other in ((one, "companies", first), (two, "companies", second), (two, "calls", call)):
        hub.call("PUT", f"/crm/v4/objects/contacts/{record}/associations/default/{to}/{other}")
    survivor = _merge(hub, one, two)
    companies = hub.call("GET", f"/crm/v4/objects/contacts/{survivor}/associations/companies")["results"]
    assert [(one["toObjectId"], len(one["associationTypes"])) for one in companies] == [(first, 2), (second, 1)]
    calls = hub.call("GET", f"/crm/v4/objects/calls/{call}/associations/contacts")["results"]
    assert [one["toObjectId"] for one in calls] == [survivor]
    assert hub.read(survivor, "associatedcompanyid") == {"associatedcompanyid": first}


def test_the_others_company_fills_a_gap(hub: Hub) -> None:
    """Where the primary has no company, the other's becomes the survivor's primary one."""
    one, two, company = hub.create(lastname="One"), hub.create(lastname="Two"), hub.create("companies", name="Only")
    hub.call("PUT", f"/crm/v4/objects/contacts/{two}/associations/default/companies/{company}")
    assert hub.read(_merge(hub, one, two), "associatedcompanyid") == {"associatedcompanyid": company}


def test_merges_that_cannot_be(hub: Hub) -> None:
    """With itself, or with nobody."""
    one = hub.create(lastname="One")
    hub.call("POST", f"{CONTACTS}/merge", 400, json={"primaryObjectId": one, "objectIdToMerge": one})
    hub.call("POST", f"{CONTACTS}/merge", 404, json={"primaryObjectId": one, "objectIdToMerge": "1"})


def test_erased_for_good(hub: Hub) -> None:
    """A GDPR delete leaves nothing, not even among the archived."""
    record = hub.create(lastname="Erase", email="erase@me.example")
    hub.call("POST", f"{CONTACTS}/gdpr-delete", 204, json={"objectId": "erase@me.example", "idProperty": "email"})
    hub.call("GET", f"{CONTACTS}/{record}?archived=true", 404)
    assert hub.create(lastname="Again", email="erase@me.example") != record
