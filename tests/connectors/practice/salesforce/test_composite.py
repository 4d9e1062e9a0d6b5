"""Composite and batch requests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.practice.salesforce.site import Site, lead, running

ROOT = "/services/data/v62.0"


def sub(reference: str, url: str, method: str = "GET", body: Any = None, **more: Any) -> dict[str, Any]:
    """Return a sub-request."""
    return {"referenceId": reference, "method": method, "url": f"{ROOT}{url}", "body": body, **more}


def composite(site: Site, *requests: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """Send a composite request and return its answers."""
    answer = site.call("POST", "/composite", json={"compositeRequest": list(requests), **more})
    assert answer.status_code == 200, answer.text
    answers: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return answers


def test_later_sub_requests_refer_to_earlier_answers(site: Site) -> None:
    """@{reference.path} stands for a value of an earlier answer, in the address and in the body."""
    answers = composite(
        site,
        sub("who", "/query?q=SELECT+Id,OwnerId+FROM+Lead+WHERE+LastName='Lead+p1'"),
        sub("task", "/sobjects/Task", "POST", {"Subject": "Call", "WhoId": "@{who.records[0].Id}"}),
        sub("back", "/sobjects/Task/@{task.id}?fields=WhoId,Subject"),
    )
    assert [answer["httpStatusCode"] for answer in answers] == [200, 201, 200]
    assert answers[2]["body"]["WhoId"] == lead("p1")
    assert [answer["referenceId"] for answer in answers] == ["who", "task", "back"]


def test_five_collections_are_one_call(site: Site) -> None:
    """Five collections of records count as one call of the day's."""
    record = {"attributes": {"type": "Lead"}, "id": lead("p1"), "Title": "CEO"}
    requests = [sub(f"r{n}", "/composite/sobjects", "PATCH", {"records": [record]}) for n in range(5)]
    used = site.call("GET", "/limits").headers["Sforce-Limit-Info"]
    answers = composite(site, *requests)
    assert all(answer["body"][0]["success"] for answer in answers)
    assert site.harness.calls.snapshot() == {"composite": 1, "limits": 1, "login": 1}
    after = site.call("GET", "/limits").headers["Sforce-Limit-Info"]
    assert (used, after) == ("api-usage=1/102000", "api-usage=3/102000")


def test_a_failure_stands_alone_or_takes_all_back(site: Site) -> None:
    """Without allOrNone the others stay; with it everything is undone and halted."""
    requests = [
        sub("good", f"/sobjects/Lead/{lead('p1')}", "PATCH", {"Title": "CEO"}),
        sub("bad", f"/sobjects/Lead/{lead('p6')}", "PATCH", {"Rating": 5}),
        sub("after", "/sobjects/Task/@{bad.id}"),
    ]
    answers = composite(site, *requests, allOrNone=True)
    assert [answer["httpStatusCode"] for answer in answers] == [400, 400, 400]
    assert answers[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert site.read("Lead", "p1", "Title") == "Head of Ops"
    answers = composite(site, *requests)
    assert [answer["httpStatusCode"] for answer in answers] == [204, 400, 400]
    assert answers[2]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert site.read("Lead", "p1", "Title") == "CEO"


@pytest.mark.parametrize(
    "requests",
    [
        [sub(f"r{n}", "/limits") for n in range(26)],
        [sub(f"r{n}", "/query?q=SELECT+Id+FROM+Lead") for n in range(6)],
        [sub("same", "/limits"), sub("same", "/limits")],
        [sub("not a name", "/limits")],
        [{"referenceId": "a", "method": "GET"}],
        [{"referenceId": "a", "method": "GET", "url": "/elsewhere"}],
        [],
        5,
    ],
    ids=["many", "wide", "twice", "name", "no-url", "elsewhere", "none", "number"],
)
def test_limits(library: Site, requests: Any) -> None:
    """More than 25, more than 5 wide ones, equal or odd names and foreign addresses are refused."""
    assert library.call("POST", "/composite", json={"compositeRequest": requests}).status_code == 400


def test_composite_in_composite_is_refused(library: Site) -> None:
    """A composite request cannot hold another one, nor a bulk job."""
    answers = composite(library, sub("a", "/composite", "POST", {"compositeRequest": []}), sub("b", "/jobs/query"))
    assert [answer["httpStatusCode"] for answer in answers] == [404, 404]


def test_a_sub_request_has_its_own_headers() -> None:
    """A header of the whole call does not reach the sub-requests; theirs does: an assignment rule shows it."""
    record = {"attributes": {"type": "Lead"}, "id": lead("p1"), "Rating": "Hot"}
    off = {"Sforce-Auto-Assign": "FALSE"}
    with running(assignment_rule=True) as site:
        before = site.read("Lead", "p1", "OwnerId")
        update = sub("a", "/composite/sobjects", "PATCH", {"records": [record]})
        composite(site, {**update, "httpHeaders": off})
        assert site.read("Lead", "p1", "OwnerId") == before
        site.call("POST", "/composite", json={"compositeRequest": [update]}, headers=off)
        assert site.read("Lead", "p1", "OwnerId") != before


def test_batch(site: Site) -> None:
    """A batch runs independent sub-requests; haltOnError stops it at the first failure."""
    requests = [
        {"method": "PATCH", "url": f"v62.0/sobjects/Lead/{lead('p1')}", "richInput": {"Title": "CEO"}},
        {"method": "GET", "url": "v62.0/sobjects/Nonsense/describe"},
        {"method": "GET", "url": "v62.0/limits"},
    ]
    answer = site.call("POST", "/composite/batch", json={"batchRequests": requests}).json()
    assert answer["hasErrors"] is True
    assert [result["statusCode"] for result in answer["results"]] == [204, 404, 200]
    answer = site.call("POST", "/composite/batch", json={"batchRequests": requests, "haltOnError": True}).json()
    assert [result["statusCode"] for result in answer["results"]] == [204, 404, 400]
    assert answer["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    many = {"batchRequests": requests[2:] * 26}
    assert site.call("POST", "/composite/batch", json=many).status_code == 400
