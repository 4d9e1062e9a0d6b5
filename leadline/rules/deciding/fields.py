"""From facts about records to one value of a field at an instant.

Each source record says something about a field from one instant to the next. At ``t`` the book's ``prefer``
chooses between them: ``first known`` in the order of the field's sources, ``newest`` (the latest change that left
a value), or a CRM's name (that CRM's sources first). Two records of the same source: the later change speaks.
Where an unreadable source would have spoken before the one that is known, the field is UNREADABLE.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from leadline.common.folding import fold
from leadline.common.values import Value
from leadline.rules.model import Field
from leadline.rules.state import UNREADABLE, Fact, Unreadable

Known = Value | Unreadable
"""A field's value at an instant: None is empty, UNREADABLE may not be read now."""

Where = tuple[str, str, int]
"""Where a value stands: the CRM, the record, and which of the field's sources (two may be fields of one record)."""

Origin = tuple[str, str, datetime]
"""Which record speaks, as its CRM and its name, and since when it says so."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timeline(Protocol):
    """What can be asked about one field; a ``signal`` counts only from when a pass began."""

    signal: bool

    def value(self, t: datetime) -> Known:
        """Return the value at ``t``."""

    def value_since(self, t: datetime, floor: datetime) -> tuple[Known, bool]:
        """Return the value at ``t`` as set at or after ``floor``, and whether only an older one exists."""


class FieldTimeline:
    """One field's value as a step function of time."""

    __slots__ = ("_ats", "_changes", "_field", "_values", "signal")

    def __init__(self, field: Field, facts: Sequence[Fact]) -> None:
        self.signal = field.signal
        self._field = field
        self._changes = facts
        self._ats: list[datetime] | None = None
        self._values: list[Known]

    def value(self, t: datetime) -> Known:
        """Return the value at ``t``, with what blank means where it is empty."""
        if self._ats is None:
            self._ats = self._resolve()
        position = bisect_right(self._ats, t)
        found = self._values[position - 1] if position else None
        return self._field.blank if found is None and self._field.has_blank else found

    def value_since(self, t: datetime, floor: datetime) -> tuple[Known, bool]:
        """Return the value at ``t`` among those set at or after ``floor``, and whether only an older one exists."""
        current = self._current(t)
        fresh = [said for said in current if said.at >= floor]
        value = _prefer(self._field, fresh)
        if value is None and self._field.has_blank:
            value = self._field.blank
        stale = not fresh and any(said.value is not None for said in current)
        return value, stale

    def changes(self) -> list[tuple[datetime, Known]]:
        """Return every instant at which a record said something, with the value from then on (None: empty)."""
        if self._ats is None:
            self._ats = self._resolve()
        return list(zip(self._ats, self._values, strict=True))

    def origin(self, t: datetime) -> Origin | None:
        """Return where the value at ``t`` stands; None where the field is empty or unreadable there."""
        value = self.value(t)
        speaks = [said for said in self._current(t) if said.value is not None and _same(said.value, value)]
        if not speaks:
            return None
        if self._field.prefer == "newest":
            found = min(speaks, key=lambda said: (_EPOCH - said.at, said.rank, said.where))
        else:
            found = min(speaks, key=lambda said: (_order(self._field, said.rank), _EPOCH - said.at, said.where))
        return (*found.where, found.at)

    def _current(self, t: datetime) -> list[_Said]:
        current: dict[Where, _Said] = {}
        for fact in self._changes:
            if fact.at > t:
                break
            _hear(current, fact)
        return list(current.values())

    def _resolve(self) -> list[datetime]:
        ats: list[datetime] = []
        self._values = []
        current: dict[Where, _Said] = {}
        for fact in self._changes:
            _hear(current, fact)
            value = _prefer(self._field, list(current.values()))
            if ats and ats[-1] == fact.at:
                self._values[-1] = value
            else:
                ats.append(fact.at)
                self._values.append(value)
        return ats


class ToldOnce(FieldTimeline):
    """A field that one fact tells, as most are told: quicker to make and to ask, which is done for each person."""

    __slots__ = ()

    def value(self, t: datetime) -> Known:
        """Return the value at ``t``, with what blank means where it is empty."""
        fact = self._changes[0]
        if fact.at <= t and fact.value is not None:
            return fact.value
        return self._field.blank if self._field.has_blank else None


class TableField:
    """A field that is looked up in a table of the book by another field."""

    __slots__ = ("_by", "_field", "_rows", "signal")

    def __init__(self, field: Field, rows: Mapping[str, str], by: Timeline | None) -> None:
        self.signal = field.signal
        self._field = field
        self._rows = rows
        self._by = by

    def value(self, t: datetime) -> Known:
        """Return the row for the other field's value at ``t``; without a row the field is empty."""
        return self._look_up(None if self._by is None else self._by.value(t))

    def value_since(self, t: datetime, floor: datetime) -> tuple[Known, bool]:
        """Look up what the other field became at or after ``floor``."""
        if self._by is None:
            return self._look_up(None), False
        key, stale = self._by.value_since(t, floor)
        return self._look_up(key), stale

    def _look_up(self, key: Known) -> Known:
        if isinstance(key, Unreadable):
            return key
        found = self._rows.get(fold(key)) if isinstance(key, str) else None
        return self._field.blank if found is None and self._field.has_blank else found

    def origin(self, t: datetime) -> Origin | None:
        """Return where the value stands that was looked up."""
        return origin_of(self._by, t)


class Supposed:
    """One value at all times, for what-if questions."""

    __slots__ = ("_value", "signal")

    def __init__(self, value: Value) -> None:
        self.signal = False
        self._value = value

    def value(self, t: datetime) -> Known:
        """Return the supposed value."""
        del t
        return self._value

    def value_since(self, t: datetime, floor: datetime) -> tuple[Known, bool]:
        """Return the supposed value, as set in this pass."""
        del t, floor
        return self._value, False


def origin_of(timeline: Timeline | None, t: datetime) -> Origin | None:
    """Return which record says what a field is at ``t``, and since when; None where none does."""
    return timeline.origin(t) if isinstance(timeline, FieldTimeline | TableField) else None


def field_timelines(fields: Mapping[str, Field], facts: Mapping[str, Sequence[Fact]]) -> dict[str, Timeline]:
    """Return a timeline for each field of the book; facts of one field must be in order of time."""
    timelines: dict[str, Timeline] = {}
    waiting = []
    for name, field in fields.items():
        said = facts.get(name)
        if said is None and field.table is not None:
            waiting.append(field)
        elif said is not None and len(said) == 1:
            timelines[name] = ToldOnce(field, said)
        else:
            timelines[name] = FieldTimeline(field, said or ())
    while waiting:
        ready = [item for item in waiting if item.table and item.table.by not in {other.name for other in waiting}]
        for field in ready or waiting:
            assert field.table is not None
            by = timelines.get(field.table.by)
            timelines[field.name] = TableField(field, field.table.rows, by)
        waiting = [field for field in waiting if field.name not in timelines]
    return timelines


class _Said:
    """What one record says of a field, and since when it says so."""

    __slots__ = ("at", "rank", "value", "where")

    def __init__(self, fact: Fact, at: datetime) -> None:
        self.value = fact.value
        self.at = at
        self.rank = fact.rank
        self.where = (fact.source, fact.record)


def _hear(current: dict[Where, _Said], fact: Fact) -> None:
    """Take in one fact; saying the same again is not a change."""
    where = (fact.source, fact.record, fact.rank)
    before = current.get(where)
    if before is None or not _same(before.value, fact.value):
        current[where] = _Said(fact, fact.at)


def _same(one: Known, other: Known) -> bool:
    return type(one) is type(other) and one == other


def _prefer(field: Field, said: list[_Said]) -> Known:
    if len(said) == 1:
        return said[0].value
    if field.prefer == "newest":
        if any(isinstance(item.value, Unreadable) for item in said):
            return UNREADABLE
        known = [item for item in said if item.value is not None]
        return min(known, key=lambda item: (_EPOCH - item.at, item.rank, item.where)).value if known else None
    for item in sorted(said, key=lambda item: (_order(field, item.rank), _EPOCH - item.at, item.where)):
        if item.value is not None:
            return item.value
    return None


def _order(field: Field, rank: int) -> tuple[bool, int]:
    """Put sources of the preferred CRM first, then follow the order in which the book lists them."""
    preferred = 0 <= rank < len(field.sources) and field.sources[rank].crm == field.prefer
    return (not preferred, rank)
