"""A test out of a real story: masked, and true when it is run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.bookfiles import read_sources
from leadline.common.values import Value
from leadline.rules.model import AccountFact, FieldTest
from leadline.rules.reading import read_book
from leadline.rules.state import UNREADABLE, Adopted, Fact, FactKind
from leadline.rules.testing import read_cases, run_cases
from leadline.rules.testing.masking import fields_read, masked, same_answers
from leadline.rules.testing.telling import Story, tell
from tests.rules.testing.testing_kit import BOOK, WATERFALL

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def fact(
    kind: FactKind, name: str, value: object, hours: float, record: str = "r1", source: str = "salesforce"
) -> Fact:
    """Return a fact so many hours after the start."""
    at = START + timedelta(hours=hours)
    return Fact(kind, name, value, at, source, record, at)  # type: ignore[arg-type]


def again(text: str) -> bool:
    """Read a told test and run it."""
    return all(result.passed for result in run_cases(BOOK, read_cases(BOOK, {"tests/t.yml": text.encode()})))


def test_a_story_becomes_a_test_that_passes() -> None:
    """Fields, activities, deals, hands and what cannot be read are told, and come out as they did."""
    facts = (
        fact("field", "email", "ada.byron@mail.gmail.com", 0),
        fact("field", "title", "Vice President, Analytical Engines", 0),
        fact("field", "phone", "+44 20 7946 0958", 0),
        fact("field", "country", "germany", 0),
        fact("field", "employees", 250, 0),
        fact("field", "industry", UNREADABLE, 1),
        fact("field", "timeline", date(2026, 8, 1), 1),
        fact("field", "amount", Decimal("12000.50"), 1),
        fact("field", "phone", None, 24),
        fact("activity", "demo_request", True, 30, "form/1", "hubspot"),
        fact("activity", "whitepaper", True, 31, "form/2", "hubspot"),
        replace(fact("activity", "whitepaper", False, 31, "form/2", "hubspot"), seen=START + timedelta(hours=32)),
        fact("human", "Charles Babbage", "sal", 40),
        fact("deal", "deal", "open", 200, "Opportunity/006A"),
        fact("deal", "deal", "open", 201, "Opportunity/006B"),
        fact("deal", "deal", None, 202, "Opportunity/006B"),
        fact("deal", "deal", "won", 300, "Opportunity/006A"),
    )
    told = tell(BOOK, Story(facts, START, START + timedelta(days=30)), "a story: it's told")
    assert again(told.text), told.text
    assert told.lost == ()
    for secret in ("ada.", "byron", "Analytical", "7946", "Babbage", "006A"):
        assert secret.lower() not in told.text.lower()
    for kept in ("somebody@gmail.com", "vice", "germany", "unreadable: industry", "deal 2: gone", "by_hand: sal"):
        assert kept in told.text
    assert "whitepaper" not in told.text


def test_colleagues_are_told_where_accounts_decide() -> None:
    """What the people of an account come to comes out as it did; nobody can be recognised."""
    book = read_book(read_sources(WATERFALL.parent / "demand-unit"))
    boss = (
        fact("field", "email", "boss@globex.example", 0, "b"),
        fact("field", "title", "CTO", 0, "b"),
        fact("field", "industry", "Software", 0, "b"),
        fact("activity", "demo_request", True, 30, "form/1", "hubspot"),
    )
    own = (
        fact("field", "title", "Buyer", 0),
        fact("field", "industry", "Software", 0),
        fact("field", "employees", 500, 0),
        fact("activity", "demo_request", True, 31, "form/2", "hubspot"),
    )
    other = Story(boss, START, START, Adopted(stage="active", since=START))
    told = tell(book, Story(own, START, START + timedelta(days=20), None, (other,)), "a buying group")
    (result,) = run_cases(book, read_cases(book, {"tests/t.yml": told.text.encode()}))
    assert result.passed, (told.text, result.failures)
    assert [(move.source, move.target) for move in result.moves][-1][1] == "prioritised"
    assert "boss" not in told.text
    assert told.lost == ()


def test_a_field_whose_values_are_counted_is_owned_up_to() -> None:
    """Two titles that become one under the mask would count as one."""
    fact_of_titles = {"titles": AccountFact("titles", "distinct", "title")}
    book = replace(BOOK, accounts=fact_of_titles)
    assert "title" in fields_read(book)
    assert not same_answers(book, book.fields["title"], "Bee keeper", "masked")


def test_an_adopted_person_begins_in_the_crm_s_stage() -> None:
    """The stage, pass and date that the CRMs showed are told; what came before is known at the beginning."""
    facts = (fact("field", "email", "ann@rivalsoft.example", -100), fact("activity", "demo_request", True, -50))
    adopted = Adopted("mql", START - timedelta(hours=50), 3)
    told = tell(BOOK, Story(facts, START, START + timedelta(days=1), adopted), "adopted")
    assert "adopted: {stage: mql, pass: 3, since: 2026-02-28 07:00Z}" in told.text
    assert "somebody@rivalsoft.example" in told.text
    assert again(told.text), told.text


def test_only_what_decides_is_told() -> None:
    """A field that no rule reads does not stand in a test."""
    assert "source" not in fields_read(BOOK)
    assert {"country", "employees", "email", "status"} <= fields_read(BOOK)
    told = tell(BOOK, Story((fact("field", "source", "Trade fair", 0),), START, START), "unread")
    assert "fair" not in told.text
    assert again(told.text)


def test_a_mask_that_answers_otherwise_is_owned_up_to() -> None:
    """Where no masked text gives the same answers, the field is named."""
    enter = FieldTest("title", "in", ("masked",))
    stages = {**BOOK.stages, "mql": replace(BOOK.stages["mql"], enter=enter)}
    told = tell(replace(BOOK, stages=stages), Story((fact("field", "title", "Buyer", 0),), START, START), "lost")
    assert told.lost == ("title",)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("email", "ann@globex.example", "somebody@masked.example"),
        ("email", "Ann@GMAIL.com", "somebody@gmail.com"),
        ("email", "no address", "masked"),
        ("title", "VP of Sales and Head of People", "vp head"),
        ("title", "Buyer", "masked"),
        ("industry", "software", "software"),
        ("industry", "Ann's bakery", "masked"),
        ("country", "Peru", "masked"),
        ("country", "GERMANY", "GERMANY"),
        ("status", "Rejected", "Rejected"),
        ("employees", 7, 7),
        ("opted_out", True, True),
    ],
)
def test_masks(field: str, value: Value, shown: Value) -> None:
    """What the book itself names stays; everything else of a text goes."""
    assert masked(BOOK, BOOK.fields[field], value) == shown
    assert same_answers(BOOK, BOOK.fields[field], value, shown)


words = st.sampled_from(
    ["vp", "Ann", "head", "of", "student", "@", "gmail.com", "rivalsoft.example", "x.y", "Germany", "ß"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(words, min_size=1, max_size=5), st.sampled_from(["email", "title", "industry", "country", "phone"]))
def test_masking_changes_no_answer(parts: list[str], name: str) -> None:
    """Whatever the text, each test of the book answers the same for its mask."""
    field, text = BOOK.fields[name], " ".join(parts).replace(" @ ", "@")
    assert same_answers(BOOK, field, text, masked(BOOK, field, text))


def test_lists_are_masked_item_by_item() -> None:
    """A multi-select keeps the choices that the book names."""
    text = (WATERFALL / "rules.yml").read_text(encoding="utf-8")
    text = text.replace("\n  phone:\n", "\n  topics: {type: list, hubspot: contact.topics}\n  phone:\n", 1)
    text = text.replace("enter: {deal: won}", 'enter: {topics: [pricing, "a: b"]}', 1)
    files = {path.relative_to(WATERFALL).as_posix(): path.read_bytes() for path in (WATERFALL / "lists").iterdir()}
    book = read_book({**files, "rules.yml": text.encode()})
    assert masked(book, book.fields["topics"], ("Ann's list", "Pricing", "Bob's list")) == ("masked", "Pricing")
    told = tell(book, Story((fact("field", "topics", ("a: b", "Ann"), 0),), START, START), "a list")
    assert 'topics: ["a: b", masked]' in told.text
    (case,) = read_cases(book, {"tests/t.yml": told.text.encode()})
    assert case.facts[0].value == ("a: b", "masked")
    assert run_cases(book, [case])[0].passed
