"""What a partition is given as Arrow tables, and each person of it as the facts of the one-person evaluator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.batch.columns.arrays import Codes, Ints, Whole, instant
from leadline.batch.columns.cells import instants, texts, whole, whole_numbers
from leadline.batch.columns.fields import OddError
from leadline.batch.tables import plain_cells
from leadline.rules.convert import convert
from leadline.rules.model import DEAL_PREFIX, Book
from leadline.rules.state import UNREADABLE, Adopted, Fact, Unreadable

SOURCE = "files"


class Given:
    """The tables of one partition (see ``evaluate_partition``). Reading them raises OddError."""

    def __init__(self, book: Book, state: Any, people: Any, activities: Any, changes: Any, until: datetime) -> None:
        self.book = book
        self.people = people
        self.activities: Any = activities if activities is not None and activities.num_rows else None
        self.changes: Any = changes if changes is not None and changes.num_rows else None
        self.until = until
        self.count: int = people.num_rows
        self.ids = people["person_id"]
        self._state: Any = None if state is None or not state.num_rows else state
        self._rows: dict[int, list[int]] | None = None
        self._changed: dict[int, list[Fact]] | None = None
        self._adopted: dict[int, Adopted] | None = None
        self._person: Codes | None = None

    def activity_people(self) -> Codes:
        """Return whose each activity is, as a position; -1 for nobody's here."""
        if self._person is None:
            self._person = self._places(self.activities["person_id"])
        return self._person

    def whose(self) -> tuple[Whole, int]:
        """Return whose each activity is as a number, and the number of the first person.

        Whole numbers without gaps stand for themselves; others are looked up, and -1 is nobody.
        """
        ids, wanted = whole_numbers(self.ids), whole_numbers(self.activities["person_id"])
        if ids is not None and wanted is not None and ids[0].size and ids[1] is None and wanted[1] is None:
            first = int(ids[0][0])
            if first >= 0 and np.array_equal(ids[0], np.arange(first, first + ids[0].size)):
                return wanted[0].astype(np.int64, copy=False), first
        return self.activity_people(), 0

    @property
    def versioned(self) -> Ints:
        """The people with an activity that has more than one version."""
        names = self.activities.column_names
        if not {"withdrawn", "record"} & set(names):
            return np.zeros(0, np.int64)
        person = self.activity_people().astype(np.int64)
        found = np.zeros(0, np.int64)
        if "withdrawn" in names:
            found = person[self.activities["withdrawn"].to_numpy(zero_copy_only=False).astype(np.bool_)]
        if "record" in names:
            keys = [self.activities[name] for name in ("person_id", "activity", "record", "source") if name in names]
            keyed = pyarrow.table({f"k{number}": key for number, key in enumerate(keys)})
            counted = keyed.append_column("row", pyarrow.array(np.arange(keyed.num_rows)))
            grouped = counted.group_by(keyed.column_names).aggregate([("row", "count"), ("row", "min")])
            repeated = grouped.filter(pyarrow.compute.greater(grouped["row_count"], 1))
            found = np.concatenate((found, person[repeated["row_min"].to_numpy()]))
        return np.unique(found[found >= 0])

    @property
    def known_to_the_day(self) -> Ints:
        """The people with an activity of which only the day is known."""
        if "precision" not in self.activities.column_names:
            return np.zeros(0, np.int64)
        days = pyarrow.compute.equal(self.activities["precision"], "day").to_numpy(zero_copy_only=False)
        found = np.unique(self.activity_people()[days.astype(np.bool_)])
        return found[found >= 0].astype(np.int64)

    def adopted(self) -> dict[int, Adopted]:
        """Return where people begin, by position. Raises OddError for a stage that the book does not have."""
        if self._adopted is None:
            self._adopted = self._read_state() if self._state is not None else {}
        return self._adopted

    def changed(self) -> Mapping[int, list[Fact]]:
        """Return the facts of ``changes``, by position."""
        if self._changed is None:
            self._changed = defaultdict(list)
            for person, fact in self._read_changes() if self.changes is not None else ():
                self._changed[person].append(fact)
        return self._changed

    def facts(self, person: int) -> tuple[Fact, ...]:
        """Return everything known of the person at this position."""
        return (*self.cells(person), *self._activity_facts(person), *self.changed().get(person, ()))

    def cells(self, person: int) -> Iterator[Fact]:
        """Yield what the table of people says of one person."""
        for name in self.book.fields:
            if name not in self.people.column_names:
                continue
            (raw,) = plain_cells(self.people[name].slice(person, 1))
            value, reason = convert(self.book.fields[name], raw)
            if reason:
                raise OddError
            if value is None and self.book.fields[name].table is not None:
                continue
            yield Fact("field", name, value, self.until, SOURCE, "person", self.until)

    def id_of(self, person: int) -> str:
        """Return a person's id as text."""
        return str(self.ids[person].as_py())

    def _activity_facts(self, person: int) -> Iterator[Fact]:
        if self.activities is None:
            return
        if self._rows is None:
            people = self.activity_people()
            order = np.argsort(people, kind="stable")
            ends = np.searchsorted(people[order], np.arange(self.count + 1))
            self._rows = {
                number: order[low:high].tolist()
                for number, (low, high) in enumerate(pairwise(ends.tolist()))
                if high > low
            }
        for row in self._rows.get(person, ()):
            one = self.activities.slice(row, 1)
            told = {name: one[name][0].as_py() for name in one.column_names if name not in ("at", "seen")}
            at = instant(int(instants(one["at"])[0]))
            seen = instant(int(instants(one["seen"])[0])) if "seen" in one.column_names else self.until
            yield Fact(
                "activity",
                str(told["activity"]),
                not told.get("withdrawn"),
                at,
                told.get("source") or SOURCE,
                str(told.get("record") or f"activity/{row}"),
                seen,
                precision="day" if told.get("precision") == "day" else "instant",
            )

    def _places(self, column: Any) -> Codes:
        ids = whole(self.ids)
        direct = _direct_places(column, ids)
        if direct is not None:
            return direct
        if pyarrow.types.is_dictionary(column.type) and not pyarrow.types.is_dictionary(ids.type):
            column = column.cast(ids.type)
        found = pyarrow.compute.index_in(column, value_set=ids)
        found = found.combine_chunks() if isinstance(found, pyarrow.ChunkedArray) else found
        places: Codes = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        return places

    def _read_state(self) -> dict[int, Adopted]:
        table = self._state
        names = table.column_names
        since = instants(table["stage_since"]) if "stage_since" in names else None
        known = table["stage_since"].is_valid().to_pylist() if since is not None else []
        passes = table["pass"].to_pylist() if "pass" in names else [None] * table.num_rows
        found: dict[int, Adopted] = {}
        people = self._places(table["person_id"]).tolist()
        for number, (person, stage) in enumerate(zip(people, texts(table["stage"]), strict=True)):
            if person < 0:
                continue
            if stage and stage not in self.book.stages:
                raise OddError
            at = instant(int(since[number])) if since is not None and known[number] else None
            found[person] = Adopted(stage or None, at, int(passes[number] or 1))
        return found

    def _read_changes(self) -> Iterator[tuple[int, Fact]]:
        table, names = self.changes, self.changes.column_names
        at = instants(table["at"]).tolist()
        seen = instants(table["seen"]).tolist() if "seen" in names else None
        people = self._places(table["person_id"]).tolist()
        values = plain_cells(table["value"].combine_chunks() if hasattr(table["value"], "chunks") else table["value"])
        columns = [
            table[name].to_pylist() if name in names else [None] * table.num_rows
            for name in ("kind", "field", "source", "record", "rank", "precision", "unreadable")
        ]
        for row, (kind, name, source, record, rank, precision, unreadable) in enumerate(zip(*columns, strict=True)):
            if people[row] < 0:
                continue
            value: Any = UNREADABLE if unreadable else values[row]
            if kind in (None, "field") and not isinstance(value, Unreadable):
                field = self.book.fields.get(name) or self.book.deals.fields.get(name.removeprefix(DEAL_PREFIX))
                if field is not None:
                    value, reason = convert(field, value)
                    if reason:
                        raise OddError
            yield people[row], Fact(
                kind or "field", name, value, instant(at[row]), source or SOURCE, record or "person",
                self.until if seen is None else instant(seen[row]), rank or 0,
                "day" if precision == "day" else "instant",
            )  # fmt: skip


def _direct_places(column: Any, ids: Any) -> Codes | None:
    """Find people by whole numbers that lie close together without any search; None for other ids."""
    found, wanted = whole_numbers(ids), whole_numbers(column)
    if found is None or wanted is None or found[1] is not None or wanted[1] is not None:
        return None
    numbers, sought = found[0].astype(np.int64, copy=False), wanted[0].astype(np.int64, copy=False)
    if not numbers.size or not sought.size:
        return None
    low, high = int(numbers.min()), int(numbers.max())
    if high - low > 4 * numbers.size + 1024:
        return None
    places = np.full(high - low + 2, -1, np.int32)
    places[numbers - low] = np.arange(numbers.size, dtype=np.int32)
    inside = (sought >= low) & (sought <= high)
    return places.take(np.where(inside, sought - low, high - low + 1))
