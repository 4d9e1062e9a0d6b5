"""TLS is verified over a real handshake: who is not trusted is refused in one sentence, one's own is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from leadline.cli import run
from leadline.common.errors import CredentialsError, UsageError
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.trust import VARIABLES, verification
from leadline.connectors.webhooks import Channel, Webhooks
from leadline.terminal.templates import copy_template
from tests.connectors.tls.doors import https
from tests.connectors.webhooks.receiver import receiving

CRMS = ("SALESFORCE", "HUBSPOT")
ELSEWHERE = "crm.example"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that nobody knows."""
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture(scope="module")
def practice() -> Iterator[Practice]:
    """Both practice CRMs over a few people."""
    with start_practice(people=10, seed=5, frozen=True) as running:
        yield running


@pytest.fixture(autouse=True)
def desk(practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The waterfall book in the working directory, no authority named."""
    copy_template("waterfall", tmp_path / "book")
    monkeypatch.chdir(tmp_path / "book")
    for name, value in {**practice.environment(), "LEADLINE_LANGUAGE": "en"}.items():
        monkeypatch.setenv(name, value)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "book"


@pytest.fixture
def named(authority: trustme.CA, tmp_path: Path) -> str:
    """The file of that authority."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return str(tmp_path / "authority.pem")


@pytest.fixture
def outcome(
    named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, list[str]]]:
    """Pull with this environment, with or without that authority; return the exit code and what is said of TLS."""

    def pull(known: bool, **environment: str) -> tuple[int, list[str]]:
        for name, value in {**environment, **({"REQUESTS_CA_BUNDLE": named} if known else {})}.items():
            monkeypatch.setenv(name, value)
        code = run(["pull"])
        return code, [line for line in "".join(capsys.readouterr()).splitlines() if "TLS certificate" in line]

    return pull


@pytest.mark.parametrize("crm", CRMS)
@pytest.mark.parametrize("why", ["unable to get local issuer certificate", "is not valid for '127.0.0.1'"])
def test_a_server_that_is_not_trusted_is_refused(
    crm: str, why: str, practice: Practice, authority: trustme.CA, outcome: Callable[..., tuple[int, list[str]]]
) -> None:
    """Exit code 3 and one sentence with the reason, for an unknown authority and a wrong host; no request arrives."""
    harness = practice.salesforce if crm == "SALESFORCE" else practice.hubspot
    before = harness.calls.total
    known = "valid" in why
    with https(practice.environment()[f"{crm}_URL"], authority, ELSEWHERE if known else "127.0.0.1") as url:
        code, told = outcome(known, **{f"{crm}_URL": url})
    assert code == 3
    assert len(told) == 1 and "is not trusted" in told[0] and why in told[0] and "REQUESTS_CA_BUNDLE" in told[0]
    assert harness.calls.total == before


@pytest.mark.parametrize("variable", [VARIABLES[0], VARIABLES[-1]])
def test_both_crms_are_read_where_their_authority_is_named(
    variable: str, practice: Practice, authority: trustme.CA, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the usual variables counts for both connectors, whichever library speaks."""
    before = [practice.salesforce.calls.total, practice.hubspot.calls.total]
    with https(practice.salesforce_url, authority) as one, https(practice.hubspot_url, authority) as two:
        for name, value in {"SALESFORCE_URL": one, "HUBSPOT_URL": two, variable: named}.items():
            monkeypatch.setenv(name, value)
        assert run(["pull"]) == 0
    after = [practice.salesforce.calls.total, practice.hubspot.calls.total]
    assert all(later > earlier for earlier, later in zip(before, after, strict=True))


def test_channels_are_verified_alike(authority: trustme.CA, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice goes only to a receiver whose certificate is trusted."""
    with receiving() as receiver, https(receiver.url, authority) as url:
        channels = {"ops": Channel.model_validate({"webhook": url, "patience": 0})}
        with pytest.raises(CredentialsError, match="'ops''s TLS certificate is not trusted"):
            Webhooks(channels).deliver("ops", "k1", "hello", {})
        monkeypatch.setenv("SSL_CERT_FILE", named)
        Webhooks(channels).deliver("ops", "k2", "hello", {})
        assert receiver.keys == ["k2"]


def test_a_variable_that_names_no_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one counts as none; verification is never off."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    assert verification() is True
    monkeypatch.setenv("SSL_CERT_FILE", "nowhere.pem")
    with pytest.raises(UsageError, match="SSL_CERT_FILE names no file of certificates"):
        verification()
