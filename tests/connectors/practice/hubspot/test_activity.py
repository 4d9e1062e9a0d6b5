"""Page views, marketing e-mail events, form submissions, and what an account's tier leaves out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leadline.connectors.practice.hubspot.seeding_activities import form_guid
from tests.connectors.practice.hubspot.hub import Hub

EVENTS, MAIL = "/events/v3/events", "/email/public/v1/events"


def _walk(hub: Hub, path: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = hub.call("GET", path, params={**params, **({} if after is None else {"after": after})})
        found += page["results"]
        after = page.get("paging", {}).get("next", {}).get("after")
        if after is None:
            return found


def test_page_views_are_walked_in_order_of_time(shared: Hub) -> None:
    """Every page view of the organisation is there, once, within its bounds."""
    found = _walk(shared, EVENTS, {"limit": 50, "sort": "occurredAt"})
    times = [visit["occurredAt"] for visit in found]
    assert len({visit["id"] for visit in found}) == len(found)
    assert len(found) == sum(one.kind == "page_view" for one in shared.organisation.happenings)
    middle = times[len(times) // 2]
    after = _walk(shared, EVENTS, {"limit": 1000, "occurredAfter": middle, "sort": "occurredAt"})
    before = _walk(shared, EVENTS, {"limit": 1000, "occurredBefore": middle})
    assert len(after) + len(before) + sum(visit["occurredAt"] == middle for visit in found) == len(found)
    assert before == sorted(before, key=lambda visit: visit["occurredAt"], reverse=True)


def test_page_views_of_one_contact(hub: Hub) -> None:
    """By object; a merged contact's visits are its survivor's."""
    one = hub.call("GET", EVENTS, params={"limit": 1})["results"][0]["objectId"]
    asked = {"objectType": "contact", "objectId": one, "limit": 1000}
    count = len(_walk(hub, EVENTS, asked))
    assert count == int(hub.read(one, "hs_analytics_num_page_views")["hs_analytics_num_page_views"])
    body = {"primaryObjectId": hub.create(lastname="Survivor"), "objectIdToMerge": one}
    survivor = hub.call("POST", "/crm/v3/objects/contacts/merge", json=body)["id"]
    assert _walk(hub, EVENTS, asked) == []
    assert len(_walk(hub, EVENTS, {**asked, "objectId": survivor})) == count
    assert hub.answer("GET", EVENTS, params={"objectId": one}).status_code == 400


def test_page_views_need_enterprise(start: Callable[..., Hub]) -> None:
    """On a smaller tier the events API is 403, and the count of page views is all there is."""
    hub = start(enterprise=False)
    assert hub.call("GET", EVENTS, 403)["status"] == "error"
    assert hub.call("GET", f"{EVENTS}/event-types", 403)["status"] == "error"
    views = hub.search([{"propertyName": "hs_analytics_num_page_views", "operator": "GT", "value": "0"}])
    assert views["total"] > 0


def test_mail_events(shared: Hub) -> None:
    """Newest first, by offset, by type, by address and between instants; campaigns have names."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"offset": "0", "hasMore": True}
    while page["hasMore"]:
        page = shared.call("GET", MAIL, params={"limit": 40, "offset": page["offset"]})
        found += page["events"]
    assert len(found) == sum(one.kind == "email_event" for one in shared.organisation.happenings)
    assert [one["created"] for one in found] == sorted((one["created"] for one in found), reverse=True)
    clicks = shared.call("GET", MAIL, params={"limit": 1000, "eventType": "CLICK"})["events"]
    assert clicks and {one["type"] for one in clicks} == {"CLICK"}
    mine = shared.call("GET", MAIL, params={"limit": 1000, "recipient": clicks[0]["recipient"].upper()})["events"]
    assert clicks[0] in mine
    at = clicks[0]["created"]
    bounded = {"limit": 1000, "eventType": "CLICK", "startTimestamp": at, "endTimestamp": at}
    assert clicks[0] in shared.call("GET", MAIL, params=bounded)["events"]
    campaign = shared.call("GET", f"/email/public/v1/campaigns/{clicks[0]['emailCampaignId']}")
    assert campaign["name"] in {one.attributes.get("campaign") for one in shared.organisation.happenings}


def test_submissions(shared: Hub) -> None:
    """Newest first, 50 a page at most, known by the address that was typed in."""
    guid = form_guid("whitepaper")
    path = f"/form-integrations/v1/submissions/forms/{guid}"
    assert shared.answer("GET", path, params={"limit": 51}).status_code == 400
    found = _walk(shared, path, {"limit": 7})
    times = [one["submittedAt"] for one in found]
    assert times == sorted(times, reverse=True)
    people = {person.key: person for person in shared.organisation.people}
    told = [one for one in shared.organisation.happenings if one.kind == "form" and people[one.person].email]
    assert len(found) == sum(one.attributes["form"] == "whitepaper" for one in told)
    assert all(one["values"][0]["name"] == "email" for one in found)
    assert shared.call("GET", "/form-integrations/v1/submissions/forms/none", 404)["status"] == "error"


def _submit(hub: Hub, status: int, *fields: tuple[str, str], form: str = "demo") -> Any:
    portal = hub.call("GET", "/account-info/v3/details")["portalId"]
    listed = [{"objectTypeId": "0-1", "name": name, "value": value} for name, value in fields]
    body = {"fields": listed, "context": {"pageUri": "https://leadline.example/demo"}}
    path = f"/submissions/v3/integration/submit/{portal}/{form_guid(form)}"
    return hub.call("POST", path, status, json=body, headers={"Authorization": ""})


def test_a_visitor_submits_a_form_without_a_token(hub: Hub) -> None:
    """The submission is first in the form's list, and an address that nobody had is a contact now."""
    _submit(hub, 200, ("email", "New.Visitor@Site.example"), ("jobtitle", "VP Sales"), ("hs_object_id", "1"))
    newest = hub.call("GET", f"/form-integrations/v1/submissions/forms/{form_guid('demo')}")["results"][0]
    assert newest["values"][0]["value"] == "New.Visitor@Site.example"
    assert newest["pageUrl"] == "https://leadline.example/demo"
    made = hub.call(
        "GET",
        "/crm/v3/objects/contacts/new.visitor@site.example",
        params={"idProperty": "email", "properties": "jobtitle"},
    )
    assert made["properties"]["jobtitle"] == "VP Sales"
    _submit(hub, 200, ("email", "new.visitor@site.example"), ("jobtitle", "CEO"))
    again = hub.call("GET", f"/crm/v3/objects/contacts/{made['id']}", params={"properties": "jobtitle"})
    assert again["properties"]["jobtitle"] == "CEO"


def test_a_form_wants_an_address_and_must_be_there(hub: Hub) -> None:
    """No address, no form, no JSON: each is refused in the endpoint's own words."""
    assert _submit(hub, 400)["errors"][0]["errorType"] == "REQUIRED_FIELD"
    assert _submit(hub, 400, ("email", "nobody"))["errors"][0]["errorType"] == "INVALID_EMAIL"
    assert _submit(hub, 404, ("email", "a@b.example"), form="no such form")["status"] == "error"
    portal = hub.call("GET", "/account-info/v3/details")["portalId"]
    path = f"/submissions/v3/integration/submit/{portal}/{form_guid('demo')}"
    assert hub.answer("POST", path, data=b"{").status_code == 400
    assert hub.answer("POST", path, json=[1]).status_code == 400
