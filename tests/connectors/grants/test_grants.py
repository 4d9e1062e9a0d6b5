"""Refresh tokens that are exchanged at each use, by several workers at once; secrets in files."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from leadline.common.errors import CredentialsError, UsageError
from leadline.connectors import hubspot
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.settings import HubSpotSettings
from leadline.sync.config import load_config


@pytest.fixture
def rotating() -> Iterator[Practice]:
    """A portal whose refresh tokens are good for one use."""
    options = PracticeOptions(rotating_tokens=True)
    with start_practice(organisation=generate(seed=3, people=12), options=options, frozen=True) as running:
        yield running


def app(practice: Practice, file: Path | None) -> HubSpotSettings:
    """Return the settings of an OAuth app."""
    own = practice.credentials
    oauth = {
        "client_id": own.hubspot_client_id,
        "client_secret": own.hubspot_client_secret,
        "refresh_token": own.hubspot_refresh_token,
        "token_file": file,
    }
    return HubSpotSettings.model_validate({"url": practice.hubspot_url, "oauth": oauth, "patience": 0})


def test_many_workers_at_once_refresh_once(rotating: Practice, tmp_path: Path) -> None:
    """Eight workers find their token expired in the same moment: one exchange each time, nobody is locked out."""
    file = tmp_path / "tokens.json"
    settings = app(rotating, file)
    workers = [hubspot.connect(settings) for _ in range(8)]
    for round_ in (1, 2, 3):
        with ThreadPoolExecutor(8) as pool:
            portals = set(pool.map(lambda worker: worker.server_time().isoformat(), workers))
        assert len(portals) == 1
        assert rotating.hubspot.calls.snapshot()["POST /oauth/v1/token"] == round_
        _later(rotating)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for worker in workers:
        worker.close()


def _later(practice: Practice) -> None:
    practice.clock.advance(timedelta(hours=1))


def test_a_later_process_goes_on_with_the_kept_token(rotating: Practice, tmp_path: Path) -> None:
    """Without a file the next process is locked out, in one sentence; with one it goes on."""
    file = tmp_path / "tokens.json"
    hubspot.connect(app(rotating, file)).organisation()
    _later(rotating)
    hubspot.connect(app(rotating, file)).organisation()
    with pytest.raises(CredentialsError, match="refuses to sign in"):
        hubspot.connect(app(rotating, None)).organisation()
    file.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        hubspot.connect(app(rotating, file)).organisation()


def test_a_newly_configured_token_outranks_the_kept_one(rotating: Practice, tmp_path: Path) -> None:
    """An admin who puts a new refresh token in place is not ignored in favour of what an older one became."""
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({"seed": "of another", "access_token": "old", "refresh_token": "old"}))
    file.chmod(0o600)
    assert hubspot.connect(app(rotating, file)).organisation()
    assert json.loads(file.read_text())["refresh_token"] != "old"
    file.write_text("nonsense")
    with pytest.raises(UsageError, match="no file of tokens"):
        hubspot.connect(app(rotating, file)).organisation()


def test_secrets_stand_in_files_that_others_cannot_read(tmp_path: Path) -> None:
    """``${file:...}`` is read beside the configuration; one that others may read is refused with the command."""
    (tmp_path / "leadline.yml").write_text("hubspot:\n  token: ${file:token}\n", encoding="utf-8")
    secret = tmp_path / "token"
    secret.write_text("s3cr3t\n", encoding="utf-8")
    secret.chmod(0o640)
    with pytest.raises(UsageError, match=r"leadline\.yml:2:\d+: others may read .*chmod 600") as caught:
        load_config(tmp_path, {})
    assert "s3cr3t" not in str(caught.value)
    secret.chmod(0o600)
    found = load_config(tmp_path, {})
    assert found.hubspot is not None and found.hubspot.token is not None
    assert found.hubspot.token.get_secret_value() == "s3cr3t"
    assert "s3cr3t" in found.secrets
    secret.unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        load_config(tmp_path, {})
