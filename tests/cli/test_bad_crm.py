"""CRMs that are down, slow, confused or closed: one message that says what to do, exit code 3, and no harm done."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Leadline
from tests.cli.desk import Desk

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("verb", ["pull", "plan", "sync"])
def test_both_crms_down(reading_desk: Desk, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    """Connections refused by both: nothing at all is recorded."""
    monkeypatch.setenv("SALESFORCE_URL", NOWHERE)
    monkeypatch.setenv("HUBSPOT_URL", NOWHERE)
    reading_desk.refused(verb, code=3, said="cannot be reached")
    assert reading_desk.state("cycles", "records") == {"cycles": [], "records": []}


def test_one_crm_down_keeps_what_the_other_told(reading_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """`pull` reads the other one and says that time stands still; `plan` decides nothing; later all is read."""
    address = reading_desk.practice.salesforce_url
    monkeypatch.setenv("SALESFORCE_URL", NOWHERE)
    said = reading_desk.leadline("pull")
    assert said.code == 3
    assert "salesforce could not be read, so time stands still" in said.out
    told = reading_desk.leadline("pull", "--json").json
    assert (told["ok"], list(told["errors"]), told["frontier"]) == (False, ["salesforce"], None)
    reading_desk.refused("plan", code=3, said="Salesforce cannot be reached")
    reading_desk.refused("sync", code=3, said="Salesforce cannot be reached")
    monkeypatch.setenv("SALESFORCE_URL", address)
    planned = reading_desk.leadline("plan", "--json").json
    assert (planned["ok"], planned["plan"]["counts"]["people"]) == (True, 60)


@pytest.mark.parametrize(
    ("crm", "fault", "part"),
    [
        ("salesforce", {"kind": "html_body"}, "is `url` right?"),
        ("hubspot", {"kind": "html_body"}, "is `url` right?"),
        ("salesforce", {"kind": "html_body", "status": 404}, "is `url` the address of the organisation?"),
        ("hubspot", {"kind": "html_body", "status": 404}, "is `url` right?"),
        ("hubspot", {"kind": "html_body", "status": 502}, "HTTP 502"),
        ("salesforce", {"kind": "server_error", "status": 500}, "try again later"),
        ("salesforce", {"kind": "too_many_requests"}, "too many calls; try again later"),
        ("hubspot", {"kind": "too_many_requests"}, "too many calls; try again later"),
        ("salesforce", {"kind": "too_many_requests", "retry_after": 4000}, "too many calls; try again in 4000 s"),
        ("hubspot", {"kind": "too_many_requests", "retry_after": 4000}, "too many calls; try again in 4000 s"),
        ("hubspot", {"kind": "dropped_connection"}, "dropped the connection"),
        ("salesforce", {"kind": "dropped_connection", "when": "midbody"}, "broke off"),
        ("salesforce", {"kind": "quota_used_up"}, "REQUEST_LIMIT_EXCEEDED"),
        ("hubspot", {"kind": "quota_used_up"}, "used up"),
        ("salesforce", {"kind": "expired_session"}, "check the connected app"),
        ("hubspot", {"kind": "expired_session"}, "make a new one"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_an_answer_that_is_of_no_use(reading_desk: Desk, crm: str, fault: dict[str, Any], part: str) -> None:
    """Waiting is bounded by `patience`, the message names the CRM and the next step, and nothing is decided."""
    reading_desk.faults(crm, **fault)
    before, began = reading_desk.calls(crm), time.monotonic()
    said = reading_desk.refused("plan", code=3, said=part)
    assert crm in said.err.lower()
    assert time.monotonic() - began < 4
    assert reading_desk.calls(crm) - before <= 8


def test_a_short_retry_after_is_obeyed(reading_desk: Desk) -> None:
    """A busy CRM that says when to come back is asked again then, and all is well."""
    reading_desk.edit(
        "patience: 0\n  timeout: 2\n  url: ${HUB", "patience: 9\n  timeout: 2\n  url: ${HUB", "leadline.yml"
    )
    reading_desk.faults("hubspot", kind="too_many_requests", retry_after=0.2, times=1)
    assert reading_desk.leadline("plan").code == 0


@pytest.mark.parametrize(
    ("variable", "part"),
    [
        ("SALESFORCE_CLIENT_ID", "the client id (consumer key) is unknown"),
        ("SALESFORCE_CLIENT_SECRET", "the client id or secret is wrong"),
        ("HUBSPOT_TOKEN", "does not accept the access token"),
    ],
)
def test_wrong_credentials(reading_desk: Desk, monkeypatch: pytest.MonkeyPatch, variable: str, part: str) -> None:
    """The refusal names the credential, never its value."""
    monkeypatch.setenv(variable, "canary-wrong-secret")
    said = reading_desk.refused("plan", code=3, said=part)
    assert "canary" not in said.err


@pytest.mark.parametrize(("crm", "after"), [("salesforce", 9), ("hubspot", 12)])
def test_a_crm_that_dies_in_the_middle_of_a_pull(reading_desk: Desk, crm: str, after: int) -> None:
    """What was read is kept, time stands still, and the next run reads only on to the same plan."""
    reading_desk.faults(crm, kind="dropped_connection", after=after)
    said = reading_desk.leadline("pull", "--json")
    assert (said.code, list(said.json["errors"]), said.json["frontier"]) == (3, [crm], None)
    assert said.json["people"] > 0
    reading_desk.faults()
    healed = reading_desk.leadline("plan", "--json").json
    Path("leadline.db").unlink()
    untroubled = reading_desk.leadline("plan", "--json").json
    assert values(healed) == values(untroubled)


def values(planned: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Return what a plan writes where; person ids depend on the order of arrival."""
    return {(write["ref"]["id"], write["field"], write["new"]) for write in planned["plan"]["writes"]}


@pytest.mark.parametrize(
    ("crm", "match", "fault"),
    [
        ("salesforce", "*composite*", {"kind": "dropped_connection", "after": 1}),
        ("hubspot", "*batch/update*", {"kind": "server_error"}),
        ("hubspot", "*batch/update*", {"kind": "html_body"}),
    ],
    ids=["dropped", "503", "html"],
)
def test_a_crm_that_dies_in_the_middle_of_an_apply(desk: Desk, crm: str, match: str, fault: dict[str, Any]) -> None:
    """The other CRM is served, the report owns up, and the same plan continues where it stopped."""
    assert desk.leadline("plan", "-o", "plan.json").code == 0
    desk.faults(crm, match=match, **fault)
    said = desk.leadline("apply", "plan.json")
    assert said.code == 3
    assert f"{crm} broke off" in said.out
    assert "43 planned, 43 verified" in said.out
    assert "Run the same plan again to continue" in said.out
    told = desk.leadline("apply", "plan.json", "--json")
    assert (told.code, told.json["ok"]) == (3, False)
    assert desk.leadline("sync").code == 3
    desk.faults()
    again = desk.leadline("apply", "plan.json", "--json").json
    assert (again["ok"], again["resumed"], again["counts"]) == (True, True, {"verified": 86})
    assert desk.leadline("sync", "--json").json["plan"]["writes"] == 0


def test_an_answer_that_is_lost_after_the_work(desk: Desk) -> None:
    """Nobody knows what became of the call, so it is not called success; the next run finds the values there."""
    assert desk.leadline("plan", "-o", "plan.json").code == 0
    desk.faults("hubspot", match="*batch/update*", kind="dropped_connection", when="after")
    assert desk.leadline("apply", "plan.json").code == 3
    written = desk.written()
    assert desk.leadline("apply", "plan.json", "--json").json["counts"] == {"verified": 86}
    assert desk.written() == written


def test_a_server_that_goes_away_for_good(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the adoption one CRM is gone: `sync` says so, and what was decided stays."""
    desk.adopt()
    monkeypatch.setenv("HUBSPOT_URL", NOWHERE)
    desk.refused("sync", code=3, said="HubSpot cannot be reached")


def test_nobody_answers_in_time(reading_desk: Desk) -> None:
    """A server that accepts and never answers costs the timeout, not more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        reading_desk.edit("${HUBSPOT_URL}", address, "leadline.yml")
        reading_desk.edit("timeout: 2\n  url: http", "timeout: 0.3\n  url: http", "leadline.yml")
        said = reading_desk.leadline("plan")
    assert said.code == 3
    assert "HubSpot did not answer within 0.3 s" in said.err


def test_no_crm_configured(leadline: Leadline, book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a CRM there is nothing to pull, and the message names the blocks to add."""
    monkeypatch.chdir(book)
    Path("leadline.yml").write_text("rules: .\n", encoding="utf-8")
    said = leadline("plan")
    assert said.code == 2
    assert "add a `salesforce:` or `hubspot:` block" in said.err
    assert leadline("check").code == 0
