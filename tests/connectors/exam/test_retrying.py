"""The retry policy, the helpers that keep pages in order, and instants, each held to its law."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.chunking import chunks
from leadline.common.errors import ContractError, CredentialsError, QuotaError, UnavailableError
from leadline.connectors.http_answer import Answer
from leadline.connectors.http_meter import Meter, Pace
from leadline.connectors.instants import maybe_instant, milliseconds, read_instant
from leadline.connectors.paging import weave
from leadline.connectors.retrying import ExpiredError, Patience, Retry, TransientError, listening


def failing(*errors: Exception) -> Iterator[Exception | None]:
    """Yield errors, then success for ever."""
    yield from errors
    while True:
        yield None


def acting(errors: Iterator[Exception | None]) -> object:
    """Return an action that fails with each error in turn, then returns "done"."""

    def action() -> str:
        error = next(errors)
        if error is not None:
            raise error
        return "done"

    return action


def test_waits_grow_and_end_with_success() -> None:
    """Waits grow from half a second, each with up to half a second of jitter."""
    waits: list[float] = []
    errors = failing(*[TransientError("busy")] * 4)
    assert Patience(60, sleep=waits.append).call(acting(errors)) == "done"
    assert [0.5 * 2**n <= wait <= 0.5 * 2**n + 0.5 for n, wait in enumerate(waits)] == [True] * 4


@given(budget=st.floats(0, 300), asked=st.none() | st.floats(0, 400))
def test_the_budget_is_never_slept_over(budget: float, asked: float | None) -> None:
    """Whatever the server asks, the waits of one call stay within the budget."""
    waits: list[float] = []
    errors = failing(*[TransientError("busy", retry_after=asked)] * 2000)
    with pytest.raises(UnavailableError, match="busy"):
        Patience(budget, sleep=waits.append).call(acting(errors))
    assert sum(waits) <= budget


def test_giving_up_on_429_is_a_quota_error_with_the_time_to_resume() -> None:
    """A rate limit that does not end is QuotaError, and how long to wait is handed on."""
    errors = failing(*[TransientError("limit", retry_after=9, quota=True)] * 99)
    with pytest.raises(QuotaError, match="tried 3 times") as caught:
        Patience(20, sleep=lambda _: None).call(acting(errors))
    assert caught.value.resume_after == 9


def test_a_session_is_renewed_once_a_call() -> None:
    """A second expiry in one call is final; the next call may renew again."""
    renewals: list[int] = []
    patience = Patience(60, lambda: renewals.append(1), sleep=lambda _: None)
    assert patience.call(acting(failing(ExpiredError("old")))) == "done"
    with pytest.raises(CredentialsError):
        patience.call(acting(failing(*[ExpiredError("old")] * 9)))
    assert len(renewals) == 2


def test_a_renewed_session_that_ends_again_is_final_also_after_a_wait() -> None:
    """One call renews once, also when something transient lies between the two expiries."""
    renewals: list[int] = []
    errors = failing(ExpiredError("old"), TransientError("busy"), ExpiredError("old"))
    with pytest.raises(CredentialsError):
        Patience(60, lambda: renewals.append(1), sleep=lambda _: None).call(acting(errors))
    assert len(renewals) == 1


def test_a_busy_sign_in_is_tried_again() -> None:
    """A transient failure while renewing costs a wait, not the renewal."""
    outcomes = iter([TransientError("busy"), None])
    renewals: list[int] = []

    def renew() -> None:
        renewals.append(1)
        error = next(outcomes)
        if error is not None:
            raise error

    errors = failing(ExpiredError("old"), ExpiredError("old"))
    assert Patience(60, renew, sleep=lambda _: None).call(acting(errors)) == "done"
    assert len(renewals) == 2


def test_other_errors_pass_through_untouched() -> None:
    """What cannot be helped by waiting is raised at once."""
    waits: list[float] = []
    with pytest.raises(ContractError):
        Patience(60, sleep=waits.append).call(acting(failing(ContractError("odd"))))
    assert waits == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Wed, 01 Jul 2026 10:00:30 GMT", 30.0),
        ("Wed, 01 Jul 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_by_the_server_s_own_clock(header: str, seconds: float | None) -> None:
    """Retry-After is a number of seconds, or a date measured against the answer's Date header."""
    headers = {"retry-after": header, "date": "Wed, 01 Jul 2026 10:00:00 GMT"}
    assert Answer(503, headers, b"").retry_after == seconds


def test_an_answer_without_a_date_has_no_time() -> None:
    """A missing or broken Date header is None, never the local clock."""
    assert Answer(200, {}, b"").date is None
    assert Answer(200, {"date": "yesterday"}, b"").date is None
    assert Answer(200, {"date": "Wed, 01 Jul 2026 10:00:00 GMT"}, b"").date == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_purposes_nest_and_unknown_quota_never_stops() -> None:
    """Signing in inside a read is counted as login; without a quota in the headers nothing is stopped."""
    meter = Meter("Testing", 0.1, lambda _: None)
    with meter.purpose("read"):
        meter.before_call("GET", "https://api.example/crm")
        meter.sent()
        with meter.purpose("login"):
            meter.sent()
        meter.sent()
    assert meter.counts() == {"login": 1, "describe": 0, "read": 2, "write": 0, "read_back": 0}


def test_pace_waits_only_when_the_second_is_full() -> None:
    """Five calls pass at once; each further one waits for the rest of its second."""
    waits: list[float] = []
    pace = Pace(5, 1.0, waits.append)
    for _ in range(5):
        pace.wait()
    assert waits == []
    pace.wait()
    assert len(waits) == 1 and 0.5 < waits[0] <= 1.0


@given(st.lists(st.integers(0, 50)), st.lists(st.integers(0, 60)), st.integers(1, 7))
def test_weaving_loses_nothing_and_keeps_order(rows: list[int], extras: list[int], size: int) -> None:
    """All rows and extras come once, in order, in pages that are not empty."""
    pages = list(weave(chunks(sorted(rows), size), extras, key=lambda n: n, size=size))
    assert [n for page in pages for n in page] == sorted(rows + extras)
    assert all(pages)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_instants_of_both_crms_are_one_instant(at: datetime) -> None:
    """Salesforce's +0000, bulk's Z and HubSpot's milliseconds read as the same instant."""
    utc = at.astimezone(UTC)
    whole = utc - timedelta(microseconds=utc.microsecond % 1000)
    stamp = f"{whole:%Y-%m-%dT%H:%M:%S}.{whole.microsecond // 1000:03d}"
    number = milliseconds(at)
    readings = [f"{stamp}+0000", f"{stamp}Z", str(number), number]
    assert {maybe_instant(reading) for reading in readings} == {whole}


@pytest.mark.parametrize("value", [None, True, "", "tomorrow", "2026-13-01", 10**30, "\u00b2", "--5", {}])
def test_what_is_no_instant_is_refused(value: object) -> None:
    """Nothing else is read as an instant, and a needed one is a ContractError."""
    assert maybe_instant(value) is None
    with pytest.raises(ContractError):
        read_instant(value, "Salesforce")


def test_a_day_is_its_first_instant() -> None:
    """A date without time is midnight UTC."""
    assert maybe_instant("2026-02-28") == datetime(2026, 2, 28, tzinfo=UTC)


def test_who_listens_hears_which_call_is_made_again_and_why() -> None:
    """Retries and renewed sessions are told inside the context, with no id, query or value of the address."""
    meter = Meter("HubSpot", 0.9, lambda _: None)
    heard: list[Retry] = []

    def action() -> str:
        with meter.purpose("read"):
            meter.before_call(
                "GET", "https://x.example/crm/v3/objects/contacts/ann@acme.example?idProperty=email&key=s3"
            )
        if len(heard) < 2:
            raise [TransientError("HubSpot answered HTTP 503", retry_after=3), ExpiredError("old")][len(heard)]
        return "done"

    patience = Patience(60, lambda: None, sleep=lambda _: None, last_call=meter.last_call)
    with listening(heard.append):
        assert patience.call(action) == "done"
    call = {"crm": "hubspot", "purpose": "read", "call": "GET /crm/v3/objects/contacts/*"}
    assert [(item.call, item.attempt, item.why) for item in heard] == [
        (call, 2, "HubSpot answered HTTP 503"),
        (call, 2, "the session had ended; signed in again"),
    ]
    assert heard[0].wait >= 3
    assert patience.call(lambda: "unheard") == "unheard"
    assert len(heard) == 2
