"""Every way to sign in, from leadline.yml to rows in the state; grants that died; keyrings; processes at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import keyring
import pytest
import yaml
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from leadline.cli import run
from leadline.common.errors import UsageError
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.sync.config import load_config

RULES = """
leadline: 1
name: sign-in
fields:
  email: {type: text, salesforce: [Lead.Email, Contact.Email], hubspot: contact.email}
stages:
  inquiry: {kind: inventory, start: true}
  mql: {kind: inventory, enter: {email: {domain_in: free_mail}}}
paths: [inquiry -> mql]
"""


@pytest.fixture
def practice() -> Iterator[Practice]:
    """A small organisation; each refresh token of HubSpot's is good for one use."""
    options = PracticeOptions(rotating_tokens=True)
    with start_practice(organisation=generate(seed=3, people=3), options=options, frozen=True) as running:
        yield running


def blocks(practice: Practice, crm: str, way: str, folder: Path) -> dict[str, Any]:
    """Return one CRM's block of leadline.yml, its secrets in the environment, in files or in a keyring."""
    own = practice.credentials
    key = folder / "app.pem"
    key.write_text(own.private_key, encoding="ascii")
    key.chmod(0o600)
    app = {"client_id": own.salesforce_client_id, "client_secret": "${SECRET}"}
    salesforce: dict[str, dict[str, Any]] = {
        "jwt": {"client_id": own.salesforce_client_id, "username": own.salesforce_username, "key_file": str(key)},
        "client_credentials": app,
        "refresh": app | {"refresh_token": "${REFRESH}", "token_file": str(folder / "salesforce.json")},
    }
    oauth = {"client_id": own.hubspot_client_id, "client_secret": "${SECRET}", "refresh_token": "${REFRESH}"}
    hubspot: dict[str, dict[str, Any]] = {
        "private app": {"token": "${TOKEN}"},
        "oauth": {"oauth": oauth | {"token_file": str(folder / "hubspot.json")}},
    }
    if crm == "salesforce":
        return {crm: {"url": practice.salesforce_url, "patience": 0, "auth": {"flow": way, **salesforce[way]}}}
    return {crm: {"url": practice.hubspot_url, "patience": 0, **hubspot[way]}}


def install(practice: Practice, monkeypatch: pytest.MonkeyPatch, folder: Path, crm: str, way: str) -> None:
    """Write a book and a configuration, and go there."""
    own = practice.credentials
    secrets = (
        {"SECRET": own.salesforce_client_secret, "REFRESH": own.salesforce_refresh_token}
        if crm == "salesforce"
        else {"SECRET": own.hubspot_client_secret, "REFRESH": own.hubspot_refresh_token, "TOKEN": own.hubspot_token}
    )
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    (folder / "rules.yml").write_text(RULES, encoding="utf-8")
    text = yaml.safe_dump(blocks(practice, crm, way, folder))
    (folder / "leadline.yml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)


WAYS = [
    ("salesforce", "jwt"),
    ("salesforce", "client_credentials"),
    ("salesforce", "refresh"),
    ("hubspot", "private app"),
    ("hubspot", "oauth"),
]


@pytest.mark.parametrize(("crm", "way"), WAYS)
def test_each_way_reads_and_a_refused_one_says_so(
    practice: Practice,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    crm: str,
    way: str,
) -> None:
    """People arrive in the state. With dead credentials it ends with 3, and one sentence without the secret."""
    install(practice, monkeypatch, tmp_path, crm, way)
    assert run(["pull", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] > 0
    for name in ("SECRET", "REFRESH", "TOKEN"):
        monkeypatch.setenv(name, "d3ad-and-gone")
    (tmp_path / "app.pem").write_text(practice.credentials.private_key.replace("\nM", "\nN", 1), encoding="ascii")
    for kept in tmp_path.glob("*.json"):
        kept.unlink()
    assert run(["pull"]) == 3
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    assert "d3ad" not in said
    assert any(word in said.lower() for word in ("sign in", "token", "private key"))


_WORKER = """
import json, sys
from leadline.connectors import hubspot
from leadline.connectors.settings import HubSpotSettings
sys.stdin.readline()
connector = hubspot.connect(HubSpotSettings.model_validate(json.loads(sys.argv[1])))
print(connector.organisation())
"""


def test_processes_at_once_refresh_once(practice: Practice, tmp_path: Path) -> None:
    """Three processes begin in the same moment, with a token that ends with its first use: one exchange each hour."""
    own = practice.credentials
    oauth = {"client_id": own.hubspot_client_id, "client_secret": own.hubspot_client_secret}
    oauth |= {"refresh_token": own.hubspot_refresh_token, "token_file": str(tmp_path / "tokens.json")}
    settings = json.dumps({"url": practice.hubspot_url, "oauth": oauth, "patience": 0})
    command = [sys.executable, "-c", _WORKER, settings]
    for round_ in (1, 2):
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        workers = [subprocess.Popen(command, env=dict(os.environ), **pipes) for _ in range(3)]
        answers = set()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in workers:
            told, _ = worker.communicate(timeout=60)
            assert worker.returncode == 0
            answers.add(told.strip())
        assert len(answers) == 1
        assert practice.hubspot.calls.snapshot()["POST /oauth/v1/token"] == round_
        practice.clock.advance(timedelta(hours=1))


class Ring(KeyringBackend):
    """A keyring in memory, as keyring itself defines one."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is held."""
        if self.locked:
            raise KeyringLocked("the keyring is locked")
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Hold it."""
        self.held[service, username] = password


@pytest.fixture
def ring() -> Iterator[Ring]:
    """A keyring of our own in place of the machine's."""
    before, made = keyring.get_keyring(), Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_a_secret_of_a_keyring_signs_in(
    practice: Practice,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ring: Ring,
) -> None:
    """``${keyring:...}`` reads what `keyring set` wrote; one that is absent or locked says what to do, with 2."""
    install(practice, monkeypatch, tmp_path, "hubspot", "private app")
    file = tmp_path / "leadline.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("${TOKEN}", "${keyring:leadline/hubspot}"))
    with pytest.raises(UsageError, match="keyring set leadline hubspot"):
        load_config(tmp_path, {})
    keyring.set_password("leadline", "hubspot", practice.credentials.hubspot_token)
    assert run(["pull"]) == 0
    ring.locked = True
    assert run(["pull"]) == 2
    said = capsys.readouterr().err
    assert "the keyring cannot be read" in said
    assert practice.credentials.hubspot_token not in said
