"""Serving: a thread that starts and ends cleanly, answers fast, and a process that signals end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from leadline.common.errors import UsageError
from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.credentials import Credentials
from leadline.connectors.practice.files import load_organisation
from leadline.connectors.practice.harness import Harness, practice_app
from leadline.connectors.practice.serving import Practice, PracticeServer, start_practice
from tests.connectors.practice.core.room import START, Room


def app() -> object:
    """Return an application with one plain route."""

    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    harness = Harness("salesforce", PracticeClock(START))
    return practice_app(harness, [Route("/", hello)], error_body=lambda status, fault: PlainTextResponse("", status))


def test_a_server_ends_with_its_context() -> None:
    """Afterwards no thread is left, the port is free, and open keep-alive connections did not hold it up."""
    session = requests.Session()
    before = set(threading.enumerate())
    with PracticeServer(app()) as server:
        assert session.get(server.url, timeout=5).text == "hello"
        began = time.perf_counter()
    assert time.perf_counter() - began < 1
    assert set(threading.enumerate()) <= before
    with pytest.raises(requests.ConnectionError):
        session.get(server.url, timeout=5)
    session.close()


def test_a_port_in_use_is_a_usage_error() -> None:
    """The message says which port, and to choose another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"127\.0\.0\.1:{port} .*choose another port"):
            PracticeServer(app(), port=port)


def test_an_impossible_port_is_a_usage_error() -> None:
    """A number that is no port is told the same way."""
    with pytest.raises(UsageError, match="choose another port"):
        PracticeServer(app(), port=70_000)


def test_small_answers_are_not_held_back(room: Room) -> None:
    """Without TCP_NODELAY each answer on a kept connection takes 40 ms; 50 must take far less than 2 s."""
    room.get("/things/1")
    began = time.perf_counter()
    for number in range(50):
        room.get(f"/things/{number}")
    assert time.perf_counter() - began < 1


def test_both_crms_share_a_clock_and_sign_in_data() -> None:
    """One clock for both; the environment is what an example's configuration reads."""
    with start_practice(people=30, frozen=True, faults=[{"kind": "lock_error", "crm": "salesforce"}]) as practice:
        requests.post(f"{practice.salesforce_url}/_practice/clock", json={"advance": "2d"}, timeout=5)
        now = requests.get(f"{practice.hubspot_url}/_practice/health", timeout=5).json()
        assert now == {"crm": "hubspot", "now": "2026-07-02T16:00:00Z"}
        assert (practice.salesforce.faults.any, practice.hubspot.faults.any) == (True, False)
        assert practice.environment() == {
            "SALESFORCE_URL": practice.salesforce_url,
            "SALESFORCE_CLIENT_ID": practice.credentials.salesforce_client_id,
            "SALESFORCE_CLIENT_SECRET": practice.credentials.salesforce_client_secret,
            "HUBSPOT_URL": practice.hubspot_url,
            "HUBSPOT_TOKEN": practice.credentials.hubspot_token,
        }


@pytest.mark.parametrize("people", [0, 1, 2])
def test_tiny_organisations_can_be_asked(people: int) -> None:
    """Both CRMs start and answer when there is (almost) nobody in them."""
    with start_practice(people=people) as practice:
        assert contacts(practice) <= people


def test_a_bare_list_of_people_can_be_rehearsed_on(tmp_path: Path) -> None:
    """An admin's CSV of addresses alone is enough for both CRMs to start and answer."""
    rows = "email,salesforce\nann@firm.example,lead\nbo@firm.example,converted\n,contact\ncy@firm.example,\n"
    (tmp_path / "people.csv").write_text(rows)
    with start_practice(organisation=load_organisation(tmp_path)) as practice:
        assert contacts(practice) == 4


def contacts(practice: Practice) -> int:
    """Ask HubSpot for its contacts and Salesforce for a token; return how many contacts there are."""
    known = practice.credentials
    form = {
        "grant_type": "client_credentials",
        "client_id": known.salesforce_client_id,
        "client_secret": known.salesforce_client_secret,
    }
    token = requests.post(f"{practice.salesforce_url}/services/oauth2/token", data=form, timeout=5).json()
    query = f"{practice.salesforce_url}/services/data/v62.0/query?q=SELECT+Id,Email,ConvertedDate+FROM+Lead"
    leads = requests.get(query, headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=5)
    assert leads.status_code == 200, leads.text
    listed = f"{practice.hubspot_url}/crm/v3/objects/contacts?limit=100"
    answer = requests.get(listed, headers={"Authorization": f"Bearer {known.hubspot_token}"}, timeout=5)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["results"])


def test_a_bad_fault_is_refused_before_anything_runs() -> None:
    """A wrong spec ends the start, with the nearest kind."""
    with (
        pytest.raises(UsageError, match="did you mean 'lock_error'"),
        start_practice(3, faults=[{"kind": "lock_eror"}]),
    ):
        pass


def test_the_key_pair_signs_and_checks() -> None:
    """The private key fits the public one, and is the same for everybody in this process."""
    import jwt

    signed = jwt.encode({"sub": "x"}, Credentials().private_key, algorithm="RS256")
    assert jwt.decode(signed, Credentials().public_key, algorithms=["RS256"]) == {"sub": "x"}


_SERVE = """
import sys
from leadline.connectors.practice.serving import serve_forever
def ready(practice):
    print(practice.salesforce_url, practice.hubspot_url, flush=True)
serve_forever(ready, people=20)
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    """It answers on two ports until the signal, then ends with 0 and nothing on stderr."""
    command = [sys.executable, "-W", "error", "-c", _SERVE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        urls = process.stdout.readline().split()
        assert [requests.get(f"{url}/_practice/health", timeout=5).json()["crm"] for url in urls] == [
            "salesforce",
            "hubspot",
        ]
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "ended\n", "")
