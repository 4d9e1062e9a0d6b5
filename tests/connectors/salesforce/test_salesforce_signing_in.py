"""Every way to sign in, against the practice server; renewals keep what simple-salesforce's own retry loses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadline.common.errors import CredentialsError, UsageError
from leadline.common.values import RecordWrite
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.serving import Practice, start_practice
from tests.connectors.salesforce.practising import auth_of, connect_to, read

FLOWS = ["client_credentials", "refresh", "jwt", "password", "password of an app"]


@pytest.fixture(scope="module")
def small() -> Iterator[Practice]:
    """A small organisation whose assignment rule gives away every lead that is written without the header."""
    options = PracticeOptions(assignment_rule=True)
    with start_practice(organisation=generate(seed=3, people=40), options=options, frozen=True) as running:
        yield running


@pytest.mark.parametrize("flow", FLOWS)
def test_every_flow_signs_in(small: Practice, flow: str) -> None:
    """Each flow gives a session that reads; the address of every call is the configured one."""
    small.salesforce.calls.clear()
    connector = connect_to(small, flow=flow)
    assert connector.organisation().startswith("00D")
    assert connector.calls()["login"] == (3 if flow == "jwt" else 2)
    assert sum(connector.calls().values()) == small.salesforce.calls.total


@pytest.mark.parametrize("flow", FLOWS)
def test_refused_credentials_say_which(small: Practice, flow: str) -> None:
    """A wrong secret is CredentialsError with Salesforce's code and without the secret."""
    wrong = {"client_secret": "wr0ng", "password": "wr0ng", "refresh_token": "wr0ng", "username": "nobody@x.example"}
    given = auth_of(small, flow)
    connector = connect_to(small, flow=flow, auth=given | {key: wrong[key] for key in given if key in wrong})
    with pytest.raises(CredentialsError, match="refuses to sign in") as caught:
        connector.organisation()
    assert "wr0ng" not in str(caught.value) and "nobody" not in str(caught.value)


def test_keys_that_are_none(small: Practice, tmp_path: Path) -> None:
    """A missing key file is the user's to fix, a broken key too; neither is shown."""
    base = {key: value for key, value in auth_of(small, "jwt").items() if key != "key"}
    with pytest.raises(UsageError, match=r"gone\.pem cannot be read"):
        connect_to(small, auth=base | {"key_file": str(tmp_path / "gone.pem")}).organisation()
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n")
    with pytest.raises(UsageError, match=r"chmod 600 .*broken\.pem"):
        connect_to(small, auth=base | {"key_file": str(broken)}).organisation()
    broken.chmod(0o600)
    with pytest.raises(CredentialsError, match="PEM"):
        connect_to(small, auth=base | {"key_file": str(broken)}).organisation()
    good = tmp_path / "good.pem"
    good.write_text(small.credentials.private_key)
    good.chmod(0o600)
    assert connect_to(small, auth=base | {"key_file": str(good)}).organisation()


def test_a_netrc_file_does_not_replace_the_session(
    small: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests would read ~/.netrc and send its password in place of the session's token."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert connect_to(small).organisation().startswith("00D")


def test_assignment_rules_stay_off_also_after_the_session_was_renewed(small: Practice) -> None:
    """The header that switches assignment rules off is on every write: the owner stays, before and after a 401."""
    connector = connect_to(small)
    lead = next(one for one in read(connector, "Lead", ("OwnerId",)) if not one.deleted and not one.links)
    for title in ("Once", "Twice"):
        if title == "Twice":
            small.clock.advance(timedelta(hours=3))  # sessions live two hours
        results = [one for batch in connector.write([RecordWrite(lead.ref, {"Title": title})]) for one in batch]
        assert [one.status for one in results] == ["done"]
        back = connector.read_back([lead.ref], ("OwnerId", "Title"))[lead.ref]
        assert back == {"OwnerId": lead.fields["OwnerId"], "Title": title}
