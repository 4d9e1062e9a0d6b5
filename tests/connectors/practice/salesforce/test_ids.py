"""Record ids and their check suffix."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from leadline.connectors.practice.salesforce.ids import normal_id, record_id, with_suffix

SHORT = st.text(string.ascii_letters + string.digits, min_size=15, max_size=15)


def test_the_suffix_is_salesforces_own() -> None:
    """Ids that Salesforce's own documentation shows have the suffix it shows."""
    assert with_suffix("001A0000006Vm9u") == "001A0000006Vm9uIAC"
    assert with_suffix("012000000000000") == "012000000000000AAA"


def test_a_key_has_one_id() -> None:
    """The same key gives the same id, another key or object another one."""
    assert record_id("00Q", "p1") == record_id("00Q", "p1")
    assert len({record_id("00Q", f"p{n}") for n in range(20_000)}) == 20_000
    assert record_id("003", "p1")[3:15] != record_id("00Q", "p1")[3:15]


@given(SHORT)
def test_both_forms_are_one_id(short: str) -> None:
    """The 15-character form, the 18-character form and one whose letters lost their case mean the same record."""
    long = with_suffix(short)
    assert normal_id(short) == long
    assert normal_id(long) == long
    assert normal_id(short.upper() + long[15:]) == long


def test_what_is_no_id() -> None:
    """Texts of another shape, or with a suffix that cannot be right, are refused."""
    for text in ("", "p1", "00Q" * 7, "00QHs0JZ8YnTsUZ!W0", "001A0000006Vm9u999"):
        assert normal_id(text) is None
