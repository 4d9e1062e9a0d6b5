"""People in their first pass whose ways out ask for no dates: where they come to follows from one vector of answers.

Each different vector is walked through the stages once in the life of a book; everybody else who has it is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leadline.batch.columns.arrays import Codes, Ints, Truths, looked, rows_where, tight
from leadline.batch.columns.truths import Place, Standing, Truth
from leadline.rules.backends.vectors import FALSE, TRUE, UNKNOWN, BackEnd
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.lifecycle import BY_HUMAN, Lifecycle, Way
from leadline.rules.model import Book
from leadline.rules.state import Unreadable

_SIGNAL: Final = (FALSE, UNKNOWN, TRUE)
_NOBODY: Final = np.zeros(0, np.int64)
_MOST_ASKS: Final = 10
"""So many answers of three values are numbered in 16 bits, and all of their vectors in a small table."""
_NEW: Final = -2
_ELSEWHERE: Final = -1
"""Vectors that lead to a new pass, or to a stage a second time: there more counts than the vector."""

Ask = Node | tuple[str, ...]
"""A condition, or the fields that a stage requires."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Where people come to (stages as numbers), and from which stage at last; -1 for who stays.

    ``left`` are positions of people who have to be moved step by step.
    """

    stage: Codes
    previous: Codes
    left: Ints


@dataclass(frozen=True, slots=True)
class _Start:
    """Those who begin in one stage, and what their ways can ask.

    ``vectors`` are, for each stage that can be reached, the numbers of what its vector asks; -1 is always no.
    ``ends`` and ``previous`` are by vector of all answers.
    """

    asks: Sequence[Ask]
    vectors: Mapping[str, Sequence[int]]
    ends: Codes
    previous: Codes


class Straight:
    """The stages of a book for people who go straight."""

    def __init__(self, book: Book, lifecycle: Lifecycle, back_end: BackEnd) -> None:
        self._lifecycle = lifecycle
        self._back_end = back_end
        self._path = book.main_path
        self._numbers = {name: number for number, name in enumerate(book.stages)}
        self._starts: dict[str, _Start | None] = {}

    def ends(self, stage: str, truth: Truth) -> Ends | None:
        """Return where everybody of a frame comes to who begins in ``stage``; None where a vector does not tell."""
        if stage not in self._starts:
            self._starts[stage] = self._start(stage)
        start = self._starts[stage]
        if start is None:
            return None
        standing = Standing(truth, np.arange(truth.frame.people), Place.anywhere())
        cells = _cells([_answers(ask, standing) for ask in start.asks], truth.frame.people)
        found = start.ends.take(cells)
        lowest = found.min()
        if lowest == _NEW:
            for cell in np.flatnonzero(np.bincount(cells[found == _NEW])).tolist():
                start.ends[cell], start.previous[cell] = self._walked(start, stage, cell)
            found = start.ends.take(cells)
            lowest = found.min()
        return Ends(found, start.previous.take(cells), rows_where(found == _ELSEWHERE) if lowest < 0 else _NOBODY)

    def _start(self, stage: str) -> _Start | None:
        asks: dict[object, tuple[int, Ask]] = {}

        def number(ask: Ask | None) -> int:
            key = ask if isinstance(ask, tuple) else id(ask)
            return -1 if ask is None else asks.setdefault(key, (len(asks), ask))[0]

        vectors: dict[str, list[int]] = {}
        waiting = [stage]
        while waiting:
            here = waiting.pop()
            if here in vectors:
                continue
            vectors[here] = [-1]
            for way in self._lifecycle.ways[here]:
                if way.by == BY_HUMAN:
                    vectors[here].append(-1)
                elif not _plain(way):
                    return None
                else:
                    vectors[here].append(number(way.when))
                    vectors[here] += [] if way.move.require is None else [number(way.require)]
                    waiting.append(way.target)
        if len(asks) > _MOST_ASKS:
            return None
        size = 3 ** len(asks)
        ends, previous = np.full(size, _NEW, np.int32), np.full(size, -1, np.int32)
        return _Start([ask for _, ask in asks.values()], vectors, ends, previous)

    def _walked(self, start: _Start, stage: str, cell: int) -> tuple[int, int]:
        """Move one vector until nothing moves; return where it ends, and the stage before."""
        answers = [_SIGNAL[cell // 3**place % 3] for place in range(len(start.asks))]
        met, previous = {stage}, -1
        while True:
            vector = tuple(FALSE if number < 0 else answers[number] for number in start.vectors[stage])
            choice = self._back_end.decide(stage, vector)
            if choice is None:
                return self._numbers[stage], previous
            way = self._lifecycle.ways[stage][choice]
            detoured = stage not in self._path and way.target in self._path
            if way.target in met or detoured or (way.transition is not None and way.transition.new_pass):
                return _ELSEWHERE, -1
            met.add(way.target)
            previous, stage = self._numbers[stage], way.target


def complete(names: Sequence[str], standing: Standing) -> Truths:
    """Return 1 for who has a value in every field of ``names``, else 0."""
    there = np.ones(standing.who.size, np.bool_)
    for name in names:
        column = standing.everybody.frame.fields.get(name)
        if column is None:
            return standing.nobody
        entries = column.entries()[: len(column.values)]
        known = [entry.value is not None and not isinstance(entry.value, Unreadable) for entry in entries]
        there &= looked(np.array(known, np.bool_), column.codes.take(standing.who))
    return there.view(np.uint8)


def _plain(way: Way) -> bool:
    """Tell whether a way asks for its condition and required fields alone, and neither for dates."""
    limited = way.move.remaining or way.move.waited or way.move.room
    return limited is None and (way.when is None or not way.when.placed)


def _answers(ask: Ask, standing: Standing) -> Truths:
    return complete(ask, standing) * np.uint8(2) if isinstance(ask, tuple) else standing.signal(ask, None)


def _cells(columns: Sequence[Truths], count: int) -> Ints:
    """Return one number of all answers of each person: the first of them is the lowest digit."""
    kind = tight(3 ** len(columns))
    code = np.zeros(count, kind)
    for column in reversed(columns):
        code *= kind.type(3)
        code += column
    return code.astype(np.intp)


__all__ = ["Ends", "Straight", "complete"]
