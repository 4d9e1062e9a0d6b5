"""Tokens, scopes, limits and the faults that concern them; labels of calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadline.connectors.practice.credentials import (
    HUBSPOT_CLIENT_ID,
    HUBSPOT_CLIENT_SECRET,
    HUBSPOT_REFRESH_TOKEN,
)
from leadline.connectors.practice.hubspot.account import PRACTICE_CODE
from leadline.connectors.practice.hubspot.endpoints import purpose
from tests.connectors.practice.hubspot.hub import CONTACTS, Hub, where

GRANT = {
    "grant_type": "refresh_token",
    "client_id": HUBSPOT_CLIENT_ID,
    "client_secret": HUBSPOT_CLIENT_SECRET,
    "refresh_token": HUBSPOT_REFRESH_TOKEN,
}


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", "Basic eDp5"])
def test_without_a_good_token(shared: Hub, header: str) -> None:
    """401 INVALID_AUTHENTICATION."""
    refused = shared.call("GET", CONTACTS, 401, headers={"Authorization": header})
    assert (refused["status"], refused["category"]) == ("error", "INVALID_AUTHENTICATION")


def test_access_tokens_end(hub: Hub) -> None:
    """An OAuth token works for 30 minutes, then 401 EXPIRED_AUTHENTICATION until a new one is bought."""
    bought = hub.call("POST", "/oauth/v1/token", data=GRANT)
    assert bought["expires_in"] == 1800
    signed = {"Authorization": f"Bearer {bought['access_token']}"}
    answer = hub.answer("GET", CONTACTS, headers=signed)
    assert answer.status_code == 200
    assert "X-HubSpot-RateLimit-Daily" not in answer.headers
    hub.later(minutes=31)
    assert hub.call("GET", CONTACTS, 401, headers=signed)["category"] == "EXPIRED_AUTHENTICATION"
    assert hub.call("GET", f"/oauth/v1/access-tokens/{bought['access_token']}")["expires_in"] == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_id": "x"}, "BAD_CLIENT_ID"),
        ({"client_secret": "x"}, "BAD_CLIENT_SECRET"),
        ({"refresh_token": "x"}, "BAD_REFRESH_TOKEN"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
        ({"grant_type": "authorization_code", "code": "x"}, "BAD_AUTH_CODE"),
    ],
)
def test_refused_grants(shared: Hub, change: dict[str, str], status: str) -> None:
    """What is wrong with a grant is its status."""
    assert shared.call("POST", "/oauth/v1/token", 400, data={**GRANT, **change})["status"] == status


def test_an_authorization_code(shared: Hub) -> None:
    """The code of an installation buys tokens too."""
    given = {**GRANT, "grant_type": "authorization_code", "code": PRACTICE_CODE, "redirect_uri": "http://localhost/"}
    assert shared.call("POST", "/oauth/v1/token", data=given)["refresh_token"] == HUBSPOT_REFRESH_TOKEN


def test_an_expired_session_on_demand(hub: Hub) -> None:
    """The fault ends an OAuth token for good and refuses a private app's token once."""
    signed = {"Authorization": f"Bearer {hub.call('POST', '/oauth/v1/token', data=GRANT)['access_token']}"}
    hub.harness.faults.add([{"kind": "expired_session", "times": 2}])
    hub.call("GET", CONTACTS, 401)
    hub.call("GET", CONTACTS, 401, headers=signed)
    hub.call("GET", CONTACTS)
    hub.call("GET", CONTACTS, 401, headers=signed)


def test_missing_scopes(start: Callable[..., Hub]) -> None:
    """403 MISSING_SCOPES names the scope; other objects are not concerned."""
    hub = start(missing_scopes=("crm.objects.contacts.write", "crm.objects.companies.read", "forms"))
    body = {"properties": {"lastname": "x"}, "associations": []}
    refused = hub.call("POST", CONTACTS, 403, json=body)
    assert refused["category"] == "MISSING_SCOPES"
    assert refused["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.contacts.write"]}
    hub.call("GET", CONTACTS)
    hub.call("POST", "/crm/v3/objects/tasks", 403, json=body)
    hub.call("POST", "/crm/v3/objects/companies/search", 403, json={})
    hub.call("GET", "/crm/v3/objects/deals")
    hub.call("GET", "/marketing/v3/forms", 403)


def test_the_daily_limit(start: Callable[..., Hub]) -> None:
    """Headers count down, then 429 DAILY until the next day; search answers carry no such headers."""
    hub = start(daily_calls=3)
    first = hub.answer("GET", CONTACTS)
    assert first.headers["X-HubSpot-RateLimit-Daily"] == "3"
    assert first.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "2"
    assert first.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    searched = hub.answer("POST", f"{CONTACTS}/search", json={})
    assert not [name for name in searched.headers if name.lower().startswith("x-hubspot-ratelimit")]
    usage = hub.call("GET", "/account-info/v3/api-usage/daily/private-apps")["results"][0]
    assert (usage["currentUsage"], usage["usageLimit"]) == (3, 3)
    refused = hub.call("GET", CONTACTS, 429)
    assert (refused["policyName"], refused["errorType"]) == ("DAILY", "RATE_LIMIT")
    hub.later(days=1)
    hub.call("GET", CONTACTS)


def test_short_limits(start: Callable[..., Hub]) -> None:
    """190 calls in ten rolling seconds, five searches a second, when they are switched on."""
    hub = start(rate_limits=True)
    for _ in range(5):
        hub.search([where("country", "EQ", "x")])
    assert hub.call("POST", f"{CONTACTS}/search", 429, json={})["policyName"] == "SECONDLY"
    left = [hub.answer("GET", f"{CONTACTS}?limit=1").headers["X-HubSpot-RateLimit-Remaining"] for _ in range(190)]
    assert (left[0], left[-1]) == ("189", "0")
    assert hub.call("GET", CONTACTS, 429)["policyName"] == "TEN_SECONDLY_ROLLING"
    hub.later(seconds=11)
    hub.call("GET", CONTACTS)
    hub.call("POST", f"{CONTACTS}/search", json={})


def test_quota_used_up_on_demand(hub: Hub) -> None:
    """The fault answers 429 with its policy and, when told, Retry-After."""
    hub.harness.faults.add([{"kind": "quota_used_up", "policy": "DAILY", "retry_after": 7, "times": 1}])
    answer = hub.answer("GET", CONTACTS)
    assert (answer.status_code, answer.json()["policyName"], answer.headers["Retry-After"]) == (429, "DAILY", "7")


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"kind": "too_many_requests", "policy": "SECONDLY"}, 429), ({"kind": "server_error", "status": 502}, 502)],
)
def test_faults_of_plain_http_speak_hubspot(hub: Hub, fault: dict[str, object], status: int) -> None:
    """429 and 5xx that the doorway plays have HubSpot's bodies."""
    hub.harness.faults.add([{**fault, "times": 1}])
    refused = hub.call("GET", CONTACTS, status)
    assert refused["status"] == "error" and refused["message"]
    assert refused.get("policyName") == fault.get("policy")


def test_calls_are_counted_without_anybodys_address(hub: Hub) -> None:
    """Labels name object types, never ids or addresses; each has its purpose."""
    hub.answer("GET", f"{CONTACTS}/someone@private.example?idProperty=email")
    hub.answer("GET", "/no/such/path/someone@private.example")
    hub.call("POST", f"{CONTACTS}/search", json={})
    counted = hub.harness.calls.snapshot()
    assert counted == {f"GET {CONTACTS}/{{id}}": 1, "GET unknown": 1, f"POST {CONTACTS}/search": 1}
    assert sorted(map(purpose, counted)) == ["crud", "other", "search"]


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        ("POST /oauth/v1/token", "login"),
        ("GET /crm/v3/properties/contacts", "describe"),
        ("GET /crm/v3/pipelines/deals", "describe"),
        ("GET /calling/v1/dispositions", "describe"),
        ("POST /crm/v3/objects/deals/search", "search"),
        ("GET /crm/v3/objects/contacts", "list"),
        ("POST /crm/v3/objects/contacts", "crud"),
        ("POST /crm/v3/objects/contacts/batch/read", "batch_read"),
        ("POST /crm/v3/objects/contacts/batch/update", "batch_write"),
        ("POST /crm/v4/associations/contacts/deals/batch/read", "associations"),
        ("GET /events/v3/events", "events"),
        ("GET /email/public/v1/events", "email_events"),
        ("GET /form-integrations/v1/submissions/forms/{id}", "forms"),
        ("GET /crm/v3/owners", "owners"),
        ("GET /account-info/v3/details", "account"),
        ("GET unknown", "other"),
    ],
)
def test_purposes(label: str, wanted: str) -> None:
    """Every kind of call has its purpose."""
    assert purpose(label) == wanted
