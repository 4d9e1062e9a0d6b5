"""Ctrl-C and SIGTERM in the middle of each long verb: a real process, no traceback, and a second run finishes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leadline.connectors.practice.serving import Practice, start_practice
from tests.cli.desk import LEADLINE, Desk, start, stop_when

SIGNALS = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)


def called(desk: Desk, *, calls: int) -> Callable[[], bool]:
    """Return whether both CRMs together were called so often from now on, as a question to ask."""
    before = desk.calls("salesforce") + desk.calls("hubspot")
    return lambda: desk.calls("salesforce") + desk.calls("hubspot") - before >= calls


def updates(desk: Desk) -> int:
    """Return how many calls asked HubSpot to write."""
    return sum(count for name, count in desk.practice.hubspot.calls.snapshot().items() if "batch/update" in name)


def values(planned: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Return what a plan writes where."""
    return {(write["ref"]["id"], write["field"], write["new"]) for write in planned["plan"]["writes"]}


@pytest.mark.parametrize(("number", "code", "calls"), [(signal.SIGINT, 130, 1), (signal.SIGTERM, 143, 18)])
def test_a_pull_that_is_stopped(reading_desk: Desk, number: int, code: int, calls: int) -> None:
    """What was read is kept, the lease is given back, and the next run reads on to the same plan."""
    reading_desk.faults(kind="slow_answer", seconds=0.04)
    said = stop_when(start("pull"), called(reading_desk, calls=calls), number)
    assert (said.code, said.out, said.err.strip()) == (code, "", "Stopped.")
    assert reading_desk.state("leases")["leases"] == []
    reading_desk.faults()
    healed = reading_desk.leadline("plan", "--json")
    assert healed.code == 0
    Path("leadline.db").unlink()
    assert values(healed.json) == values(reading_desk.leadline("plan", "--json").json)


@SIGNALS
def test_a_plan_that_is_stopped(reading_desk: Desk, number: int, code: int) -> None:
    """No half plan file is left, and with --json the one document says how it ended."""
    reading_desk.faults(kind="slow_answer", seconds=0.04)
    said = stop_when(start("plan", "-o", "plan.json", "--json"), called(reading_desk, calls=20), number)
    assert said.code == code
    assert json.loads(said.out)["exit_code"] == code
    assert not [path for path in Path().iterdir() if path.name.startswith("plan.json")]
    assert reading_desk.decided() == {}


@SIGNALS
def test_an_apply_that_is_stopped(desk: Desk, number: int, code: int) -> None:
    """The journal knows what was begun; the same plan again ends with every value in place."""
    assert desk.leadline("plan", "-o", "plan.json").code == 0
    desk.faults("hubspot", kind="slow_answer", match="*batch*", seconds=0.3)
    said = stop_when(start("apply", "plan.json"), lambda: updates(desk) > 0, number)
    assert (said.code, said.out) == (code, "")
    assert desk.state("leases")["leases"] == []
    desk.faults()
    again = desk.leadline("apply", "plan.json", "--json").json
    assert (again["ok"], again["resumed"]) == (True, True)
    assert desk.leadline("sync", "--json").json["plan"]["writes"] == 0


@SIGNALS
def test_a_sync_that_is_stopped_is_finished_by_the_next(desk: Desk, number: int, code: int) -> None:
    """After an edited book, a sync is stopped while it writes; the next one says what it finished first."""
    desk.adopt()
    desk.edit("grades: {A: 60, B: 40, C: 20", "grades: {A: 90, B: 80, C: 70")
    desk.edit("most: 2000 or 10%", "most: 2000")
    desk.faults("hubspot", kind="slow_answer", match="*batch/update*", seconds=0.3)
    done = updates(desk)
    said = stop_when(start("sync"), lambda: updates(desk) > done, number)
    assert (said.code, said.out) == (code, "")
    desk.faults()
    told = desk.leadline("sync", "--json")
    assert (told.code, told.json["resumed"]["ok"]) == (0, True)
    assert desk.leadline("sync", "--json").json["plan"]["writes"] == 0


@SIGNALS
def test_a_schedule_ends_in_order(desk: Desk, number: int, code: int) -> None:
    """A signal while it waits or runs lets the run end; the exit code is that of the last run."""
    desk.adopt()
    process = start("sync", "--every", "10s", "--json")
    said = stop_when(process, called(desk, calls=5), number)
    assert said.code == 0
    assert json.loads(said.out)["ok"] is True
    assert said.err.endswith("Stopped.\n")
    assert desk.state("leases")["leases"] == []


def test_a_second_ctrl_c_interrupts_the_run_of_a_schedule(desk: Desk) -> None:
    """Whoever does not want to wait for the run that is going presses Ctrl-C twice."""
    desk.adopt()
    desk.faults(kind="slow_answer", seconds=0.6)
    process = start("sync", "--every", "10s")
    ready = called(desk, calls=4)
    while not ready():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    said = stop_when(process, lambda: True)
    assert (said.code, said.out) == (130, "")
    desk.faults()
    assert desk.leadline("sync").code == 0


@SIGNALS
def test_practice_ends_in_order(number: int, code: int) -> None:
    """The practice CRMs end with 0: stopping them is how they are meant to end."""
    process = subprocess.Popen(
        [*LEADLINE, "practice", "--people", "5", "--salesforce-port", "0", "--hubspot-port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    head = ""
    while not head.endswith("}\n}\n"):
        head += process.stdout.readline()
    assert json.loads(head)["people"] == 5
    said = stop_when(process, lambda: True, number)
    assert (said.code, said.out, said.err) == (0, "", "Stopped.\n")


@pytest.fixture
def quiet_practice() -> Iterator[Practice]:
    """Practice CRMs that answer slowly."""
    with start_practice(people=3, frozen=True, faults=[{"kind": "slow_answer", "seconds": 0.1}]) as running:
        yield running


def test_a_caller_that_hangs_up_leaves_no_trace(quiet_practice: Practice, caplog: pytest.LogCaptureFixture) -> None:
    """A client that is stopped in the middle of a call is no fault of the practice CRMs."""
    port = int(quiet_practice.salesforce_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST /services/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\ngrant")
        while not quiet_practice.salesforce.calls.total:
            time.sleep(0.01)
    time.sleep(0.3)
    assert caplog.records == []
