"""Reading every row that changed in a window, by search, in order of (stamp, id). Calls: about n / 200.

A book with so many properties that a search cannot name them costs ceil(n / 100) batch reads more.

HubSpot's search sorts by one property, pages by offset (a row that changes meanwhile leaves the window, and its
neighbour would slip over the page's edge unseen), and stops at 10,000 rows. So each page starts from the last stamp
of the page before, without the rows that are known; a stamp that fills a page is read by id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.common.errors import ContractError
from leadline.common.values import Cursor
from leadline.connectors.hubspot.answers import CRM
from leadline.connectors.hubspot.client import HubSpotClient, Row, next_page, raw, results_of
from leadline.connectors.hubspot.names import Kind
from leadline.connectors.hubspot.reading import RECORDS_A_CALL, read_rows
from leadline.connectors.instants import milliseconds, read_instant

PAGE: Final = 200
"""https://developers.hubspot.com/docs/guides/api/crm/search#limits: 200 a page, 10,000 rows a query."""

LONGEST_NAMES: Final = 2400
"""Characters of property names, in JSON: a search may have 3,000 in all. Beyond, properties are read by id."""
LONGEST_BODY: Final = 3000

Filter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Milliseconds from ``low`` (None: from the beginning) to ``high``, both included.

    Rows at exactly ``low`` are left out up to the id ``beyond``.
    """

    low: int | None
    high: int
    beyond: int = -1


def window_of(until: datetime, since: Cursor | None, look_back: timedelta) -> Window:
    """Return the window of a request: look-back from the cursor, or right behind its row."""
    high = milliseconds(until)
    if since is None:
        return Window(None, high)
    if look_back > timedelta(0):
        return Window(milliseconds(since.stamp - look_back), high)
    return Window(milliseconds(since.stamp), high, int(since.id) if since.id.isdigit() else -1)


def search_pages(
    client: HubSpotClient, kind: Kind, properties: Sequence[str], window: Window, filters: Sequence[Filter] = ()
) -> Iterator[list[Row]]:
    """Yield rows (``id``, ``properties``, ...), sorted, none empty. ``filters`` narrow them further (at most 4)."""
    every = list(dict.fromkeys((*properties, kind.stamp, "hs_object_id")))
    fits = len(json.dumps(every)) <= LONGEST_NAMES
    wanted = every if fits else [kind.stamp, "hs_object_id"]
    for rows in _pages(client, kind, wanted, window, filters):
        full = rows if fits else _filled(client, kind, rows, every)
        if full:
            yield full


def ids_of(client: HubSpotClient, kind: Kind, after: str = "") -> Iterator[tuple[str, ...]]:
    """Yield pages of the ids that stand, ascending as numbers, behind ``after``. Calls: max(1, ceil(n / 200)).

    Search and not the list: its pages are twice as long. What its lagging index still shows or does not show yet is
    for the caller to check.
    """
    beyond, more = int(after) if after.isdigit() else -1, True
    while more:
        rows, more = _search(
            client, kind, ["hs_object_id"], [[_filter("hs_object_id", "GT", beyond)]], "hs_object_id"
        )
        ids = sorted(int(row["id"]) for row in rows)
        if ids and ids[0] <= beyond:
            raise ContractError("HubSpot's search answered rows that were read already")
        if ids:
            yield tuple(str(ident) for ident in ids)
            beyond = ids[-1]


def rows_of(
    client: HubSpotClient, kind: Kind, properties: Sequence[str], ids: Sequence[str], window: Window
) -> Iterator[list[Row]]:
    """Yield the rows of these ids by batch reads, without the search index; those behind the window are left out."""
    every = list(dict.fromkeys((*properties, kind.stamp, "hs_object_id")))
    for group in chunks(dict.fromkeys(ids), RECORDS_A_CALL):
        found = read_rows(client, "read", kind, group, every)
        rows = [row for row in found if stamp_of(kind, row) <= window.high]
        if rows:
            yield sorted(rows, key=lambda row: order_of(kind, row))


def _pages(
    client: HubSpotClient, kind: Kind, wanted: list[str], window: Window, filters: Sequence[Filter]
) -> Iterator[list[Row]]:
    low, held = window.low, list[Row]()
    while True:
        edges = _between(kind.stamp, low, window.high)
        groups = _behind(kind, held, window.high, filters) if held else [[*edges, *filters]]
        fresh, more = _search(client, kind, wanted, groups, kind.stamp)
        if fresh and low is not None and min(stamp_of(kind, row) for row in fresh) < low:
            raise ContractError("HubSpot's search answered rows from before the window")
        rows = [*held, *fresh]
        last = stamp_of(kind, rows[-1]) if rows else 0
        whole = [row for row in rows if stamp_of(kind, row) < last] if more else rows
        if more and not whole:
            yield from _of_one_stamp(client, kind, wanted, last, window, filters)
            low, held = last + 1, []
            continue
        kept = sorted((row for row in whole if _beyond(kind, row, window)), key=lambda row: order_of(kind, row))
        if kept:
            yield kept
        if not more:
            return
        low, held = last, rows[len(whole) :]
        if len(json.dumps(_body(wanted, _behind(kind, held, window.high, filters), kind.stamp))) > LONGEST_BODY:
            held = []  # so many rows of one stamp are read again with the next page


def _behind(kind: Kind, held: Sequence[Row], high: int, filters: Sequence[Filter]) -> list[list[Filter]]:
    """Return what comes behind rows that are known already, all of one stamp: its other rows, and later stamps.

    A batch write gives a hundred rows one stamp; reading them again with the next page would double the calls.
    """
    last = stamp_of(kind, held[-1])
    known = {"propertyName": "hs_object_id", "operator": "NOT_IN", "values": [str(row["id"]) for row in held]}
    return [
        [_filter(kind.stamp, "EQ", last), known, *filters],
        [*_between(kind.stamp, last + 1, high), *filters],
    ]


def _of_one_stamp(
    client: HubSpotClient, kind: Kind, wanted: list[str], stamp: int, window: Window, filters: Sequence[Filter]
) -> Iterator[list[Row]]:
    """Yield all rows of one stamp by id: a bulk import may give one millisecond more rows than a query may have."""
    beyond, more = (window.beyond if stamp == window.low else -1), True
    while more:
        own = [_filter(kind.stamp, "EQ", stamp), _filter("hs_object_id", "GT", beyond)]
        rows, more = _search(client, kind, wanted, [[*own, *filters]], "hs_object_id")
        if rows and min(int(row["id"]) for row in rows) <= beyond:
            raise ContractError("HubSpot's search answered rows that were read already")
        if rows:
            yield sorted(rows, key=lambda row: order_of(kind, row))
            beyond = max(int(row["id"]) for row in rows)


def _search(
    client: HubSpotClient, kind: Kind, wanted: list[str], groups: Sequence[Sequence[Filter]], sort: str
) -> tuple[list[Row], bool]:
    """Make one search and return its rows and whether there are more."""
    body = _body(wanted, groups, sort)
    answer = client.call("read", lambda apis: apis.search.do_search(kind.path, body, **raw()), search=True)
    rows = results_of(answer, "a search")
    return list(rows), bool(rows) and next_page(answer) is not None


def _body(wanted: list[str], groups: Sequence[Sequence[Filter]], sort: str) -> dict[str, Any]:
    return {
        "filterGroups": [{"filters": list(filters)} for filters in groups],
        "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
        "properties": wanted,
        "limit": PAGE,
    }


def _filled(client: HubSpotClient, kind: Kind, rows: list[Row], names: list[str]) -> list[Row]:
    """Return rows with their properties read in batches of 100; those deleted meanwhile are left out."""
    found = read_rows(client, "read", kind, (str(row["id"]) for row in rows), names)
    values: dict[str, Mapping[str, Any]] = {str(row["id"]): row.get("properties") or {} for row in found}
    # The stamp stays the one that search ordered by: a newer one belongs to the next pull.
    return [
        {**row, "properties": {**values[str(row["id"])], **(row.get("properties") or {})}}
        for row in rows
        if str(row["id"]) in values
    ]


def stamp_of(kind: Kind, row: Row) -> int:
    """Return a row's modification stamp in milliseconds."""
    values = row.get("properties") or {}
    return milliseconds(read_instant(values.get(kind.stamp) or row.get("updatedAt"), CRM))


def order_of(kind: Kind, row: Row) -> tuple[int, int]:
    """Return a row's place: (stamp, id as a number)."""
    return (stamp_of(kind, row), int(row["id"]))


def _beyond(kind: Kind, row: Row, window: Window) -> bool:
    return window.low is None or order_of(kind, row) > (window.low, window.beyond)


def _between(stamp: str, low: int | None, high: int) -> list[Filter]:
    until = _filter(stamp, "LTE", high)
    return [until] if low is None else [_filter(stamp, "GTE", low), until]


def _filter(name: str, operator: str, value: int) -> Filter:
    return {"propertyName": name, "operator": operator, "value": str(value)}
