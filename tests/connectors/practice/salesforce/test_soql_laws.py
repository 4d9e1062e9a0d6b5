"""Laws of queries, over many rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.connectors.practice.salesforce.objects import standard_objects
from leadline.connectors.practice.salesforce.schema import Schema
from leadline.connectors.practice.salesforce.soql.parsing import parse
from leadline.connectors.practice.salesforce.soql.running import run
from leadline.connectors.practice.salesforce.store import Store
from leadline.connectors.practice.salesforce.values import seconds
from tests.connectors.practice.salesforce.site import END, Site, at, lead, organisation, person, running

TERMS = st.sampled_from(
    [
        "Email = null",
        "Email LIKE '%1%'",
        "Status IN ('New', 'Working')",
        "Fit_Score__c > 50",
        "Fit_Score__c <= 20.5",
        "CreatedDate = LAST_N_DAYS:7",
        "IsConverted = true",
        "Owner.Name != null",
    ]
)
CONDITIONS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"(NOT {one})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda many: f"({' AND '.join(many)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda many: f"({' OR '.join(many)})"),
    ),
    max_leaves=6,
)


def filled(count: int) -> Store:
    """Return a store of that many leads with every third value missing."""
    store = Store(Schema(standard_objects()), lambda: END)
    for number in range(count):
        row: dict[str, Any] = {
            "Id": lead(str(number)),
            "LastName": f"Name {number % 97}",
            "Status": ("New", "Working", "Accepted")[number % 3],
            "CreatedDate": seconds(at(number % 30)),
            "SystemModstamp": seconds(at(number % 11)),
            "IsConverted": number % 5 == 0,
            "IsDeleted": False,
        }
        if number % 3:
            row |= {"Email": f"{number}@acme.example", "Fit_Score__c": float(number % 101)}
        store.put("Lead", row)
    return store


SMALL = filled(200)


def ids(query: str, store: Store = SMALL) -> list[str]:
    """Return the ids that a query finds."""
    return [row["Id"] for row in run(store, parse(query), version="62.0").records]


@settings(max_examples=150, deadline=None)
@given(CONDITIONS)
def test_a_condition_and_its_opposite_split_the_rows(condition: str) -> None:
    """Every row meets exactly one of a condition and its negation."""
    yes = ids(f"SELECT Id FROM Lead WHERE {condition}")
    no = ids(f"SELECT Id FROM Lead WHERE NOT {condition}")
    assert sorted(yes + no) == sorted(ids("SELECT Id FROM Lead"))


@settings(max_examples=100, deadline=None)
@given(CONDITIONS, CONDITIONS)
def test_and_and_or_are_sets(one: str, other: str) -> None:
    """AND is the common rows, OR is all of them."""
    first, second = set(ids(f"SELECT Id FROM Lead WHERE {one}")), set(ids(f"SELECT Id FROM Lead WHERE {other}"))
    assert set(ids(f"SELECT Id FROM Lead WHERE {one} AND {other}")) == first & second
    assert set(ids(f"SELECT Id FROM Lead WHERE {one} OR {other}")) == first | second


@settings(max_examples=100, deadline=None)
@given(CONDITIONS, st.integers(0, 210), st.integers(0, 210))
def test_offset_and_limit_are_a_slice(condition: str, offset: int, limit: int) -> None:
    """OFFSET and LIMIT cut a slice out of the whole, in its order."""
    query = f"SELECT Id FROM Lead WHERE {condition} ORDER BY Fit_Score__c DESC NULLS LAST, Id"
    assert ids(f"{query} LIMIT {limit} OFFSET {offset}") == ids(query)[offset : offset + limit]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\\'"), min_size=1, max_size=30))
def test_any_text_can_be_asked_for(text: str) -> None:
    """A text that a client escaped finds the row that has it, and never breaks the query."""
    store = Store(Schema(standard_objects()), lambda: END)
    store.put("Lead", {"Id": lead("x"), "LastName": text, "IsDeleted": False})
    assert ids(f"SELECT Id FROM Lead WHERE LastName = '{text}'", store) == [lead("x")]


def test_fifty_thousand_rows_within_a_second_or_so() -> None:
    """A scan of 50,000 rows with a filter, an order and a first page stays quick on a slow machine."""
    store = filled(50_000)
    query = parse(
        "SELECT Id, LastName, Owner.Name FROM Lead WHERE SystemModstamp >= 2026-06-25T00:00:00Z AND Email != null "
        "ORDER BY SystemModstamp, Id"
    )
    begin = time.process_time()
    outcome = run(store, query, version="62.0")
    page = [outcome.render(row) for row in outcome.records[:2000]]
    assert len(page) == 2000
    assert outcome.total > 10_000
    assert time.process_time() - begin < 3


def test_a_statement_of_thousands_of_ids_is_quick() -> None:
    """Four thousand ids in one statement, close to the limit of its length, are read and found quickly."""
    listed = ",".join(f"'{lead(str(number))}'" for number in range(4_000))
    begin = time.process_time()
    assert len(ids(f"SELECT Id FROM Lead WHERE Id IN ({listed})")) == 200
    assert time.process_time() - begin < 2


@pytest.fixture(scope="module")
def paged() -> Iterator[Site]:
    """Serve pages of three rows."""
    with running(page_size=3) as site:
        yield site


def test_pages_make_up_the_whole(paged: Site) -> None:
    """Following nextRecordsUrl gives every row once; the last page is done and has no address."""
    answer = paged.call("GET", "/query", params={"q": "SELECT Id FROM CampaignMember"}).json()
    assert (answer["totalSize"], answer["done"]) == (2, True)
    page = paged.call("GET", "/query", params={"q": "SELECT Id FROM Account"}).json()
    assert "nextRecordsUrl" not in page
    page = paged.call("GET", "/queryAll", params={"q": "SELECT Id FROM Lead ORDER BY Id"}).json()
    seen = [row["Id"] for row in page["records"]]
    while not page["done"]:
        page = paged.call("GET", paged.url + page["nextRecordsUrl"]).json()
        seen += [row["Id"] for row in page["records"]]
        assert page["totalSize"] == 5
    assert seen == sorted(seen)
    assert len(seen) == 5


def test_a_cursor_keeps_its_snapshot() -> None:
    """Rows that change between two pages are shown as they were when the query ran."""
    with running(page_size=3) as site:
        page = site.call("GET", "/queryAll", params={"q": "SELECT Id, Title FROM Lead ORDER BY Id DESC"}).json()
        rest = site.call("GET", "/queryAll", params={"q": "SELECT Id FROM Lead ORDER BY Id LIMIT 2"}).json()
        wanted = [row["Id"] for row in rest["records"]]
        site.patch_many([{"id": identifier, "Title": "Changed"} for identifier in wanted])
        second = site.call("GET", site.url + page["nextRecordsUrl"]).json()
        assert sorted(row["Id"] for row in second["records"]) == sorted(wanted)
        assert "Changed" not in {row["Title"] for row in second["records"]}


@pytest.mark.parametrize("locator", ["nonsense", "01g000000000000AAA-0", "01gHs0000000000AAA-99999"])
def test_unknown_locators_are_refused(paged: Site, locator: str) -> None:
    """A locator that never was or is no longer kept is INVALID_QUERY_LOCATOR."""
    answer = paged.call("GET", f"/query/{locator}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_the_client_may_ask_for_smaller_pages() -> None:
    """Sforce-Query-Options: batchSize is kept within 200 and 2,000."""
    many = organisation(people=tuple(person(f"n{number}") for number in range(450)), deals=(), happenings=())
    with running(many) as site:

        def first(size: int) -> int:
            headers = {"Sforce-Query-Options": f"batchSize={size}"}
            answer = site.call("GET", "/query", params={"q": "SELECT Id FROM Lead"}, headers=headers)
            return len(answer.json()["records"])

        assert [first(1), first(300), first(99_999)] == [200, 300, 450]
