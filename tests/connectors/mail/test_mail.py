"""Alerts by e-mail: encrypted, to the server that was named, and nothing told to another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leadline.common.errors import CredentialsError, LeadlineError, OutsideError, UnavailableError
from leadline.connectors.mail import Mailbox, send
from tests.connectors.mail.smtp_server import PostOffice, certificate, post_office

SECRET = "canary-9d2c"


def box(office: PostOffice, **more: Any) -> Mailbox:
    """Return a mailbox at this server."""
    known = {"host": "localhost", "port": office.port, "username": "bot", "password": SECRET, "timeout": 5}
    return Mailbox.model_validate({**known, "sender": "leadline@acme.example", "to": ["ops@acme.example"], **more})


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """A mail server whose certificate this process trusts."""
    with post_office(tmp_path) as running:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
        yield running


def test_a_message_arrives_encrypted_and_names_its_key(office: PostOffice) -> None:
    """Login and message come after STARTTLS; the Message-ID repeats with the key."""
    send(box(office), "key-1", "Acme: run 7 failed", "Acme: run 7 failed\n")
    send(box(office), "key-1", "Acme: run 7 failed", "Acme: run 7 failed\n")
    assert set(office.heard) <= {"EHLO", "STARTTLS"}
    assert office.logins == [f"\0bot\0{SECRET}".encode()] * 2
    assert [mail.count("Message-ID: <key-1@acme.example>") for mail in office.came] == [1, 1]
    assert "To: ops@acme.example" in office.came[0]
    assert "Acme: run 7 failed" in office.came[0].partition("\n\n")[2]


def test_an_untrusted_server_is_told_nothing(office: PostOffice, tmp_path: Path, monkeypatch: Any) -> None:
    """Neither a certificate that nobody signed for us nor one of another name is believed."""
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate(tmp_path / "other", "localhost")))
    refused(office, CredentialsError, "not trusted")
    with post_office(tmp_path / "other", "elsewhere.example") as impostor:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other" / "cert.pem"))
        refused(impostor, CredentialsError, "not trusted")


def test_without_encryption_nothing_is_sent(office: PostOffice) -> None:
    """A server that offers no STARTTLS, or takes it back, hears no login and no message."""
    office.starttls = False
    refused(office, CredentialsError, "no STARTTLS")
    office.starttls, office.refuses = True, {"STARTTLS": 454}
    refused(office, OutsideError, "SMTP 454")


@pytest.mark.parametrize(
    ("refuses", "kind", "said"),
    [
        ({"AUTH": 535}, CredentialsError, "sign in"),
        ({"RCPT": 550}, LeadlineError, ""),
        ({"DATA": 554}, OutsideError, "554"),
    ],
)
def test_refusals_are_errors_of_ours_without_the_servers_words(
    office: PostOffice, refuses: dict[str, int], kind: type[LeadlineError], said: str
) -> None:
    """The server repeats our command with what was in it; the error does not."""
    office.refuses = refuses
    refused(office, kind, said)


def test_nobody_there() -> None:
    """A port where nobody listens is the outside world's failure, and told."""
    refused(PostOffice(port=9), UnavailableError, "cannot be reached")


def refused(office: PostOffice, kind: type[LeadlineError], said: str) -> None:
    """Sending fails with this error, without a secret or an address in it, and nothing arrives."""
    with pytest.raises(kind) as caught:
        send(box(office), "key", "subject", "text")
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "ops@" not in str(caught.value)
    assert office.came == []


@pytest.mark.parametrize(
    "odd",
    [{"to": []}, {"to": ["x@y.example\nBcc: z@y.example"]}, {"sender": "Ops <x@y.example>"}, {"username": None}],
)
def test_odd_mailboxes_are_refused(odd: dict[str, Any]) -> None:
    """No header can be smuggled in through an address, and half a login is none."""
    with pytest.raises(ValidationError) as caught:
        box(PostOffice(port=25), **odd)
    assert SECRET not in str(caught.value)
