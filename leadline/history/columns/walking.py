"""The way of everybody through the stages, all people at once from move to move.

A row is asked only for the ways out of the stage in which the person is then. What a first look at the truth values
says is put before the book's back end, once for each distinct vector, at rest as at each move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from leadline.batch.columns.arrays import OPEN, YES, Bools, Ints, Truths, distinct, packed, span
from leadline.batch.columns.scale import Scale, TooLargeError, book_operands
from leadline.history.columns.rows import OddError, Rows, Window
from leadline.history.columns.scoring import Remembered, Truth, windows_of
from leadline.history.columns.told import Told
from leadline.rules.backends.vectors import FALSE, TRUE, UNKNOWN
from leadline.rules.deciding import Engine
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.fieldtests import NEAR_OPS
from leadline.rules.deciding.lifecycle import BY_HUMAN, Way
from leadline.rules.model import (
    ActivityTest,
    Condition,
    DealTest,
    DisqualifiedTest,
    FieldTest,
    GradeTest,
    Known,
    ScoreTest,
)
from leadline.rules.state import Unreadable


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """What everybody came to. ``odd`` people are to be lived through one by one, and nothing else here is of them.

    ``decided`` are the rows at which the outcome is another one than before, in order. A move is at ``moved`` (a row)
    out of stage ``source`` by its way number ``way``, in order. At each row
    ``reasons`` is a code of ``told_reasons``.
    """

    rows: Rows
    truth: Truth
    odd: Bools
    decided: Ints
    moved: Ints
    source: Ints
    way: Ints
    reasons: Ints
    told_reasons: list[tuple[str, ...]]


class Walker:
    """Walks people through the stages of one book. Raises OddError for a book of which columns know too little."""

    def __init__(self, engine: Engine) -> None:
        book = engine.book
        self.engine = engine
        self.scoring = engine.settling.scoring
        self.remembered: Remembered = {}
        self.names = list(book.stages)
        self.ways = [engine.settling.lifecycle.ways[name] for name in self.names]
        if book.accounts:
            raise OddError("facts of accounts")
        nodes: list[Node] = []
        for line in (line for score in self.scoring.scores.values() for line in score.criteria):
            if line.node is not None:
                nodes.append(line.node)
            elif line.plain() is None and line.criterion.bands is None:
                raise OddError(f"the kind of points of `{line.criterion.name}`")
        if not all(self._known(node) for node in nodes):
            raise OddError("conditions of scores that know the time")
        timed = {name for sla in book.slas.values() for name in sla.starts}
        self.strange = [
            name in timed or any(self._strange(way) for way in ways)
            for name, ways in zip(self.names, self.ways, strict=True)
        ]
        if self.strange[self.names.index(book.start_stage)]:
            raise OddError(f"what may happen in `{book.start_stage}`")
        nodes += [way.when for ways in self.ways for way in ways if way.when is not None and not self._strange(way)]
        plain = [line.plain() for score in self.scoring.scores.values() for line in score.criteria]
        self.windows: list[Window] = [
            (found[0], None if found[1] is None else span(found[1])) for found in plain if found is not None
        ]
        self.windows += [window for node in nodes for window in windows_of(node)]
        operands = book_operands(book, [leaf.condition for node in nodes for leaf in node.leaves()])
        self._scales: Callable[[int], dict[str, Scale]] = lambda most: {
            name: Scale(score, operands[name], most) for name, score in self.scoring.scores.items()
        }

    def walk(self, told: Told) -> Lived:
        """Return what everybody comes to. Raises OddError for points that are too large to be added exactly."""
        most = int(np.bincount(told.person).max()) if told.person.size else 1
        try:
            scales = self._scales(1 << max(1, most).bit_length())
        except TooLargeError:
            raise OddError("points that are too large for whole numbers") from None
        rows = Rows(told, self.windows)
        truth = Truth(self.scoring, scales, rows, self.remembered)
        choices = [self._choice(number, truth) for number in range(len(self.names))]
        walk = _Walk(self, rows, choices)
        walk.go()
        odd, moved, source, way = walk.finished()
        self._confirm(truth, odd, moved, source, way)
        keep = ~odd[rows.person[moved]]
        moved, source, way = moved[keep], source[keep], way[keep]
        reasons, told_reasons = self._reasons(truth)
        changed = np.zeros(rows.size, np.bool_)
        changed[rows.first[:-1]] = True
        changed[moved] = True
        columns = [reasons]
        for name in self.scoring.scores:
            points = truth.points(name)
            columns += list({id(one): one for one in (points.value, points.lowest, points.highest)}.values())
        for column in columns:
            changed[1:] |= column[1:] != column[:-1]
        decided = np.flatnonzero(changed & ~odd[rows.person])
        return Lived(rows, truth, odd, decided, moved, source, way, reasons, told_reasons)

    def _strange(self, way: Way) -> bool:
        """Tell whether a way out asks for more than the truth of its condition and for known fields."""
        move = way.move
        if move.remaining or move.waited or move.lift or move.room:
            return True
        return way.when is not None and not self._known(way.when)

    def _known(self, node: Node) -> bool:
        return all(self._answerable(leaf.condition) for leaf in node.leaves())

    def _answerable(self, test: Condition) -> bool:
        fields = self.engine.book.fields
        if isinstance(test, FieldTest):
            return test.field in fields and test.op not in NEAR_OPS and not test.currency
        if isinstance(test, Known):
            return test.field in fields
        if isinstance(test, ActivityTest):
            return not test.days
        return isinstance(test, ScoreTest | GradeTest | DisqualifiedTest | DealTest)

    def _choice(self, number: int, truth: Truth) -> Ints | None:
        """Return at each row the first way out that may be taken there, -1 for none; None for a strange stage."""
        if self.strange[number]:
            return None
        found = np.full(truth.rows.size, -1, np.int64)
        for place, way in reversed(list(enumerate(self.ways[number]))):
            if way.when is None:
                continue
            open_now = truth.of(way.when) == YES
            found[open_now & self._complete(way, truth) if way.require else open_now] = place
        return found

    def _complete(self, way: Way, truth: Truth) -> Bools:
        found = np.ones(truth.rows.size, np.bool_)
        for name in way.require:
            codes, values = truth.value_codes(name)
            field = self.engine.book.fields[name]
            known = [
                (field.blank if value is None and field.has_blank else value) is not None
                and not isinstance(value, Unreadable)
                for value in values
            ]
            found &= np.array(known)[codes]
        return found

    def _confirm(self, truth: Truth, odd: Bools, moved: Ints, source: Ints, way: Ints) -> None:
        """Put every distinct vector before the back end; whom it decides otherwise is lived through one by one."""
        rows = truth.rows
        stages = np.full(rows.size, -1, np.int64)
        stages[rows.first[:-1]] = self.names.index(self.engine.book.start_stage)
        most = max(len(ways) for ways in self.ways)
        targets = np.full((len(self.ways), max(1, most)), -1, np.int64)
        for number, ways in enumerate(self.ways):
            targets[number, : len(ways)] = [self.names.index(one.target) if one.target else -1 for one in ways]
        # Of several moves at one row the last one written is the one that stands.
        stages[moved] = targets[source, way]
        held = np.maximum.accumulate(np.where(stages >= 0, np.arange(rows.size), 0))
        stages = stages[held]
        for number in range(len(self.names)):
            resting = np.flatnonzero(stages == number)
            leaving = moved[source == number]
            asked = np.concatenate((resting, leaving))
            answers = np.concatenate((np.full(resting.size, -1), way[source == number]))
            self._ask(number, truth, odd, asked, answers)

    def _ask(self, number: int, truth: Truth, odd: Bools, asked: Ints, answers: Ints) -> None:
        asked, answers = asked[(keep := ~odd[truth.rows.person[asked]])], answers[keep]
        if self.strange[number] or not asked.size:
            return
        signals = self._signals(number, truth, asked)
        code = packed([(signal, 3) for signal in signals if signal is not None], asked.size)
        values, places = distinct(code * (len(self.ways[number]) + 1) + answers + 1)
        samples = np.zeros(values.size, np.int64)
        samples[places] = np.arange(places.size)
        for place, sample in enumerate(samples.tolist()):
            vector = (FALSE, *(FALSE if signal is None else int(signal[sample]) for signal in signals))
            choice = self.engine.settling.back_end.decide(self.names[number], vector)
            if (-1 if choice is None else choice) != answers[sample]:
                odd[truth.rows.person[asked[places == place]]] = True

    def _signals(self, number: int, truth: Truth, rows: Ints) -> list[Truths | None]:
        """Return the vector's places after the first at some rows; None for one that is false everywhere."""
        found: list[Truths | None] = []
        for way in self.ways[number]:
            found.append(
                None if way.by == BY_HUMAN or way.when is None else _AS_VECTOR[truth.of(way.when).take(rows)]
            )
            if way.move.require is not None:
                found.append(np.where(self._complete(way, truth)[rows], TRUE, FALSE).astype(np.uint8))
        return found

    def _reasons(self, truth: Truth) -> tuple[Ints, list[tuple[str, ...]]]:
        lines = [line for line in self.scoring.disqualifiers if line.node is not None]
        names = list(dict.fromkeys(str(line.criterion.disqualify) for line in lines))
        masks = np.zeros(truth.rows.size, np.int64)
        for line in lines:
            assert line.node is not None
            bit = 1 << names.index(str(line.criterion.disqualify))
            masks |= np.where(truth.of(line.node) == YES, bit, 0)
        values, codes = distinct(masks)
        told = [tuple(name for number, name in enumerate(names) if mask >> number & 1) for mask in values.tolist()]
        return codes, told


class _Walk:
    """Everybody on the way: each step takes all who move on to where they move next."""

    def __init__(self, walker: Walker, rows: Rows, choices: list[Ints | None]) -> None:
        self.walker = walker
        self.rows = rows
        self.choices = choices
        self.hits = [None if choice is None else np.flatnonzero(choice >= 0) for choice in choices]
        self.odd = np.zeros(rows.told.count, np.bool_)
        self.moves: list[tuple[Ints, Ints, Ints, Ints]] = []

    def go(self) -> None:
        """Let everybody walk until nobody moves any more."""
        who: Ints = np.arange(self.rows.told.count)
        row = self.rows.first[:-1].copy()
        stage = np.full(who.size, self.walker.names.index(self.walker.engine.book.start_stage), np.int64)
        met = np.int64(1) << stage
        while who.size:
            following, way = self._next(who, row, stage)
            moves = way >= 0
            who, row, stage, met = who[moves], row[moves], stage[moves], met[moves]
            following, way = following[moves], way[moves]
            target, strange = self._targets(stage, way)
            met = np.where(following == row, met, np.int64(1) << stage)
            # A stage met twice at one instant is a livelock, which the one-person evaluator knows how to end.
            strange |= (met >> target) & 1 == 1
            self.odd[who[strange]] = True
            self.moves.append((who, following, stage, way))
            keep = ~strange
            who, row, stage = who[keep], following[keep], target[keep]
            met = met[keep] | np.int64(1) << stage

    def finished(self) -> tuple[Bools, Ints, Ints, Ints]:
        """Return who is odd, and every move of the others as (row, source, way) in order."""
        if not self.moves:
            nothing = np.zeros(0, np.int64)
            return self.odd, nothing, nothing, nothing
        who, row, source, way = (np.concatenate([move[part] for move in self.moves]) for part in range(4))
        order = np.argsort(row, kind="stable")
        order = order[~self.odd[who[order]]]
        return self.odd, row[order], source[order], way[order]

    def _next(self, who: Ints, row: Ints, stage: Ints) -> tuple[Ints, Ints]:
        """Return for each the next row at which a way out opens, and which; -1 where none does."""
        following, way = row.copy(), np.full(row.size, -1, np.int64)
        for number, (hits, choice) in enumerate(zip(self.hits, self.choices, strict=True)):
            mine = np.flatnonzero(stage == number)
            if not mine.size or hits is None or choice is None or not hits.size:
                continue
            place = np.searchsorted(hits, row[mine])
            found = hits[np.minimum(place, hits.size - 1)]
            there = (place < hits.size) & (found < self.rows.first[who[mine] + 1])
            following[mine[there]] = found[there]
            way[mine[there]] = choice[found[there]]
        return following, way

    def _targets(self, stage: Ints, way: Ints) -> tuple[Ints, Bools]:
        """Return where each move leads, and whether columns know how to go on from there: not into a new pass."""
        target, strange = np.zeros(way.size, np.int64), np.zeros(way.size, np.bool_)
        walker, path = self.walker, self.walker.engine.book.main_path
        for number, ways in enumerate(walker.ways):
            for place, one in enumerate(ways):
                mine = (stage == number) & (way == place)
                if not mine.any():
                    continue
                target[mine] = walker.names.index(one.target)
                anew = one.transition is not None and bool(one.transition.new_pass)
                anew = anew or (walker.names[number] not in path and one.target in path)
                strange[mine] = anew or walker.strange[walker.names.index(one.target)]
        return target, strange


_AS_VECTOR: Truths = np.array([FALSE, UNKNOWN, TRUE], np.uint8)
assert OPEN == 1
__all__ = ["Lived", "OddError", "Walker"]
