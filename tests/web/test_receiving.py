"""What CRMs send, and what pretends to be them: over real HTTP to the application that listens."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from hubspot.utils.signature import Signature

from leadline.common.values import RecordRef
from leadline.connectors.practice.serving import PracticeServer
from leadline.sync.hints import MOST, HintQueue, Taken
from leadline.web.messages import LARGEST
from leadline.web.receiving import ANYTHING, Receiving, application
from leadline.web.signatures import signature, signed_uri

SECRET, TOKEN = "the-app-secret", "a-token-of-twenty-characters"
URL = "https://hooks.acme.example"
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
ANN = RecordRef("hubspot", "contact", "17")


BOMB = (
    "<!DOCTYPE a [<!ENTITY b0 'x'>"
    + "".join(f"<!ENTITY b{n} '{f'&b{n - 1};' * 10}'>" for n in range(1, 10))
    + "]><a>&b9;</a>"
)
"""A billion letters once its entities are put in."""


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

    def salesforce(self, body: str | bytes, token: str = TOKEN) -> requests.Response:
        """Send what Salesforce sends."""
        data = body.encode() if isinstance(body, str) else body
        return requests.post(f"{self.url}/salesforce/{token}", data=data, timeout=10)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Listen on a free port."""
    queue = HintQueue(tmp_path / "hints.db")
    made = Desk("", queue)

    def told() -> None:
        made.told += 1

    receiving = Receiving(queue, lambda: NOW, told, URL, SECRET, TOKEN, "00D000000000001", wall=lambda: NOW)
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
    assert requests.get(f"{desk.url}/health", timeout=10).json() == {
        "ok": True,
        "failures": 0,
        "waiting": 2,
        "oldest_seconds": 0,
    }


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
    assert desk.queue.take_in([ANYTHING], NOW) == Taken(0, 0)


def test_large_bodies_are_not_read_to_the_end(desk: Desk) -> None:
    """More than a request can need is refused before it is looked at."""
    assert desk.hubspot(b" " * (LARGEST + 1)) == 413


def test_a_flood_fills_no_disk(tmp_path: Path) -> None:
    """The queue ends somewhere; what stands in it already can be told again."""
    queue = HintQueue(tmp_path / "hints.db")
    many = [RecordRef("hubspot", "contact", str(number)) for number in range(MOST + 500)]
    assert queue.take_in(many, NOW) == Taken(MOST, 500)
    assert queue.take_in(sorted(many)[-1:], NOW) == Taken(0, 1)
    assert queue.take_in(sorted(many)[:1], NOW + timedelta(seconds=9)) == Taken(0, 0)
    assert queue.oldest(2) == tuple(sorted(many)[:2])
    assert queue.done(NOW + timedelta(seconds=5)) == MOST - 1
    queue.close()


def test_who_finds_the_queue_full_is_asked_to_tell_again(desk: Desk) -> None:
    """Both CRMs are answered with 429: they tell again later. What stands in the queue is taken as ever."""
    full = [RecordRef("hubspot", "contact", str(number)) for number in range(1, MOST + 1)]
    desk.queue.take_in(full, NOW)
    assert desk.hubspot(events(MOST + 1)) == 429
    assert desk.hubspot(events(*range(1, 101))) == 204
    refused = desk.salesforce(outbound())
    assert (refused.status_code, refused.headers["Retry-After"], "<Ack>" in refused.text) == (429, "30", False)
    assert desk.queue.waiting().records == MOST
    desk.queue.done(NOW + timedelta(seconds=1))
    assert desk.hubspot(events(MOST + 1)) == 204


def test_a_flood_of_strangers_is_answered_and_kept_nowhere(desk: Desk) -> None:
    """Many at once, unsigned, beside one who is believed: that one is answered well within a second."""
    with ThreadPoolExecutor(8) as pool:
        flood = [pool.submit(desk.hubspot, events(9), **{"X-HubSpot-Signature-v3": "x"}) for _ in range(150)]
        began = time.monotonic()
        assert desk.hubspot(events(17)) == 204
        assert time.monotonic() - began < 1
        assert {one.result() for one in flood} == {401}
    assert desk.queue.oldest(5) == (ANN,)


def test_a_whole_batch_is_taken_at_once(desk: Desk) -> None:
    """A hundred events, as many as HubSpot sends, also of objects known by their number."""
    body = [{"subscriptionType": "object.propertyChange", "objectTypeId": "0-1", "objectId": n} for n in range(100)]
    assert desk.hubspot(json.dumps(body).encode()) == 204
    assert desk.queue.waiting().records == 100


def test_a_signature_caught_on_the_way_is_good_for_nothing_else(desk: Desk) -> None:
    """Sent again it says the same and is in the queue once; with another body, address or method it is refused."""
    body = events(17)
    stamp = str(int(NOW.timestamp() * 1000))
    caught = {
        "X-HubSpot-Signature-v3": signature(SECRET, "POST", f"{URL}/hubspot", body, stamp),
        "X-HubSpot-Request-Timestamp": stamp,
    }

    def send(path: str, data: bytes) -> int:
        return requests.post(desk.url + path, data=data, headers=caught, timeout=10).status_code

    assert [send("/hubspot", body), send("/hubspot", body)] == [204, 204]
    assert desk.queue.waiting().records == 1
    assert [send("/hubspot", events(18)), send("/hubspot?a=1", body)] == [401, 401]
    assert requests.get(f"{desk.url}/hubspot", headers=caught, timeout=10).status_code == 405
    assert send("/salesforce/x", body) == 404


def test_who_sends_slowly_does_not_hold_the_door(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not end is given up, and others are answered meanwhile."""
    monkeypatch.setattr("leadline.web.receiving.SLOWEST", 0.2)
    host, _, port = desk.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        slow.sendall(b"POST /hubspot HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[")
        assert desk.hubspot(events(17)) == 204
        assert b" 413 " in slow.recv(200)


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
        (BOMB, TOKEN, 400),
        (BOMB.encode("utf-16"), TOKEN, 400),
        (outbound()[:-9], TOKEN, 400),
    ],
    ids=["token", "organisation", "broken", "other", "entity", "bomb", "bomb in another encoding", "cut"],
)
def test_other_messages_are_refused(desk: Desk, body: str | bytes, token: str, status: int) -> None:
    """A wrong address, another organisation, and XML that is none of ours."""
    assert desk.salesforce(body, token).status_code == status
    assert desk.queue.waiting().records == 0


def test_no_answer_tells_what_was_sent(desk: Desk) -> None:
    """Refusals hold nothing of the request."""
    answer = requests.post(f"{desk.url}/hubspot", data=b"ann@acme.example", timeout=10)
    assert answer.text == "the signature or its time is wrong"
