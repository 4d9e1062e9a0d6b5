"""The organisation as HubSpot holds it."""

from __future__ import annotations

from datetime import UTC, datetime

from leadline.connectors.practice.hubspot.seeding import STATUSES, owner_id
from leadline.connectors.practice.hubspot.stamps import millis, read_stamp, stamp_text
from leadline.connectors.practice.ids import hubspot_id, salesforce_id
from tests.connectors.practice.hubspot.hub import CONTACTS, Hub, where


def test_everybody_is_there_once(hub: Hub) -> None:
    """Live, archived and merged contacts add up to the people who are in HubSpot."""
    people = [person for person in hub.organisation.people if person.in_hubspot]
    table = hub.portal.tables["contact"]
    assert len(table.rows) + len(table.merged) == len(people)
    archived = [person for person in people if person.deleted and "hubspot" in person.deleted_in]
    assert sum(row.archived is not None for row in table.rows.values()) == len(archived) > 0
    assert hub.search([where("hs_object_id", "GT", "0")])["total"] == len(table.rows) - len(archived)


def test_a_person_as_a_contact(shared: Hub) -> None:
    """Values, owner, status and the ids of the other CRM."""
    linked = [person for person in shared.organisation.people if person.linked and person.in_hubspot]
    assert linked
    for person in linked:
        if person.duplicate_of is not None or person.deleted is not None:
            continue
        record = hubspot_id("contact", person.key)
        told = shared.read(
            record, "lastname", "hs_lead_status", "hubspot_owner_id", "salesforceleadid", "salesforcecontactid"
        )
        is_lead, is_contact = (
            person.salesforce in {"lead", "converted"},
            person.salesforce in {"contact", "converted"},
        )
        assert told["lastname"] == person.last_name
        assert told["hs_lead_status"] == STATUSES[person.status]
        assert told["hubspot_owner_id"] == owner_id(person.owner)
        assert told["salesforceleadid"] == (salesforce_id("00Q", person.key) if is_lead else None)
        assert told["salesforcecontactid"] == (salesforce_id("003", person.key) if is_contact else None)


def test_merged_people_lead_to_their_survivor(shared: Hub) -> None:
    """A seeded merge is found by the old id and shows on the survivor, chains included."""
    merged = [person for person in shared.organisation.people if person.in_hubspot and "hubspot" in person.merged_in]
    assert merged
    by_key = {person.key: person for person in shared.organisation.people}
    for person in merged:
        key = person.key
        while (known := by_key[key]).duplicate_of is not None and "hubspot" in known.merged_in:
            key = known.duplicate_of
        survivor = hubspot_id("contact", key)
        old = hubspot_id("contact", person.key)
        if by_key[key].deleted is not None:
            continue
        assert shared.read(old, "hs_object_id") == {"hs_object_id": survivor}
        assert old in shared.read(survivor, "hs_merged_object_ids")["hs_merged_object_ids"].split(";")


def test_lifecycle_history_is_dated(shared: Hub) -> None:
    """A contact's stage has the organisation's instant, in history and in HubSpot's own date property."""
    person = next(
        one
        for one in shared.organisation.people
        if one.in_hubspot and one.lifecycle == "customer" and one.lifecycle_at and not one.deleted and not one.merged
    )
    record = hubspot_id("contact", person.key)
    at = stamp_text(millis(person.lifecycle_at)) if person.lifecycle_at else ""
    assert shared.read(record, "hs_v2_date_entered_customer") == {"hs_v2_date_entered_customer": at}
    found = shared.call("GET", f"{CONTACTS}/{record}?propertiesWithHistory=lifecyclestage")["propertiesWithHistory"]
    latest = found["lifecyclestage"][0]
    assert (latest["value"], latest["timestamp"]) == ("customer", at)


def test_deals_and_engagements(shared: Hub) -> None:
    """Deals have their people and stage history; calls have outcome ids that the dispositions name."""
    deal = next(one for one in shared.organisation.deals if one.in_hubspot and len(one.stages) > 1)
    record = hubspot_id("deal", deal.key)
    path = f"/crm/v3/objects/deals/{record}?propertiesWithHistory=dealstage&associations=contacts"
    shown = shared.call("GET", path)
    assert len(shown["propertiesWithHistory"]["dealstage"]) == len(deal.stages)
    labels = {one["id"]: one["label"] for one in shared.call("GET", "/calling/v1/dispositions")}
    told = shared.search(
        [where("hs_call_disposition", "HAS_PROPERTY")], kind="calls", properties=["hs_call_disposition"]
    )
    outcomes = {labels[one["properties"]["hs_call_disposition"]] for one in told["results"]}
    known = {one.attributes.get("outcome") for one in shared.organisation.happenings if one.kind == "call"}
    assert outcomes and outcomes <= known


def test_stamps_are_written_as_hubspot_does() -> None:
    """Milliseconds only where there are any; every text is read back."""
    at = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert stamp_text(millis(at)) == "2026-03-29T01:00:00Z"
    assert stamp_text(millis(at) + 5) == "2026-03-29T01:00:00.005Z"
    for text in ("2026-03-29T01:00:00.005Z", "2026-03-29T03:00:00.005+02:00", str(millis(at) + 5)):
        assert read_stamp(text) == millis(at) + 5
    assert read_stamp("2026-03-29") == millis(datetime(2026, 3, 29, tzinfo=UTC))
    for text in ("", "soon", "2026-13-01", "2026-03-29T01:00:00", "1e3"):
        assert read_stamp(text) is None
