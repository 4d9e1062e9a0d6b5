"""From a website's form to the stage in HubSpot, through `leadline serve`: python -m benchmarks.latency.

Forms come at a steady rate for a while, each with the webhook that HubSpot would send. The stage is looked for twice
a second by batches of reads, which are not counted as Leadline's calls.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import requests

from leadline.connectors.practice.serving import Practice, start_practice
from leadline.terminal.templates import copy_template
from leadline.web.signatures import signature

SECRET = "a-secret-for-measuring"
FORM = "/submissions/v3/integration/submit/16694274/d3dd5625-0b54-50f7-ae2f-103f3b1edbb8"
LOOK_EVERY = 0.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=20, help="events a second")
    parser.add_argument("--seconds", type=float, default=60)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, start_practice(people=chosen.people, seed=7) as practice:
        copy_template("waterfall", Path(folder) / "book")
        os.chdir(Path(folder) / "book")
        environment = {**os.environ, **practice.environment(), "LEADLINE_HUBSPOT_CLIENT_SECRET": SECRET}
        for arguments in (["plan", "-o", "plan.json"], ["apply", "plan.json"]):
            _leadline(environment, arguments).wait()
        process = _leadline(environment, ["serve", "--port", "18088", "--url", "http://localhost", "--every", "1h"])
        try:
            _measure(practice, chosen.rate, chosen.seconds)
        finally:
            process.terminate()
            process.wait()


def _leadline(environment: dict[str, str], arguments: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "leadline", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _measure(practice: Practice, rate: float, seconds: float) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {practice.credentials.hubspot_token}"
    _wait_for_quiet(session)
    before = _calls(practice)
    sent: dict[str, float] = {}
    arrived: dict[str, float] = {}
    own = 0
    began = time.monotonic()
    while len(arrived) < len(sent) or time.monotonic() - began < seconds:
        due = min(int((time.monotonic() - began) * rate), int(seconds * rate))
        while len(sent) < due:
            email = f"buyer{len(sent)}@latency.example"
            session.post(
                practice.hubspot_url + FORM, json={"fields": [{"name": "email", "value": email}]}, timeout=30
            )
            sent[email] = time.monotonic()
            _tell(session, str(len(sent)))
            own += 1
        own += _look(session, practice, sent, arrived)
        if time.monotonic() - began > seconds + 300:
            break
        time.sleep(LOOK_EVERY)
    spans = sorted(arrived[email] - sent[email] for email in arrived)
    made = _calls(practice) - before - own
    print(f"events {len(sent)}, arrived {len(arrived)}, at {rate:g} a second")
    print(f"p50 {statistics.median(spans):.1f} s, p99 {spans[int(len(spans) * 0.99)]:.1f} s, worst {spans[-1]:.1f} s")
    print(f"calls for each event, both CRMs together: {made / max(len(sent), 1):.1f}")


def _tell(session: requests.Session, key: str) -> None:
    body = json.dumps([{"subscriptionType": "contact.creation", "objectId": key}]).encode()
    stamp = str(int(datetime.now(UTC).timestamp() * 1000))
    headers = {
        "X-HubSpot-Signature-v3": signature(SECRET, "POST", "http://localhost/hubspot", body, stamp),
        "X-HubSpot-Request-Timestamp": stamp,
    }
    session.post("http://127.0.0.1:18088/hubspot", data=body, headers=headers, timeout=30).raise_for_status()


def _look(
    session: requests.Session,
    practice: Practice,
    sent: dict[str, float],
    arrived: dict[str, float],
) -> int:
    """Note who is an MQL now; return the calls that looking took."""
    open_ones = [email for email in sent if email not in arrived]
    calls = 0
    for start in range(0, len(open_ones), 100):
        inputs = [{"id": email} for email in open_ones[start : start + 100]]
        answer = session.post(
            f"{practice.hubspot_url}/crm/v3/objects/contacts/batch/read",
            json={"idProperty": "email", "properties": ["email", "lifecyclestage"], "inputs": inputs},
            timeout=60,
        )
        calls += 1
        now = time.monotonic()
        for found in answer.json().get("results", []):
            if found["properties"].get("lifecyclestage") == "marketingqualifiedlead":
                arrived.setdefault(found["properties"]["email"], now)
    return calls


def _wait_for_quiet(session: requests.Session) -> None:
    """Wait until `serve` listens and its first cycle is over."""
    for _ in range(600):
        try:
            session.get("http://127.0.0.1:18088/health", timeout=5).raise_for_status()
            break
        except requests.ConnectionError:
            time.sleep(0.2)
    time.sleep(10)


def _calls(practice: Practice) -> int:
    return practice.hubspot.calls.total + practice.salesforce.calls.total


if __name__ == "__main__":
    main()
