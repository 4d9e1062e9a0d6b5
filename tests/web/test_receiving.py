"""What CRMs send, and what pretends to be them: over real HTTP to the application that listens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from hubspot.utils.signature import Signature

from leadline.common.values import RecordRef
from leadline.connectors.practice.serving import PracticeServer
from leadline.sync.hints import MOST, HintQueue
from leadline.web.messages import LARGEST
from leadline.web.receiving import ANYTHING, Receiving, application
from leadline.web.signatures import signature, signed_uri

SECRET, TOKEN = "the-app-secret", "a-token-of-twenty-characters"
URL = "https://hooks.acme.example"
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
ANN = RecordRef("hubspot", "contact", "17")


class Desk:
    """The listening application with a clock that stands still."""

    def __init__(self, url: str, queue: HintQueue) -> None:
        self.url = url
        self.queue = queue
        self.told = 0

    def hubspot(self, body: bytes, path: str = "/hubspot", late: timedelta = timedelta(0), **headers: str) -> int:
        """Send what HubSpot sends, signed ``late`` after the present; return the status."""
        stamp = str(int((NOW + late).timestamp() * 1000))
        signed = {
            "X-HubSpot-Signature-v3": signature(SECRET, "POST", URL + path, body, stamp),
            "X-HubSpot-Request-Timestamp": stamp,
        }
        return requests.post(self.url + path, data=body, headers=signed | headers, timeout=10).status_code

    def salesforce(self, body: str, token: str = TOKEN) -> requests.Response:
        """Send what Salesforce sends."""
        return requests.post(f"{self.url}/salesforce/{token}", data=body.encode(), timeout=10)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Listen on a free port."""
    queue = HintQueue(tmp_path / "hints.db")
    made = Desk("", queue)

    def told() -> None:
        made.told += 1

    receiving = Receiving(queue, lambda: NOW, told, URL, SECRET, TOKEN, "00D000000000001")
    with PracticeServer(application(receiving)) as server:
        made.url = server.url
        yield made
    queue.close()


def events(*ids: int | str, kind: str = "contact.propertyChange") -> bytes:
    """Return a batch of events as HubSpot sends it."""
    return json.dumps(
        [{"subscriptionType": kind, "objectId": key, "eventId": 1, "attemptNumber": 0} for key in ids]
    ).encode()


def outbound(key: str = "00Q000000000001", organisation: str = "00D000000000001EAA", kind: str = "sf:Lead") -> str:
    """Return an outbound message as Salesforce sends it."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organisation}</OrganizationId><ActionId>04k</ActionId><Notification><Id>04l</Id>"
        f'<sObject xsi:type="{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>{key}</sf:Id>'
        "<sf:Email>ann@acme.example</sf:Email></sObject></Notification></notifications>"
        "</soapenv:Body></soapenv:Envelope>"
    )


def test_a_signed_batch_is_kept_once(desk: Desk) -> None:
    """Events of one record, and batches sent again, are one record in the queue."""
    assert desk.hubspot(events(17, 17, "18")) == 204
    assert desk.hubspot(events(17, 17, "18")) == 204
    assert desk.queue.waiting().records == 2
    assert desk.told == 2
    assert requests.get(f"{desk.url}/health", timeout=10).json() == {"ok": True, "waiting": 2, "oldest_seconds": 0}


def test_the_vendor_s_own_client_agrees(desk: Desk) -> None:
    """Our signature is the one that the official client takes for HubSpot's."""
    body = events(17)
    stamp = str(int(datetime.now(UTC).timestamp() * 1000))
    assert Signature.is_valid(
        signature=signature(SECRET, "POST", f"{URL}/hubspot", body, stamp),
        client_secret=SECRET,
        request_body=body.decode(),
        http_method="POST",
        http_uri=f"{URL}/hubspot",
        signature_version="v3",
        timestamp=int(stamp),
    )
    assert desk.queue.waiting().records == 0


def test_only_some_characters_of_the_address_are_decoded() -> None:
    """HubSpot decodes a fixed list; a percent sign, a space or a hash stay encoded."""
    assert signed_uri("https://a.example/h?u=x%3Ay%2fz%20%25%23%40") == "https://a.example/h?u=x:y/z%20%25%23@"


def test_the_query_of_the_address_is_signed_too(desk: Desk) -> None:
    """A webhook address may have a query, in the order in which it was given."""
    assert desk.hubspot(events(17), path="/hubspot?b=1&a=%3A") == 204


@pytest.mark.parametrize(
    "late", [timedelta(minutes=-5, seconds=-1), timedelta(minutes=5, seconds=1), timedelta(days=3650)]
)
def test_old_and_future_requests_are_refused(desk: Desk, late: timedelta) -> None:
    """A request that was caught and sent again later is old; one from the future could be kept for later."""
    assert desk.hubspot(events(17), late=late) == 401
    assert desk.hubspot(events(17), late=late / 1000) in {204, 401}
    assert desk.queue.waiting().records <= 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-HubSpot-Signature-v3": ""},
        {"X-HubSpot-Signature-v3": "x" * 44},
        {"X-HubSpot-Request-Timestamp": "now"},
        {"X-HubSpot-Request-Timestamp": "9" * 400},
        {"X-HubSpot-Request-Timestamp": "1782820800001"},
        {"X-HubSpot-Request-Timestamp": "-1"},
    ],
)
def test_a_wrong_signature_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    """Nothing of an unsigned request is kept."""
    assert desk.hubspot(events(17), **headers) == 401
    assert (desk.queue.waiting().records, desk.told) == (0, 0)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"[" * 5000, b"\xff", b"nonsense", json.dumps([{}] * 1001).encode()]
)
def test_malformed_bodies_are_refused(desk: Desk, body: bytes) -> None:
    """A signed body that is no batch of events is answered with 400 and kept nowhere."""
    assert desk.hubspot(body) == 400
    assert desk.queue.waiting().records == 0


def test_an_unknown_kind_is_still_a_hint(desk: Desk) -> None:
    """Something changed, whatever it was; ids that are none are not taken for ids."""
    assert desk.hubspot(events(17, kind="conversation.creation")) == 204
    assert desk.hubspot(events("../etc", True, 1.5)) == 204  # type: ignore[arg-type]
    assert desk.queue.waiting().records == 1
    assert desk.queue.take_in([ANYTHING], NOW) == 0


def test_large_bodies_are_not_read_to_the_end(desk: Desk) -> None:
    """More than a request can need is refused before it is looked at."""
    assert desk.hubspot(b" " * (LARGEST + 1)) == 413


def test_a_flood_fills_no_disk(tmp_path: Path) -> None:
    """The queue ends somewhere; what stands in it already can be told again."""
    queue = HintQueue(tmp_path / "hints.db")
    many = [RecordRef("hubspot", "contact", str(number)) for number in range(MOST + 500)]
    assert queue.take_in(many, NOW) == MOST
    assert queue.take_in(many[-1:], NOW) == 0
    assert queue.take_in(sorted(many)[:1], NOW + timedelta(seconds=9)) == 0
    assert queue.done(NOW + timedelta(seconds=5)) == MOST - 1
    queue.close()


def test_what_was_told_is_there_after_a_crash(tmp_path: Path) -> None:
    """Another process finds it, with when it was told first; what is told again after a cycle began stays."""
    HintQueue(tmp_path / "hints.db").take_in([ANN], NOW)
    queue = HintQueue(tmp_path / "hints.db")
    queue.take_in([ANN], NOW + timedelta(seconds=2))
    assert queue.waiting().since == NOW
    assert queue.done(NOW + timedelta(seconds=1)) == 0
    assert queue.done(NOW + timedelta(seconds=3)) == 1
    queue.close()


def test_an_outbound_message_is_acknowledged(desk: Desk) -> None:
    """Salesforce gets the answer that ends its sending again; the record is queued."""
    answer = desk.salesforce(outbound())
    assert (answer.status_code, "<Ack>true</Ack>" in answer.text) == (200, True)
    assert desk.queue.waiting().records == 1


@pytest.mark.parametrize(
    ("body", "token", "status"),
    [
        (outbound(), "a-wrong-token-of-some-length", 404),
        (outbound(organisation="00D000000000002EAA"), TOKEN, 403),
        ("<a>", TOKEN, 400),
        ("<a/>", TOKEN, 400),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', TOKEN, 400),
        (outbound()[:-9], TOKEN, 400),
    ],
    ids=["token", "organisation", "broken", "other", "entity", "cut"],
)
def test_other_messages_are_refused(desk: Desk, body: str, token: str, status: int) -> None:
    """A wrong address, another organisation, and XML that is none of ours."""
    assert desk.salesforce(body, token).status_code == status
    assert desk.queue.waiting().records == 0


def test_no_answer_tells_what_was_sent(desk: Desk) -> None:
    """Refusals hold nothing of the request."""
    answer = requests.post(f"{desk.url}/hubspot", data=b"ann@acme.example", timeout=10)
    assert answer.text == "the signature or its time is wrong"
