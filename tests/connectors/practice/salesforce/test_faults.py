"""What goes wrong on demand, and the limits of calls."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.connectors.practice.salesforce.site import Site, lead, running


def test_the_day_has_a_number_of_calls() -> None:
    """Each answer tells used and allowed; over it 403 without Retry-After; a day later calls are free again."""
    with running(daily_calls=3) as site:
        told = [site.call("GET", "/limits").headers["Sforce-Limit-Info"] for _ in range(3)]
        assert told == ["api-usage=1/3", "api-usage=2/3", "api-usage=3/3"]
        answer = site.call("GET", "/limits")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert answer.json()[0]["message"] == "TotalRequests Limit exceeded."
        assert "Retry-After" not in answer.headers
        site.harness.clock.advance(timedelta(hours=25))
        site.sign_in()
        answer = site.call("GET", "/limits")
        assert answer.json()["DailyApiRequests"] == {"Max": 3, "Remaining": 2}


def test_quota_faults_have_two_messages(site: Site) -> None:
    """The same code means the day's calls or too many at once: only the message tells."""
    site.fault("quota_used_up", times=1)
    site.fault("quota_used_up", times=1, policy="CONCURRENT")
    messages = []
    for _ in range(2):
        answer = site.call("GET", "/limits")
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
        messages.append(answer.json()[0]["message"])
    assert messages == ["TotalRequests Limit exceeded.", "ConcurrentRequests Limit exceeded."]
    assert site.call("GET", "/limits").status_code == 200


def test_an_expired_session_needs_a_new_one(site: Site) -> None:
    """After the fault the token is worthless; signing in again helps."""
    site.fault("expired_session", times=1, match="query")
    answer = site.call("GET", "/query", params={"q": "SELECT Id FROM Lead"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert site.call("GET", "/limits").status_code == 401
    site.sign_in()
    assert site.soql("SELECT Id FROM Lead LIMIT 1")


def test_plain_http_faults_speak_salesforce(site: Site) -> None:
    """A 503 has Salesforce's body, an HTML body is one, and both count as calls."""
    site.fault("server_error", times=1, retry_after=7)
    answer = site.call("GET", "/limits")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.json()[0]["errorCode"] == "SERVER_UNAVAILABLE"
    site.fault("server_error", times=1, status=502)
    assert site.call("GET", "/limits").json()[0]["errorCode"] == "UNKNOWN_EXCEPTION"
    site.fault("html_body", times=1)
    assert "<html" in site.call("GET", "/limits").text.lower()
    assert site.harness.calls.snapshot()["limits"] == 3


def test_some_records_fail(site: Site) -> None:
    """partial_failure and lock_error refuse single records of a call; a repeat of a locked one succeeds."""
    site.fault("lock_error", times=1, key=lead("p1"))
    site.fault("partial_failure", times=1, key=lead("p6"), code="STRING_TOO_LONG", fields=["Title"])
    records = [{"id": lead("p1"), "Title": "A"}, {"id": lead("p6"), "Title": "B"}]
    first = site.patch_many(records)
    assert [result["errors"][0]["statusCode"] for result in first] == ["UNABLE_TO_LOCK_ROW", "STRING_TOO_LONG"]
    assert first[1]["errors"][0]["fields"] == ["Title"]
    assert all(result["success"] for result in site.patch_many(records))
    site.fault("partial_failure", times=1)
    assert not site.patch_many(records)[0]["success"]


def test_silent_ignore_says_success(site: Site) -> None:
    """A record is called saved, yet the field keeps its value; named fields only, or all of them."""
    site.fault("silent_ignore", times=1, fields=["Title"])
    result = site.patch_many([{"id": lead("p1"), "Title": "CEO", "Rating": "Hot"}])
    assert result[0]["success"] is True
    assert site.read("Lead", "p1", "Title", "Rating") == {"Title": "Head of Ops", "Rating": "Hot"}
    before = site.read("Lead", "p6", "SystemModstamp")
    site.fault("silent_ignore", times=1)
    assert site.patch_many([{"id": lead("p6"), "Title": "CEO"}])[0]["success"] is True
    assert site.read("Lead", "p6", "Title", "SystemModstamp") == {"Title": None, "SystemModstamp": before}


def test_late_commits_show_up_behind_the_cursor(site: Site) -> None:
    """A write is seen only after its delay, and then with the stamp of the time it was made."""
    site.fault("late_commit", times=1, seconds=300)
    site.patch_many([{"id": lead("p1"), "Lifecycle_Stage__c": "mql"}])
    assert site.read("Lead", "p1", "Lifecycle_Stage__c") is None
    site.harness.clock.advance(timedelta(seconds=299))
    assert site.values("SELECT Id FROM Lead WHERE Lifecycle_Stage__c = 'mql'") == []
    site.harness.clock.advance(timedelta(seconds=2))
    rows = site.soql("SELECT Id, SystemModstamp FROM Lead WHERE Lifecycle_Stage__c = 'mql'")
    assert rows == [{"Id": lead("p1"), "SystemModstamp": "2026-06-30T16:00:00.000+0000"}]
    history = site.soql("SELECT CreatedDate FROM LeadHistory WHERE Field = 'Lifecycle_Stage__c'")
    assert history == [{"CreatedDate": "2026-06-30T16:00:00.000+0000"}]


def test_a_write_upon_a_late_commit_keeps_both(site: Site) -> None:
    """A further write builds on what was committed but not yet seen."""
    site.fault("late_commit", times=1, seconds=300)
    site.patch_many([{"id": lead("p1"), "Rating": "Hot"}])
    site.patch_many([{"id": lead("p1"), "Title": "CEO"}])
    assert site.read("Lead", "p1", "Rating", "Title") == {"Rating": "Hot", "Title": "CEO"}
    site.harness.clock.advance(timedelta(seconds=400))
    assert site.read("Lead", "p1", "Rating", "Title") == {"Rating": "Hot", "Title": "CEO"}


def test_a_late_new_record_is_not_there_yet(site: Site) -> None:
    """A record made under a late commit can be neither read nor found before it shows up."""
    site.fault("late_commit", times=1, seconds=60)
    made = site.call("POST", "/sobjects/Lead", json={"LastName": "Late", "Company": "X"}).json()["id"]
    assert site.call("GET", f"/sobjects/Lead/{made}").status_code == 404
    site.harness.clock.advance(timedelta(seconds=61))
    assert site.call("GET", f"/sobjects/Lead/{made}").status_code == 200


def test_an_upsert_finds_what_is_not_visible_yet(site: Site) -> None:
    """A task committed late already holds its key: repeating the upsert makes no second one."""
    site.fault("late_commit", times=1, seconds=60)
    path = "/sobjects/Task/Leadline_Key__c/k1"
    statuses = [site.call("PATCH", path, json={"Subject": text}).status_code for text in ("Call", "Again")]
    assert statuses == [201, 200]
    site.harness.clock.advance(timedelta(seconds=61))
    assert site.values("SELECT Subject FROM Task WHERE Leadline_Key__c = 'k1'") == ["Again"]


def test_a_campaign_has_a_person_once_though_nobody_sees_them_yet(site: Site) -> None:
    """A member committed late already holds their place: adding them again is refused."""
    campaign = site.values("SELECT Id FROM Campaign")[0]
    free = next(one for one in ("p1", "p6", "p7") if not site.soql(_MEMBER.format(lead(one), campaign)))
    member = {"CampaignId": campaign, "LeadId": lead(free)}
    site.fault("late_commit", times=1, seconds=60)
    first, second = (site.call("POST", "/sobjects/CampaignMember", json=member) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 400)
    assert second.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    site.harness.clock.advance(timedelta(seconds=61))
    assert len(site.soql(_MEMBER.format(lead(free), campaign))) == 1


_MEMBER = "SELECT Id FROM CampaignMember WHERE LeadId = '{}' AND CampaignId = '{}'"


def test_a_rolled_back_write_is_never_late(site: Site) -> None:
    """The switch allOrNone also takes back what was not visible yet."""
    site.fault("late_commit", times=1, seconds=60)
    site.patch_many([{"id": lead("p1"), "Rating": "Hot"}, {"id": lead("p6"), "LastName": ""}], allOrNone=True)
    site.harness.clock.advance(timedelta(seconds=61))
    assert site.read("Lead", "p1", "Rating") is None


def test_equal_timestamps(site: Site) -> None:
    """Writes of different seconds carry one stamp."""
    site.fault("equal_timestamps")
    for key in ("p1", "p6"):
        site.harness.clock.advance(timedelta(seconds=7))
        site.patch_many([{"id": lead(key), "Rating": "Warm"}])
    stamps = site.values("SELECT SystemModstamp FROM Lead WHERE Rating = 'Warm'")
    assert stamps == ["2026-06-30T16:00:00.000+0000"] * 2


@pytest.mark.parametrize("label", ["collections", "composite", "crud", "bulk"])
def test_faults_reach_every_way_of_writing(site: Site, label: str) -> None:
    """A lock error meets collections, composite sub-requests, single records and bulk jobs alike."""
    site.fault("lock_error", match="crud" if label == "composite" else label)
    path = f"/sobjects/Lead/{lead('p1')}"
    if label == "collections":
        text = str(site.patch_many([{"id": lead("p1"), "Title": "x"}]))
    elif label == "crud":
        text = site.call("PATCH", path, json={"Title": "x"}).text
    elif label == "composite":
        inner = {"method": "PATCH", "url": f"/services/data/v62.0{path}", "referenceId": "a", "body": {"Title": "x"}}
        text = site.call("POST", "/composite", json={"compositeRequest": [inner]}).text
    else:
        job = site.call("POST", "/jobs/ingest", json={"operation": "update", "object": "Lead"}).json()["id"]
        site.call("PUT", f"/jobs/ingest/{job}/batches", data=f"Id,Title\n{lead('p1')},x\n".encode())
        site.call("PATCH", f"/jobs/ingest/{job}", json={"state": "UploadComplete"})
        site.call("GET", f"/jobs/ingest/{job}")
        text = site.call("GET", f"/jobs/ingest/{job}/failedResults").text
    assert "UNABLE_TO_LOCK_ROW" in text
    assert site.read("Lead", "p1", "Title") == "Head of Ops"


def test_calls_are_counted_by_label(site: Site) -> None:
    """Every resource has its label."""
    site.harness.calls.clear()
    span = {"start": "2026-06-29T00:00:00Z", "end": "2026-06-30T00:00:00Z"}
    for method, path in (
        *(("GET", "/query?q=SELECT+Id+FROM+Lead"), ("GET", "/queryAll?q=SELECT+Id+FROM+Lead")),
        *(("GET", "/sobjects"), ("GET", "/sobjects/Lead/describe"), ("GET", "/sobjects/Lead")),
        *(("POST", "/composite"), ("PATCH", "/composite/sobjects"), ("POST", "/composite/sobjects/Lead")),
        *(("POST", "/sobjects/Lead"), ("GET", f"/sobjects/Lead/{lead('p1')}"), ("GET", "/jobs/query")),
        *(("GET", "/limits"), ("GET", ""), ("GET", "/nonsense"), ("HEAD", "/limits")),
    ):
        site.call(method, path, **({"json": {}} if method in {"POST", "PATCH"} else {}))
    site.call("GET", "/sobjects/Lead/updated", params=span)
    site.call("GET", "/sobjects/Lead/deleted", params=span)
    assert site.harness.calls.snapshot() == {
        "bulk": 1,
        "collections": 1,
        "composite": 1,
        "crud": 2,
        "deleted": 1,
        "describe": 3,
        "limits": 2,
        "other": 1,
        "query": 2,
        "retrieve": 1,
        "updated": 1,
        "versions": 1,
    }
