"""Bulk API 2.0: query jobs and ingest jobs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.connectors.practice.salesforce.site import Site, lead, running


def rows_of(answer: Any, delimiter: str = ",") -> list[dict[str, str]]:
    """Read a CSV answer, which is UTF-8."""
    text = answer.content.decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def query_job(site: Site, query: str, operation: str = "query", **more: Any) -> str:
    """Create a query job and return its id."""
    answer = site.call("POST", "/jobs/query", json={"operation": operation, "query": query, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "UploadComplete"
    identifier: str = answer.json()["id"]
    return identifier


def load(site: Site, text: str, operation: str = "update", **more: Any) -> str:
    """Create an ingest job, upload its CSV, close it, ask once, and return its id."""
    made = site.call("POST", "/jobs/ingest", json={"operation": operation, "object": "Lead", **more})
    assert made.status_code == 200, made.text
    identifier: str = made.json()["id"]
    url = f"{site.url}/{made.json()['contentUrl']}"
    assert site.call("PUT", url, data=text.encode(), headers={"Content-Type": "text/csv"}).status_code == 201
    assert site.call("PATCH", f"/jobs/ingest/{identifier}", json={"state": "UploadComplete"}).status_code == 200
    site.call("GET", f"/jobs/ingest/{identifier}")
    return identifier


def test_a_query_job(library: Site) -> None:
    """The result is CSV: names as asked for, instants end in Z, null is empty, quotes and line ends survive."""
    job = query_job(library, "SELECT Id, Email, CreatedDate, IsConverted, ConvertedContact.Account.Name FROM Lead")
    assert library.call("GET", f"/jobs/query/{job}").json()["state"] == "JobComplete"
    answer = library.call("GET", f"/jobs/query/{job}/results")
    assert (answer.headers["Sforce-Locator"], answer.headers["Sforce-NumberOfRecords"]) == ("null", "3")
    assert answer.headers["Content-Type"].lower() == "text/csv; charset=utf-8"
    row = {
        "Id": lead("p3"),
        "Email": "p3@acme.example",
        "CreatedDate": "2026-03-22T16:00:00.000Z",
        "IsConverted": "true",
        "ConvertedContact.Account.Name": "Acme",
    }
    assert row in rows_of(answer)
    assert [found["Email"] for found in rows_of(answer) if found["Id"] == lead("p6")] == [""]


def test_results_come_in_pages(library: Site) -> None:
    """The parameter maxRecords and the locator page through a result; the last locator is the word null."""
    job = query_job(library, "SELECT Id FROM Lead", "queryAll", columnDelimiter="PIPE", lineEnding="CRLF")
    library.call("GET", f"/jobs/query/{job}")
    seen, locator = [], "0"
    while locator != "null":
        parameters = {"maxRecords": "2", **({"locator": locator} if seen else {})}
        answer = library.call("GET", f"/jobs/query/{job}/results", params=parameters)
        assert answer.content.startswith(b'"Id"\r\n')
        seen += [row["Id"] for row in rows_of(answer, "|")]
        locator = answer.headers["Sforce-Locator"]
    assert len(seen) == len(set(seen)) == 5
    for wrong in ({"locator": "x"}, {"locator": "99"}, {"maxRecords": "-1"}):
        assert library.call("GET", f"/jobs/query/{job}/results", params=wrong).status_code == 400


def test_a_job_takes_as_many_polls_as_the_options_say() -> None:
    """With bulk_polls 3 the first two answers are InProgress, and results are refused until the third."""
    with running(bulk_polls=3) as site:
        job = query_job(site, "SELECT Id FROM Lead")
        early = site.call("GET", f"/jobs/query/{job}/results")
        assert (early.status_code, early.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
        states = [site.call("GET", f"/jobs/query/{job}").json()["state"] for _ in range(4)]
        assert states == ["InProgress", "InProgress", "JobComplete", "JobComplete"]


def test_ingest_update(site: Site) -> None:
    """Each row gets a result; an empty value leaves a field, #N/A clears it; the failures say why."""
    site.patch_many([{"id": lead("p1"), "Rating": "Hot"}, {"id": lead("p6"), "Rating": "Hot", "Title": "Café"}])
    text = (
        "Id,Title,Rating,Lifecycle_Stage__c,Budget_Confirmed__c,MQL_Date__c\n"
        f"{lead('p1')},#N/A,,mql,true,2026-01-31T08:00:00.000Z\n"
        f'{lead("p6")},"Chief, ""Žluť""",#N/A,,,\n'
        f"{lead('p3')},x,,,,\n"
        f"{lead('p1')},,,nonsense,,\n"
        f"{lead('p1')},,,,,yesterday\n"
        ",x,,,,\n"
    )
    job = load(site, text)
    state = site.call("GET", f"/jobs/ingest/{job}").json()
    assert (state["state"], state["numberRecordsProcessed"], state["numberRecordsFailed"]) == ("JobComplete", 6, 4)
    good = rows_of(site.call("GET", f"/jobs/ingest/{job}/successfulResults"))
    assert [(row["sf__Id"], row["sf__Created"]) for row in good] == [(lead("p1"), "false"), (lead("p6"), "false")]
    bad = rows_of(site.call("GET", f"/jobs/ingest/{job}/failedResults"))
    assert [row["sf__Error"].split(":")[0] for row in bad] == [
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "JSON_PARSER_ERROR",
        "MALFORMED_ID",
    ]
    assert bad[1]["sf__Error"].endswith(":Lifecycle_Stage__c --")
    assert rows_of(site.call("GET", f"/jobs/ingest/{job}/unprocessedrecords")) == []
    row = site.read("Lead", "p1", "Title", "Rating", "Lifecycle_Stage__c", "Budget_Confirmed__c", "MQL_Date__c")
    assert row == {
        "Title": None,
        "Rating": "Hot",
        "Lifecycle_Stage__c": "mql",
        "Budget_Confirmed__c": True,
        "MQL_Date__c": "2026-01-31T08:00:00.000+0000",
    }
    assert site.read("Lead", "p6", "Title", "Rating") == {"Title": 'Chief, "Žluť"', "Rating": None}


def test_ingest_insert_upsert_delete(site: Site) -> None:
    """The other operations: insert makes, upsert makes or finds, delete moves to the recycle bin."""
    load(site, "\ufeffLastName;Company\nNew;X\n", "insert", columnDelimiter="SEMICOLON")
    made = site.values("SELECT Id FROM Lead WHERE LastName = 'New'")
    assert len(made) == 1
    body = {"object": "Task", "externalIdFieldName": "Leadline_Key__c"}
    job = load(site, "Leadline_Key__c,Subject\nk1,Call\nk1,Again\n", "upsert", **body)
    results = rows_of(site.call("GET", f"/jobs/ingest/{job}/successfulResults"))
    assert [row["sf__Created"] for row in results] == ["true", "false"]
    assert site.values("SELECT Subject FROM Task WHERE Leadline_Key__c = 'k1'") == ["Again"]
    load(site, f"Id\n{made[0]}\n", "delete")
    assert site.values(f"SELECT IsDeleted FROM Lead WHERE Id = '{made[0]}'", everything=True) == [True]


def test_a_hard_delete_leaves_no_trace(site: Site) -> None:
    """After hardDelete not even queryAll shows the record."""
    load(site, f"Id\n{lead('p6')}\n", "hardDelete")
    assert site.soql(f"SELECT Id FROM Lead WHERE Id = '{lead('p6')}'", everything=True) == []
    assert site.call("GET", f"/sobjects/Lead/{lead('p6')}").status_code == 404


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"Id,Nonsense\n", "Field name not found : Nonsense"),
        (b"", "no header"),
        ("Id,Title\nä\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_job_that_cannot_be_read_fails(site: Site, content: bytes, why: str) -> None:
    """An unknown column, an empty upload and bytes that are not UTF-8 fail the whole job."""
    made = site.call("POST", "/jobs/ingest", json={"operation": "update", "object": "Lead"}).json()
    site.call("PUT", f"/jobs/ingest/{made['id']}/batches", data=content)
    site.call("PATCH", f"/jobs/ingest/{made['id']}", json={"state": "UploadComplete"})
    state = site.call("GET", f"/jobs/ingest/{made['id']}").json()
    assert state["state"] == "Failed"
    assert why in state["errorMessage"]


def test_jobs_are_listed_aborted_and_deleted(site: Site) -> None:
    """A job can be aborted before it is done, deleted after, and is then gone."""
    job = query_job(site, "SELECT Id FROM Lead")
    assert [found["id"] for found in site.call("GET", "/jobs/query").json()["records"]] == [job]
    assert site.call("DELETE", f"/jobs/query/{job}").status_code == 400
    assert site.call("PATCH", f"/jobs/query/{job}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert site.call("DELETE", f"/jobs/query/{job}").status_code == 204
    assert site.call("GET", f"/jobs/query/{job}").status_code == 404
    made = site.call("POST", "/jobs/ingest", json={"operation": "insert", "object": "Lead"}).json()["id"]
    assert site.call("GET", f"/jobs/query/{made}").status_code == 404
    assert site.call("PATCH", f"/jobs/ingest/{made}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert site.call("PUT", f"/jobs/ingest/{made}/batches", data=b"Id\n").status_code == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("query", {"operation": "query", "query": "SELECT Nonsense FROM Lead"}),
        ("query", {"operation": "query", "query": "SELECT COUNT() FROM Lead"}),
        ("query", {"operation": "query", "query": "SELECT Id, (SELECT Id FROM Tasks) FROM Lead"}),
        ("query", {"operation": "query", "query": "SELECT Id FROM Lead OFFSET 5"}),
        ("query", {"operation": "query"}),
        ("query", {"operation": "other", "query": "SELECT Id FROM Lead"}),
        ("query", {"operation": "query", "query": "SELECT Id FROM Lead", "columnDelimiter": "BLOB"}),
        ("ingest", {"operation": "update", "object": "Nonsense"}),
        ("ingest", {"operation": "explode", "object": "Lead"}),
        ("ingest", {"operation": "update", "object": "Lead", "contentType": "JSON"}),
    ],
)
def test_bad_jobs_are_refused(library: Site, path: str, body: dict[str, str]) -> None:
    """What a bulk job cannot do is refused when it is made."""
    assert library.call("POST", f"/jobs/{path}", json=body).status_code == 400
