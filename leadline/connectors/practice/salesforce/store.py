"""The rows of the practice organisation, with history of tracked fields and commits that show up late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadline.connectors.practice.salesforce.ids import with_suffix
from leadline.connectors.practice.salesforce.schema import Schema

Row = Mapping[str, Any]
"""One row by canonical field name, nulls left out. Rows are replaced, never changed: a cursor keeps its snapshot."""


@dataclass(frozen=True, slots=True)
class _Late:
    visible: datetime
    object: str
    row: Row


class Store:
    """All tables. Not safe between threads: one server answers one request at a time."""

    def __init__(self, schema: Schema, now: Callable[[], datetime]) -> None:
        self.schema = schema
        self.now = now
        self._tables: dict[str, dict[str, Row]] = {name: {} for name in schema.objects}
        self._late: dict[str, _Late] = {}
        self._keys: dict[str, list[str]] = {}
        self.learn_keys()
        self._keyed: dict[tuple[str, str, str], set[str]] = {}
        self._undo: list[tuple[str, str, Row | None, _Late | None]] | None = None
        self._made = 0

    def learn_keys(self) -> None:
        """Look again at which fields are external ids."""
        self._keys = {n: [f.name for f in o.fields if f.external_id] for n, o in self.schema.objects.items()}

    def rows(self, name: str) -> Iterable[Row]:
        """Return the visible rows of an object, deleted ones included, in order of arrival."""
        self._settle()
        return self._tables[name].values()

    def get(self, name: str, identifier: str) -> Row | None:
        """Return the visible row of an 18-character id, or None."""
        self._settle()
        return self._tables[name].get(identifier)

    def latest(self, name: str, identifier: str) -> Row | None:
        """Return the row with what was committed but is not visible yet: what a further write builds on."""
        self._settle()
        late = self._late.get(identifier)
        return late.row if late else self._tables[name].get(identifier)

    def latest_rows(self, name: str) -> Iterable[Row]:
        """Return the rows of an object with what is not visible yet: what a unique index knows of."""
        self._settle()
        late = {key: one.row for key, one in self._late.items() if one.object == name}
        return (self._tables[name] | late).values()

    def find(self, identifier: str) -> Row | None:
        """Return the visible row of any object by id, or None."""
        owner = self.schema.of_id(identifier)
        return self.get(owner.name, identifier) if owner else None

    def with_key(self, name: str, field: str, value: str) -> Row | None:
        """Return the row whose external id ``field`` is ``value`` in any case, committed late or not, or None."""
        for identifier in sorted(self._keyed.get((name, field, value.lower()), ())):
            row = self.latest(name, identifier)
            if row is not None and not row.get("IsDeleted") and str(row.get(field) or "").lower() == value.lower():
                return row
        return None

    def put(self, name: str, row: Row, visible: datetime | None = None) -> None:
        """Commit a row; with ``visible`` readers see it only from that instant on."""
        identifier = row["Id"]
        for field in self._keys[name]:
            if field in row:  # never taken out again: whoever looks up checks the row itself
                self._keyed.setdefault((name, field, row[field].lower()), set()).add(identifier)
        if self._undo is not None:
            before = self._tables[name].get(identifier)
            self._undo.append((name, identifier, before, self._late.get(identifier)))
        self._late.pop(identifier, None)
        if visible is None:
            self._tables[name][identifier] = row
        else:
            self._late[identifier] = _Late(visible, name, row)

    def remove(self, name: str, identifier: str) -> None:
        """Take a row away for good; not even queryAll shows it."""
        self._tables[name].pop(identifier, None)
        self._late.pop(identifier, None)

    def new_id(self, prefix: str) -> str:
        """Return an id that no row has, the same for the same run."""
        self._made += 1
        return with_suffix(f"{prefix}Hs1{self._made:09d}")

    def begin(self) -> None:
        """Remember what is put from now on, for ``rollback``."""
        self._undo = []

    def commit(self) -> None:
        """Keep what was put since ``begin``."""
        self._undo = None

    def rollback(self) -> None:
        """Take back what was put since ``begin``."""
        for name, identifier, before, late in reversed(self._undo or []):
            if before is None:
                self._tables[name].pop(identifier, None)
            else:
                self._tables[name][identifier] = before
            self._late.pop(identifier, None)
            if late:
                self._late[identifier] = late
        self._undo = None

    def _settle(self) -> None:
        if not self._late:
            return
        now = self.now()
        for identifier, late in list(self._late.items()):
            if late.visible <= now:
                del self._late[identifier]
                self._tables[late.object][identifier] = late.row
