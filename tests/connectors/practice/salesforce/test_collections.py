"""Collections: many records in one call, each with its own result."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.practice.salesforce.site import Site, contact, lead, strip

LEAD = {"attributes": {"type": "Lead"}}


def test_each_record_has_its_own_result(site: Site) -> None:
    """Good and bad records of one call: 200, results in order, the bad ones with code and fields, the good saved."""
    results = site.patch_many(
        [
            {"id": lead("p1"), "Title": "CEO"},
            {"id": lead("p1"), "Lifecycle_Stage__c": "nonsense"},
            {"Id": lead("p3"), "Title": "x"},
            {"id": lead("p4"), "Title": "x"},
            {"id": "00Q000000000000EAA", "Title": "x"},
            {"id": "nonsense", "Title": "x"},
            {"id": contact("p2"), "Title": "x"},
            {"Title": "x"},
            {"id": lead("p6")[:15], "Title": "CTO"},
        ]
    )
    codes = [result["errors"][0]["statusCode"] if result["errors"] else "" for result in results]
    assert codes == [
        "",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "MALFORMED_ID",
        "MISSING_ARGUMENT",
        "",
    ]
    assert results[0] == {"id": lead("p1"), "success": True, "errors": []}
    assert results[1]["errors"][0]["fields"] == ["Lifecycle_Stage__c"]
    assert "id" not in results[1]
    assert results[8]["id"] == lead("p6")
    assert site.read("Lead", "p1", "Title") == "CEO"
    assert site.read("Lead", "p6", "Title") == "CTO"


def test_all_or_none_takes_everything_back(site: Site) -> None:
    """With allOrNone one refusal undoes the others, history of tracked fields too."""
    results = site.patch_many(
        [{"id": lead("p1"), "Lifecycle_Stage__c": "mql"}, {"id": lead("p6"), "Lifecycle_Stage__c": "nonsense"}],
        allOrNone=True,
    )
    assert [result["errors"][0]["statusCode"] for result in results] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    ]
    assert site.read("Lead", "p1", "Lifecycle_Stage__c") is None
    assert site.soql("SELECT Id FROM LeadHistory WHERE Field = 'Lifecycle_Stage__c'") == []
    assert site.read("Lead", "p1", "SystemModstamp") == "2026-05-11T16:00:00.000+0000"


def test_create_upsert_and_delete_many(site: Site) -> None:
    """Records of several objects are made in one call; tasks are upserted by key; ids are deleted."""
    body = {
        "records": [
            {**LEAD, "LastName": "New", "Company": "X"},
            {"attributes": {"type": "Account"}, "Name": "New"},
            {**LEAD, "LastName": "No company"},
        ]
    }
    made = site.call("POST", "/composite/sobjects", json=body).json()
    assert [result["success"] for result in made] == [True, True, False]
    tasks = [
        {"attributes": {"type": "Task"}, "Leadline_Key__c": key, "Subject": "Call"} for key in ("k1", "k2", "k1", "")
    ]
    results = site.call("PATCH", "/composite/sobjects/Task/Leadline_Key__c", json={"records": tasks}).json()
    assert [result["created"] for result in results] == [True, True, False, False]
    assert results[3]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    assert results[0]["id"] == results[2]["id"]
    ids = ",".join([made[0]["id"], made[1]["id"], made[0]["id"], "nonsense"])
    gone = site.call("DELETE", "/composite/sobjects", params={"ids": ids, "allOrNone": "false"}).json()
    assert [result["success"] for result in gone] == [True, True, False, False]
    assert site.values("SELECT Id FROM Lead WHERE LastName = 'New'") == []


def test_retrieve_many(site: Site) -> None:
    """Many records by id in one call, in order, null for what is gone; by GET and by POST."""
    ids = [lead("p6"), lead("p4"), lead("p1")[:15], "00Q000000000000EAA"]
    wanted = [
        {"Title": None, "Email": None, "Id": lead("p6")},
        None,
        {"Title": "Head of Ops", "Email": "p1@acme.example", "Id": lead("p1")},
        None,
    ]
    posted = site.call("POST", "/composite/sobjects/Lead", json={"ids": ids, "fields": ["Title", "email"]})
    got = site.call("GET", "/composite/sobjects/Lead", params={"ids": ",".join(ids), "fields": "Title,Email"})
    assert strip(posted.json()) == strip(got.json()) == wanted


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PATCH", "/composite/sobjects", {"records": [{**LEAD, "id": "x"}] * 201}, "EXCEEDED_ID_LIMIT"),
        ("PATCH", "/composite/sobjects", {"records": []}, "MISSING_ARGUMENT"),
        ("PATCH", "/composite/sobjects", {"records": [{"id": "x"}]}, "INVALID_TYPE"),
        ("PATCH", "/composite/sobjects", {"records": [{"attributes": {"type": "Foo"}}]}, "INVALID_TYPE"),
        ("PATCH", "/composite/sobjects", {"records": 5}, "JSON_PARSER_ERROR"),
        ("PATCH", "/composite/sobjects", {"records": [{**LEAD, "id": "x", "Foo": 1}]}, "INVALID_FIELD"),
        ("PATCH", "/composite/sobjects", {"records": [{**LEAD, "id": lead("p1"), "Title": 1}]}, "JSON_PARSER_ERROR"),
        ("POST", "/composite/sobjects/Lead", {"ids": [lead("p1")] * 2001, "fields": ["Id"]}, "EXCEEDED_ID_LIMIT"),
        ("POST", "/composite/sobjects/Lead", {"ids": [], "fields": ["Id"]}, "MISSING_ARGUMENT"),
        ("POST", "/composite/sobjects/Lead", {"ids": [lead("p1")], "fields": ["Foo"]}, "INVALID_FIELD"),
        ("POST", "/composite/sobjects/Foo", {"ids": [lead("p1")], "fields": ["Id"]}, "NOT_FOUND"),
    ],
)
def test_the_whole_call_is_refused(library: Site, method: str, path: str, body: Any, code: str) -> None:
    """Too many records, none, unknown types and fields, and values the parser gives up on refuse the whole call."""
    answer = library.call(method, path, json=body)
    assert answer.status_code in {400, 404}
    assert answer.json()[0]["errorCode"] == code


def test_a_refused_call_changes_nothing(site: Site) -> None:
    """When the parser gives up on the last record, the first is not saved either."""
    records = [{**LEAD, "id": lead("p1"), "Title": "CEO"}, {**LEAD, "id": lead("p6"), "Fit_Score__c": "many"}]
    assert site.call("PATCH", "/composite/sobjects", json={"records": records}).status_code == 400
    assert site.read("Lead", "p1", "Title") == "Head of Ops"
