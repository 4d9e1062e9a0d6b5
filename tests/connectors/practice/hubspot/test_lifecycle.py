"""Lifecycle stages the way HubSpot moves them: forward only, unless cleared first, and along with deals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.practice.hubspot.hub import Hub

DEAL_TO_CONTACT, DEAL_TO_COMPANY = 3, 341


def _stage(hub: Hub, record: str, kind: str = "contacts") -> str | None:
    return hub.read(record, "lifecyclestage", kind=kind)["lifecyclestage"]


def _deal(hub: Hub, stage: str, *linked: tuple[int, str]) -> str:
    links = [
        {"to": {"id": record}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]}
        for number, record in linked
    ]
    return hub.create("deals", links, dealname="Deal", dealstage=stage)


def test_forward_takes_hold_and_is_dated(hub: Hub) -> None:
    """A move forward is written, with the dates it was entered and left."""
    record = hub.create(lastname="Forward")
    assert _stage(hub, record) == "lead"
    hub.later(days=1)
    hub.write(record, lifecyclestage="salesqualifiedlead")
    now = hub.read(record, "lastmodifieddate")["lastmodifieddate"]
    dates = hub.read(record, "hs_v2_date_entered_salesqualifiedlead", "hs_v2_date_exited_lead")
    assert set(dates.values()) == {now}


@pytest.mark.parametrize("batch", [False, True])
def test_backward_is_answered_with_success_and_ignored(hub: Hub, batch: bool) -> None:
    """200, the rest of the write happens, the stage stays."""
    record = hub.create(lastname="Back", lifecyclestage="customer")
    changes: dict[str, Any] = {"lifecyclestage": "lead", "lastname": "Written"}
    if batch:
        hub.call(
            "POST", "/crm/v3/objects/contacts/batch/update", json={"inputs": [{"id": record, "properties": changes}]}
        )
    else:
        hub.write(record, **changes)
    assert hub.read(record, "lifecyclestage", "lastname") == {"lifecyclestage": "customer", "lastname": "Written"}


def test_backward_after_clearing_takes_hold(hub: Hub) -> None:
    """Cleared in one request, set in the next."""
    record = hub.create(lastname="Cleared", lifecyclestage="opportunity")
    hub.write(record, lifecyclestage="")
    assert _stage(hub, record) is None
    hub.write(record, lifecyclestage="marketingqualifiedlead")
    assert _stage(hub, record) == "marketingqualifiedlead"


def test_deals_move_their_people_and_companies_forward(hub: Hub) -> None:
    """An open deal makes an opportunity, a won one a customer; history says that deals did it."""
    record, company = hub.create(lastname="Buyer"), hub.create("companies", name="Buyer")
    deal = _deal(hub, "qualifiedtobuy", (DEAL_TO_CONTACT, record), (DEAL_TO_COMPANY, company))
    assert (_stage(hub, record), _stage(hub, company, "companies")) == ("opportunity", "opportunity")
    hub.write(deal, "deals", dealstage="closedwon")
    assert (_stage(hub, record), _stage(hub, company, "companies")) == ("customer", "customer")
    assert hub.read(deal, "hs_is_closed", "hs_is_closed_won", kind="deals") == {
        "hs_is_closed": "true",
        "hs_is_closed_won": "true",
    }
    path = f"/crm/v3/objects/contacts/{record}?propertiesWithHistory=lifecyclestage"
    history = hub.call("GET", path)["propertiesWithHistory"]["lifecyclestage"]
    assert [change["sourceType"] for change in history] == ["DEALS", "DEALS", "INTEGRATION"]


def test_a_lost_deal_moves_nobody(hub: Hub) -> None:
    """Neither a deal that is lost from the start nor one that becomes lost moves a stage."""
    record = hub.create(lastname="Loser")
    deal = _deal(hub, "closedlost", (DEAL_TO_CONTACT, record))
    assert _stage(hub, record) == "lead"
    hub.write(deal, "deals", dealstage="contractsent")
    assert _stage(hub, record) == "opportunity"
    hub.write(deal, "deals", dealstage="closedlost")
    assert _stage(hub, record) == "opportunity"
    assert hub.read(deal, "hs_is_closed", "hs_is_closed_won", kind="deals") == {
        "hs_is_closed": "true",
        "hs_is_closed_won": "false",
    }


def test_deals_never_move_backward(hub: Hub) -> None:
    """A customer with a new open deal stays a customer."""
    record = hub.create(lastname="Again", lifecyclestage="customer")
    _deal(hub, "qualifiedtobuy", (DEAL_TO_CONTACT, record))
    assert _stage(hub, record) == "customer"
