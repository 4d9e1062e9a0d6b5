"""Personal data on a screen is masked, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.masking import mask, mask_email


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ask ann@acme.example, or bo@x.example", "ask a***@***.example, or b***@***.example"),
        ("ring +49 30 1234567 now", "ring ***67 now"),
        ("0301234567", "***67"),
        ("(415) 555-0100", "(***00"),
    ],
)
def test_addresses_and_numbers_are_masked(text: str, shown: str) -> None:
    """Who knows the address or number recognises it, nobody else does."""
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "`timeline` is 2026-09-01",
        "last on 2026-06-30T16:00:00Z",
        "p-001354 at 2026-06-30 16:00Z",
        "contact/100459200734083",
        "Lead/00QHs0008a7iDPxMAM",
        "d-bb2c58c74bb14ef3ce70",
        "Customer: deal won",
    ],
)
def test_dates_ids_and_words_are_shown(text: str) -> None:
    """An explanation without its dates and ids would explain nothing."""
    assert mask(text) == text


@given(
    st.from_regex(r"[a-z][a-z.]{0,20}@[a-z]{2,20}\.[a-z]{2,6}", fullmatch=True), st.sampled_from(["", "see ", "("])
)
def test_no_address_survives(address: str, before: str) -> None:
    """Neither the name before the sign nor the domain is left."""
    shown = mask_email(before + address)
    name, _, domain = address.partition("@")
    assert f"{name}@" not in shown or len(name) == 1
    assert domain not in shown
