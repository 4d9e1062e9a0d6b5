"""A partition as columns: people by position, their fields, deals and activities, and who cannot be held so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np

from leadline.batch.columns.activities import Activities
from leadline.batch.columns.arrays import LONG_AGO, NEVER, Bools, Codes, Instants, Ints, micros
from leadline.batch.columns.cells import coded, instants, texts
from leadline.batch.columns.fields import Column, Meaning, OddError, looked_up, read_column
from leadline.batch.columns.given import Given
from leadline.batch.columns.knowing import Asks
from leadline.batch.columns.tally import Rows
from leadline.rules.deciding.fields import FieldTimeline
from leadline.rules.deciding.history import LAST_INSTANT, fact_key
from leadline.rules.model import Book
from leadline.rules.state import Fact

_END: Final = micros(LAST_INSTANT)


@dataclass(frozen=True, slots=True)
class DealColumns:
    """The deals of one kind, one row a deal: whose, in which state, since when."""

    person: Codes
    state: Sequence[str | None]
    since: Ints


@dataclass(frozen=True, slots=True)
class Frame:
    """Some people. ``first`` is the instant of each one's first fact (``NEVER`` without any)."""

    people: int
    fields: Mapping[str, Column]
    activities: Activities
    first: Ints
    deals: Mapping[str, DealColumns] = field(default_factory=dict)

    def last(self, t: Instants) -> Ints:
        """Return the instant of the latest activity of any name up to ``t``; ``LONG_AGO`` without one."""
        found = np.full(self.people, LONG_AGO, np.int64)
        for happened in self.activities:
            np.maximum(found, happened.last(t), out=found)
        return found

    def following(self, t: Instants) -> Ints:
        """Return the instant of the next activity of any name after ``t``."""
        found = np.full(self.people, NEVER, np.int64)
        for happened in self.activities:
            np.minimum(found, happened.following(t), out=found)
        return found

    def take(self, who: Ints) -> Frame:
        """Return some of the people, in the order of ``who``, which must rise."""
        place = np.full(self.people, -1, np.int32)
        place[who] = np.arange(who.size)
        return Frame(
            who.size,
            {name: column.take(who) for name, column in self.fields.items()},
            self.activities.take(who, place),
            self.first[who],
            {kind: _some_deals(deals, place) for kind, deals in self.deals.items()},
        )


def _some_deals(deals: DealColumns, place: Codes) -> DealColumns:
    keep = np.flatnonzero(place[deals.person] >= 0)
    return DealColumns(
        place[deals.person[keep]], [deals.state[number] for number in keep.tolist()], deals.since[keep]
    )


def read_frame(
    book: Book, asks: Asks, given: Given, until: datetime, before: dict[str, Meaning]
) -> tuple[Frame, Bools, dict[str, int]]:
    """Return the columns of what is given, who is to be decided one by one, and how many for which reason.

    ``before`` as ``read_column`` has it. Raises OddError for what can be told only row by row.
    """
    at = micros(until)
    there = {name: given.people.column(place) for place, name in enumerate(given.people.column_names)}
    columns = {
        name: read_column(field, there[name], asks.edges.get(name), at, before)
        for name, field in book.fields.items()
        if name in there
    }
    columns = {name: column for name, column in columns.items() if name in asks.fields}
    by_one = _ByOne(given.count)
    first = _first_said(book, given, at)
    deals = _changed(book, asks, given, until, columns, first, by_one)
    for name in asks.fields:
        if name not in columns and book.fields[name].table is None:
            columns[name] = Column(book.fields[name], np.zeros(given.count, np.int64), [None])
    _look_up(book, asks, columns)
    activities = _activities(asks, given, first, by_one)
    return Frame(given.count, columns, activities, first, deals), by_one.who, by_one.reasons


class _ByOne:
    """Who is decided one by one, and why."""

    def __init__(self, people: int) -> None:
        self.who = np.zeros(people, np.bool_)
        self.reasons: dict[str, int] = {}

    def add(self, reason: str, who: Iterable[int]) -> None:
        places = np.fromiter(who, np.int64)
        new = np.unique(places[~self.who[places]])
        if new.size:
            self.reasons[reason] = self.reasons.get(reason, 0) + int(new.size)
            self.who[new] = True


def _first_said(book: Book, given: Given, at: int) -> Ints:
    """Return when each person's first cell was said: an empty one of a looked-up field says nothing."""
    names = book.fields.keys() & set(given.people.column_names)
    if any(book.fields[name].table is None for name in names):
        return np.full(given.count, at, np.int64)
    first = np.full(given.count, NEVER, np.int64)
    for name in names:
        said = [bool(cell.strip()) for cell in texts(given.people[name])]
        first[np.array(said, np.bool_)] = at
    return first


def _changed(
    book: Book,
    asks: Asks,
    given: Given,
    until: datetime,
    columns: dict[str, Column],
    first: Ints,
    by_one: _ByOne,
) -> dict[str, DealColumns]:
    """Put what ``changes`` say into the columns; return the deals."""
    if given.changes is None:
        return {}
    told: dict[tuple[int, str], list[Fact]] = defaultdict(list)
    deals: dict[tuple[int, str, str], list[Fact]] = defaultdict(list)
    for person, facts in given.changed().items():
        for fact in facts:
            if fact.at > until or (fact.kind == "field" and fact.name in asks.dated):
                by_one.add("changes that are still to come, or of signals and looked-up fields", [person])
            elif fact.kind in ("human", "allocation"):
                by_one.add("stages set by hand and places given", [person])
            elif fact.kind == "deal" and asks.deals:
                kind = "" if fact.name == "deal" else fact.name
                deals[person, kind, fact.record].append(fact)
                if asks.deals_one_by_one:
                    by_one.add("conditions about deals one by one", [person])
            elif fact.kind == "field" and fact.name in asks.fields:
                told[person, fact.name].append(fact)
            if fact.source != "account" and fact.at <= LAST_INSTANT:
                first[person] = min(first[person], micros(fact.at))
    _resolve(book, given, until, told, columns)
    return _deal_columns(deals)


def _resolve(
    book: Book,
    given: Given,
    until: datetime,
    told: Mapping[tuple[int, str], list[Fact]],
    columns: dict[str, Column],
) -> None:
    """Let the one-person timeline of each changed field say what it is at ``until``."""
    for (person, name), facts in told.items():
        own = [fact for fact in given.cells(person) if fact.name == name]
        timeline = FieldTimeline(replace(book.fields[name], has_blank=False), sorted((*own, *facts), key=fact_key))
        value = timeline.value(until)
        column = columns.get(name)
        if column is None:
            column = Column(book.fields[name], np.zeros(given.count, np.int64), [None])
        values = list(column.values)
        places = [number for number, known in enumerate(values) if type(known) is type(value) and known == value]
        if not places:
            places, values = [len(values)], [*values, value]
        codes = column.codes if len(column.values) > 256 else column.codes.astype(np.int64)
        codes[person] = places[0]
        columns[name] = replace(column, codes=codes, values=values, complete=False)


def _deal_columns(deals: Mapping[tuple[int, str, str], list[Fact]]) -> dict[str, DealColumns]:
    rows: dict[str, list[tuple[int, str | None, int]]] = defaultdict(list)
    for (person, kind, _), facts in deals.items():
        ordered = sorted(facts, key=fact_key)
        state = ordered[-1].value
        began = len(ordered) - 1
        while began and ordered[began - 1].value == state:
            began -= 1
        rows[kind].append((person, state if isinstance(state, str) else None, micros(ordered[began].at)))
    return {
        kind: DealColumns(
            np.array([row[0] for row in found], np.int32),
            [row[1] for row in found],
            np.array([row[2] for row in found], np.int64),
        )
        for kind, found in rows.items()
    }


def _look_up(book: Book, asks: Asks, columns: dict[str, Column]) -> None:
    waiting = [name for name in asks.fields if book.fields[name].table is not None]
    done: set[str] = set()
    while waiting:
        ready = [name for name in waiting if _by(book, name) not in waiting] or waiting
        for name in ready:
            by = columns.get(_by(book, name))
            if by is None:
                raise OddError
            columns[name] = looked_up(book.fields[name], by, columns.get(name))
        done.update(ready)
        waiting = [name for name in waiting if name not in done]


def _by(book: Book, name: str) -> str:
    table = book.fields[name].table
    assert table is not None
    return table.by


def _activities(asks: Asks, given: Given, first: Ints, by_one: _ByOne) -> Activities:
    table = given.activities
    if table is None or not table.num_rows:
        return Activities.none(given.count)
    kind, names = coded(table["activity"])
    whose, nobody_before = given.whose()
    rows = Rows(tuple(names), kind, whose, instants(table["at"]), given.count, nobody_before)
    if given.versioned.size:
        by_one.add("activities that were corrected or withdrawn", given.versioned)
    if asks.local_days and given.known_to_the_day.size:
        by_one.add("days of activities that are known to the day only", given.known_to_the_day)
    found = Activities(rows, asks.windows, _END, fast=asks.fast)
    for happened in found if asks.first else ():
        have = happened.starts[1:] > happened.starts[:-1]
        begins = happened.starts[:-1][have]
        first[have] = np.minimum(first[have], happened.at[begins])
    return found


__all__ = ["DealColumns", "Frame", "OddError", "read_frame"]
