"""A plan's writes in their order, packed into a database of their own: few are in memory, however many there are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast, overload

from leadline.common.chunking import chunks
from leadline.common.values import Crm, RecordRef
from leadline.common.vocabulary import ACCOUNT_OBJECTS
from leadline.sync.plan.rows import Row, group_of, row_of
from leadline.sync.plan.scratch import AT_ONCE, Scratch
from leadline.sync.plan.write import PlannedWrite, grouped

Group = tuple[PlannedWrite, ...]

PORTION: Final = 100_000
"""Records of one CRM that are written at a time: as many as Salesforce takes in one bulk job."""

_TABLES: Final = """
CREATE TABLE groups (
    seq INTEGER PRIMARY KEY, first INTEGER, crm TEXT, phase INTEGER, object TEXT, record_id TEXT, person TEXT,
    move INTEGER, effects INTEGER, body TEXT
);
CREATE VIEW packed AS SELECT seq, crm, object, record_id, person, body FROM groups;
CREATE VIEW places AS SELECT DISTINCT crm, object, record_id FROM groups;
CREATE VIEW movers AS SELECT person, move, MAX(seq) FROM groups WHERE move IS NOT NULL GROUP BY person;
CREATE INDEX by_person ON groups (person);
CREATE INDEX by_move ON groups (move, person) WHERE move IS NOT NULL;
CREATE INDEX by_record ON groups (crm, object, record_id, phase);
"""


class Move(NamedTuple):
    """What the write that tells of a move says of it."""

    stage: str | None
    transition: str | None
    backward: bool


class FieldWritten(NamedTuple):
    """A field as it is written; ``acted``: by an effect."""

    crm: Crm
    object: str
    field: str
    acted: bool


class Writes(Sequence[PlannedWrite]):
    """The writes of a plan: a sequence that counts by itself and is read in slices.

    A *group* is what is written to one record in one phase; its number is its place in the plan, from 0.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        """Take in packed groups, in the plan's order."""
        self._scratch = Scratch(_TABLES)
        self._length = 0
        self._moves: dict[Move, int] = {}
        self._fields: Counter[tuple[FieldWritten, int]] = Counter()
        self._records: Mapping[tuple[Crm, str], int] | None = None
        insert = "INSERT INTO groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        for some in chunks(enumerate(rows), AT_ONCE):
            self._scratch.add(insert, [self._values(number, row) for number, row in some])

    @classmethod
    def of(cls, writes: Iterable[PlannedWrite]) -> Writes:
        """Pack these writes; what is packed already stays as it is."""
        return writes if isinstance(writes, cls) else cls(map(row_of, grouped(writes)))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[PlannedWrite]:
        for _, group in self.groups():
            yield from group

    @overload
    def __getitem__(self, place: int) -> PlannedWrite: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[PlannedWrite, ...]: ...

    def __getitem__(self, place: int | slice) -> PlannedWrite | tuple[PlannedWrite, ...]:
        if isinstance(place, slice):
            return tuple(self[number] for number in range(*place.indices(self._length)))
        number = place + self._length if place < 0 else place
        if not 0 <= number < self._length:
            raise IndexError(f"a plan of {self._length} writes has no number {place}")
        seq, first = self._scratch.one("SELECT seq, MAX(first) FROM groups WHERE first <= ?", (number,))
        ((_, group),) = self.groups([seq])
        return group[number - int(first)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(other) == len(self) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def rows(self) -> Iterator[Row]:
        """Yield the groups as they are packed, in order."""
        query = "SELECT crm, phase, object, record_id, person, body FROM groups ORDER BY seq"
        yield from (Row(*row) for row in self._scratch.rows(query))

    def groups(self, numbers: Iterable[int] | None = None) -> Iterator[tuple[int, Group]]:
        """Yield groups with their numbers, in order: all, or those of these numbers."""
        if numbers is None:
            found = self._scratch.rows("SELECT * FROM packed ORDER BY seq")
            yield from ((number, _group(row)) for number, *row in found)
            return
        query = "SELECT * FROM packed WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq"
        for some in chunks(sorted(numbers), AT_ONCE):
            yield from ((number, _group(row)) for number, *row in self._scratch.rows(query, (json.dumps(some),)))

    def packed(self, numbers: Iterable[int]) -> Iterator[tuple[int, Row]]:
        """Yield the groups of these numbers, in order, as they are packed."""
        query = (
            "SELECT seq, crm, phase, object, record_id, person, body FROM groups "
            "WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq"
        )
        for some in chunks(sorted(numbers), AT_ONCE):
            yield from ((number, Row(*row)) for number, *row in self._scratch.rows(query, (json.dumps(some),)))

    def of_object(self, crm: Crm, name: str) -> Iterator[PlannedWrite]:
        """Yield the writes to one object, in order."""
        query = "SELECT * FROM packed WHERE crm = ? AND object = ? ORDER BY seq"
        for _, *row in self._scratch.rows(query, (crm, name)):
            yield from _group(row)

    def numbers_of(self, people: Iterable[str]) -> list[int]:
        """Return the numbers of the groups of these people, in order."""
        found: list[int] = []
        query = "SELECT seq FROM groups WHERE person IN (SELECT value FROM json_each(?))"
        for some in chunks(people, AT_ONCE):
            found += (number for (number,) in self._scratch.rows(query, (json.dumps(some),)))
        return sorted(found)

    def carrying(self) -> list[int]:
        """Return the numbers of the groups that carry out effects."""
        return [number for (number,) in self._scratch.rows("SELECT seq FROM groups WHERE effects ORDER BY seq")]

    def by_record(self) -> Iterator[tuple[RecordRef, list[tuple[int, Group]]]]:
        """Yield each record, sorted, with its groups and their numbers, the first phase first."""
        ref: RecordRef | None = None
        groups: list[tuple[int, Group]] = []
        query = (
            "SELECT packed.* FROM packed JOIN groups USING (seq) "
            "ORDER BY groups.crm, groups.object, groups.record_id, groups.phase, seq"
        )
        for number, *row in self._scratch.rows(query):
            group = _group(row)
            if ref is not None and group[0].ref != ref:
                yield ref, groups
                groups = []
            ref = group[0].ref
            groups.append((number, group))
        if ref is not None:
            yield ref, groups

    def movers(self) -> Mapping[Move | None, int]:
        """Return how many people are written by their last move; None: who does not move."""
        moves = {number: move for move, number in self._moves.items()}
        query = (
            "SELECT movers.move, COUNT(*) FROM (SELECT DISTINCT person FROM groups) "
            "LEFT JOIN movers USING (person) GROUP BY 1"
        )
        return {moves.get(number): people for number, people in self._scratch.rows(query)}

    def by_move(self) -> Iterator[tuple[Move | None, Group]]:
        """Yield each group, in order, with the last move of its person; None of one who does not move."""
        moves = {number: move for move, number in self._moves.items()}
        query = (
            "SELECT movers.move, crm, object, record_id, packed.person, body "
            "FROM packed LEFT JOIN movers USING (person) ORDER BY packed.seq"
        )
        yield from ((moves.get(move), _group(row)) for move, *row in self._scratch.rows(query))

    def portions(self, records: int = PORTION, crm: Crm | None = None) -> Iterator[frozenset[str]]:
        """Yield people in portions of ``records`` records or just more, in the plan's order.

        Records of both CRMs count, or only those of ``crm``.
        """
        query = (
            "SELECT person, COUNT(DISTINCT crm || '/' || object || '/' || record_id) "
            "FROM groups WHERE ? IN ('', crm) GROUP BY person ORDER BY MIN(seq)"
        )
        portion: list[str] = []
        found = 0
        for person, mine in self._scratch.rows(query, (crm or "",)):
            portion.append(person)
            found += mine
            if found >= records:
                yield frozenset(portion)
                portion, found = [], 0
        if portion:
            yield frozenset(portion)

    def people_in(self, crm: Crm) -> Iterator[str]:
        """Yield whose records of one CRM are written, in the plan's order."""
        query = "SELECT person FROM groups WHERE crm = ? GROUP BY person ORDER BY MIN(seq)"
        yield from (person for (person,) in self._scratch.rows(query, (crm,)))

    def records_of(self, person: str) -> int:
        """Return how many records of a person are written."""
        query = "SELECT COUNT(*) FROM (SELECT DISTINCT crm, object, record_id FROM groups WHERE person = ?)"
        return self._count(query, (person,))

    def record_count(self) -> int:
        """Return how many different records are written."""
        return sum(self.records().values())

    def records(self) -> Mapping[tuple[Crm, str], int]:
        """Return how many different records are written, by CRM and object."""
        if self._records is None:
            query = "SELECT crm, object, COUNT(*) FROM places GROUP BY crm, object"
            self._records = {(crm, name): count for crm, name, count in self._scratch.rows(query)}
        return self._records

    def cleared(self, crm: Crm) -> int:
        """Return how many records of a CRM are cleared first."""
        query = "SELECT COUNT(DISTINCT object || '/' || record_id) FROM groups WHERE phase = 1 AND crm = ?"
        return self._count(query, (crm,))

    def fields(self) -> Mapping[FieldWritten, int]:
        """Return how many writes there are of each field."""
        found: Counter[FieldWritten] = Counter()
        for (written, _), count in self._fields.items():
            found[written] += count
        return found

    def records_with(self, crm: Crm, field: str) -> int:
        """Return how many records of a CRM get this field; one that is cleared first counts once."""
        mine = [(phase, count) for (it, phase), count in self._fields.items() if (it.crm, it.field) == (crm, field)]
        return max(sum(count for phase, count in mine if phase == only) for only in (1, 2))

    @property
    def moves(self) -> Collection[Move]:
        """The different moves."""
        return self._moves.keys()

    def people(self, of: Callable[[Move], bool] | None = None) -> int:
        """Return how many people are written of whom a move is so, or (None) of whom a record of their own is."""
        if of is None:
            accounts = json.dumps([f"{crm}/{name}" for crm, name in ACCOUNT_OBJECTS.items()])
            return self._count(_PEOPLE_BESIDE, (accounts,))
        chosen = [number for move, number in self._moves.items() if of(move)]
        return self._count(_PEOPLE_MOVING, (json.dumps(chosen),))

    def _values(self, number: int, row: Row) -> tuple[Any, ...]:
        """Count a packed group in, and return it as a row of the table."""
        group = group_of(RecordRef(cast(Crm, row.crm), row.object, row.record_id), row.person, row.body)
        first, move, effects = self._length, None, 0
        for write in group:
            acted = write.effect is not None
            self._fields[FieldWritten(write.ref.crm, write.ref.object, write.field, acted), write.phase] += 1
            effects += acted
            if write.stage or write.transition or write.backward:
                told = Move(write.stage, write.transition, write.backward)
                move = self._moves.setdefault(told, len(self._moves))
        self._length += len(group)
        return (number, first, row.crm, row.phase, row.object, row.record_id, row.person, move, effects, row.body)

    def _count(self, query: str, values: Sequence[object] = ()) -> int:
        return int(self._scratch.one(query, values)[0])


_PEOPLE_BESIDE: Final = (
    "SELECT COUNT(DISTINCT person) FROM groups WHERE crm || '/' || object NOT IN (SELECT value FROM json_each(?))"
)
_PEOPLE_MOVING: Final = "SELECT COUNT(DISTINCT person) FROM groups WHERE move IN (SELECT value FROM json_each(?))"


def _group(row: Sequence[Any]) -> Group:
    crm, name, key, person, body = row
    return group_of(RecordRef(crm, name, key), person, body)
