"""What HubSpot, or something in front of it, answers against its documentation, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from leadline.common.errors import (
    ContractError,
    CredentialsError,
    LeadlineError,
    PermissionMissingError,
    QuotaError,
    UnavailableError,
    UsageError,
)
from leadline.common.values import RecordRef, RecordWrite
from leadline.connectors.hubspot import HubSpotConnector, connect
from leadline.connectors.protocol import ActivityRequest, RecordRequest
from leadline.connectors.settings import HubSpotSettings

UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
REFS = [RecordRef("hubspot", "contact", str(100 + place)) for place in range(8)]
HTML = "<html>maintenance for jané@customer.example</html>".encode("latin-1")


def rows(connector: HubSpotConnector) -> list[Any]:
    """Return all contacts."""
    return [r for page in connector.records(RecordRequest("contact", ("email",), UNTIL)) for r in page]


def limited(policy: str) -> dict[str, str]:
    """Return HubSpot's body of a 429."""
    return {"status": "error", "errorType": "RATE_LIMIT", "policyName": policy, "category": "RATE_LIMITS"}


def told(category: str, **more: Any) -> dict[str, Any]:
    """Return HubSpot's body of an error."""
    return {"status": "error", "message": "jane@customer.example", "category": category, **more}


SCOPES = [{"message": "m", "context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]


@pytest.mark.parametrize(
    ("status", "body", "raised", "says"),
    [
        (429, limited("DAILY"), QuotaError, "DAILY"),
        (429, limited("TEN_SECONDLY_ROLLING"), QuotaError, "429"),
        (429, HTML, QuotaError, "429"),
        (500, told("INTERNAL_ERROR"), UnavailableError, "500"),
        (503, HTML, UnavailableError, "503"),
        (423, told("LOCKED"), UnavailableError, "423"),
        (477, {}, UnavailableError, "477"),
        (200, HTML, UnavailableError, "not JSON"),
        (200, b'{"results": [', UnavailableError, "not JSON"),
        (200, b"", UnavailableError, "not JSON"),
        (200, [], ContractError, "JSON object"),
        (200, {"total": 0}, ContractError, "without results"),
        (401, told("INVALID_AUTHENTICATION"), CredentialsError, "token"),
        (401, HTML, CredentialsError, "token"),
        (403, told("MISSING_SCOPES", errors=SCOPES), PermissionMissingError, r"crm\.objects\.contacts\.read"),
        (403, HTML, PermissionMissingError, "HTTP 403"),
        (402, told("PAYMENT_REQUIRED"), PermissionMissingError, "PAYMENT_REQUIRED"),
        (404, HTML, ContractError, "404"),
        (400, told("VALIDATION_ERROR"), ContractError, "VALIDATION_ERROR"),
        (400, HTML, ContractError, "HTTP_400"),
        (418, {}, ContractError, "418"),
        (301, b"", ContractError, "redirect"),
    ],
)
def test_each_odd_answer_has_its_own_error(
    script: Any, odd: HubSpotConnector, status: int, body: Any, raised: type[LeadlineError], says: str
) -> None:
    """The error is named by how to recover; it repeats nothing of the body but codes and scopes."""
    script.told = [(status, body, {"location": "https://elsewhere.example/"})]
    with pytest.raises(raised, match=says) as caught:
        rows(odd)
    text = str(caught.value)
    assert "customer" not in text and "<" not in text and "s3cr3t" not in text
    assert sum(odd.calls().values()) == len(script.asked)


def test_a_get_that_is_limited_is_not_repeated_behind_our_back(script: Any, odd: HubSpotConnector) -> None:
    """The client repeats a limited GET three times by itself; here one answer is one count, and waits are ours."""
    script.told = [(429, limited("DAILY"), {"retry-after": "60"})]
    with pytest.raises(QuotaError) as caught:
        odd.organisation()
    assert len(script.asked) == 1 and caught.value.resume_after == 60


def test_the_day_s_calls_are_read_from_the_headers(script: Any, odd: HubSpotConnector) -> None:
    """Used is allowed less remaining."""
    headers = {"x-hubspot-ratelimit-daily": "650000", "x-hubspot-ratelimit-daily-remaining": "649990"}
    assert odd.quota().limit is None
    script.told = [(200, {"portalId": 7}, headers)]
    assert odd.organisation() == "7"
    assert (odd.quota().used, odd.quota().limit) == (10, 650000)


def test_an_oauth_app_signs_in_and_renews_once(script: Any, scripted: str) -> None:
    """A refresh token gives an access token; a 401 gets a new one, once for a call."""
    oauth = {"client_id": "app", "client_secret": "s3cr3t", "refresh_token": "r3fr3sh"}
    connector = connect(HubSpotSettings.model_validate({"url": scripted, "oauth": oauth}), sleep=lambda _: None)
    issued: list[str] = []

    def answer(_: str, path: str, body: Any) -> tuple[int, Any]:
        if path == "/oauth/v1/token":
            assert "grant_type=refresh_token" in body and "refresh_token=r3fr3sh" in body
            issued.append(f"token{len(issued)}")
            return 200, {"access_token": issued[-1], "expires_in": 1800}
        bearer = script.asked[-1][3]["authorization"]
        return (200, {"portalId": 7}) if bearer == "Bearer token1" else (401, told("EXPIRED_AUTHENTICATION"))

    script.answer = answer
    assert connector.organisation() == "7"
    assert issued == ["token0", "token1"] and connector.calls()["login"] == 4
    script.answer = lambda _, path, __: (
        (200, {"access_token": "never"}) if path == "/oauth/v1/token" else (401, told("EXPIRED_AUTHENTICATION"))
    )
    asked = len(script.asked)
    with pytest.raises(CredentialsError):
        connector.server_time()
    assert len(script.asked) - asked == 3
    connector.close()


@pytest.mark.parametrize(
    ("status", "body", "raised"),
    [
        (400, {"status": "BAD_REFRESH_TOKEN", "message": "r3fr3sh is unknown"}, CredentialsError),
        (401, told("INVALID_CLIENT"), CredentialsError),
        (200, {"expires_in": 5}, ContractError),
        (200, HTML, UnavailableError),
        (503, HTML, UnavailableError),
    ],
)
def test_a_refused_refresh_token(
    script: Any, scripted: str, status: int, body: Any, raised: type[LeadlineError]
) -> None:
    """Refused is CredentialsError, down is UnavailableError; neither shows a secret."""
    oauth = {"client_id": "app", "client_secret": "s3cr3t", "refresh_token": "r3fr3sh"}
    given = {"url": scripted, "oauth": oauth, "patience": 3}
    connector = connect(HubSpotSettings.model_validate(given), sleep=lambda _: None)
    script.told = [(status, body)]
    with pytest.raises(raised) as caught:
        connector.organisation()
    assert "s3cr3t" not in str(caught.value) and "r3fr3sh" not in str(caught.value)
    connector.close()


def test_a_batch_refused_for_one_value_is_halved(script: Any, odd: HubSpotConnector) -> None:
    """HubSpot's 400 names no record: halving finds it in log2 steps, the other seven are written."""
    bad = REFS[5].id

    def answer(_: str, __: str, body: Any) -> tuple[int, Any]:
        ids = [row["id"] for row in body["inputs"]]
        if bad in ids:
            errors = [{"message": "m", "code": "INVALID_DATE", "context": {"propertyName": ["lifecyclestage"]}}]
            return 400, told("VALIDATION_ERROR", errors=errors)
        return 200, {"status": "COMPLETE", "results": [{"id": ident} for ident in ids]}

    script.answer = answer
    (batch,) = odd.write([RecordWrite(ref, {"lifecyclestage": "x"}) for ref in REFS])
    assert [(one.ref, one.status == "done") for one in batch] == [(ref, ref.id != bad) for ref in REFS]
    assert (batch[5].status, batch[5].code, batch[5].fields) == ("permanent", "INVALID_DATE", ("lifecyclestage",))
    assert "customer" not in batch[5].message
    assert len(script.asked) == odd.calls()["write"] == 7


@pytest.mark.parametrize(
    ("code", "values", "refused", "calls"),
    [
        ("PROPERTY_DOESNT_EXIST", "abcdefg-", 7, 3),
        ("READ_ONLY_VALUE", "abcdefgh", 8, 1),
        ("INVALID_OPTION", "aabbaaab", 5, 3),
        ("INVALID_OPTION", "aaaaaaaa", 8, 1),
    ],
)
def test_what_is_refused_for_everybody_is_not_halved(
    script: Any, odd: HubSpotConnector, code: str, values: str, refused: int, calls: int
) -> None:
    """A property or an option that went away meanwhile costs a few calls, not two for each record."""

    def answer(_: str, __: str, body: Any) -> tuple[int, Any]:
        given = [row["properties"].get("x") for row in body["inputs"]]
        if "a" in given or (code != "INVALID_OPTION" and any(given)):
            errors = [{"message": "m", "code": code, "context": {"propertyName": ["x"]}}]
            return 400, told("VALIDATION_ERROR", errors=errors)
        return 200, {"results": [{"id": row["id"]} for row in body["inputs"]]}

    script.answer = answer
    writes = [
        RecordWrite(ref, {"y": "1"} if value == "-" else {"x": value})
        for ref, value in zip(REFS, values, strict=True)
    ]
    (batch,) = odd.write(writes)
    assert [one.ref for one in batch] == REFS
    assert [one.status for one in batch].count("permanent") == refused
    assert {(one.code, one.fields) for one in batch if one.status == "permanent"} == {(code, ("x",))}
    assert len(script.asked) == odd.calls()["write"] == calls


def test_a_207_is_no_success(script: Any, odd: HubSpotConnector) -> None:
    """Errors beside results are told by record; one that is in neither is not believed."""
    errors = [
        {"category": "OBJECT_NOT_FOUND", "message": "m", "context": {"ids": [REFS[1].id]}},
        {"category": "RATE_LIMITS", "message": "m", "context": {"ids": [REFS[2].id]}},
        {"category": "VALIDATION_ERROR", "message": "m", "context": {"ids": [REFS[3].id], "propertyName": ["x"]}},
    ]
    results = [{"id": REFS[0].id, "properties": {}}]
    script.told = [(207, {"status": "COMPLETE", "results": results, "numErrors": 3, "errors": errors})]
    (batch,) = odd.write([RecordWrite(ref, {"x": "y"}) for ref in REFS[:5]])
    assert [one.status for one in batch] == ["done", "gone", "transient", "permanent", "transient"]
    assert batch[3].fields == ("x",) and batch[4].code == "NOT_CONFIRMED"


def test_a_207_that_names_no_record_is_halved(script: Any, odd: HubSpotConnector) -> None:
    """HubSpot may refuse parts without their ids: who was meant is found as after a 400, and nobody else suffers."""
    bad = REFS[5].id

    def answer(_: str, __: str, body: Any) -> tuple[int, Any]:
        ids = [row["id"] for row in body["inputs"]]
        kept = [{"id": ident} for ident in ids if ident != bad and (len(ids) < 3 or ident < bad)]
        error = {"category": "VALIDATION_ERROR", "message": "m", "context": {"propertyName": ["x"]}}
        if len(kept) == len(ids):
            return 200, {"results": kept}
        return 207, {"results": kept, "numErrors": 1, "errors": [error]}

    script.answer = answer
    (batch,) = odd.write([RecordWrite(ref, {"x": "y"}) for ref in REFS])
    assert [(one.ref, one.status) for one in batch] == [
        (ref, "permanent" if ref.id == bad else "done") for ref in REFS
    ]
    assert (batch[5].code, batch[5].fields) == ("VALIDATION_ERROR", ("x",))
    script.answer, script.told = None, [(200, {"status": "PROCESSING", "results": []})]
    (batch,) = odd.write([RecordWrite(ref, {"x": "y"}) for ref in REFS[:2]])
    assert {(one.status, one.code) for one in batch} == {("transient", "NOT_CONFIRMED")}


def searched(**more: Any) -> dict[str, Any]:
    """Return an answer with one contact, some of whose parts are other ones."""
    row = {"id": "7", "properties": {"lastmodifieddate": "2026-01-01T00:00:00Z"}}
    return {"results": [{**row, **more}]}


@pytest.mark.parametrize(
    "body",
    [
        {"results": None},
        {"results": {"id": "7"}},
        {"results": ["7"]},
        searched(id="seven"),
        searched(id=None),
        searched(properties=["email"]),
        searched(properties={"lastmodifieddate": ["now"]}),
        searched(properties={"lastmodifieddate": "2026-01-01T00:00:00Z", "hs_merged_object_ids": "none"}),
        {**searched(), "paging": []},
        {**searched(), "paging": {"next": {"link": "?after=1"}}},
    ],
)
def test_an_answer_of_another_shape_is_told(script: Any, odd: HubSpotConnector, body: Any) -> None:
    """It ends in our own error, which names no value, and not in a traceback; half of it is not taken for all."""
    script.told = [(200, body)]
    with pytest.raises(ContractError, match="HubSpot") as caught:
        rows(odd)
    assert "seven" not in str(caught.value)


@pytest.mark.parametrize("kind", ["event", "form", "email", "call"])
def test_a_list_that_is_missing_is_not_an_empty_one(script: Any, odd: HubSpotConnector, kind: str) -> None:
    """Else the cursor would move past activities that nobody read."""
    script.told = [(200, {"status": "PENDING"})]
    with pytest.raises(ContractError, match="without"):
        list(odd.activities(ActivityRequest(kind, UNTIL)))


def test_a_value_that_is_no_value_is_empty(script: Any, odd: HubSpotConnector) -> None:
    """Lists and objects have no place in a record; kept, they would break every later plan."""
    script.told = [(200, searched(properties={"lastmodifieddate": "2026-01-01T00:00:00Z", "email": [[1]]}))]
    assert [row.fields for row in rows(odd)] == [{"email": None}]


def test_a_merged_record_that_answers_under_another_id_is_gone(script: Any, odd: HubSpotConnector) -> None:
    """Writing to a merged-away id changes the survivor, and HubSpot says so by the id only."""
    script.told = [(200, {"results": [{"id": "999"}]})]
    (batch,) = odd.write([RecordWrite(REFS[0], {"x": "y"})])
    assert (batch[0].status, batch[0].code) == ("gone", "OTHER_ID")


def test_values_are_written_as_hubspot_keeps_them(script: Any, odd: HubSpotConnector) -> None:
    """All values are texts; None clears as ""; truth is true or false."""
    from decimal import Decimal

    script.told = [(200, {"results": [{"id": REFS[0].id}]})]
    values = {"a": None, "b": True, "c": False, "d": 7, "e": Decimal("1.50"), "f": "ü"}
    list(odd.write([RecordWrite(REFS[0], values)]))
    (row,) = script.asked[-1][2]["inputs"]
    assert row["properties"] == {"a": "", "b": "true", "c": "false", "d": "7", "e": "1.5", "f": "ü"}


def test_names_never_leave_their_place_in_the_address(odd: HubSpotConnector) -> None:
    """An unknown object is refused before any call, so that nothing of a book becomes a path."""
    with pytest.raises(UsageError, match="use one of"):
        list(odd.records(RecordRequest("../oauth", (), UNTIL)))
    with pytest.raises(UsageError):
        list(odd.write([RecordWrite(RecordRef("hubspot", "a/b", "1"), {})]))
    assert sum(odd.calls().values()) == 0


@pytest.mark.parametrize("stamps", [("2026-01-01", "2026-01-02"), ("2026-01-01", "2026-01-01")])
def test_a_search_that_ignores_its_filters_is_stopped(
    script: Any, odd: HubSpotConnector, stamps: tuple[str, ...]
) -> None:
    """The same page for every question would go round for ever; it is a broken contract instead."""
    results = [
        {"id": str(place), "properties": {"lastmodifieddate": f"{at}T00:00:00Z"}} for place, at in enumerate(stamps)
    ]
    script.told = [(200, {"results": results, "paging": {"next": {"after": "2"}}})]
    with pytest.raises(ContractError, match="search answered rows"):
        rows(odd)
    assert len(script.asked) <= 3


def test_the_proxy_of_the_environment_is_used(script: Any, scripted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY and its user are honoured, as for Salesforce; hubspot-api-client alone overlooks them."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTP_PROXY", scripted.replace("://", "://user:word@"))
    given = {"url": "http://api.hubspot.invalid", "token": "pat-s3cr3t"}
    connector = connect(HubSpotSettings.model_validate(given), sleep=lambda _: None)
    script.told = [(200, {"portalId": 7})]
    assert connector.organisation() == "7"
    headers = script.asked[0][3]
    assert headers["host"] == "api.hubspot.invalid" and headers["proxy-authorization"].startswith("Basic ")
    connector.close()


def test_associations_are_put_primary_first_over_all_their_pages(script: Any, odd: HubSpotConnector) -> None:
    """A primary company comes first whatever its id, and a record with very many is read on."""

    def company(ident: str, type_id: int) -> dict[str, Any]:
        types = [{"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": None}]
        return {"toObjectId": int(ident), "associationTypes": types}

    def answer(_: str, path: str, body: Any) -> tuple[int, Any]:
        if "/search" in path:
            row = {"id": "1", "properties": {"lastmodifieddate": "2026-01-01T00:00:00Z"}}
            return 200, {"results": [row]}
        (asked,) = body["inputs"]
        if "after" in asked:
            to = [company("20", 279), company("9", 1), company("9", 279)]
            return 207, {"results": [{"from": {"id": "1"}, "to": to}], "errors": [{"category": "OBJECT_NOT_FOUND"}]}
        result = {"from": {"id": "1"}, "to": [company("4", 279)], "paging": {"next": {"after": "x"}}}
        return 200, {"results": [result]}

    script.answer = answer
    request = RecordRequest("contact", ("email",), UNTIL, links=("company",))
    ((record,),) = odd.records(request)
    assert [ref.id for ref in record.links["company"]] == ["9", "4", "20"]
    script.answer = lambda _, path, __: answer("", path, None) if "/search" in path else (200, {})
    with pytest.raises(ContractError, match="without results"):
        list(odd.records(request))
