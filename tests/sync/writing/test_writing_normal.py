"""What counts as the same value, and how a value is spelt for each CRM."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.values import CRMS, Crm, FieldDescription, Raw
from leadline.sync.plan.normal import Kind, kind_of, normal, same, shown


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (5, "5", "number"),
        (Decimal("5.0"), "5", "number"),
        ("5.50", Decimal("5.5"), "number"),
        (None, "", "number"),
        ("", "  ", "text"),
        (True, "true", "boolean"),
        ("FALSE", False, "boolean"),
        ("2026-03-01", "2026-03-01T23:59:59Z", "date"),
        ("2026-03-01", "1772323200000", "date"),
        ("2026-03-01T10:00:00.000+0000", "2026-03-01T10:00:00Z", "datetime"),
        ("2026-03-01T11:00:00+01:00", "2026-03-01T10:00:00Z", "datetime"),
        ("1772359200000", "2026-03-01T10:00:00.000Z", "datetime"),
        (" padded ", "padded", "text"),
    ],
)
def test_spellings_of_one_value_are_the_same(left: Raw, right: Raw, kind: Kind) -> None:
    """The vendors' spellings of one value are no difference."""
    assert same(left, right, kind, "hubspot")


@pytest.mark.parametrize(
    ("left", "right", "kind"),
    [
        (5, 6, "number"),
        (0, None, "number"),
        (0, "", "number"),
        (False, None, "boolean"),
        ("5", "5.0", "text"),
        ("mql", "MQL", "text"),
        ("2026-03-01", "2026-03-02", "date"),
        ("2026-03-01T10:00:00Z", "2026-03-01T10:00:01Z", "datetime"),
        ("NaN", 0, "number"),
        ("soon", "2026-03-01", "date"),
    ],
)
def test_different_values_differ(left: Raw, right: Raw, kind: Kind) -> None:
    """Zero, false and empty are three things; texts keep their case."""
    assert not same(left, right, kind, "hubspot")


def test_instants_are_cut_to_what_the_crm_keeps() -> None:
    """Salesforce keeps seconds and HubSpot milliseconds: finer differences never cause a write."""
    left, right = "2026-03-01T10:00:00.123456Z", "2026-03-01T10:00:00.987Z"
    assert same(left, right, "datetime", "salesforce")
    assert not same(left, right, "datetime", "hubspot")
    assert same(left, "2026-03-01T10:00:00.123Z", "datetime", "hubspot")


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=2, max_value=10**12, min_value=-(10**12)))
def test_a_shown_number_reads_back_as_itself(number: Decimal) -> None:
    """What is written as a number means the same number in both CRMs."""
    for crm in CRMS:
        assert normal(shown(number, "number", crm), "number", crm) == number


@given(at=st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_shown_instant_reads_back_within_its_precision(at: datetime) -> None:
    """What is written as an instant or a day is the same instant or day when it comes back."""
    for crm, step in (("salesforce", timedelta(seconds=1)), ("hubspot", timedelta(milliseconds=1))):
        crm_name: Crm = "salesforce" if crm == "salesforce" else "hubspot"
        back = normal(shown(at, "datetime", crm_name), "datetime", crm_name)
        assert isinstance(back, datetime)
        assert timedelta(0) <= at - back < step
        assert normal(shown(at, "date", crm_name), "date", crm_name) == at.date()


@given(text=st.text(max_size=400))
def test_texts_fit_and_stay_equal_to_themselves(text: str) -> None:
    """A text is cut to 255 characters and compares equal to what a CRM that trims would give back."""
    raw = shown(text, "text", "salesforce")
    assert isinstance(raw, str)
    assert len(raw) <= 255
    assert same(raw, raw.strip(), "text", "salesforce")


@given(text=st.text(max_size=30), kind=st.sampled_from(["number", "date", "datetime", "boolean", "text"]))
def test_any_text_has_a_meaning(text: str, kind: Kind) -> None:
    """No value that a CRM could send makes the comparison fail, and every value equals itself."""
    assert same(text, text, kind, "hubspot")


def test_kinds_follow_the_vendors_types() -> None:
    """Vendors' words for numbers, days and instants are understood; all else is text."""
    assert kind_of(FieldDescription("a", "currency")) == "number"
    assert kind_of(FieldDescription("a", "bool")) == "boolean"
    assert kind_of(FieldDescription("a", "datetime")) == "datetime"
    assert kind_of(FieldDescription("a", "picklist")) == "text"


def test_numbers_in_text_fields_are_texts() -> None:
    """A score written to a text field is spelt without a trailing .0, for both CRMs."""
    assert shown(Decimal("5.0"), "text", "salesforce") == "5"
    assert shown(Decimal("5.50"), "number", "hubspot") == "5.5"
    assert shown(Decimal("5.50"), "number", "salesforce") == Decimal("5.5")
    assert shown(None, "text", "hubspot") is None
