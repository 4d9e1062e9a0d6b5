"""The doorway over real HTTP: Date header, counts, plain HTTP faults, control routes."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from leadline.connectors.practice.credentials import Credentials
from tests.connectors.practice.core.room import Room


def test_the_date_header_is_the_practice_clock(room: Room) -> None:
    """Every answer carries the practice present, once, also after the clock moved."""
    assert room.get("/things/1").headers["Date"] == "Tue, 30 Jun 2026 16:00:00 GMT"
    room.control("POST", "clock", {"advance": "3d2h"})
    answer = room.get("/nowhere")
    assert (answer.status_code, answer.headers["Date"]) == (404, "Fri, 03 Jul 2026 18:00:00 GMT")
    assert "Server" not in answer.headers


def test_calls_are_counted_by_label_and_control_is_not(room: Room) -> None:
    """Labels gather calls; looking at the counts adds none; DELETE gives them and starts again."""
    for number in range(3):
        room.get(f"/things/{number}")
    room.control("GET", "health")
    counted = {"total": 3, "endpoints": {"GET /things/{id}": 3}}
    assert room.control("GET", "calls").json() == counted
    assert room.control("DELETE", "calls").json() == counted
    assert room.control("GET", "calls").json() == {"total": 0, "endpoints": {}}


def test_429_comes_with_and_without_retry_after(room: Room) -> None:
    """The vendor's body, the status, and Retry-After only where the fault says so."""
    room.control("POST", "faults", [{"kind": "too_many_requests", "times": 1}])
    answer = room.get("/things/1")
    assert (answer.status_code, answer.json()) == (429, {"vendor": 429, "kind": "too_many_requests"})
    assert "Retry-After" not in answer.headers
    room.control("POST", "faults", [{"kind": "too_many_requests", "times": 1, "retry_after": 2.5}])
    assert room.get("/things/1").headers["Retry-After"] == "2.5"
    assert room.get("/things/1").status_code == 200
    assert room.handled == ["1"]


def test_5xx_and_html_bodies(room: Room) -> None:
    """A server error has the vendor's body; an HTML page comes with any status."""
    room.control("POST", "faults", [{"kind": "server_error", "times": 1, "status": 502}])
    assert room.get("/things/1").json() == {"vendor": 502, "kind": "server_error"}
    room.control("DELETE", "faults")
    room.control("POST", "faults", [{"kind": "html_body", "times": 1}, {"kind": "html_body", "status": 503}])
    answers = [room.get("/things/1"), room.get("/things/1")]
    assert [answer.status_code for answer in answers] == [200, 503]
    assert all(answer.headers["Content-Type"].startswith("text/html") for answer in answers)
    assert room.handled == []


@pytest.mark.parametrize(("when", "handled"), [("before", []), ("after", ["1"]), ("midbody", ["1"])])
def test_dropped_connections(room: Room, when: str, handled: list[str]) -> None:
    """The connection ends without an (entire) answer; the work is done or not, as asked; then all is well again."""
    room.control("POST", "faults", {"kind": "dropped_connection", "times": 1, "when": when})
    with pytest.raises(requests.ConnectionError if when != "midbody" else requests.exceptions.ChunkedEncodingError):
        room.get("/things/1")
    assert room.handled == handled
    assert room.get("/things/2").json()["id"] == "2"


def test_a_slow_answer_is_slow_and_right(room: Room) -> None:
    """A slow answer comes after the seconds asked, and a client's time-out is met."""
    room.control("POST", "faults", {"kind": "slow_answer", "times": 2, "seconds": 0.3})
    began = time.perf_counter()
    assert room.get("/things/1").json()["id"] == "1"
    assert time.perf_counter() - began >= 0.3
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{room.url}/things/1", timeout=0.1)


def test_control_is_never_faulty(room: Room) -> None:
    """Even when every call fails, the faults can be taken away."""
    room.control("POST", "faults", [{"kind": "server_error"}, {"kind": "dropped_connection", "after": 1}])
    assert room.get("/things/1").status_code == 503
    assert [fault["id"] for fault in room.control("GET", "faults").json()["faults"]] == ["f1", "f2"]
    assert room.control("DELETE", "faults").json() == {"faults": []}
    assert room.get("/things/1").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("faults", {"kind": "lock_eror"}, "did you mean 'lock_error'"),
        ("faults", 3, "faults are a list"),
        ("faults", [3], "faults are a list"),
        ("clock", {"advance": "3 days"}, "a duration is a text such as '3d'"),
        ("clock", {"advance": -5}, "a duration is a text such as '3d'"),
        ("clock", {"advance": "999999999w"}, "ten years at most"),
        ("clock", {"advance": 1e300}, "ten years at most"),
        ("clock", {"freeze": False}, "the clock takes"),
        ("clock", {"rewind": "3d"}, "the clock takes"),
        ("clock", {}, "the clock takes"),
        ("clock", None, "the clock takes"),
    ],
)
def test_what_control_cannot_understand_is_400_and_changes_nothing(
    room: Room, path: str, body: Any, message: str
) -> None:
    """A clear message, and neither faults nor clock have moved."""
    answer = room.control("POST", path, body)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert room.control("GET", "faults").json() == {"faults": []}
    assert room.control("GET", "clock").json() == {"now": "2026-06-30T16:00:00Z"}


def test_a_control_body_that_is_not_json_is_400(room: Room) -> None:
    """Bytes that are no JSON are told so."""
    answer = room.session.post(f"{room.url}/_practice/clock", data=b"\xff{", timeout=5)
    assert (answer.status_code, answer.json()) == (400, {"error": "the body is not JSON"})


def test_the_clock_can_be_frozen_and_thawed(room: Room) -> None:
    """Frozen time stands; thawed time runs; health tells the present."""
    before = room.control("POST", "clock", {"thaw": True}).json()["now"]
    time.sleep(0.02)
    running = room.control("POST", "clock", {"freeze": True, "advance": "90s"}).json()["now"]
    assert before < running
    assert room.control("GET", "clock").json() == {"now": running}
    assert room.control("GET", "health").json() == {"crm": "hubspot", "now": running}


def test_what_a_client_signs_in_with_can_be_asked(room: Room) -> None:
    """An independent client gets everything, the JWT key included."""
    told = room.control("GET", "credentials").json()
    assert told["hubspot_token"] == Credentials().hubspot_token
    assert told["private_key"] == Credentials().private_key
    assert told["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
