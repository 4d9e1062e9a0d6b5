"""People of files as arrays, without an object for each of their facts: what backtests of many people read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.batch.columns import OddError
from leadline.batch.columns.arrays import Bools, Ints, micros
from leadline.batch.tables import plain_cells
from leadline.history.columns.told import Steps, Told
from leadline.history.living import MOMENT
from leadline.history.partition import Partition
from leadline.history.shelving import CREATED, FIRST_INSTANT, Shelf
from leadline.rules.convert import convert
from leadline.rules.deciding.fields import Known
from leadline.rules.deciding.history import LAST_INSTANT
from leadline.rules.model import Book, Field


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """Some people of a partition: ``told`` are those of ``ids`` (None for nobody), ``others`` need a closer look."""

    ids: Sequence[str]
    assumed: Sequence[tuple[str, ...]]
    told: Told | None
    others: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Dated:
    """Dated rows of these people: whose, under which of ``names``, when, and what else stands there."""

    person: Ints
    name: Ints
    names: Sequence[str]
    at: Ints
    table: Any

    def where(self, keep: Bools) -> _Dated:
        table = self.table.filter(pyarrow.array(keep))
        return _Dated(self.person[keep], self.name[keep], self.names, self.at[keep], table)

    def named(self, names: Collection[str]) -> _Dated:
        known = np.array([name in names for name in self.names], np.bool_)
        return self.where(known[self.name])


class Gathering:
    """The people from ``low`` to ``high`` of a partition, up to and without ``until``.

    ``columns`` are the book's fields of the people file. Raises OddError where each cell must be looked at.
    """

    def __init__(
        self, shelf: Shelf, partition: Partition, low: int, high: int, book: Book, columns: Sequence[str]
    ) -> None:
        if any(book.fields[name].table is not None for name in columns):
            raise OddError("columns of fields that a table tells, too")
        self._book, self._columns, self._changing = book, columns, shelf.changing
        self._people = partition.people.slice(low, high - low)
        self._ids = partition.ids[low:high]
        self._activities, self._changes, self._deals = (
            _dated(partition, name, low, high) for name in ("activities", "changes", "deals")
        )
        self._born = self._first_seen(micros(shelf.earliest))

    def plain(self, until: datetime) -> Plain:
        """Return who is told by fields and activities alone, and who else became known before ``until``."""
        end = micros(until)
        there = self._born < end
        odd = np.zeros(len(self._ids), np.bool_)
        odd[self._deals.person[self._deals.at < end]] = True
        for rows in (self._activities, self._changes):
            strange = (rows.at < self._born[rows.person]) | (rows.at > micros(LAST_INSTANT))
            odd[rows.person[strange & (rows.at < end)]] = True
        changes = self._changes.named(self._book.fields)
        odd[_at_once(changes)] = True
        odd[changes.named({name for name, field in self._book.fields.items() if field.table is not None}).person] = (
            True
        )
        keep = there & ~odd
        people = _Chosen(keep)
        ids = [self._ids[number] for number in np.flatnonzero(keep).tolist()]
        others = [self._ids[number] for number in np.flatnonzero(there & odd).tolist()]
        if not ids:
            return Plain([], [], None, others)
        activities = people.of(self._activities.named(self._book.activities))
        activities = activities.where(activities.at < end)
        told = Told(
            self._born[keep], micros(until - MOMENT), activities.names, activities.name.astype(np.int32),
            activities.person, activities.at, self._fields(people, people.of(changes), end),
        )  # fmt: skip
        return Plain(ids, self._assumed(len(ids), people.of(changes)), told, others)

    def _first_seen(self, earliest: int) -> Ints:
        """Return when each became known: ``created``, else the first dated row, else the first instant of all."""
        first = np.full(len(self._ids), np.iinfo(np.int64).max)
        for rows in (self._activities, self._changes, self._deals):
            np.minimum.at(first, rows.person, rows.at)
        first[first == np.iinfo(np.int64).max] = earliest
        created = self._people[CREATED].combine_chunks().cast(pyarrow.int64())
        known = created.is_valid().to_numpy(zero_copy_only=False)
        return np.maximum(np.where(known, created.fill_null(0).to_numpy(), first), micros(FIRST_INSTANT))

    def _fields(self, people: _Chosen, changes: _Dated, end: int) -> dict[str, Steps]:
        born = self._born[people.keep]
        everybody = np.arange(born.size)
        found: dict[str, Steps] = {}
        for name, field in self._book.fields.items():
            own = changes.named({name})
            now = name in self._columns and not field.signal
            if not now and not own.at.size:
                continue
            values: list[Known] = []
            who, at, codes = [], [], []
            if now:
                table = self._people[name].filter(pyarrow.array(people.keep))
                read = _values(field, table.combine_chunks(), values)
                never = np.ones(born.size, np.bool_)
                never[own.person] = False
                who, at, codes = [everybody[never]], [born[never]], [read[never]]
            if own.at.size:
                own = own.where(own.at < end)
                who, at = [*who, own.person], [*at, own.at]
                codes.append(_values(field, own.table["value"].combine_chunks(), values))
                order = np.lexsort((np.concatenate(at), np.concatenate(who)))
                who, at, codes = ([np.concatenate(one)[order]] for one in (who, at, codes))
            else:
                # The very same arrays for all that never changed: their rows are found once.
                who, at = [everybody], [born]
            if who[0].size:
                found[name] = Steps(values, who[0], at[0], codes[0])
        return found

    def _assumed(self, count: int, changes: _Dated) -> list[tuple[str, ...]]:
        """Return for each of ``count`` people the fields of which only the value of now is known."""
        fields = self._book.fields
        usual = {name for name in self._columns if not fields[name].signal and name not in self._changing}
        more: dict[int, set[str]] = {}
        if changes.at.size:
            told = changes.table["assumed"].combine_chunks().to_numpy(zero_copy_only=False)
            for person, name in zip(changes.person[told].tolist(), changes.name[told].tolist(), strict=True):
                more.setdefault(person, set()).add(changes.names[name])
        same = tuple(name for name in fields if name in usual)
        return [
            tuple(name for name in fields if name in usual | more[number]) if number in more else same
            for number in range(count)
        ]


class _Chosen:
    """Some of the people, in order: they get new numbers."""

    def __init__(self, keep: Bools) -> None:
        self.keep = keep
        self._place: Ints = np.cumsum(keep) - 1

    def of(self, rows: _Dated) -> _Dated:
        own = rows.where(self.keep[rows.person])
        return _Dated(self._place[own.person], own.name, own.names, own.at, own.table)


def _dated(partition: Partition, name: str, low: int, high: int) -> _Dated:
    table, counts = partition.happened(name, low, high)
    if table is None:
        nothing = np.zeros(0, np.int64)
        return _Dated(nothing, nothing, [], nothing, pyarrow.table({"value": [], "assumed": []}))
    coded = table["name"].combine_chunks().dictionary_encode()
    at = table["at"].combine_chunks().cast(pyarrow.int64()).to_numpy()
    person = np.repeat(np.arange(high - low), counts)
    return _Dated(person, coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist(), at, table)


def _at_once(changes: _Dated) -> Ints:
    """Return who has two changes of one field at one instant: which of them holds is a matter of their values."""
    order = np.lexsort((changes.at, changes.name, changes.person))
    person, name, at = changes.person[order], changes.name[order], changes.at[order]
    again = (person[1:] == person[:-1]) & (name[1:] == name[:-1]) & (at[1:] == at[:-1])
    found: Ints = person[1:][again]
    return found


def _values(field: Field, cells: Any, values: list[Known]) -> Ints:
    """Return each cell's place among ``values``, to which new ones are added. Raises OddError for a bad cell."""
    coded = cells if pyarrow.types.is_dictionary(cells.type) else cells.dictionary_encode()
    raw = plain_cells(coded.dictionary)
    places = []
    for cell in (*raw, None):
        value, reason = convert(field, cell)
        if reason:
            raise OddError("a cell that is no value of its field")
        places.append(len(values))
        values.append(value)
    found: Ints = np.array(places, np.int64)[coded.indices.fill_null(len(raw)).to_numpy()]
    return found
