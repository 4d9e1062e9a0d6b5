"""Odd records and organisations: archived tasks, duplicate rules, fields that few have, stages moved by HubSpot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from leadline.common.values import Cursor, RecordRef, RecordWrite
from leadline.connectors.hubspot import connect
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.hubspot import searching
from leadline.connectors.practice.serving import start_practice
from leadline.connectors.protocol import RecordRequest
from leadline.connectors.settings import HubSpotSettings
from leadline.rules.convert import to_value
from leadline.sync.cycle import run_pull
from leadline.sync.store.mirror import load_records
from leadline.sync.store.schema import activities, activity_records, observations
from tests.connectors.salesforce.practising import connect_to, read
from tests.hazards.outside import Outside
from tests.sync.agreement.test_conflicts import USER, as_user, told
from tests.sync.writing.rehearsal import Rehearsal, rehearse


def test_more_rows_of_one_stamp_than_a_search_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bulk import gives one millisecond more rows than the search limit (here 300): all are read, by id."""
    monkeypatch.setattr(searching, "MOST_ROWS", 300)
    with start_practice(people=500, frozen=True) as practice:
        given = {
            "url": practice.hubspot_url,
            "token": practice.credentials.hubspot_token,
            "searches_a_second": 1000,
        }
        connector = connect(HubSpotSettings.model_validate(given), sleep=lambda _: None)
        everybody = RecordRequest("contact", ("jobtitle",), connector.server_time())
        refs = [record.ref for page in connector.records(everybody) for record in page if not record.deleted]
        practice.clock.advance(timedelta(hours=1))
        list(connector.write([RecordWrite(ref, {"jobtitle": "Imported"}) for ref in refs]))
        since = Cursor(practice.clock.now() - timedelta(minutes=30))
        imported = RecordRequest("contact", ("jobtitle",), connector.server_time(), since)
        found = [record for page in connector.records(imported) for record in page if not record.deleted]
        connector.close()
    assert len({record.stamp for record in found}) == 1
    assert sorted(record.ref for record in found) == sorted(refs)
    assert len(refs) > 300


def test_archived_tasks_are_read_and_stand(tmp_path: Path) -> None:
    """Tasks of a year ago show in queryAll only; they count, are not taken for deleted, and say about whom."""
    organisation = generate(people=40)
    older = replace(organisation, end=organisation.end + timedelta(days=300))
    with rehearse(tmp_path, organisation=older) as rehearsal:
        outside = Outside(rehearsal.practice)
        with rehearsal.at_work() as (setting, readers):
            run_pull(setting, readers)
            with setting.store.read() as connection:
                query = activities.select().where(activities.c.kind == "task", activities.c.deleted.is_(False))
                stored = {row["id"]: row["row"] for row in connection.execute(query).mappings()}
                about = {
                    row["row"]: row["object"] for row in connection.execute(activity_records.select()).mappings()
                }
        archived = outside.rows("SELECT Id, WhoId FROM Task WHERE IsArchived = true AND IsDeleted = false")
        assert archived
        hidden = outside.salesforce("GET", "/query", params={"q": "SELECT Id FROM Task WHERE IsArchived = true"})
        assert hidden["records"] == []
        assert {row["Id"] for row in archived} <= stored.keys()
        for row in archived:
            if row["WhoId"]:
                assert about[stored[row["Id"]]] == {"00Q": "Lead", "003": "Contact"}[row["WhoId"][:3]]


@pytest.mark.parametrize(("choice", "status"), [("park", "permanent"), ("allow", "done")])
def test_a_duplicate_rule_parks_or_is_overridden_as_chosen(choice: str, status: str) -> None:
    """A rule that may be overridden refuses our write; ``duplicates: allow`` sends the header that saves it."""
    with start_practice(people=120, frozen=True, options=PracticeOptions(duplicate_rule=True)) as practice:
        connector = connect_to(practice, duplicates=choice)
        alive = [one for one in read(connector, "Lead", ("Email", "IsConverted")) if not one.deleted]
        first, second = [one for one in alive if one.fields["Email"] and not one.fields["IsConverted"]][:2]
        [[result]] = connector.write([RecordWrite(second.ref, {"Email": first.fields["Email"], "Title": "Twin"})])
        back = connector.read_back([second.ref], ("Title",))[second.ref]
        connector.close()
    assert (result.status, result.code) == (status, "" if status == "done" else "DUPLICATES_DETECTED")
    assert (back["Title"] == "Twin") is (status == "done")


@pytest.mark.parametrize("there", [True, False])
def test_fields_that_few_organisations_have(tmp_path: Path, *, there: bool) -> None:
    """Currency, person account and state code are read where the organisation has them; where not, it is said."""
    extra = {
        "Contact.CurrencyIsoCode": "picklist",
        "Contact.IsPersonAccount": "boolean",
        "Contact.MailingStateCode": "picklist",
    }
    with rehearse(tmp_path, options=PracticeOptions(extra_fields=extra if there else None)) as rehearsal:
        mine = "\n".join(
            [
                "fields:",
                "  money_in: {type: text, salesforce: Contact.CurrencyIsoCode, hubspot: contact.jobtitle}",
                "  private_buyer: {type: boolean, blank: false, salesforce: Contact.IsPersonAccount,",
                "                  hubspot: contact.hs_email_optout}",
                "  state_code: {type: text, salesforce: Contact.MailingStateCode, hubspot: contact.company}",
                "",
            ]
        )
        rehearsal.edit("\nfields:\n", f"\n{mine}")
        outside = Outside(rehearsal.practice)
        contact = outside.rows("SELECT Id FROM Contact WHERE IsDeleted = false")[0]["Id"]
        values = {"CurrencyIsoCode": "JPY", "IsPersonAccount": True, "MailingStateCode": "NY"}
        if there:
            outside.salesforce("PATCH", f"/sobjects/Contact/{contact}", json=values)
        with rehearsal.at_work() as (setting, readers):
            found = run_pull(setting, readers)
            with setting.store.read() as connection:
                [record] = load_records(connection, [RecordRef("salesforce", "Contact", contact)]).values()
    assert not found.pull.errors
    told = [name for name in values if any(f"Contact.{name} is not visible" in text for text in found.pull.warnings)]
    if there:
        assert {name: record.fields[name] for name in values} == values
        assert told == []
    else:
        assert record.unreadable >= set(values)
        assert told == list(values)


def test_blank_booleans_are_null_until_the_book_says_otherwise(rehearsal: Rehearsal) -> None:
    """HubSpot tells nothing for a checkbox that nobody ticked: false only where ``blank: false`` says so."""
    with rehearsal.at_work() as (setting, readers):
        run_pull(setting, readers)
        field = next(
            item
            for item in setting.book.fields.values()
            if any(str(source).endswith("contact.hs_email_optout") for source in item.sources)
        )
        until = readers["hubspot"].server_time()
        request = RecordRequest("contact", ("hs_email_optout",), until)
        rows = [record for page in readers["hubspot"].records(request) for record in page if not record.deleted]
    blank = [record for record in rows if record.fields["hs_email_optout"] is None]
    ticked = [record for record in rows if record.fields["hs_email_optout"] == "true"]
    assert blank
    assert "false" not in {record.fields["hs_email_optout"] for record in blank}
    assert (to_value(field, None), field.blank) == (None, False)
    assert all(to_value(field, record.fields["hs_email_optout"]) is True for record in ticked)


def test_stages_that_hubspot_moves_itself_are_nobody_s_hand(rehearsal: Rehearsal, outside: Outside) -> None:
    """A new deal moves its contact's lifecycle stage by HubSpot's own rule: news, with no person as its author."""
    with rehearsal.at_work() as (setting, readers):
        run_pull(setting, readers)
        page = outside.hubspot(
            "GET", "/crm/v3/objects/contacts", params={"limit": 100, "properties": "lifecyclestage"}
        )
        contact = next(row["id"] for row in page["results"] if row["properties"]["lifecyclestage"] == "lead")
        rehearsal.pass_time(minutes=30)
        deal = outside.hubspot(
            "POST",
            "/crm/v3/objects/deals",
            json={
                "properties": {"dealname": "New", "dealstage": "appointmentscheduled", "pipeline": "default"},
                "associations": [
                    {
                        "to": {"id": contact},
                        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}],
                    }
                ],
            },
        )
        assert deal["id"]
        rehearsal.pass_time(minutes=30)
        found = run_pull(setting, readers)
        with setting.store.read() as connection:
            own = (observations.c.record_id == contact) & (observations.c.cycle == found.pull.cycle)
            [seen] = connection.execute(observations.select().where(own)).mappings()
    assert seen["changed"]["lifecyclestage"] == "opportunity"
    assert seen["author"] == ""


def test_each_object_s_own_stamp_is_followed(rehearsal: Rehearsal, outside: Outside) -> None:
    """Contacts have lastmodifieddate, companies and deals hs_lastmodifieddate: one change of each is one row."""
    changes = {"contacts": {"jobtitle": "Chief"}, "companies": {"numberofemployees": "77"}, "deals": {"amount": "7"}}
    with rehearsal.at_work() as (setting, readers):
        run_pull(setting, readers)
        rehearsal.pass_time(hours=1)
        for path, values in changes.items():
            ident = outside.hubspot("GET", f"/crm/v3/objects/{path}", params={"limit": 1})["results"][0]["id"]
            outside.hubspot("PATCH", f"/crm/v3/objects/{path}/{ident}", json={"properties": values})
        rehearsal.pass_time(minutes=5)
        rows = run_pull(setting, readers).pull.rows
    assert {name: rows[f"hubspot {name}"] for name in ("contact", "company", "deal")} == {
        "contact": 1,
        "company": 1,
        "deal": 1,
    }


def test_rows_that_commit_late_are_not_missed(tmp_path: Path) -> None:
    """A row shows up behind the cursor, at Salesforce by a long transaction, at HubSpot by a lagging index."""
    with rehearse(tmp_path, options=PracticeOptions(search_lag=120)) as rehearsal:
        outside = Outside(rehearsal.practice)
        with rehearsal.at_work() as (setting, readers):
            run_pull(setting, readers)
            rehearsal.pass_time(hours=1)
            lead = outside.rows("SELECT Id FROM Lead WHERE IsDeleted = false AND IsConverted = false")[0]["Id"]
            contact = outside.hubspot("GET", "/crm/v3/objects/contacts", params={"limit": 1})["results"][0]["id"]
            rehearsal.disturb("late_commit", crm="salesforce", seconds=120)
            outside.salesforce("PATCH", f"/sobjects/Lead/{lead}", json={"Title": "Late"})
            outside.hubspot("PATCH", f"/crm/v3/objects/contacts/{contact}", json={"properties": {"jobtitle": "Late"}})
            rehearsal.pass_time(seconds=30)
            soon = run_pull(setting, readers).pull.news
            rehearsal.pass_time(minutes=5)
            later = run_pull(setting, readers).pull.news
    assert (soon["salesforce Lead"], soon["hubspot contact"]) == (0, 0)
    assert (later["salesforce Lead"], later["hubspot contact"]) == (1, 1)


def test_what_is_made_and_shows_late_is_not_missed(tmp_path: Path) -> None:
    """New people and activities that a lagging replica or index shows behind the cursor, and a person's late edit."""
    with rehearse(tmp_path, options=PracticeOptions(search_lag=300)) as rehearsal:
        outside = Outside(rehearsal.practice)
        written = {(one.ref, one.field) for one in rehearsal.adopt().plan.writes}
        scored = min(ref for ref, field in written if field == "fit_score")
        rehearsal.pass_time(hours=1)
        with rehearsal.at_work() as (setting, readers):
            run_pull(setting, readers)
        rehearsal.disturb("late_commit", crm="salesforce", seconds=300)
        lead = outside.salesforce("POST", "/sobjects/Lead", json={"LastName": "Late", "Company": "Late Ltd"})["id"]
        outside.salesforce("POST", "/sobjects/Task", json={"WhoId": lead, "Subject": "Call"})
        contact = outside.hubspot("POST", "/crm/v3/objects/contacts", json={"properties": {"lastname": "Late"}})["id"]
        call = {"hs_timestamp": str(int(rehearsal.practice.clock.now().timestamp() * 1000))}
        to = {"to": {"id": contact}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 194}]}
        outside.hubspot("POST", "/crm/v3/objects/calls", json={"properties": call, "associations": [to]})
        as_user(rehearsal, scored, {"fit_score": "77"})
        streams = ("salesforce Lead", "salesforce activity:task", "hubspot contact", "hubspot activity:call")
        found = []
        for _ in range(3):
            rehearsal.pass_time(minutes=2)
            with rehearsal.at_work() as (setting, readers):
                news = run_pull(setting, readers).pull.news
            found.append([news[name] for name in streams])
        ledger, _ = told(rehearsal)
    assert found[:2] == [[0, 0, 0, 0]] * 2
    assert found[2] == [1, 1, 2, 1]
    assert [(one.conflict.ref, one.conflict.field, one.conflict.author) for one in ledger.conflicts] == [
        (scored, "fit_score", USER)
    ]
