"""Rows of the practice HubSpot with the history of every property, and the table of one object type."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from leadline.connectors.practice.hubspot.kinds import Kind
from leadline.connectors.practice.hubspot.searchindex import Entry, SearchIndex
from leadline.connectors.practice.hubspot.stamps import stamp_text

_FIRST_NEW: Final = 900_000_000_000_001  # above every id that is derived from a key


@dataclass(frozen=True, slots=True)
class Source:
    """Who made a change, in HubSpot's words: ``CRM_UI``, ``INTEGRATION``, ``AUTOMATION_PLATFORM``, ``DEALS``."""

    type: str
    id: str = ""
    user: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that a property had, since ``at`` (milliseconds)."""

    value: str
    at: int
    source: Source

    def plain(self) -> dict[str, Any]:
        """Return the change as property history answers it."""
        user = {} if self.source.user is None else {"updatedByUserId": self.source.user}
        label = {"sourceLabel": self.source.label} if self.source.label else {}
        named = {"sourceId": self.source.id} if self.source.id else {}
        return {
            "value": self.value,
            "timestamp": stamp_text(self.at),
            "sourceType": self.source.type,
            **named,
            **label,
            **user,
        }


@dataclass(slots=True)
class Row:
    """One record. ``values`` has no empty ones; ``history`` lists, oldest first, what changed since creation.

    A property without a history has had its present value since ``created``, from ``origin``.
    """

    id: str
    created: int
    updated: int
    origin: Source
    values: dict[str, str]
    history: dict[str, list[Change]] = field(default_factory=dict)
    archived: int | None = None

    def changes(self, name: str) -> list[Change]:
        """Return the values a property has had, newest first, as HubSpot answers them."""
        if name in self.history:
            return self.history[name][::-1]
        return [Change(self.values[name], self.created, self.origin)] if name in self.values else []

    def write(self, name: str, value: str, at: int, source: Source) -> bool:
        """Set one property (``""`` clears it) and keep what it was; tells whether anything changed."""
        if self.values.get(name, "") == value:
            return False
        past = self.history.setdefault(name, self.changes(name)[::-1])
        past.append(Change(value, at, source))
        values = dict(self.values)  # a copy: the search index may still show the old one
        if value:
            values[name] = value
        else:
            del values[name]
        self.values = values
        return True


class Table:
    """All rows of one object type, found by id, by former id (merged away) and by unique property."""

    def __init__(self, kind: Kind, unique: Iterable[str] = ()) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self.merged: dict[str, str] = {}
        self.unique: dict[str, dict[str, str]] = {name: {} for name in unique}
        self.index = SearchIndex()
        self._order: list[int] = []
        self._next = _FIRST_NEW

    def load(self, rows: Iterable[Row]) -> None:
        """Take many rows at once, all searchable from the start."""
        for row in rows:
            self.rows[row.id] = row
            self.claim(row)
        self._order = sorted(int(row_id) for row_id in self.rows)
        self.index.load(entry_of(row) for row in self.rows.values() if row.archived is None)

    def find(self, row_id: str, *, by: str = "") -> Row | None:
        """Find a row, archived or not, by id (its own or one merged into it) or by a unique property ``by``."""
        if by and by != "hs_object_id":
            return self.rows.get(self.unique[by].get(row_id.lower(), ""))
        while row_id in self.merged:
            row_id = self.merged[row_id]
        return self.rows.get(row_id)

    def live(self, row_id: str, *, by: str = "") -> Row | None:
        """Find a row that is not archived."""
        row = self.find(row_id, by=by)
        return row if row is not None and row.archived is None else None

    def add(self, values: Mapping[str, str], at: int, source: Source, visible: int) -> Row:
        """Make a row with a new id; it is searchable from ``visible`` (milliseconds) on."""
        row = Row(str(self._next), at, at, source, {name: value for name, value in values.items() if value})
        self._next += 1
        self.rows[row.id] = row
        insort(self._order, int(row.id))
        self.touched(row, at, visible)
        return row

    def touched(self, row: Row, at: int, visible: int) -> None:
        """Stamp a changed row and hand it to the search index."""
        row.updated = at
        self.claim(row)
        self.index.put(entry_of(row), visible)

    def archive(self, row: Row, at: int, visible: int) -> None:
        """Put a row into the recycle bin: lists show it when asked for archived rows, search never does."""
        row.archived = at
        self.disclaim(row)
        self.index.drop(int(row.id), visible)

    def absorb(self, survivor: Row, lost: Row, visible: int) -> None:
        """Take a merged-away row out; its id leads to ``survivor`` from now on."""
        self.merged[lost.id] = survivor.id
        self.erase(lost, visible)

    def erase(self, row: Row, visible: int) -> None:
        """Forget a row altogether."""
        self.disclaim(row)
        del self.rows[row.id]
        del self._order[bisect_left(self._order, int(row.id))]
        self.index.drop(int(row.id), visible)

    def disclaim(self, row: Row) -> None:
        """Let go of the unique values that lead to a row: before they change, and when it goes."""
        for name, claims in self.unique.items():
            for value in _claims(row, name):
                if claims.get(value) == row.id:
                    del claims[value]

    def after(self, cursor: int, *, archived: bool) -> Iterator[Row]:
        """Walk the rows from id ``cursor`` on, in order of id, archived ones or the others."""
        for number in self._order[bisect_left(self._order, cursor) :]:
            row = self.rows[str(number)]
            if (row.archived is not None) == archived:
                yield row

    def claim(self, row: Row) -> None:
        """Make the unique values of a row lead to it."""
        if row.archived is not None:
            return
        for name, claims in self.unique.items():
            for value in _claims(row, name):
                claims.setdefault(value, row.id)


def _claims(row: Row, name: str) -> list[str]:
    values = [row.values.get(name, "")]
    if name == "email":
        values += row.values.get("hs_additional_emails", "").split(";")
    return [value.lower() for value in values if value]


def entry_of(row: Row) -> Entry:
    """Return what the search index remembers of a row as it is now."""
    return Entry(int(row.id), row.created, row.updated, row.values)


def value_of(kind: Kind, row: Row | Entry, name: str) -> str | None:
    """Return a property as answered: HubSpot's own stamps and id are made from the row itself."""
    if name == kind.stamp:
        return stamp_text(row.updated)
    if name == kind.created:
        return stamp_text(row.created)
    if name == "hs_object_id":
        return str(row.id)
    return row.values.get(name)
