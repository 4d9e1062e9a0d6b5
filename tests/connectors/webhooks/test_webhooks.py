"""Notices by webhook: one key, bounded patience, secrets that stay secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import responses

from leadline.common.errors import ContractError, LeadlineError, QuotaError, UnavailableError, UsageError
from leadline.connectors.webhooks import Channel, Webhooks
from leadline.sync.config import load_config
from tests.connectors.webhooks.receiver import Receiver, receiving

KEY = "e-" + "1" * 32


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Give a receiver that answers 200."""
    with receiving() as one:
        yield one


def hooks(receiver: Receiver, waits: list[float] | None = None, **more: Any) -> Webhooks:
    """Return webhooks with one channel that leads to the receiver."""
    channel = Channel.model_validate({"webhook": receiver.url, **more})
    return Webhooks({"#sales": channel}, sleep=(waits if waits is not None else []).append)


def test_a_notice_arrives_with_its_key(receiver: Receiver) -> None:
    """The body says what and about whom, the header carries the effect's key."""
    hooks(receiver).deliver("#sales", KEY, "Größe: hot", {"person": "p-1", "at": "2026-03-02T09:00:00Z"})
    (came,) = receiver.came
    assert came["key"] == came["body"]["key"] == KEY
    assert came["body"] == {
        "key": KEY,
        "channel": "#sales",
        "text": "Größe: hot",
        "person": "p-1",
        "at": "2026-03-02T09:00:00Z",
    }


def test_slack_gets_its_own_form_without_markup(receiver: Receiver) -> None:
    """Slack takes a text; a name with markup calls nobody."""
    hooks(receiver, format="slack").deliver("#sales", KEY, "<!channel> A & B", {"person": "p-1"})
    assert receiver.came[0]["body"] == {"text": "&lt;!channel&gt; A &amp; B"}
    assert receiver.keys == [KEY]


def test_a_busy_receiver_is_waited_for_as_it_says(receiver: Receiver) -> None:
    """429 with Retry-After and 503 are tried again, under the same key, not before the receiver's own time."""
    receiver.answers += [(429, {"Retry-After": "7"}), (503, {})]
    waits: list[float] = []
    hooks(receiver, waits).deliver("#sales", KEY, "now", {})
    assert receiver.keys == [KEY, KEY, KEY]
    assert waits[0] >= 7 and len(waits) == 2


def test_patience_ends(receiver: Receiver) -> None:
    """A receiver that never gets well ends in an error that says nothing of its address."""
    receiver.answers += [(503, {})] * 50
    with pytest.raises(UnavailableError) as told:
        hooks(receiver, patience=5).deliver("#sales", KEY, "now", {})
    assert "not-to-be-told" not in str(told.value)
    receiver.answers[:] = [(429, {"Retry-After": "3600"})]
    with pytest.raises(QuotaError, match="3600 s"):
        hooks(receiver, patience=5).deliver("#sales", KEY, "now", {})


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410])
def test_a_refusal_is_final(receiver: Receiver, status: int) -> None:
    """Redirects are not followed, to whatever host, and refusals not repeated."""
    receiver.answers += [(status, {"Location": f"{receiver.url}/elsewhere"})]
    with pytest.raises(ContractError, match=f"HTTP {status}"):
        hooks(receiver).deliver("#sales", KEY, "now", {})
    assert len(receiver.came) == 1


def test_an_unknown_channel_is_told(receiver: Receiver) -> None:
    """The sentence names the channel and where to add it."""
    with pytest.raises(UsageError, match=r"#other.*channels:"):
        hooks(receiver).deliver("#other", KEY, "now", {})


@pytest.mark.parametrize(
    "body", [ConnectionError("https://hooks.example/s3cret"), TimeoutError("https://hooks.example/s3cret")]
)
def test_no_error_shows_the_address(body: Exception) -> None:
    """Whatever breaks, the secret address is in no error, nor in what it was raised from."""
    import requests

    shown = requests.exceptions.ConnectTimeout if isinstance(body, TimeoutError) else requests.exceptions.SSLError
    with responses.RequestsMock() as mocked:
        mocked.post("https://hooks.example/s3cret", body=shown("https://hooks.example/s3cret"))
        webhooks = Webhooks(
            {"#a": Channel.model_validate({"webhook": "https://hooks.example/s3cret", "patience": 0})}
        )
        with pytest.raises(LeadlineError) as told:
            webhooks.deliver("#a", KEY, "now", {})
    error: BaseException | None = told.value
    while error is not None:
        assert "s3cret" not in str(error)
        error = error.__cause__


@pytest.mark.parametrize(
    ("address", "accepted"),
    [
        ("https://hooks.example/x", True),
        ("http://localhost:9/x", True),
        ("http://127.0.0.1/x", True),
        ("http://[::1]/x", True),
        ("http://hooks.example/x", False),
        ("http://127.0.0.1.evil.example/x", False),
        ("https://user:word@hooks.example/x", False),
        ("ftp://hooks.example", False),
        ("https://", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_addresses(tmp_path: Path, address: str, accepted: bool) -> None:
    """Encrypted everywhere, plain http only on this machine; a refused address is not shown."""
    (tmp_path / "leadline.yml").write_text('channels: {"#a": {webhook: "${HOOK}", format: slack}}\n')
    if accepted:
        channel = load_config(tmp_path, {"HOOK": address}).channels["#a"]
        assert (channel.webhook.get_secret_value(), channel.format) == (address, "slack")
        assert "hooks.example/x" not in repr(channel)
        return
    with pytest.raises(UsageError) as told:
        load_config(tmp_path, {"HOOK": address})
    assert "leadline.yml:1" in str(told.value)
    assert "hooks.example" not in str(told.value) and "evil" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('channels: {"#a": {webhook: https://hooks.example/x}}', "a secret stands in the file"),
        ('channels: {"#a": {webhok: "${HOOK}"}}', "did you mean `webhook`?"),
        ('channels: {"#a": {webhook: "${HOOK}", format: sms}}', "channels.format"),
        ('channels: {"#a": slack}', "is not a block"),
        ("channels: [a]", "`channels` is not a block"),
        ('channels: {"#a": {format: slack}}', "`channels.webhook` is missing"),
    ],
)
def test_bad_channels_have_a_place(tmp_path: Path, text: str, expected: str) -> None:
    """Every mistake names its line and what was expected."""
    (tmp_path / "leadline.yml").write_text(text + "\n")
    with pytest.raises(UsageError) as told:
        load_config(tmp_path, {"HOOK": "https://hooks.example/x"})
    assert expected in str(told.value)
    assert "leadline.yml:1:" in str(told.value)
