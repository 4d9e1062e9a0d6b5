"""One partition in one pass, evaluated in whatever process or on whatever machine."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import astuple, dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow
import pyarrow.compute

from leadline.batch.accounts import with_accounts
from leadline.batch.columns import Columns, OddError, evaluate_partition
from leadline.batch.columns.given import Given
from leadline.batch.columns.partition import prepared
from leadline.batch.columns.sources import odd_values, state_table
from leadline.batch.columns.spilling import ArrowFile, part_path, read_part
from leadline.batch.outcomes import Cells, as_written, outcome_columns, outcome_row
from leadline.batch.partitions.normal import units_of
from leadline.batch.partitions.parts import ROW, Parts
from leadline.batch.tables import cell_text
from leadline.batch.turns import TurnWish, stages_with_turns, turn_wishes
from leadline.common.files import whole_file
from leadline.rules.allocation import Candidate, candidate, place_fact
from leadline.rules.deciding import Engine
from leadline.rules.model import Book
from leadline.rules.state import Adopted, Advance, Fact

_WANTED: Final = frozenset({"next_change", "decision_id"})
_WISH: Final = pyarrow.schema([(item.name, pyarrow.string()) for item in fields(TurnWish)])


@dataclass(frozen=True, slots=True)
class Asked:
    """A partition in a pass: everybody in the first one, then who got a place, with all their places so far.

    ``before`` is the pass that wrote the partition's outcomes last.
    """

    part: int
    number: int = 0
    before: int = 0
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a partition: its people by stage, who waits for a place, and what was read in the first pass.

    ``odd`` means that only reading row by row can tell what is wrong. ``units`` are digests of the people and
    accounts, by which one that lies in two partitions is found.
    """

    part: int
    people: int = 0
    activities: int = 0
    strangers: int = 0
    later: int = 0
    stages: Mapping[str, int] = field(default_factory=dict)
    one_by_one: Mapping[str, int] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    units: tuple[int, ...] = ()
    odd: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A book over partitions. Outcomes are written to ``folder``, whole or not at all, so it may be asked again."""

    book: Book
    as_of: datetime
    parts: Parts
    folder: Path
    digests: bool = False

    def __call__(self, asked: Asked) -> Done:
        """Evaluate a partition, write its outcomes and return what became of it."""
        try:
            with odd_values():
                return self._first(asked) if asked.number == 0 else self._again(asked)
        except OddError:
            return Done(asked.part, odd=True)

    def outcomes(self, part: int, number: int) -> Any:
        """Return the outcomes of a partition as a pass wrote them: in order, with each one's ``ROW``."""
        return read_part(self.folder, f"outcomes-{number}", part)

    def forget(self, part: int, number: int) -> None:
        """Remove the outcomes of a partition that a pass wrote."""
        part_path(self.folder, f"outcomes-{number}", part).unlink()

    def wishes(self, part: int, number: int) -> Iterator[TurnWish]:
        """Yield the turns that the people of a partition wish for after a pass."""
        found = read_part(self.folder, f"wishes-{number}", part)
        for row in found.to_pylist() if found is not None else ():
            yield TurnWish(**row)

    def _first(self, asked: Asked) -> Done:
        given, happened = self._given(asked.part)
        ids = pyarrow.array([], pyarrow.string()) if given is None else given.ids.combine_chunks()
        strangers = _strangers(happened, ids)
        later = sum(pyarrow.compute.sum(pyarrow.compute.greater(one["at"], self.as_of)).as_py() for one in happened)
        activities = 0 if given is None or given.activities is None else given.activities.num_rows
        if given is None:
            read = self.parts.activities(self.book, asked.part)
            return Done(asked.part, 0, 0 if read is None else read.num_rows, strangers, later)
        if pyarrow.compute.count_distinct(ids).as_py() != len(ids):
            raise OddError
        units = tuple(_digests(self.book, given.people)) if self.digests else ()
        table, one_by_one, candidates = self._settled(given)
        self._write(asked, table, given)
        stages = Counter(table["stage"].to_pylist())
        return Done(
            asked.part, given.count, activities, strangers, later, stages, one_by_one, tuple(candidates), units
        )

    def _again(self, asked: Asked) -> Done:
        """Evaluate those who got a place once more; everybody else stays as they were."""
        given, _ = self._given(asked.part)
        assert given is not None
        rows, candidates = self._by_person(given, asked.places)
        table = _replaced(self.outcomes(asked.part, asked.before), _table(self.book, rows))
        self._write(asked, table, given)
        return Done(asked.part, stages=Counter(table["stage"].to_pylist()), candidates=tuple(candidates))

    def _given(self, part: int) -> tuple[Given | None, list[Any]]:
        """Return what is known of a partition's people, and the tables of what happened."""
        people = self.parts.people(part)
        activities = self.parts.activities(self.book, part)
        deals = self.parts.deals(self.book, part, self.as_of)
        happened = [table for table in (activities, deals) if table is not None and table.num_rows]
        if people is None or not people.num_rows:
            return None, happened
        if ROW not in people.column_names:
            people = people.append_column(ROW, pyarrow.array(np.arange(people.num_rows)))
        state = state_table(self.book, people, people["person_id"], self.as_of)
        return Given(self.book, state, people, activities, deals, self.as_of), happened

    def _settled(self, given: Given) -> tuple[Any, Mapping[str, int], list[Candidate]]:
        book, names = self.book, outcome_columns(self.book)
        if book.accounts:
            rows, candidates = self._by_person(given, None)
            told = _table(book, rows).append_column(ROW, given.people[ROW])
            return told, {"account facts": given.count}, candidates
        state = state_table(book, given.people, given.ids, self.as_of)
        known = (state, given.people, given.activities, given.changes, self.as_of, _WANTED)
        if not book.capacity:
            done = evaluate_partition(book, *known)
            return as_written(done.table, names).append_column(ROW, given.people[ROW]), done.one_by_one, []
        done = _with_room(book).evaluate(*known)
        pressing = _pressing(book, done.table, given)
        rows, candidates = self._by_person(given, dict.fromkeys(pressing, ()))
        waiting = done.table.append_column("waits_for", pyarrow.nulls(given.count, pyarrow.string()))
        others = as_written(waiting, names).append_column(ROW, given.people[ROW])
        reasons = Counter(done.one_by_one) + Counter({"stages with a capacity": len(rows)})
        return _replaced(others, _table(book, rows)), reasons, candidates

    def _by_person(
        self, given: Given, places: Mapping[str, tuple[str, ...]] | None
    ) -> tuple[list[Cells], list[Candidate]]:
        """Return the rows of everybody, or of who is named with the places they got, and who of them waits."""
        rows: list[Cells] = []
        candidates: list[Candidate] = []
        for person, advance in self._one_by_one(given, places):
            rows.append(outcome_row(person, advance))
            wish = candidate(self.book, person, advance.state.outcome)
            candidates += [] if wish is None else [wish]
        return rows, candidates

    def _one_by_one(
        self, given: Given, places: Mapping[str, tuple[str, ...]] | None
    ) -> Iterator[tuple[str, Advance]]:
        """Yield everybody, or who got places, in order, as the one-person evaluator has them."""
        engine = _engine(self.book)
        accounts = units_of(self.book, given.people)[0]
        ids = given.ids.to_pylist()
        wanted = {accounts[row] or person for row, person in enumerate(ids) if places is None or person in places}
        adopted = given.adopted()
        known = (
            ((person, given.facts(row), adopted.get(row, Adopted())), accounts[row])
            for row, person in enumerate(ids)
            if (accounts[row] or person) in wanted
        )
        for person, facts, begun in with_accounts(engine, known, self.as_of):
            if places is None or person in places:
                yield person, engine.begin(person, (*facts, *self._got(person, places)), self.as_of, begun)

    def _got(self, person: str, places: Mapping[str, tuple[str, ...]] | None) -> tuple[Fact, ...]:
        return () if places is None else tuple(place_fact(stage, self.as_of) for stage in places[person])

    def _write(self, asked: Asked, table: Any, given: Given) -> None:
        self._put(f"outcomes-{asked.number}", asked.part, table)
        asking = stages_with_turns(self.book)
        if asking:
            wishes = list(self._wishes(table, given, asking))
            columns = zip(*map(astuple, wishes), strict=True) if wishes else [()] * len(_WISH.names)
            self._put(f"wishes-{asked.number}", asked.part, pyarrow.table(list(map(list, columns)), schema=_WISH))

    def _wishes(self, table: Any, given: Given, asking: frozenset[str]) -> Iterator[TurnWish]:
        """Yield the turns that people wish for, as they stand in these outcomes."""
        chosen = table.filter(pyarrow.compute.is_in(table["stage"], value_set=pyarrow.array(sorted(asking))))
        rows = pyarrow.compute.index_in(chosen["person_id"].combine_chunks(), value_set=given.ids.combine_chunks())
        cells = zip(chosen["person_id"].to_pylist(), chosen["stage"].to_pylist(), rows.to_pylist(), strict=True)
        for person, stage, row in cells:
            yield from turn_wishes(self.book, person, stage, given.facts(row), self.as_of)

    def _put(self, name: str, part: int, table: Any) -> None:
        with whole_file(part_path(self.folder, name, part)) as partial, closing(ArrowFile(partial)) as file:
            file.write(table)


_last: list[Engine] = []
_roomy: list[Columns] = []


def _engine(book: Book) -> Engine:
    """Return the book's engine, compiled once in a process."""
    if not _last or not (_last[0].book is book or (book.hash and _last[0].book.hash == book.hash)):
        _last[:] = [Engine(book)]
    return _last[0]


def prepare(book: Book) -> None:
    """Compile what this process needs of a book for its partitions."""
    if book.accounts:
        _engine(book)
    elif book.capacity:
        _with_room(book)
    else:
        prepared(book)


def _with_room(book: Book) -> Columns:
    """Return columns of a book in whose stages there is always room, compiled once in a process."""
    if not _roomy or not (_roomy[0].book is book or (book.hash and _roomy[0].book.hash == book.hash)):
        _roomy[:] = [Columns(replace(book, capacity={}))]
    return _roomy[0]


def _pressing(book: Book, table: Any, given: Given) -> list[str]:
    """Return who may need a place, of outcomes as if there were room for everybody.

    Whoever stays where they begin, or goes in one move to a stage that has room for all, would do the same without
    any place, and waits for nothing. Of several moves at once any may lead into a stage with a capacity.
    """
    begins = [book.start_stage] * given.count
    for row, adopted in given.adopted().items():
        begins[row] = adopted.stage or begins[row]
    stage, previous = table["stage"].to_pylist(), table["previous"].to_pylist()
    return [
        given.id_of(row)
        for row, (before, source, target) in enumerate(zip(begins, previous, stage, strict=True))
        if source is not None and (source != before or target in book.capacity)
    ]


def _replaced(table: Any, rows: Any) -> Any:
    """Return outcomes with those of some people in the place of the same people's."""
    if not rows.num_rows:
        return table
    place = pyarrow.compute.index_in(
        rows["person_id"].combine_chunks(), value_set=table["person_id"].combine_chunks()
    )
    stay = np.ones(table.num_rows, np.bool_)
    stay[place.to_numpy()] = False
    fresh = rows.append_column(ROW, table[ROW].take(place))
    return pyarrow.concat_tables([table.filter(pyarrow.array(stay)), fresh]).sort_by(ROW)


def _table(book: Book, rows: Iterable[Cells]) -> Any:
    """Return outcomes as texts, as they stand in the result."""
    schema = pyarrow.schema([(name, pyarrow.string()) for name in outcome_columns(book)])
    cells = [{name: cell_text(row.get(name)) for name in schema.names} for row in rows]
    return pyarrow.Table.from_pylist(cells, schema=schema)


def _strangers(happened: Iterable[Any], ids: Any) -> int:
    found = pyarrow.chunked_array([chunk for one in happened for chunk in one["person_id"].chunks], pyarrow.string())
    there = pyarrow.compute.is_in(found, value_set=ids)
    return int(pyarrow.compute.count_distinct(found.filter(pyarrow.compute.invert(there))).as_py())


def _digests(book: Book, people: Any) -> Iterator[int]:
    """Yield 64 bits of each person's id, and of each account."""
    accounts, _ = units_of(book, people)
    for text in (
        *(f"p{person}" for person in people["person_id"].to_pylist()),
        *{f"a{one}" for one in accounts if one},
    ):
        yield int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
