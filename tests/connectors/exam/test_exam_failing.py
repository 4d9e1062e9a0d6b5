"""The exam, third part: how every connector behaves when the CRM, the network or the credentials fail."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable

import pytest

from leadline.common.errors import (
    CredentialsError,
    LeadlineError,
    OutsideError,
    PermissionMissingError,
    QuotaError,
    UnavailableError,
)
from leadline.common.values import RecordRef, RecordWrite
from leadline.connectors.protocol import ActivityRequest, RecordRequest, WriteConnector
from tests.connectors.exam.vendors import Vendor


def read_all(vendor: Vendor, connector: WriteConnector) -> int:
    """Read all persons and return how many there are."""
    request = RecordRequest(vendor.person, (vendor.text,), vendor.harness.clock.now())
    return sum(len(page) for page in connector.records(request))


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "server_error", "status": 500},
        {"kind": "server_error", "status": 502},
        {"kind": "server_error", "status": 503, "retry_after": 3},
        {"kind": "too_many_requests"},
        {"kind": "too_many_requests", "retry_after": 4},
        {"kind": "html_body", "status": 200},
        {"kind": "html_body", "status": 503},
        {"kind": "html_body", "status": 406},
        {"kind": "html_body", "status": 420},
        {"kind": "html_body", "status": 423},
        {"kind": "html_body", "status": 477},
        {"kind": "dropped_connection", "when": "before"},
        {"kind": "dropped_connection", "when": "after"},
        {"kind": "dropped_connection", "when": "midbody"},
    ],
    ids=lambda fault: " ".join(str(value) for value in fault.values()),
)
def test_what_passes_is_tried_again(vendor: Vendor, fault: dict[str, object]) -> None:
    """Two failures in a row cost two waits and no row; Retry-After is honoured."""
    connector = vendor.connect()
    total = read_all(vendor, connector)
    vendor.harness.faults.add([fault | {"times": 2, "after": 1, "match": f"*{vendor.reads}*"}])
    vendor.waits.clear()
    assert read_all(vendor, connector) == total
    assert len(vendor.waits) == 2
    assert min(vendor.waits) >= float(fault.get("retry_after", 0.5))
    assert sum(connector.calls().values()) == vendor.harness.calls.total


def test_a_slow_answer_meets_the_timeout(start: Callable[..., Vendor]) -> None:
    """A call that takes longer than ``timeout`` is given up, retried within ``patience``, then UnavailableError."""
    vendor = start()
    connector = vendor.connect(timeout=0.15, patience=1)
    connector.server_time()
    vendor.harness.faults.add([{"kind": "slow_answer", "seconds": 0.6}])
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="did not answer"):
        read_all(vendor, connector)
    assert time.monotonic() - began < 2.5


def test_nobody_listens(vendor: Vendor) -> None:
    """A refused connection is UnavailableError and counts no call."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        connector = vendor.connect(url=f"http://127.0.0.1:{unused.getsockname()[1]}", patience=3)
        with pytest.raises(UnavailableError, match="cannot be reached"):
            connector.server_time()
    assert sum(connector.calls().values()) == 0
    assert len(vendor.waits) >= 2


def test_wrong_credentials(vendor: Vendor) -> None:
    """Refused credentials are CredentialsError after one try: no retry, no recursion."""
    with pytest.raises(CredentialsError):
        vendor.wrong().server_time()
    assert vendor.harness.calls.total == 1
    assert vendor.waits == []


def test_a_session_that_expires_once_is_renewed_or_told(vendor: Vendor) -> None:
    """A session can be renewed in the middle of a read; a token that cannot is CredentialsError."""
    connector = vendor.connect()
    total = read_all(vendor, connector)
    vendor.harness.faults.add([{"kind": "expired_session", "times": 1, "after": 1}])
    if vendor.crm == "hubspot":
        with pytest.raises(CredentialsError, match="access token"):
            read_all(vendor, connector)
    else:
        assert read_all(vendor, connector) == total
        assert connector.calls()["login"] == 2


def test_a_session_that_always_expires_signs_in_twice_at_most(vendor: Vendor) -> None:
    """A permanent 401 ends in CredentialsError after two sign-ins and two calls."""
    vendor.harness.faults.add([{"kind": "expired_session"}])
    connector = vendor.connect()
    with pytest.raises(CredentialsError):
        connector.server_time()
    assert vendor.harness.calls.total <= 4


def test_the_day_s_quota_ends_the_run_at_once(vendor: Vendor) -> None:
    """The daily limit is QuotaError after one call, without waiting."""
    connector = vendor.connect()
    connector.server_time()
    before = vendor.harness.calls.total
    vendor.harness.faults.add([{"kind": "quota_used_up"}])
    with pytest.raises(QuotaError):
        read_all(vendor, connector)
    assert vendor.harness.calls.total - before == 1
    assert vendor.waits == []


def test_the_share_of_the_quota_is_kept(start: Callable[..., Vendor]) -> None:
    """Once its share of the day is used, a connector reads and writes no more, but still asks for the time."""
    vendor = start(daily_calls=40, page_size=5)
    connector = vendor.connect(quota_share=0.5)
    with pytest.raises(QuotaError, match="quota_share"):
        for _ in range(9):
            read_all(vendor, connector)
            connector.server_time()
    used = vendor.harness.calls.total
    assert used < 40
    ref = RecordRef(vendor.crm, vendor.person, "1" * 18)
    with pytest.raises(QuotaError):
        list(connector.write([RecordWrite(ref, {vendor.text: "x"})]))
    assert vendor.harness.calls.total == used
    connector.server_time()


def test_waiting_longer_than_patience_is_not_begun(start: Callable[..., Vendor]) -> None:
    """A Retry-After beyond the budget ends the call at once and is handed on."""
    vendor = start()
    connector = vendor.connect(patience=30)
    connector.server_time()
    vendor.harness.faults.add([{"kind": "too_many_requests", "retry_after": 600}])
    with pytest.raises(QuotaError) as caught:
        read_all(vendor, connector)
    assert caught.value.resume_after == 600
    assert vendor.waits == []


def test_no_secret_is_ever_shown(
    vendor: Vendor, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither errors, logs at the lowest level, reprs nor standard output hold a secret or a token."""
    caplog.set_level(logging.DEBUG)
    connector = vendor.connect(patience=0.1)
    texts = [repr(connector), str(vars(connector))]
    connector.describe([vendor.person])
    for fault in (
        {"kind": "server_error"},
        {"kind": "html_body", "status": 403},
        {"kind": "html_body", "status": 200},
        {"kind": "quota_used_up"},
        {"kind": "expired_session"},
    ):
        vendor.harness.faults.clear()
        vendor.harness.faults.add([fault])
        with pytest.raises(OutsideError) as caught:
            read_all(vendor, connector)
        texts += [str(caught.value), repr(caught.value)]
    with pytest.raises(CredentialsError) as refused:
        vendor.harness.faults.clear()
        vendor.wrong().server_time()
    texts += [str(refused.value), caplog.text, *capfd.readouterr()]
    shown = "\n".join(texts)
    assert "Bearer" not in shown
    assert all(secret not in shown for secret in (*vendor.secrets, "not-the-secret", "not-the-token"))


def test_every_failure_says_what_to_do(vendor: Vendor) -> None:
    """Each error is one line of the reader's words, without markup or a body of the CRM's answer."""
    connector = vendor.connect(patience=0.1)
    for fault in (
        {"kind": "html_body", "status": 503},
        {"kind": "html_body", "status": 400},
        {"kind": "quota_used_up"},
    ):
        vendor.harness.faults.clear()
        vendor.harness.faults.add([fault])
        with pytest.raises(LeadlineError) as caught:
            connector.server_time()
        text = str(caught.value)
        assert text and "\n" not in text and "<" not in text and "{" not in text


def test_a_tier_without_an_api_is_a_missing_permission(start: Callable[..., Vendor]) -> None:
    """What the account's tier or scopes lack is PermissionMissingError and leaves the rest readable."""
    vendor = start(enterprise=False, missing_scopes=("forms",))
    connector = vendor.connect()
    if vendor.crm == "hubspot":
        until = connector.server_time()
        with pytest.raises(PermissionMissingError, match="tier"):
            list(connector.activities(ActivityRequest("event", until)))
        with pytest.raises(PermissionMissingError, match="forms"):
            list(connector.activities(ActivityRequest("form", until)))
    assert read_all(vendor, connector) > 0
