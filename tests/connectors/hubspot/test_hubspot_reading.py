"""Links, history, deletes and the older APIs of HubSpot, against the practice server."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import requests

from leadline.common.values import Cursor, RecordWrite
from leadline.connectors.hubspot import HubSpotConnector
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import Practice
from leadline.connectors.protocol import ActivityRequest, RecordRequest


def read(connector: HubSpotConnector, name: str, fields: tuple[str, ...] = ("email",), **more: Any) -> list[Any]:
    """Return all records of one object up to the server's present."""
    request = RecordRequest(name, fields, connector.server_time(), **more)
    return [record for page in connector.records(request) for record in page]


def happened(connector: HubSpotConnector, kind: str, **more: Any) -> list[Any]:
    """Return all activities of one kind up to the server's present."""
    request = ActivityRequest(kind, connector.server_time(), **more)
    return [one for page in connector.activities(request) for one in page]


def test_links_lead_to_records_primary_first(connector: HubSpotConnector, practice: Practice) -> None:
    """Contacts know their company, deals their company and people; one batch call for each link of 1,000."""
    companies = {record.ref for record in read(connector, "company", ("name",))}
    practice.hubspot.calls.clear()
    contacts = read(connector, "contact", ("associatedcompanyid",), links=("company",))
    seen = practice.hubspot.calls.snapshot()
    assert seen["POST /crm/v4/associations/contacts/companies/batch/read"] == 1
    linked = [record for record in contacts if record.links.get("company")]
    assert linked and all(record.links["company"][0] in companies for record in linked)
    assert all(
        record.links["company"][0].id == record.fields["associatedcompanyid"]
        for record in linked
        if record.fields["associatedcompanyid"]
    )
    deals = read(connector, "deal", ("dealname",), links=("contact", "company"))
    known = {record.ref for record in contacts}
    assert any(len(deal.links.get("contact", ())) > 1 for deal in deals)
    assert all(set(deal.links.get("contact", ())) <= known for deal in deals)


def test_a_full_read_takes_about_the_fewest_calls(
    connector: HubSpotConnector, practice: Practice, organisation: Organisation
) -> None:
    """Searches of 200 overlap by the rows of one stamp only, and nothing else is called."""
    practice.hubspot.calls.clear()
    contacts = [record for record in read(connector, "contact") if not record.deleted]
    searches = practice.hubspot.calls.snapshot()["POST /crm/v3/objects/contacts/search"]
    assert searches <= -(-len(contacts) // 190)
    assert practice.hubspot.calls.total == searches + 1
    assert len(contacts) > 150


def test_history_says_who_and_when(connector: HubSpotConnector, practice: Practice) -> None:
    """Past values come oldest first with their author; what our app wrote is not a person's."""
    contact = next(record for record in read(connector, "contact") if not record.deleted)
    practice.clock.advance(timedelta(minutes=1))
    list(connector.write([RecordWrite(contact.ref, {"hs_lead_status": "IN_PROGRESS"})]))
    practice.clock.advance(timedelta(minutes=1))
    list(connector.write([RecordWrite(contact.ref, {"hs_lead_status": None})]))
    found = read(connector, "contact", ("email",), history=("hs_lead_status", "lifecyclestage"))
    mine = next(record for record in found if record.ref == contact.ref)
    statuses = [change for change in mine.history if change.field == "hs_lead_status"]
    assert [change.value for change in statuses][-2:] == ["IN_PROGRESS", None]
    assert [change.at for change in mine.history] == sorted(change.at for change in mine.history)
    assert not statuses[-1].by_user and statuses[-1].author
    assert mine.author == mine.history[-1].author
    people = [change for record in found for change in record.history if change.by_user]
    assert all("@" in change.author or change.author for change in people)


def test_archived_rows_cost_one_call_and_come_in_order(connector: HubSpotConnector, practice: Practice) -> None:
    """An incremental pull lists archived rows, of which only those of the window come, between the others."""
    contacts = [record.ref for record in read(connector, "contact") if not record.deleted]
    cursor = Cursor(connector.server_time())
    for place, action in enumerate(("write", "delete", "write", "delete")):
        practice.clock.advance(timedelta(minutes=20))
        ref = contacts[place]
        if action == "write":
            list(connector.write([RecordWrite(ref, {"jobtitle": "Still here"})]))
        else:
            url = f"{practice.hubspot_url}/crm/v3/objects/contacts/{ref.id}"
            bearer = {"Authorization": f"Bearer {practice.credentials.hubspot_token}"}
            assert requests.delete(url, headers=bearer, timeout=10).status_code == 204
    practice.clock.advance(timedelta(minutes=20))
    practice.hubspot.calls.clear()
    news = read(connector, "contact", ("jobtitle",), since=cursor)
    assert [(record.ref, record.deleted) for record in news] == [
        (ref, place % 2 == 1) for place, ref in enumerate(contacts[:4])
    ]
    assert practice.hubspot.calls.snapshot()["GET /crm/v3/objects/contacts"] == 1


def test_a_backward_stage_is_ignored_until_it_is_cleared(connector: HubSpotConnector) -> None:
    """A direct backward write says done and changes nothing; cleared first, in a call of its own, it moves."""
    stages = connector.describe(["contact"])["contact"].fields["lifecyclestage"].options
    assert stages.index("lead") < stages.index("customer")
    ref = next(
        record.ref
        for record in read(connector, "contact", ("lifecyclestage",))
        if record.fields.get("lifecyclestage") == "customer"
    )

    def after(value: str | None) -> Any:
        (batch,) = connector.write([RecordWrite(ref, {"lifecyclestage": value})])
        assert batch[0].status == "done"
        return connector.read_back([ref], ("lifecyclestage",))[ref]["lifecyclestage"]

    assert after("lead") == "customer"
    assert not after(None)
    assert after("lead") == "lead"


def test_forms_are_read_by_name_newest_first_until_the_window(
    connector: HubSpotConnector, practice: Practice, organisation: Organisation
) -> None:
    """Only the forms asked for are read, 50 a page, and no page beyond the window."""
    wanted = [h for h in organisation.happenings if h.crm == "hubspot" and h.kind == "form"]
    people = {person.key: person for person in organisation.people}
    demos = [h for h in wanted if h.attributes["form"] == "demo" and people[h.person].email]
    found = happened(connector, "form", hints={"form": ("demo",)})
    assert len(found) == len(demos) > 0
    assert {one.attributes["form"] for one in found} == {"demo"} and all("@" in one.email for one in found)
    stamps = sorted((one.at for one in happened(connector, "form")), reverse=True)
    assert len(stamps) > len(found)
    practice.hubspot.calls.clear()
    recent = happened(connector, "form", since=Cursor(stamps[5]), look_back=timedelta(0))
    assert sorted((one.at for one in recent), reverse=True) == [at for at in stamps if at >= stamps[5]]
    assert practice.hubspot.calls.snapshot()["GET /form-integrations/v1/submissions/forms/{id}"] == 4


def test_mail_events_are_narrowed_by_type_and_named_by_campaign(connector: HubSpotConnector) -> None:
    """A hint asks only for clicks; campaigns come by name."""
    clicks = happened(connector, "email", hints={"event": ("click",)})
    everything = happened(connector, "email")
    assert clicks and {one.attributes["event"] for one in clicks} == {"click"}
    assert {one.id for one in clicks} == {one.id for one in everything if one.attributes["event"] == "click"}
    assert all(one.attributes["campaign"] and not one.attributes["campaign"].isdigit() for one in everything)


def test_call_outcomes_are_labels(connector: HubSpotConnector) -> None:
    """Calls hold outcome ids; rules see labels, read once for all calls."""
    outcomes = {one.attributes["outcome"] for one in happened(connector, "call")}
    assert "Connected" in outcomes and not any("-" in str(outcome) for outcome in outcomes)


def test_page_views_are_about_contacts(connector: HubSpotConnector, organisation: Organisation) -> None:
    """Every page view of the organisation comes once, about a contact that exists or was deleted."""
    views = happened(connector, "event")
    assert len(views) == len([h for h in organisation.happenings if h.kind == "page_view" and h.crm == "hubspot"])
    strangers = {one.about[0] for one in views} - {record.ref for record in read(connector, "contact")}
    assert len(strangers) <= len([person for person in organisation.people if "hubspot" in person.deleted_in])
    assert {one.attributes["name"] for one in views} == {"page_view"}
    assert happened(connector, "event", hints={"name": ("e_other",)}) == []


def test_rows_of_one_stamp_are_read_by_id(connector: HubSpotConnector, practice: Practice) -> None:
    """A bulk import fills more than a page with one stamp: its rows come by id, so no limit of paging is met."""
    contacts = [record.ref for record in read(connector, "contact") if not record.deleted]
    practice.clock.advance(timedelta(hours=1))
    list(connector.write([RecordWrite(ref, {"jobtitle": "Imported"}) for ref in contacts]))
    cursor = Cursor(practice.clock.now() - timedelta(minutes=30))
    found = read(connector, "contact", ("jobtitle",), since=cursor)
    assert len({record.stamp for record in found if not record.deleted}) == 1
    assert sorted(record.ref for record in found if not record.deleted) == sorted(contacts)
    assert len(contacts) > 200


def test_more_properties_than_a_search_can_name(connector: HubSpotConnector, practice: Practice) -> None:
    """A search may have 3,000 characters: with too many names, rows are found by search and read in batches."""
    plain = read(connector, "contact", ("email", "jobtitle"))
    many = tuple(f"a_property_with_a_long_name_{number}" for number in range(90))
    practice.hubspot.calls.clear()
    found = read(connector, "contact", ("email", "jobtitle", *many))
    assert [(r.ref, r.stamp, r.fields.get("email")) for r in found] == [
        (r.ref, r.stamp, r.fields.get("email")) for r in plain
    ]
    standing = [record for record in found if not record.deleted]
    assert all(record.fields[many[0]] is None for record in standing)
    reads = practice.hubspot.calls.snapshot()["POST /crm/v3/objects/contacts/batch/read"]
    assert -(-len(standing) // 100) <= reads <= -(-len(standing) // 100) + 2
