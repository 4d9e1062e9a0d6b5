"""One partition: who can be decided as columns is, everybody else one by one; the answers are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow

from leadline.batch.columns.arrays import NEVER, Bools, Ints, micros
from leadline.batch.columns.cells import whole
from leadline.batch.columns.coming import next_changes
from leadline.batch.columns.fields import Meaning
from leadline.batch.columns.frame import Frame, read_frame
from leadline.batch.columns.given import Given
from leadline.batch.columns.identity import decision_ids
from leadline.batch.columns.knowing import asks_of, nodes_of, unknown_features
from leadline.batch.columns.result import WANTED, rows_of, schema_of, table_of
from leadline.batch.columns.scale import Scale, TooLargeError, book_operands
from leadline.batch.columns.scoring import Cards, Remembered
from leadline.batch.columns.settling import Positions, Settler
from leadline.batch.columns.stories import Stories
from leadline.batch.columns.truths import Truth
from leadline.rules.backends.vectors import BackEnd
from leadline.rules.deciding import Engine
from leadline.rules.deciding.history import History, ordered
from leadline.rules.model import Book

MOST_STAGES = 60
"""Stages met at one instant are kept as bits of one integer."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The outcomes of a partition, in the order of its people, and how many were decided one by one, by reason."""

    table: Any
    one_by_one: Mapping[str, int]


class Columns:
    """A book, ready to evaluate partitions. Of each it keeps what values are worth, for the next one."""

    def __init__(self, book: Book, back_end: BackEnd | None = None, *, fast: bool | None = None) -> None:
        """Compile the book. Raises RefusedError where it cannot be decided. ``back_end`` is for tests.

        ``fast`` lets loops be compiled where the extra of this name is installed: at once, never (False), or when
        this process has had so many activities that it pays (None).
        """
        self.book = book
        self.engine = Engine(book, back_end)
        settling = self.engine.settling
        self._settler = Settler(book, settling.lifecycle, settling.back_end)
        self._asks = asks_of(book, self.engine, fast=fast)
        self._operands = book_operands(book, [node.condition for node in nodes_of(self.engine)])
        self._unknown = unknown_features(book)
        self._remembered = Remembered()
        self._meanings: dict[str, Meaning] = {}
        self._schemas: dict[tuple[Any, ...], Any] = {}
        self._sizes: dict[int, dict[str, Scale] | None] = {}
        if len(book.stages) > MOST_STAGES:
            self._unknown = (*self._unknown, f"more than {MOST_STAGES} stages")

    def evaluate(
        self,
        state: Any,
        people: Any,
        activities: Any,
        changes: Any,
        until: datetime,
        wanted: frozenset[str] = WANTED,
    ) -> Evaluated:
        """Settle everybody of a partition once at ``until``; see ``evaluate_partition``."""
        given = Given(self.book, state, people, activities, changes, until)
        scales = self._scales(given)
        kind = (wanted, tuple(scale.places for scale in (scales or {}).values()), given.ids.type)
        if kind not in self._schemas:
            self._schemas[kind] = schema_of(self.book, scales or {}, wanted, given.ids.type)
        schema = self._schemas[kind]
        if self._unknown or scales is None:
            reason = self._unknown[0] if self._unknown else "points beyond 64 bits"
            everybody = np.arange(given.count)
            return Evaluated(self._one_by_one(given, everybody, schema), {reason: given.count} if given.count else {})
        frame, alone, reasons = read_frame(self.book, self._asks, given, until, self._meanings)
        if self.book.slas and "next_change" in wanted and not alone.all():
            # Timers begin with moves that are still to come; what follows from them is told one by one.
            reasons["SLAs"], alone = int((~alone).sum()), np.ones_like(alone)
        who = np.flatnonzero(~alone)
        table, twice = self._columns(
            given, frame if who.size == given.count else frame.take(who), who, scales, schema
        )
        if twice.size:
            reasons["coming to a stage twice at one instant"] = int(twice.size)
            alone[who[twice]] = True
        if not alone.any():
            return Evaluated(table, reasons)
        keep = np.flatnonzero(~np.isin(np.arange(who.size), twice))
        others = np.flatnonzero(alone)
        joined = pyarrow.concat_tables([table.take(keep), self._one_by_one(given, others, schema)])
        order = np.argsort(np.concatenate((who[keep], others)), kind="stable")
        return Evaluated(joined.take(order).combine_chunks(), reasons)

    def _scales(self, given: Given) -> dict[str, Scale] | None:
        rows = 0 if given.activities is None else given.activities.num_rows
        size = rows.bit_length()
        if size not in self._sizes:
            try:
                self._sizes[size] = {
                    name: Scale(score, self._operands[name], 1 << size)
                    for name, score in self.engine.settling.scoring.scores.items()
                }
            except TooLargeError:
                self._sizes[size] = None
        return self._sizes[size]

    def _columns(
        self, given: Given, frame: Frame, who: Ints, scales: dict[str, Scale], schema: Any
    ) -> tuple[Any, Ints]:
        scoring, until = self.engine.settling.scoring, given.until

        def cards_at(part: Frame, t: Ints | int) -> Cards:
            return Cards(scoring, scales, Truth(self.book, self._settler.numbers, part, t), self._remembered)

        cards = cards_at(frame, micros(until))
        told = "why" in schema.names or "decision_id" in schema.names
        stories = (
            Stories(self._settler, scoring, lambda one: self._history(given, int(who[one])), until) if told else None
        )
        positions = self._begin(given, who, stories, dates="implied" in schema.names)
        twice = self._settler.settle(cards.asked, positions, None if stories is None else stories.tell)
        changes = None
        if "next_change" in schema.names:
            changes, unsure = next_changes(self._settler, cards_at, cards, positions)
            twice = np.union1d(twice, unsure)
        decisions = None
        if "decision_id" in schema.names and stories is not None:
            names = [given.id_of(int(person)) for person in who]
            decisions = decision_ids(self._settler, cards, positions, stories, names, until)
        ids = given.ids if who.size == given.count else given.ids.take(who)
        return table_of(self._settler, cards, positions, whole(ids), schema, stories, changes, decisions), twice

    def _begin(self, given: Given, who: Ints, stories: Stories | None, *, dates: bool) -> Positions:
        """Return where people begin: what the state says of them, else the start stage from ``until`` on."""
        count, stages, at = who.size, len(self._settler.names), micros(given.until)
        stage = np.full(count, self._settler.numbers[self.book.start_stage], np.int32)
        since, number = np.full(count, at, np.int64), np.ones(count, np.int64)
        adopted = np.zeros(count, np.int64)
        begun = given.adopted()
        if begun:
            places = {int(person): row for row, person in enumerate(who.tolist())}
            for person, told in begun.items():
                row = places.get(person)
                if row is None:
                    continue
                number[row] = told.pass_number
                if told.since is not None:
                    since[row] = micros(told.since)
                if told.stage is not None:
                    stage[row], adopted[row] = self._settler.numbers[told.stage], 1
        dated = stages if stories is not None or dates or self._settler.looks_back else 0
        entered = np.full((dated, count), NEVER, np.int64)
        if dated:
            entered[stage, np.arange(count)] = since
        story = np.zeros(count, np.int64) if stories is None else stories.begin(stage.astype(np.int64), adopted)
        implied: Bools = np.zeros((dated, count), np.bool_)
        taken = np.zeros((max(1, len(self._settler.limited)), count), np.int64)
        previous = np.full(count, -1, np.int32)
        return Positions(stage, since, number, since.copy(), previous, entered, implied, taken, story)

    def _history(self, given: Given, person: int) -> History:
        return History(ordered(given.facts(person)), self.book.readable, self.book.deals)

    def _one_by_one(self, given: Given, who: Ints, schema: Any) -> Any:
        adopted = given.adopted()
        begun = (
            (
                given.ids[person].as_py(),
                self.engine.begin(given.id_of(person), given.facts(person), given.until, adopted.get(person)),
            )
            for person in who.tolist()
        )
        return rows_of(self.book, begun, schema)


_last: list[Columns] = []


def evaluate_partition(
    book: Book,
    state: Any,
    people: Any,
    activities: Any,
    changes: Any,
    until: datetime,
    wanted: frozenset[str] = WANTED,
) -> Evaluated:
    """Settle everybody of a partition once at ``until`` (aware): exactly what ``Engine.begin`` answers for each.

    All tables are Arrow, instants are UTC. ``people``: ``person_id`` (any type, each once) and a column for each
    field, as of ``until``; empty is unknown. ``state`` (or None): ``person_id``, ``stage``, ``stage_since``,
    ``pass``; who is not in it begins in the start stage. ``activities`` (or None): ``person_id``, ``activity``,
    ``at``, and optionally ``record``, ``source``, ``seen``, ``withdrawn``, ``precision``. ``changes`` (or None):
    every other fact, ``person_id``, ``field`` (the name of the fact), ``value``, ``at``, and optionally ``kind``,
    ``source``, ``record``, ``rank``, ``seen``, ``precision``, ``unreadable``.

    Who is decided one by one, because of something that columns do not know, is counted in the answer. Raises
    ``OddError`` for a value that is none of its field or a stage that the book does not have.
    """
    return prepared(book).evaluate(state, people, activities, changes, until, wanted)


def prepared(book: Book) -> Columns:
    """Return a book ready for partitions, compiled once in a process as long as it stays the same."""
    if not _last or not (_last[0].book is book or (book.hash and _last[0].book.hash == book.hash)):
        _last[:] = [Columns(book)]
    return _last[0]


__all__ = ["Columns", "Evaluated", "evaluate_partition", "prepared"]
