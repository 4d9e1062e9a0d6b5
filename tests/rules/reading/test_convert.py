"""What CRMs give, and what a book makes of it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.values import Raw, SourceActivity, Value
from leadline.rules.convert import convert, lookup, matching, stage_of, to_value
from leadline.rules.model import Field, FieldType, TableLookup
from leadline.rules.reading import read_book
from tests.rules.reading.reading_kit import sources

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TYPES: tuple[FieldType, ...] = ("text", "integer", "decimal", "money", "boolean", "date", "datetime", "list")


def field(kind: FieldType, **values: str) -> Field:
    """Return a field of a type, with a value map of folded spellings."""
    return Field("f", kind, (), values=values)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "Vice President", "Vice President"),
        ("text", True, "true"),
        ("text", 5, "5"),
        ("text", Decimal("5.50"), "5.5"),
        ("text", "NO", "NO"),
        ("integer", "5", 5),
        ("integer", 5, 5),
        ("integer", "5.0", 5),
        ("integer", Decimal("5.0"), 5),
        ("integer", "-3", -3),
        ("integer", " 7 ", 7),
        ("integer", "1e3", 1000),
        ("decimal", "5.25", Decimal("5.25")),
        ("money", 5, Decimal(5)),
        ("money", ".5", Decimal("0.5")),
        ("boolean", True, True),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("boolean", "No", False),
        ("boolean", 1, True),
        ("boolean", "0", False),
        ("date", "2026-01-02", date(2026, 1, 2)),
        ("date", "2026-01-02T23:30:00.000-0500", date(2026, 1, 3)),
        ("date", "1767312000000", date(2026, 1, 2)),
        ("date", 1767312000000, date(2026, 1, 2)),
        ("datetime", "2026-01-02T03:04:05.000+0000", AT),
        ("datetime", "2026-01-02T03:04:05Z", AT),
        ("datetime", "2026-01-02T05:04:05+02:00", AT),
        ("datetime", "2026-01-02T03:04:05", AT),
        ("datetime", "1767323045000", AT),
        ("datetime", 1767323045000, AT),
        ("datetime", "2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("datetime", "-1000000000000", datetime(1938, 4, 24, 22, 13, 20, tzinfo=UTC)),
        ("list", "a;b", ("a", "b")),
        ("list", ";a; b;;a", ("a", "b")),
        ("list", "a", ("a",)),
        ("list", ";", None),
    ],
)
def test_values_of_both_crms_become_typed(kind: FieldType, raw: Raw, value: Value) -> None:
    """Strings of HubSpot and typed JSON of Salesforce come to the same exact values."""
    read = to_value(field(kind), raw)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("raw", [None, "", "  "])
def test_empty_is_none_without_a_reason(kind: FieldType, raw: Raw) -> None:
    """An empty value is unknown for every type, and nobody is told off for it."""
    assert convert(field(kind), raw) == (None, None)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("integer", "five"),
        ("integer", "5.5"),
        ("integer", True),
        ("integer", "1,000"),
        ("integer", "9" * 40),
        ("integer", "1e99"),
        ("integer", Decimal("Infinity")),
        ("decimal", "NaN"),
        ("money", "5 EUR"),
        ("decimal", "1e999"),
        ("boolean", "maybe"),
        ("boolean", 2),
        ("date", "2026-02-30"),
        ("date", "02/01/2026"),
        ("date", "12"),
        ("date", True),
        ("datetime", "yesterday"),
        ("datetime", "999999999999999"),
        ("datetime", "0001-01-01T00:00:00+10:00"),
        ("datetime", "2026-01-02T25:00:00Z"),
    ],
)
def test_what_is_no_value_is_none_with_a_reason(kind: FieldType, raw: Raw) -> None:
    """A value of the wrong type is unknown; the reason does not repeat it, because it may be personal."""
    value, reason = convert(field(kind), raw)
    assert value is None
    assert reason is not None
    assert reason.startswith("this is no ")
    assert str(raw) not in reason or len(str(raw)) < 3


@given(
    st.sampled_from(TYPES), st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(), st.text(max_size=40))
)
def test_nothing_breaks_conversion(kind: FieldType, raw: Raw) -> None:
    """Whatever a CRM holds, the outcome is a value of the type or a reason."""
    value, reason = convert(field(kind), raw)
    assert value is None or reason is None


def test_value_maps_fold_and_leave_the_rest() -> None:
    """Mapped spellings get the book's name, others stay, and a map can make a boolean."""
    status = field("text", **{"open_deal": "Accepted"})
    assert [to_value(status, raw) for raw in ("OPEN_DEAL", " open_deal ", "New")] == ["Accepted", "Accepted", "New"]
    assert to_value(field("boolean", ja="true"), "Ja") is True
    assert to_value(field("list", x="Exit"), "X;y") == ("Exit", "y")


def test_a_table_is_looked_up_folded() -> None:
    """A field from a table gets its value by another field's value; what is not listed is unknown."""
    region = Field("region", "text", (), table=TableLookup("lists/r.csv", "country", {"germany": "EMEA"}))
    assert [lookup(region, by) for by in ("GERMANY ", "France", None)] == ["EMEA", None, None]
    assert lookup(field("text"), "x") is None


def activity(crm: Any, kind: str, **attributes: Raw) -> SourceActivity:
    """Return a raw activity."""
    return SourceActivity(crm, kind, "1", AT, AT, attributes=attributes)


def test_activities_get_their_names() -> None:
    """Every test of a source must hold, folded; one raw activity may have several names or none."""
    book = read_book(
        sources(
            """activities:
  pricing: {hubspot: {event: page_view, where: {url: {contains: /Pricing}}}}
  webinar: {salesforce: {campaign_member: {type: Webinar, responded: true}}}
  call: {salesforce: {task: {subtype: Call, status: [Completed, Done]}}, hubspot: {call: Connected}}
  demo: {hubspot: {form: [demo, DEMO 2]}}
  click: {hubspot: {email: click}}
  any form: {hubspot: form}
  nothing: {}
"""
        )
    )
    assert matching(book, activity("hubspot", "event", name="page_view", url="https://a.example/PRICING?x=1")) == (
        "pricing",
    )
    assert matching(book, activity("hubspot", "event", name="page_view", url="https://a.example/")) == ()
    assert matching(book, activity("hubspot", "event", name="page_view")) == ()
    assert matching(book, activity("hubspot", "form", form="Demo 2")) == ("demo", "any form")
    assert matching(book, activity("salesforce", "form", form="demo")) == ()
    assert matching(book, activity("salesforce", "campaign_member", type="webinar", responded=True)) == ("webinar",)
    assert matching(book, activity("salesforce", "campaign_member", type="Webinar", responded=False)) == ()
    assert matching(book, activity("salesforce", "task", subtype="Call", status="done")) == ("call",)
    assert matching(book, activity("hubspot", "call", outcome=None)) == ()


def test_stages_are_read_back_from_their_crm_values() -> None:
    """A CRM value names the one stage that writes it; ambiguous, unmapped and unknown values name none."""
    values = {"inquiry": "lead", "mql": "lead", "customer": "customer", "recycled": "unchanged"}
    book = read_book(
        sources(
            "write:\n  salesforce: {stage: S__c}\n"
            f"  hubspot: {{stage: {{field: x, values: {json.dumps(values)}}}}}\n"
        )
    )
    assert [stage_of(book, "salesforce", raw) for raw in ("MQL", "nowhere", None)] == ["mql", None, None]
    assert [stage_of(book, "hubspot", raw) for raw in ("Customer", "lead", "unchanged", "")] == [
        "customer",
        None,
        None,
        None,
    ]
    assert stage_of(read_book(sources("")), "hubspot", "customer") is None
