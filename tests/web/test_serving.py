"""From a website's form to both CRMs in seconds: a real process, killed in the middle, over real HTTP."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from leadline.connectors.practice.serving import Practice, start_practice
from leadline.terminal.templates import copy_template
from leadline.web.signatures import signature

SECRET = "the-app-secret"
FORM = "/submissions/v3/integration/submit/16694274/d3dd5625-0b54-50f7-ae2f-103f3b1edbb8"


def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `leadline serve` in this folder and give the process and its address."""
    command = [sys.executable, "-m", "leadline", "serve", "--port", "0", "--url", "http://localhost", "--every", "1h"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("listening on 127.0.0.1:"), line
        yield process, "http://127.0.0.1:" + line.split(":")[1].split(";")[0].strip()
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def ask_for_a_demo(practice: Practice, email: str) -> None:
    """Fill in the website's form."""
    fields = [{"name": "email", "value": email}]
    answer = requests.post(practice.hubspot_url + FORM, json={"fields": fields}, timeout=10)
    assert answer.status_code == 200


def tell(url: str, key: str) -> int:
    """Send the event that HubSpot would send; return the status."""
    body = json.dumps([{"subscriptionType": "contact.creation", "objectId": key}]).encode()
    stamp = str(int(datetime.now(UTC).timestamp() * 1000))
    headers = {
        "X-HubSpot-Signature-v3": signature(SECRET, "POST", "http://localhost/hubspot", body, stamp),
        "X-HubSpot-Request-Timestamp": stamp,
    }
    return requests.post(f"{url}/hubspot", data=body, headers=headers, timeout=10).status_code


def contact(practice: Practice, email: str) -> dict[str, Any]:
    """Return a contact as HubSpot has it, by the vendor's own search."""
    filters = [{"filters": [{"propertyName": "email", "operator": "EQ", "value": email}]}]
    answer = requests.post(
        f"{practice.hubspot_url}/crm/v3/objects/contacts/search",
        json={"filterGroups": filters, "properties": ["lifecyclestage"]},
        headers={"Authorization": f"Bearer {practice.credentials.hubspot_token}"},
        timeout=10,
    )
    found: list[dict[str, Any]] = answer.json()["results"]
    return found[0] if found else {}


@pytest.mark.timeout(200)
def test_a_demo_request_becomes_an_mql_in_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by a webhook, decided, written and read back; a kill between hint and cycle loses nothing."""
    copy_template("waterfall", tmp_path / "book")
    monkeypatch.chdir(tmp_path / "book")
    rules = Path("rules.yml").read_text(encoding="utf-8")
    assert "most: 2000 or 10%" in rules
    Path("rules.yml").write_text(rules.replace("most: 2000 or 10%", "most: 2000"), encoding="utf-8")
    with start_practice(people=60, seed=7) as practice:
        environment = {**os.environ, **practice.environment(), "LEADLINE_HUBSPOT_CLIENT_SECRET": SECRET}
        for arguments in (["plan", "-o", "plan.json"], ["apply", "plan.json"]):
            command = [sys.executable, "-m", "leadline", *arguments]
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=60)
        with serving(environment) as (process, url):
            until(lambda: requests.get(f"{url}/health", timeout=5).json()["ok"])
            ask_for_a_demo(practice, "first@buyer.example")
            key = contact(practice, "first@buyer.example")["id"]
            assert tell(url, key) == 204
            until(lambda: _stage(practice, "first@buyer.example") == "marketingqualifiedlead")
            until(lambda: requests.get(f"{url}/health", timeout=5).json()["waiting"] == 0)
            ask_for_a_demo(practice, "second@buyer.example")
            assert tell(url, contact(practice, "second@buyer.example")["id"]) == 204
            process.send_signal(signal.SIGKILL)
            process.wait()
        with serving(environment) as (process, url):
            until(lambda: _stage(practice, "second@buyer.example") == "marketingqualifiedlead")
            until(lambda: requests.get(f"{url}/health", timeout=5).json()["waiting"] == 0)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 143


def _stage(practice: Practice, email: str) -> str | None:
    found = contact(practice, email)
    stage: str | None = found["properties"].get("lifecyclestage") if found else None
    return stage
