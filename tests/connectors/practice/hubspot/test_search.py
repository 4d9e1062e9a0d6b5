"""Search: operators, limits, order, pages, and how far it runs behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.connectors.practice.hubspot.searchindex import Entry, SearchIndex
from tests.connectors.practice.hubspot.hub import Hub, ids, where

SEARCH = "/crm/v3/objects/contacts/search"


@pytest.fixture(scope="module")
def three(shared: Hub) -> tuple[str, str, str]:
    """Three contacts of one company, made a second apart; the last has no country."""
    made = []
    for name, country, score in (("Ada Byron", "Norway", "5"), ("Bo Li", "Sweden", "40"), ("Cy", "", "7.5")):
        first, _, last = name.partition(" ")
        made.append(
            shared.create(firstname=first, lastname=last, country=country, fit_score=score, company="Search Ltd")
        )
        shared.later(seconds=1)
    return made[0], made[1], made[2]


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (where("country", "EQ", "norway"), "A"),
        (where("country", "NEQ", "Norway"), "B"),
        (where("country", "IN", values=["norway", "sweden"]), "AB"),
        (where("country", "IN", values=["Norway"]), ""),
        (where("country", "NOT_IN", values=["sweden"]), "A"),
        (where("country", "HAS_PROPERTY"), "AB"),
        (where("country", "NOT_HAS_PROPERTY"), "C"),
        (where("fit_score", "GT", "7.5"), "B"),
        (where("fit_score", "GTE", "7.5"), "BC"),
        (where("fit_score", "LT", "7.5"), "A"),
        (where("fit_score", "LTE", "7.5"), "AC"),
        (where("fit_score", "EQ", "5.0"), "A"),
        (where("fit_score", "BETWEEN", "5", highValue="7.5"), "AC"),
        (where("lifecyclestage", "IN", values=["lead", "customer"]), "ABC"),
        (where("lastname", "CONTAINS_TOKEN", "by*"), "A"),
        (where("lastname", "CONTAINS_TOKEN", "*on"), "A"),
        (where("lastname", "CONTAINS_TOKEN", "yron"), ""),
        (where("firstname", "NOT_CONTAINS_TOKEN", "ada"), "BC"),
    ],
)
def test_operators(shared: Hub, three: tuple[str, str, str], one: dict[str, Any], wanted: str) -> None:
    """Every operator means what HubSpot says: NEQ wants a value, IN of texts wants lower case."""
    found = shared.search([where("company", "EQ", "Search Ltd"), one])
    assert "".join("ABC"[three.index(row)] for row in ids(found)) == wanted
    assert found["total"] == len(wanted)


def test_groups_are_alternatives_and_filters_all_hold(shared: Hub, three: tuple[str, str, str]) -> None:
    """A row that two groups let through is found once."""
    here = where("company", "EQ", "Search Ltd")
    found = shared.search([here, where("country", "EQ", "Norway")], [here, where("fit_score", "LT", "8")])
    assert set(ids(found)) == {three[0], three[2]}
    assert found["total"] == 2


def test_stamps_in_milliseconds_and_iso(shared: Hub, three: tuple[str, str, str]) -> None:
    """Bounds on the modification stamp are exact to the millisecond, in both forms."""
    stamp = shared.read(three[1], "lastmodifieddate")["lastmodifieddate"]
    for operator, wanted in (("GTE", three[1:]), ("GT", three[2:]), ("EQ", three[1:2])):
        assert ids(shared.search([where("lastmodifieddate", operator, stamp)])) == list(wanted)
    number = str(shared.portal.tables["contact"].rows[three[1]].updated)
    last = shared.search([where("lastmodifieddate", "GTE", number)], sorts=["-lastmodifieddate"])
    assert ids(last) == [three[2], three[1]]


def test_sorting_and_query(shared: Hub, three: tuple[str, str, str]) -> None:
    """One sort, by object or by name; missing values come last; without a sort the oldest is first."""
    here = [where("company", "EQ", "Search Ltd")]
    by_score = shared.search(here, sorts=[{"propertyName": "fit_score", "direction": "DESCENDING"}])
    assert ids(by_score) == [three[1], three[2], three[0]]
    assert ids(shared.search(here, sorts=["country"])) == list(three)
    assert ids(shared.search(here)) == list(three)
    spoken = shared.call("POST", SEARCH, json={"query": "search ltd bo", "limit": 5})
    assert ids(spoken) == [three[1]]


def test_default_and_chosen_properties(shared: Hub, three: tuple[str, str, str]) -> None:
    """Stamps and id always come; unset values are null; unknown names are left out."""
    here = [where("hs_object_id", "EQ", three[2])]
    assert set(shared.search(here)["results"][0]["properties"]) == {
        "email", "firstname", "lastname", "createdate", "lastmodifieddate", "hs_object_id",
    }  # fmt: skip
    chosen = shared.search(here, properties=["country", "nope"])["results"][0]["properties"]
    assert set(chosen) == {"country", "createdate", "lastmodifieddate", "hs_object_id"}
    assert chosen["country"] is None


def test_pages_meet(shared: Hub) -> None:
    """Walking pages by `after` meets every row once, in order."""
    walked: list[str] = []
    after: str | None = "0"
    while after is not None:
        asked = [where("lastmodifieddate", "GTE", "0")]
        page = shared.search(asked, sorts=["lastmodifieddate"], limit=50, after=after)
        walked += ids(page)
        after = page.get("paging", {}).get("next", {}).get("after")
    live = [row for row in shared.portal.tables["contact"].rows.values() if row.archived is None]
    assert walked == [row.id for row in sorted(live, key=lambda row: (row.updated, int(row.id)))]
    assert page["total"] == len(walked)


def _filters(count: int) -> dict[str, Any]:
    return {"filters": [where("country", "EQ", "x")] * count}


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [_filters(1)] * 6},
        {"filterGroups": [_filters(7)]},
        {"filterGroups": [_filters(5)] * 4},
        {"filterGroups": [{"filters": [where("country", "EQ", "x" * 3000)]}]},
        {"filterGroups": [{"filters": []}]},
        {"filterGroups": [{"filters": [where("nope", "EQ", "x")]}]},
        {"filterGroups": [{"filters": [where("country", "LIKE", "x")]}]},
        {"filterGroups": [{"filters": [where("country", "EQ")]}]},
        {"filterGroups": [{"filters": [where("country", "IN", value="x")]}]},
        {"filterGroups": [{"filters": [where("fit_score", "BETWEEN", value="1")]}]},
        {"filterGroups": [{"filters": [where("fit_score", "GT", "much")]}]},
        {"filterGroups": [{"filters": [where("lastmodifieddate", "GT", "yesterday")]}]},
        {"filterGroups": "all"},
        {"sorts": ["country", "city"]},
        {"sorts": ["nope"]},
        {"limit": 201},
        {"limit": "many"},
        {"after": "9990", "limit": 11},
        [],
    ],
)
def test_refused_requests(shared: Hub, body: object) -> None:
    """Five groups of six filters, eighteen in all, one sort, 200 a page, 10,000 rows: beyond that is 400."""
    refused = shared.call("POST", SEARCH, 400, json=body)
    assert (refused["status"], refused["category"]) == ("error", "VALIDATION_ERROR")


def test_the_last_reachable_page(shared: Hub) -> None:
    """Row 10,000 can still be asked for."""
    assert shared.call("POST", SEARCH, json={"after": "9800", "limit": 200})["results"] == []


def test_no_archived_rows(hub: Hub) -> None:
    """What is in the recycle bin is not found."""
    record = hub.create(lastname="Gone", company="Bin")
    assert ids(hub.search([where("company", "EQ", "Bin")])) == [record]
    hub.call("DELETE", f"/crm/v3/objects/contacts/{record}", 204)
    assert ids(hub.search([where("company", "EQ", "Bin")])) == []


def test_search_lags_and_reads_do_not(start: Callable[..., Hub]) -> None:
    """A write is read at once, and searched as it was until the lag is over."""
    hub = start(search_lag=5)
    record = hub.create(lastname="Slow", company="Lag")
    assert hub.read(record, "lastname") == {"lastname": "Slow"}
    assert ids(hub.search([where("company", "EQ", "Lag")])) == []
    hub.later(seconds=5)
    assert ids(hub.search([where("company", "EQ", "Lag")])) == [record]
    hub.write(record, lastname="Slower")
    shown = hub.search([where("company", "EQ", "Lag")], properties=["lastname"])["results"][0]
    assert shown["properties"]["lastname"] == "Slow"
    hub.later(seconds=5)
    assert hub.search([where("company", "EQ", "Lag")])["results"][0]["properties"]["lastname"] == "Slower"


def test_a_late_commit_appears_behind_the_cursor(hub: Hub) -> None:
    """With the fault, an older stamp shows up after a newer one was already seen."""
    hub.harness.faults.add([{"kind": "late_commit", "seconds": 60, "times": 1}])
    late = hub.create(lastname="Late", company="Commit")
    hub.later(seconds=2)
    prompt = hub.create(lastname="Prompt", company="Commit")
    here = [where("company", "EQ", "Commit")]
    assert ids(hub.search(here, sorts=["lastmodifieddate"])) == [prompt]
    hub.later(seconds=60)
    assert ids(hub.search(here, sorts=["lastmodifieddate"])) == [late, prompt]


def test_equal_timestamps(hub: Hub) -> None:
    """With the fault, rows that were written apart carry one stamp."""
    hub.harness.faults.add([{"kind": "equal_timestamps"}])
    hub.later(seconds=3)
    made = [hub.create(lastname="Bulk")]
    hub.later(seconds=3)
    made.append(hub.create(lastname="Bulk"))
    stamps = {hub.read(record, "lastmodifieddate")["lastmodifieddate"] for record in made}
    assert len(stamps) == 1


Moves = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 9), st.integers(0, 12), st.booleans()), min_size=1, max_size=40
)


@settings(max_examples=200)
@given(Moves, st.integers(0, 24))
def test_the_index_equals_replaying_what_was_due(moves: list[tuple[int, int, int, bool]], until: int) -> None:
    """At any time the index holds, per id, the last written of the changes that are due, by (stamp, id)."""
    index = SearchIndex()
    known: dict[int, int] = {}
    due = []
    for order, (number, stamp, wait, gone) in enumerate(moves):
        if gone:
            index.drop(number, wait)
        else:
            index.put(Entry(number, 0, stamp, {}), wait)
        due.append((wait, order, number, stamp, gone))
    index.settle(until)
    for _, _, number, stamp, gone in sorted((one for one in due if one[0] <= until), key=lambda one: one[1]):
        if gone:
            known.pop(number, None)
        else:
            known[number] = stamp
    pairs = sorted((stamp, number) for number, stamp in known.items())
    assert index.between(float("-inf"), float("inf")) == pairs
    assert index.between(3, 6) == [pair for pair in pairs if 3 <= pair[0] <= 6]
    assert index.ids_between(0, 5) == sorted(number for stamp, number in pairs if stamp <= 5)
    assert len(index) == len(pairs)


def test_a_late_commit_does_not_bring_back_what_was_deleted(hub: Hub) -> None:
    """A delayed change that was overtaken by a later one stays unseen."""
    hub.harness.faults.add([{"kind": "late_commit", "seconds": 60, "times": 1}])
    record = hub.create(lastname="Late", company="Overtaken")
    hub.call("DELETE", f"/crm/v3/objects/contacts/{record}", 204)
    hub.later(seconds=90)
    assert ids(hub.search([where("company", "EQ", "Overtaken")])) == []
