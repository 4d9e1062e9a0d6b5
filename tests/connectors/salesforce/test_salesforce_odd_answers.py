"""What Salesforce, or something in front of it, answers against its documentation (``responses`` plays it)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses

from leadline.common.errors import (
    ContractError,
    CredentialsError,
    LeadlineError,
    PermissionMissingError,
    QuotaError,
    UnavailableError,
)
from leadline.common.values import RecordRef, RecordWrite
from leadline.connectors.protocol import RecordRequest
from leadline.connectors.salesforce import SalesforceConnector, connect
from leadline.connectors.salesforce.answers import HiddenFieldError
from leadline.connectors.settings import SalesforceSettings

BASE = "https://proxy.example/before/salesforce"
DATA = f"{BASE}/services/data/v62.0"
UNTIL = datetime(2026, 7, 1, tzinfo=UTC)
LEADS = RecordRequest("Lead", ("Email",), UNTIL)
REFS = [RecordRef("salesforce", "Lead", f"00Q{place:015d}") for place in range(4)]


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Answer sign-in and describe as documented; tests add the rest."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{BASE}/services/oauth2/token", json={"access_token": "00D!token", "instance_url": "https://x"})
        mock.get(f"{DATA}/limits/recordCount", json={"sObjects": [{"count": 4, "name": "Lead"}]})
        yield mock


@pytest.fixture
def connector() -> Iterator[SalesforceConnector]:
    """A connector with ten seconds of patience that does not wait."""
    settings = SalesforceSettings.model_validate(
        {
            "url": BASE,
            "patience": 10,
            "auth": {"flow": "client_credentials", "client_id": "app", "client_secret": "s3cr3t"},
        }
    )
    opened = connect(settings, sleep=lambda _: None)
    yield opened
    opened.close()


def described(*names: str) -> Callable[[requests.PreparedRequest], tuple[int, dict[str, str], str]]:
    """Return a composite answer that describes each object asked for with these fields."""
    usual = ("Id", "SystemModstamp", "CreatedDate", "IsDeleted", "MasterRecordId", "LastModifiedById")

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked = json.loads(request.body or "{}")["compositeRequest"]
        fields = [{"name": name, "type": "string"} for name in (*usual, *names)]
        parts = [
            {"referenceId": part["referenceId"], "httpStatusCode": 200, "body": {"fields": fields}} for part in asked
        ]
        return 200, {"Content-Type": "application/json"}, json.dumps({"compositeResponse": parts})

    return answer


def error(code: str, message: str = "message") -> list[dict[str, str]]:
    """Return Salesforce's body of one error."""
    return [{"errorCode": code, "message": message}]


def rows(connector: SalesforceConnector) -> list[Any]:
    """Return all leads."""
    return [record for page in connector.records(LEADS) for record in page]


def lead(number: int, stamp: str = "2026-06-01T00:00:00.000+0000", **more: Any) -> dict[str, Any]:
    """Return one row of a query."""
    return {"Id": f"00Q{number:015d}", "SystemModstamp": stamp, "IsDeleted": False, "Email": "a@b.example", **more}


def page(records: list[dict[str, Any]], more: str | None = None) -> dict[str, Any]:
    """Return one page of a query."""
    following = {"nextRecordsUrl": more} if more else {}
    return {"totalSize": len(records), "done": more is None, "records": records, **following}


@pytest.mark.parametrize(
    ("status", "body", "raised", "says"),
    [
        (403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), QuotaError, "24 hours"),
        (
            403,
            error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
            UnavailableError,
            "long requests",
        ),
        (403, error("API_DISABLED_FOR_ORG"), PermissionMissingError, "API_DISABLED_FOR_ORG"),
        (403, "<html>Forbidden</html>", PermissionMissingError, "HTTP 403"),
        (
            400,
            error("INVALID_FIELD", "SELECT x\n^\nERROR at Row:1:Column:8\nNo such column 'Email' on entity 'Lead'."),
            HiddenFieldError,
            r"Lead\.Email",
        ),
        (400, error("INVALID_TYPE", "sObject type 'Lead' is not supported."), PermissionMissingError, "Lead"),
        (400, error("MALFORMED_QUERY", "unexpected token"), ContractError, "MALFORMED_QUERY"),
        (400, error("QUERY_TIMEOUT"), UnavailableError, "QUERY_TIMEOUT"),
        (400, "not json", ContractError, "HTTP 400"),
        (404, error("NOT_FOUND"), ContractError, "NOT_FOUND"),
        (302, "", ContractError, "redirect"),
        (414, "", ContractError, "too long"),
        (500, error("UNKNOWN_EXCEPTION"), UnavailableError, "500"),
        (503, "<html>maintenance for jane@customer.example</html>", UnavailableError, "503"),
        (420, "Enhance your calm", UnavailableError, "420"),
        (200, "<html>login</html>", UnavailableError, "not JSON"),
        (200, '{"records": [', UnavailableError, "not JSON"),
        (200, {"done": True}, ContractError, "without records"),
        (200, {"records": [], "done": False}, ContractError, "next page"),
        (200, [], ContractError, "unforeseen shape|without records"),
        (200, {"records": ["jane"], "done": True}, ContractError, "no objects"),
        (200, {"records": [{"Id": "jane"}], "done": True, "totalSize": "jane"}, ContractError, "unforeseen shape"),
        (200, {"records": [{"Email": "jane"}], "done": True}, ContractError, "unforeseen shape"),
    ],
)
def test_each_odd_answer_has_its_own_error(
    server: responses.RequestsMock,
    connector: SalesforceConnector,
    status: int,
    body: Any,
    raised: type[LeadlineError],
    says: str,
) -> None:
    """The error is named by how to recover and repeats nothing of the body but codes and field names."""
    server.add_callback(responses.POST, f"{DATA}/composite", described("Email"))
    given = {"body": body} if isinstance(body, str) else {"json": body}
    server.get(f"{DATA}/queryAll/", status=status, headers={"Location": "https://elsewhere.example/"}, **given)
    server.get("https://proxy.example/before/salesforce/", json=page([]))
    with pytest.raises(raised, match=says) as caught:
        rows(connector)
    assert type(caught.value) is raised
    text = str(caught.value)
    assert "jane" not in text and "<" not in text and "00D!token" not in text and "s3cr3t" not in text


def test_a_permanent_401_signs_in_twice_and_never_recurses(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """simple-salesforce alone went through 370 sign-ins here; now it is two, and CredentialsError."""
    server.get(f"{DATA}/queryAll/", status=401, json=error("INVALID_SESSION_ID"))
    with pytest.raises(CredentialsError, match="connected app"):
        connector.organisation()
    server.assert_call_count(f"{BASE}/services/oauth2/token", 2)
    assert sum(connector.calls().values()) == 4


def test_a_proxy_s_path_is_kept_and_a_foreign_instance_is_not_followed(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """Every call goes below ``url``, whatever instance_url says, so a proxy sees all of them."""
    server.get(f"{DATA}/queryAll/", json=page([{"Id": "00D000000000062"}]), headers={"Date": "x"})
    assert connector.organisation() == "00D000000000062EAA"
    assert {call.request.url.partition("?")[0] for call in server.calls if call.request.url} == {
        f"{BASE}/services/oauth2/token",
        f"{DATA}/queryAll/",
    }
    with pytest.raises(ContractError, match="Date header"):
        connector.server_time()


def test_an_expired_page_is_asked_for_anew(server: responses.RequestsMock, connector: SalesforceConnector) -> None:
    """When the next page is no longer kept, the read goes on behind the last row, and no row comes twice."""
    server.add_callback(responses.POST, f"{DATA}/composite", described("Email"))
    server.get(f"{DATA}/queryAll/", json=page([lead(1), lead(2)], "/services/data/v62.0/query/01g-2000"))
    server.get(f"{DATA}/query/01g-2000", status=400, json=error("INVALID_QUERY_LOCATOR"))
    server.get(f"{DATA}/queryAll/", json=page([lead(3)]))
    assert [record.ref.id[-1] for record in rows(connector)] == ["1", "2", "3"]
    again = server.calls[-1].request.params["q"]
    assert "SystemModstamp = 2026-06-01T00:00:00.000Z AND Id > '00Q000000000000002'" in again


def test_numbers_stay_exact_and_compound_values_are_left_out(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """Fractions are Decimal, whole numbers int; an address has no scalar value."""
    server.add_callback(responses.POST, f"{DATA}/composite", described("Amount", "Count", "Address"))
    body = json.dumps(page([lead(1, Count=3, Address={"city": "x"})]))
    body = body.replace('"Count"', '"Amount": 0.10000000000000000555, "Count"')
    server.get(f"{DATA}/queryAll/", body=body, content_type="application/json")
    request = RecordRequest("Lead", ("Amount", "Count", "Address"), UNTIL)
    (found,) = (record for records in connector.records(request) for record in records)
    assert found.fields == {"Amount": Decimal("0.10000000000000000555"), "Count": 3, "Address": None}


def test_describe_tells_hidden_objects_from_broken_answers(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """404 and missing access make an object absent; a server error is no absence."""

    def answer(statuses: list[tuple[int, Any]]) -> dict[str, Any]:
        return {
            "compositeResponse": [
                {"referenceId": f"d{place}", "httpStatusCode": status, "body": body}
                for place, (status, body) in enumerate(statuses)
            ]
        }

    fields = {"fields": [{"name": "Id", "type": "id"}, {"name": "Where", "type": "address"}]}
    hidden = [(404, error("NOT_FOUND")), (403, error("INSUFFICIENT_ACCESS")), (200, fields)]
    server.post(f"{DATA}/composite", json=answer(hidden))
    found = connector.describe(["Gone", "Locked", "Lead"])
    assert set(found) == {"Lead"} and set(found["Lead"].fields) == {"Id"}
    server.replace(responses.POST, f"{DATA}/composite", json=answer([(503, error("SERVER_UNAVAILABLE"))]))
    with pytest.raises(UnavailableError):
        connector.describe(["Lead"])


def write_answers(server: responses.RequestsMock, answer: Callable[[list[str]], tuple[int, Any]]) -> list[list[str]]:
    """Answer each collection by ``answer(ids)``; returns the ids of every collection sent, as they come."""
    sent: list[list[str]] = []

    def composite(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        parts = []
        for part in json.loads(request.body or "{}")["compositeRequest"]:
            assert part["httpHeaders"] == {"Sforce-Auto-Assign": "FALSE"}
            assert part["body"]["allOrNone"] is False
            ids = [record["id"] for record in part["body"]["records"]]
            sent.append(ids)
            status, body = answer(ids)
            parts.append({"referenceId": part["referenceId"], "httpStatusCode": status, "body": body})
        assert request.headers["Sforce-Auto-Assign"] == "FALSE"
        return 200, {"Content-Type": "application/json"}, json.dumps({"compositeResponse": parts[::-1]})

    server.add_callback(responses.POST, f"{DATA}/composite", composite)
    return sent


def test_a_collection_refused_as_a_whole_is_halved(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """Only the record that Salesforce cannot even parse fails; the others are written."""
    bad = REFS[2].id

    def answer(ids: list[str]) -> tuple[int, Any]:
        if bad in ids:
            return 400, error(
                "JSON_PARSER_ERROR", "Cannot deserialize instance of date from VALUE_STRING jane@x.example"
            )
        return 200, [{"id": ident, "success": True, "errors": []} for ident in ids]

    write_answers(server, answer)
    batches = list(connector.write([RecordWrite(ref, {"Title": "x"}) for ref in REFS]))
    found = [one for batch in batches for one in batch]
    assert [(one.ref, one.status) for one in found] == [
        (ref, "permanent" if ref.id == bad else "done") for ref in REFS
    ]
    assert found[2].code == "JSON_PARSER_ERROR" and "jane" not in found[2].message


def test_a_field_that_was_hidden_meanwhile_costs_one_call_more_and_not_two_for_each_record(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """Whoever writes the field is refused for it, by name; the others are written, and nothing is halved."""
    hidden = error("INVALID_FIELD", "No such column 'Title' on sobject of type Lead")
    asked: list[list[str]] = []

    def answer(ids: list[str]) -> tuple[int, Any]:
        asked.append(ids)
        if REFS[0].id in ids:
            return 400, hidden
        return 200, [{"id": ident, "success": True, "errors": []} for ident in ids]

    write_answers(server, answer)
    writes = [RecordWrite(ref, {"Title" if ref != REFS[2] else "Rating": "x", "Phone": "1"}) for ref in REFS]
    found = [one for batch in connector.write(writes) for one in batch]
    assert [one.status for one in found] == ["permanent", "permanent", "done", "permanent"]
    assert found[0].code == "INVALID_FIELD" and found[0].fields == ("Title",)
    assert len(asked) == connector.calls()["write"] == 3


def test_a_field_that_was_hidden_meanwhile_is_left_out_of_what_is_read_back(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """One name of it refuses the whole reading; without it the other fields of all records are known."""

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        asked = json.loads(request.body or "{}")
        if "Title" in asked["fields"]:
            return 400, {}, json.dumps(error("INVALID_FIELD", "No such column 'Title' on sobject of type Lead"))
        return 200, {}, json.dumps([{"Id": ident, "Rating": "Hot"} for ident in asked["ids"]])

    server.add_callback(responses.POST, f"{DATA}/composite/sobjects/Lead", answer)
    assert connector.read_back(REFS, ("Rating", "Title")) == {ref: {"Rating": "Hot"} for ref in REFS}
    assert connector.calls()["read_back"] == 2


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("UNABLE_TO_LOCK_ROW", "transient"),
        ("ENTITY_IS_DELETED", "gone"),
        ("CANNOT_UPDATE_CONVERTED_LEAD", "gone"),
        ("INVALID_CROSS_REFERENCE_KEY", "permanent"),  # a field is named: its value is meant
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "permanent"),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "permanent"),
        ("REQUIRED_FIELD_MISSING", "permanent"),
        ("STRING_TOO_LONG", "permanent"),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "permanent"),
        ("DUPLICATES_DETECTED", "permanent"),
        ("SOMETHING_NEW", "permanent"),
    ],
)
def test_each_record_s_code_has_its_meaning(
    server: responses.RequestsMock, connector: SalesforceConnector, code: str, status: str
) -> None:
    """Codes are sorted as facts.md 5 says; an address in a rule's own words is masked, fields are named."""
    failure = {"statusCode": code, "message": "Ask jane@customer.example first", "fields": ["Title"]}

    def answer(ids: list[str]) -> tuple[int, Any]:
        return 200, [{"success": False, "errors": [failure]}, *({"id": i, "success": True} for i in ids[1:])]

    write_answers(server, answer)
    ((first, second),) = connector.write([RecordWrite(ref, {"Title": "x"}) for ref in REFS[:2]])
    assert (first.status, first.code, first.fields) == (status, code, ("Title",))
    assert "jane" not in first.message and first.message
    assert second.status == "done"


@pytest.mark.parametrize("fields", [[], ["Id"]])
def test_an_id_that_is_not_there_says_that_the_record_is_gone(
    server: responses.RequestsMock, connector: SalesforceConnector, fields: list[str]
) -> None:
    """The same code with another field's name is about the value, such as an owner: see above."""
    failure = {"statusCode": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid cross reference id", "fields": fields}
    write_answers(server, lambda _: (200, [{"success": False, "errors": [failure]}]))
    ((only,),) = connector.write([RecordWrite(REFS[0], {"Title": "x"})])
    assert (only.status, only.code) == ("gone", "INVALID_CROSS_REFERENCE_KEY")


def test_a_busy_part_is_transient_for_its_records_only(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """When one collection of a call meets a limit, its records may be tried again; they are not halved."""
    refs = [RecordRef("salesforce", "Lead", f"00Q{place:015d}") for place in range(201)]

    def answer(ids: list[str]) -> tuple[int, Any]:
        if len(ids) == 1:
            return 503, error("SERVER_UNAVAILABLE")
        return 200, [{"id": ident, "success": True} for ident in ids]

    sent = write_answers(server, answer)
    (batch,) = connector.write([RecordWrite(ref, {"Title": "x"}) for ref in refs])
    assert [one.status for one in batch] == ["done"] * 200 + ["transient"]
    assert [len(ids) for ids in sent] == [200, 1]


def test_an_answer_that_forgets_records_is_not_believed(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """A collection that answers fewer results than records is ContractError, not success."""
    write_answers(server, lambda ids: (200, [{"id": ids[0], "success": True}]))
    with pytest.raises(ContractError, match="number of results"):
        list(connector.write([RecordWrite(ref, {"Title": "x"}) for ref in REFS]))


def test_decimals_are_written_with_their_own_digits(
    server: responses.RequestsMock, connector: SalesforceConnector
) -> None:
    """A number that a float holds is a JSON number; one that it does not is a text, which Salesforce reads too."""
    seen: list[Any] = []

    def composite(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        (part,) = json.loads(request.body or "{}")["compositeRequest"]
        seen.extend(record["Amount"] for record in part["body"]["records"])
        body = [{"success": True} for _ in part["body"]["records"]]
        answer = {"referenceId": part["referenceId"], "httpStatusCode": 200, "body": body}
        return 200, {}, json.dumps({"compositeResponse": [answer]})

    server.add_callback(responses.POST, f"{DATA}/composite", composite)
    amounts = [Decimal("12.50"), Decimal("0.1234567890123456789"), 7, None]
    writes = [RecordWrite(ref, {"Amount": amount}) for ref, amount in zip(REFS, amounts, strict=True)]
    list(connector.write(writes))
    assert seen == [12.5, "0.1234567890123456789", 7, None]


def test_soap_sign_in_tells_a_broken_server_from_a_wrong_password() -> None:
    """A SOAP fault is CredentialsError; an HTML page in its place is UnavailableError."""
    auth = {"flow": "password", "username": "u", "password": "pa<ss", "security_token": "t0k3n"}
    settings = SalesforceSettings.model_validate({"url": BASE, "patience": 1, "auth": auth})
    fault = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:sf="urn:fault.partner.soap.sforce.com">'
        "<s:Body><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
        "<sf:exceptionMessage>Invalid username u</sf:exceptionMessage></s:Body></s:Envelope>"
    )
    with responses.RequestsMock() as mock:
        mock.post(f"{BASE}/services/Soap/u/62.0", status=500, body=fault, content_type="text/xml")
        with pytest.raises(CredentialsError, match="INVALID_LOGIN") as caught:
            connect(settings, sleep=lambda _: None).organisation()
        assert "pa<ss" not in str(caught.value) and "Invalid username" not in str(caught.value)
    with responses.RequestsMock() as mock:
        mock.post(f"{BASE}/services/Soap/u/62.0", status=503, body="<html>down</html>", content_type="text/html")
        with pytest.raises(UnavailableError, match="503"):
            connect(settings, sleep=lambda _: None).organisation()
