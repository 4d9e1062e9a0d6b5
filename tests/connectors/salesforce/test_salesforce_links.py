"""Whom a Salesforce row belongs to: conversions, accounts, contact roles; and who changed it."""

from __future__ import annotations

from datetime import timedelta

from leadline.common.values import Cursor, RecordRef, RecordWrite
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import Practice
from leadline.connectors.salesforce import SalesforceConnector
from tests.connectors.salesforce.practising import connect_to, happened, read


def test_a_converted_lead_leads_to_what_it_became(connector: SalesforceConnector, organisation: Organisation) -> None:
    """Every converted lead links to its contact and account, and where one was made to its deal."""
    leads = read(connector, "Lead", ("Email", "IsConverted"))
    contacts = {record.ref for record in read(connector, "Contact")}
    converted = [lead for lead in leads if lead.fields["IsConverted"] and not lead.deleted]
    wanted = [p for p in organisation.people if p.salesforce == "converted" and not p.duplicate_of and not p.deleted]
    assert len(converted) >= len(wanted) > 0
    assert all(lead.links["contact"][0] in contacts and "account" in lead.links for lead in converted)
    assert any("deal" in lead.links for lead in converted)
    assert not any(lead.links for lead in leads if not lead.fields["IsConverted"])


def test_opportunities_carry_their_roles_primary_first(
    connector: SalesforceConnector, organisation: Organisation
) -> None:
    """With ``contact`` asked for, contact roles come in the same call, the primary one first."""
    before = connector.calls()["read"]
    deals = read(connector, "Opportunity", ("Name", "Amount"), links=("contact",))
    assert connector.calls()["read"] - before == 1
    linked = {deal.fields["Name"]: deal.links.get("contact", ()) for deal in deals}
    several = [deal for deal in organisation.deals if deal.in_salesforce and len(deal.people) > 1]
    emails = {r.ref: r.fields["Email"] for r in read(connector, "Contact", ("Email",))}
    people = {person.key: person for person in organisation.people}
    checked = 0
    for deal in several:
        first = people[deal.people[0]]
        roles = linked.get(deal.name, ())
        if len(roles) > 1 and first.email and first.email in {emails.get(ref) for ref in roles}:
            assert emails[roles[0]] == first.email
            checked += 1
    assert checked > 0
    assert all("account" in deal.links for deal in deals if not deal.deleted)


def test_a_changed_role_brings_its_opportunity_again(practice: Practice, connector: SalesforceConnector) -> None:
    """A role does not touch its opportunity's stamp; the opportunity comes with the role's, links as they are now."""
    deals = read(connector, "Opportunity", ("Name",), links=("contact",))
    deal = next(one for one in deals if one.links.get("contact"))
    stranger = next(r for r in read(connector, "Contact") if not r.deleted and r.ref not in deal.links["contact"])
    cursor = Cursor(connector.server_time())
    practice.clock.advance(timedelta(hours=1))
    body = {"OpportunityId": deal.ref.id, "ContactId": stranger.ref.id, "IsPrimary": False}
    connector._client.post("sobjects/OpportunityContactRole", body, "write")
    practice.clock.advance(timedelta(hours=1))
    before = connector.calls()["read"]
    news = read(connector, "Opportunity", ("Name",), links=("contact",), since=cursor)
    assert connector.calls()["read"] - before == 3
    again = next(one for one in news if one.ref == deal.ref)
    assert set(again.links["contact"]) == {*deal.links["contact"], stranger.ref}
    assert again.stamp > cursor.stamp >= deal.stamp


def test_the_author_is_the_last_modifier(practice: Practice, connector: SalesforceConnector) -> None:
    """Our own write is signed by our own user, so that it can be told from a human's."""
    lead = next(r for r in read(connector, "Lead") if not r.deleted and not r.links)
    list(connector.write([RecordWrite(lead.ref, {"Title": "Echo"})]))
    mine = next(r for r in read(connector, "Lead", ("Title",)) if r.ref == lead.ref)
    assert mine.author == practice.credentials.salesforce_username
    assert lead.author and lead.author != mine.author


def test_history_tells_past_values_and_who_set_them(practice: Practice, connector: SalesforceConnector) -> None:
    """Tracked fields have their past, oldest first, within the window."""
    lead = next(r for r in read(connector, "Lead") if not r.deleted and not r.links)
    for value in ("mql", "sal"):
        practice.clock.advance(timedelta(minutes=1))
        list(connector.write([RecordWrite(lead.ref, {"Lifecycle_Stage__c": value})]))
    found = read(connector, "Lead", ("Status",), history=("Lifecycle_Stage__c",))
    mine = next(r for r in found if r.ref == lead.ref).history
    assert [change.value for change in mine][-2:] == ["mql", "sal"]
    assert [change.at for change in mine] == sorted(change.at for change in mine)
    assert mine[-1].author == practice.credentials.salesforce_username
    assert mine[-1].field == "Lifecycle_Stage__c"
    practice.clock.advance(timedelta(minutes=1))
    cursor = Cursor(connector.server_time())
    practice.clock.advance(timedelta(minutes=1))
    list(connector.write([RecordWrite(lead.ref, {"Lifecycle_Stage__c": "sql"})]))
    given = {"history": ("Lifecycle_Stage__c",), "since": cursor, "look_back": timedelta(0)}
    (again,) = read(connector, "Lead", ("Status",), **given)
    assert [change.value for change in again.history] == ["sql"]


def test_activities_say_when_as_exactly_as_salesforce_knows(connector: SalesforceConnector) -> None:
    """Responses are known by day; completed tasks and events by instant; each is about a lead or contact."""
    members = happened(connector, "campaign_member")
    assert {one.precision for one in members if one.attributes["responded"]} == {"day"}
    assert {one.precision for one in members if not one.attributes["responded"]} == {"instant"}
    assert {one.precision for one in happened(connector, "event")} <= {"instant", "day"}
    tasks = happened(connector, "task")
    assert all(one.precision == "instant" for one in tasks if one.attributes["status"] == "Completed")
    assert {ref.object for one in tasks for ref in one.about} == {"Lead", "Contact"}
    assert all(isinstance(ref, RecordRef) and len(ref.id) == 18 for one in tasks for ref in one.about)


def test_a_full_read_takes_the_fewest_calls(practice: Practice) -> None:
    """One page chain an object: ceil(rows / 2,000) reads; one describe for all activities, one count."""
    connector = connect_to(practice)
    connector.describe(["Lead", "Contact", "Account", "Opportunity"])
    rows = [len(read(connector, name)) for name in ("Lead", "Contact", "Account", "Opportunity")]
    rows += [len(happened(connector, kind)) for kind in ("task", "event", "campaign_member")]
    assert connector.calls()["read"] == sum(max(1, -(-count // 2000)) for count in rows)
    assert connector.calls()["describe"] == 3
    assert sum(connector.calls().values()) == practice.salesforce.calls.total
