"""SOQL is built from names and quoted values; data never becomes query text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.errors import ContractError
from leadline.connectors.practice.salesforce.ids import with_suffix
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import soql

ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@given(st.text())
def test_a_quoted_text_ends_where_it_should(text: str) -> None:
    """Reading the literal back gives the text: no quote inside is bare, no line breaks."""
    literal = soql.quoted(text)
    inner, out, position = literal[1:-1], "", 0
    back = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\\": "\\", "'": "'"}
    while position < len(inner):
        assert inner[position] not in "'\n\r"
        if inner[position] == "\\":
            out, position = out + back[inner[position + 1]], position + 2
        else:
            out, position = out + inner[position], position + 1
    assert out == text


@pytest.mark.parametrize("name", ["", "Email, Id", "Email--", "x y", "a'b", "1st", "Email FROM Lead", "é", "A..B"])
def test_what_is_no_name_is_refused(name: str) -> None:
    """A field name with anything but letters, digits, underscores and dots never enters a query."""
    with pytest.raises(ContractError):
        soql.select([name], "Lead", [], [])
    with pytest.raises(ContractError):
        soql.select(["Id"], name, [], [])


@given(st.text(ALNUM, min_size=15, max_size=15))
def test_fifteen_characters_become_eighteen(short: str) -> None:
    """The check suffix is Salesforce's; a full id stays."""
    full = full_id(short)
    assert full == with_suffix(short) and full_id(full) == full


def test_a_window_is_exact_to_the_millisecond() -> None:
    """The lower edge excludes rows up to the cursor's own; instants are UTC, rounded down."""
    at = datetime(2026, 3, 29, 1, 0, 0, 123999, tzinfo=UTC)
    window = soql.Window(at, at, "00Q1")
    edge = "2026-03-29T01:00:00.123Z"
    assert window.conditions() == [
        f"SystemModstamp <= {edge}",
        f"(SystemModstamp > {edge} OR (SystemModstamp = {edge} AND Id > '00Q1'))",
    ]
