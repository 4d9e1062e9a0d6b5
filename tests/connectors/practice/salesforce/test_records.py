"""One record at a time: create, read, update, delete, upsert, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from leadline.connectors.practice.harness import ValidationRule
from tests.connectors.practice.salesforce.site import Site, contact, lead, running, strip


def refused(site: Site, method: str, path: str, **more: Any) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    answer = site.call(method, path, **more)
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()[0]["errorCode"]


def test_create_read_update_delete(site: Site) -> None:
    """A lead is made with its defaults, read, changed, deleted, and then no longer there."""
    made = site.call("POST", "/sobjects/Lead", json={"LastName": "Nové", "Company": "X", "firstname": "Jan"})
    assert made.status_code == 201
    body = made.json()
    assert body == {"id": body["id"], "success": True, "errors": []}
    assert made.headers["Location"].endswith(f"/sobjects/Lead/{body['id']}")
    path = f"/sobjects/Lead/{body['id'][:15]}"
    row = strip(site.call("GET", path).json())
    assert (row["Name"], row["Status"], row["IsConverted"], row["Email"]) == ("Jan Nové", "New", False, None)
    assert row["CreatedDate"] == row["SystemModstamp"] == "2026-06-30T16:00:00.000+0000"
    assert row["OwnerId"] == row["CreatedById"] == site.values("SELECT Id FROM User WHERE Alias = 'leadline'")[0]
    assert site.call("PATCH", path, json={"Title": "CEO", "FirstName": None}).status_code == 204
    row = strip(site.call("GET", path, params={"fields": "Title,Name,FirstName"}).json())
    assert row == {"Title": "CEO", "Name": "Nové", "FirstName": None}
    assert site.call("DELETE", path).status_code == 204
    assert refused(site, "GET", path) == (404, "ENTITY_IS_DELETED")
    assert refused(site, "PATCH", path, json={"Title": "x"}) == (404, "ENTITY_IS_DELETED")
    assert refused(site, "DELETE", path) == (404, "ENTITY_IS_DELETED")
    assert site.values(f"SELECT IsDeleted FROM Lead WHERE Id = '{body['id']}'", everything=True) == [True]


def test_writes_move_the_stamp_and_name_the_writer(site: Site) -> None:
    """A write sets modifier and modification instants, to the second."""
    site.harness.clock.advance(timedelta(seconds=90.5))
    site.call("PATCH", f"/sobjects/Lead/{lead('p1')}", json={"Title": "CEO"})
    row = site.read("Lead", "p1", "SystemModstamp", "LastModifiedDate", "LastModifiedById", "CreatedDate")
    assert row["SystemModstamp"] == row["LastModifiedDate"] == "2026-06-30T16:01:30.000+0000"
    assert row["CreatedDate"] < row["SystemModstamp"]
    name = f"SELECT LastModifiedBy.Username FROM Lead WHERE Id = '{lead('p1')}'"
    assert site.values(name) == [{"Username": "leadline@practice.example"}]


@pytest.mark.parametrize(
    ("given", "code", "fields"),
    [
        ({"Lifecycle_Stage__c": "nonsense"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Lifecycle_Stage__c"]),
        ({"Title": "x" * 129}, "STRING_TOO_LONG", ["Title"]),
        ({"Email": "no address"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ({"LastName": ""}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CreatedDate"]),
        ({"Budget_Confirmed__c": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["Budget_Confirmed__c"]),
        ({"NumberOfEmployees": 1e9}, "NUMBER_OUTSIDE_VALID_RANGE", ["NumberOfEmployees"]),
        ({"Fit_Score__c": 10**400}, "NUMBER_OUTSIDE_VALID_RANGE", ["Fit_Score__c"]),
        ({"Fit_Score__c": "NaN"}, "NUMBER_OUTSIDE_VALID_RANGE", ["Fit_Score__c"]),
        ({"Fit_Score__c": "1e99"}, "NUMBER_OUTSIDE_VALID_RANGE", ["Fit_Score__c"]),
        ({"OwnerId": "nonsense"}, "MALFORMED_ID", ["OwnerId"]),
        ({"OwnerId": contact("p2")}, "FIELD_INTEGRITY_EXCEPTION", ["OwnerId"]),
        ({"OwnerId": "005000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
        ({"Nonsense__c": 1}, "INVALID_FIELD", None),
        ({"Title": 5}, "JSON_PARSER_ERROR", None),
        ({"Title": ["x"]}, "JSON_PARSER_ERROR", None),
        ({"Fit_Score__c": "many"}, "JSON_PARSER_ERROR", None),
        ({"Fit_Score__c": True}, "JSON_PARSER_ERROR", None),
        ({"NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR", None),
        ({"Budget_Confirmed__c": "maybe"}, "JSON_PARSER_ERROR", None),
        ({"Project_Start__c": "2026-02-30"}, "JSON_PARSER_ERROR", None),
        ({"MQL_Date__c": "yesterday"}, "JSON_PARSER_ERROR", None),
    ],
)
def test_values_are_judged(site: Site, given: dict[str, Any], code: str, fields: list[str] | None) -> None:
    """A value that does not fit is refused with Salesforce's code, and nothing of the write is kept."""
    answer = site.call("PATCH", f"/sobjects/Lead/{lead('p1')}", json={"Rating": "Hot", **given})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert answer.json()[0].get("fields") == fields
    assert site.read("Lead", "p1", "Rating") is None


def test_values_are_kept_typed(site: Site) -> None:
    """Values come back in Salesforce's own forms; offsets become UTC, a picklist value its own spelling."""
    given = {
        "Lifecycle_Stage__c": "MQL",
        "Fit_Score__c": 12,
        "NumberOfEmployees": "50",
        "Budget_Confirmed__c": "false",
        "Project_Start__c": "2026-03-01",
        "MQL_Date__c": "2026-03-01T08:00:00.999+0200",
        "Expected_Amount__c": 99.95,
        "Title": "  trimmed ",
        "Description": None,
    }
    assert site.call("PATCH", f"/sobjects/Lead/{lead('p1')}", json=given).status_code == 204
    assert site.read("Lead", "p1", *given) == {
        "Lifecycle_Stage__c": "mql",
        "Fit_Score__c": 12.0,
        "NumberOfEmployees": 50,
        "Budget_Confirmed__c": False,
        "Project_Start__c": "2026-03-01",
        "MQL_Date__c": "2026-03-01T06:00:00.000+0000",
        "Expected_Amount__c": 99.95,
        "Title": "trimmed",
        "Description": None,
    }


def test_what_is_not_there(site: Site) -> None:
    """Unknown objects, ids, resources, methods and bodies each get their own refusal."""
    assert refused(site, "GET", "/sobjects/Nonsense/describe") == (404, "NOT_FOUND")
    assert refused(site, "GET", "/sobjects/Lead/00Q000000000000EAA") == (404, "NOT_FOUND")
    assert refused(site, "PATCH", "/sobjects/Lead/nonsense", json={}) == (404, "NOT_FOUND")
    assert refused(site, "GET", f"/sobjects/Lead/{lead('p1')}", params={"fields": "Nope"}) == (400, "INVALID_FIELD")
    assert refused(site, "GET", "/nonsense") == (404, "NOT_FOUND")
    assert refused(site, "PUT", "/limits") == (405, "METHOD_NOT_ALLOWED")
    assert refused(site, "POST", "/sobjects/Lead", data=b"{") == (400, "JSON_PARSER_ERROR")
    assert refused(site, "POST", "/sobjects/Lead", data=b"[" * 100_000) == (400, "JSON_PARSER_ERROR")
    assert refused(site, "POST", "/sobjects/Lead", json=[1]) == (400, "JSON_PARSER_ERROR")
    assert refused(site, "POST", "/sobjects/User", json={"LastName": "x"})[0] == 400
    assert refused(site, "GET", f"{site.url}/services/data/v99.0/limits") == (404, "NOT_FOUND")
    assert refused(site, "GET", f"{site.url}/services/data/nonsense") == (404, "NOT_FOUND")
    assert refused(site, "GET", f"{site.url}/nonsense") == (404, "NOT_FOUND")


def test_a_converted_lead_is_read_only(site: Site) -> None:
    """CANNOT_UPDATE_CONVERTED_LEAD, while its contact can be changed."""
    assert refused(site, "PATCH", f"/sobjects/Lead/{lead('p3')}", json={"Title": "x"}) == (
        400,
        "CANNOT_UPDATE_CONVERTED_LEAD",
    )
    assert site.call("PATCH", f"/sobjects/Contact/{contact('p3')}", json={"Title": "x"}).status_code == 204


def test_upsert_by_external_id(site: Site) -> None:
    """The first upsert creates, a repeat finds the same task; the key is not allowed in the body."""
    path = "/sobjects/Task/Leadline_Key__c/decision%2F1"
    first = site.call("PATCH", path, json={"Subject": "Call", "WhoId": lead("p1")})
    again = site.call("PATCH", path, json={"Subject": "Call now"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == {"id": first.json()["id"], "success": True, "errors": [], "created": True}
    assert again.json() == {**first.json(), "created": False}
    rows = site.soql("SELECT Subject, Leadline_Key__c FROM Task WHERE Leadline_Key__c = 'DECISION/1'")
    assert rows == [{"Subject": "Call now", "Leadline_Key__c": "decision/1"}]
    assert strip(site.call("GET", path).json())["Subject"] == "Call now"
    assert refused(site, "GET", "/sobjects/Task/Leadline_Key__c/other") == (404, "NOT_FOUND")
    assert refused(site, "PATCH", path, json={"Leadline_Key__c": "x"}) == (400, "INVALID_FIELD")
    assert refused(site, "PATCH", "/sobjects/Task/Subject/x", json={}) == (404, "NOT_FOUND")
    old = site.call("PATCH", f"{site.url}/services/data/v45.0{path}", json={"Subject": "Call"})
    assert (old.status_code, old.content) == (204, b"")
    task = {"Subject": "Twin", "Leadline_Key__c": "decision/1"}
    assert refused(site, "POST", "/sobjects/Task", json=task) == (400, "DUPLICATE_VALUE")


def test_what_salesforce_fills_in(site: Site) -> None:
    """Closed tasks, won deals and campaign responses get their marks and instants."""
    made = site.call("POST", "/sobjects/Task", json={"Subject": "x", "Status": "Completed"}).json()["id"]
    row = strip(site.call("GET", f"/sobjects/Task/{made}").json())
    assert (row["IsClosed"], row["CompletedDateTime"]) == (True, "2026-06-30T16:00:00.000+0000")
    site.call("PATCH", f"/sobjects/Task/{made}", json={"Status": "Not Started"})
    row = strip(site.call("GET", f"/sobjects/Task/{made}").json())
    assert (row["IsClosed"], row["CompletedDateTime"]) == (False, None)
    deal = site.values("SELECT Id FROM Opportunity WHERE IsClosed = false")[0]
    site.call("PATCH", f"/sobjects/Opportunity/{deal}", json={"StageName": "Closed Won"})
    row = site.soql(f"SELECT IsWon, IsClosed, Probability FROM Opportunity WHERE Id = '{deal}'")[0]
    assert row == {"IsWon": True, "IsClosed": True, "Probability": 100.0}
    stages = f"SELECT StageName FROM OpportunityHistory WHERE OpportunityId = '{deal}' ORDER BY CreatedDate, Id"
    assert site.values(stages) == ["Qualification", "Proposal", "Closed Won"]
    campaign = site.values("SELECT Id FROM Campaign")[0]
    given = {"CampaignId": campaign, "LeadId": lead("p6"), "Status": "Responded"}
    member = site.call("POST", "/sobjects/CampaignMember", json=given).json()["id"]
    row = site.soql(f"SELECT HasResponded, FirstRespondedDate, Type FROM CampaignMember WHERE Id = '{member}'")[0]
    assert row == {"HasResponded": True, "FirstRespondedDate": "2026-06-30", "Type": "Lead"}
    event = {"Subject": "Demo", "StartDateTime": "2026-07-01T10:00:00Z", "DurationInMinutes": 45}
    made = site.call("POST", "/sobjects/Event", json=event).json()["id"]
    row = site.soql(f"SELECT EndDateTime, ActivityDate FROM Event WHERE Id = '{made}'")[0]
    assert row == {"EndDateTime": "2026-07-01T10:45:00.000+0000", "ActivityDate": "2026-07-01"}


def test_tracked_fields_leave_history(site: Site) -> None:
    """A changed stage is a row of LeadHistory with old and new value and the user; an equal one is not."""
    for stage in ("inquiry", "mql", "mql"):
        site.call("PATCH", f"/sobjects/Lead/{lead('p6')}", json={"Lifecycle_Stage__c": stage})
    query = (
        "SELECT OldValue, NewValue, CreatedBy.Username, DataType FROM LeadHistory "
        f"WHERE LeadId = '{lead('p6')}' AND Field = 'Lifecycle_Stage__c' ORDER BY CreatedDate, Id"
    )
    by = {"CreatedBy": {"Username": "leadline@practice.example"}, "DataType": "DynamicEnum"}
    assert site.soql(query) == [
        {"OldValue": None, "NewValue": "inquiry", **by},
        {"OldValue": "inquiry", "NewValue": "mql", **by},
    ]
    seeded = site.soql(f"SELECT Field, OldValue, NewValue FROM LeadHistory WHERE LeadId = '{lead('p1')}'")
    assert seeded == [{"Field": "Status", "OldValue": "New", "NewValue": "Working"}]


def test_a_human_writes_under_the_own_name(site: Site) -> None:
    """A user who signs in with a password is the modifier of what that session writes."""
    form = {"grant_type": "password", "username": "ada@acme.example", "password": "practice-password"}
    client = {"client_id": "practice-connected-app", "client_secret": "practice-client-secret"}
    assert site.sign_in(**form, **client).ok
    site.patch_many([{"id": lead("p1"), "Lifecycle_Stage__c": "sal"}])
    query = "SELECT LastModifiedBy.Name FROM Lead WHERE Lifecycle_Stage__c = 'sal'"
    assert site.values(query) == [{"Name": "Ada Ärger"}]


def test_options_restrict() -> None:
    """Hidden fields are unknown everywhere, read-only ones cannot be written, required ones not emptied."""
    rule = ValidationRule("Lead", "Rating", "Cold", "No cold leads")
    with running(
        hidden_fields=("Lead.Email",),
        read_only_fields=("Lead.Title",),
        required_fields=("Lead.Phone",),
        picklists={"Lead.LeadSource": ("Web", "Other")},
        validation_rules=(rule, ValidationRule("Lead", "Website", None)),
    ) as limited:
        path = f"/sobjects/Lead/{lead('p1')}"
        described = {f["name"]: f for f in limited.call("GET", "/sobjects/Lead/describe").json()["fields"]}
        assert "Email" not in described
        assert (described["Title"]["updateable"], described["Phone"]["nillable"]) == (False, False)
        assert limited.refusal("SELECT Email FROM Lead")[0] == "INVALID_FIELD"
        assert "Email" not in limited.call("GET", path).json()
        assert refused(limited, "PATCH", path, json={"Email": None}) == (400, "INVALID_FIELD")
        cases = {
            "INVALID_FIELD_FOR_INSERT_UPDATE": {"Title": "x"},
            "REQUIRED_FIELD_MISSING": {"Rating": "Hot"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": {"Phone": "1", "LeadSource": "Webinar"},
            "FIELD_CUSTOM_VALIDATION_EXCEPTION": {"Phone": "1", "Rating": "Cold"},
        }
        for code, given in cases.items():
            assert refused(limited, "PATCH", path, json=given) == (400, code)
        assert refused(limited, "PATCH", path, json={"Phone": "1", "Website": None})[1] == (
            "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        )
        assert limited.call("PATCH", path, json={"Phone": "1", "Rating": "Hot"}).status_code == 204


def test_whole_objects_may_be_hidden_or_read_only() -> None:
    """An object that this user may not see cannot be named at all; a read-only one can only be read."""
    with running(hidden_fields=("Opportunity", "Group"), read_only_fields=("Contact",)) as site:
        listed = {item["name"] for item in site.call("GET", "/sobjects").json()["sobjects"]}
        assert "Lead" in listed
        assert not {"Opportunity", "Group"} & listed
        assert refused(site, "GET", "/sobjects/Opportunity/describe") == (404, "NOT_FOUND")
        assert site.refusal("SELECT Id FROM Opportunity")[0] == "INVALID_TYPE"
        assert site.refusal("SELECT ConvertedOpportunity.Name FROM Lead")[0] == "INVALID_FIELD"
        assert len(site.soql("SELECT Id, Owner.Name FROM Lead")) == 3
        path = f"/sobjects/Contact/{contact('p2')}"
        assert refused(site, "PATCH", path, json={"Title": "x"}) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
        assert refused(site, "DELETE", path) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
        assert site.call("GET", path).status_code == 200


def test_duplicate_rule() -> None:
    """With a duplicate rule a known address is refused unless the header allows it."""
    with running(duplicate_rule=True) as site:
        given = {"LastName": "Twin", "Company": "X", "Email": "P1@acme.example"}
        assert refused(site, "POST", "/sobjects/Lead", json=given) == (400, "DUPLICATES_DETECTED")
        headers = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
        assert site.call("POST", "/sobjects/Lead", json=given, headers=headers).status_code == 201


@pytest.mark.parametrize(("header", "moved"), [(None, True), ("TRUE", True), ("FALSE", False), ("false", False)])
def test_an_active_assignment_rule_takes_leads_away(header: str | None, moved: bool) -> None:
    """An update by REST is re-assigned unless Sforce-Auto-Assign: FALSE comes with it."""
    with running(assignment_rule=True) as site:
        before = site.read("Lead", "p1", "OwnerId")
        headers = {} if header is None else {"Sforce-Auto-Assign": header}
        body = {"records": [{"attributes": {"type": "Lead"}, "id": lead("p1"), "Rating": "Hot"}]}
        assert site.call("PATCH", "/composite/sobjects", json=body, headers=headers).ok
        after = site.read("Lead", "p1", "OwnerId")
        assert (after != before) == moved
        assert not moved or after.startswith("00G")
