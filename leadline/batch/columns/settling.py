"""The step of design 4.4 for all people at once: truth vectors as integers, each distinct one decided once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from leadline.batch.columns.arrays import NEVER, Bools, Codes, Ints, distinct, each, packed, span
from leadline.batch.columns.truths import Place, Standing, Truth, earlier
from leadline.rules.backends.vectors import FALSE, TRUE, UNKNOWN, BackEnd
from leadline.rules.deciding.lifecycle import BY_HUMAN, Lifecycle, Way
from leadline.rules.model import Book, WasIn
from leadline.rules.state import Unreadable

_SIGNAL: Final = np.array([FALSE, UNKNOWN, TRUE], np.int64)


@dataclass(slots=True)
class Positions:
    """Where everybody stands: an array each, stages as numbers (-1 for none), instants in microseconds.

    ``entered`` has a row a stage: since when in this pass, ``NEVER`` where not entered; ``implied`` where it
    was skipped. ``taken`` has a row for each transition with a limit, ``story`` is how each came here (``Stories``).
    """

    stage: Codes
    since: Ints
    pass_number: Ints
    began: Ints
    previous: Codes
    entered: Ints
    implied: Bools
    taken: Ints
    story: Ints

    def take(self, who: Ints) -> Positions:
        """Return the positions of some of the people."""
        return Positions(
            self.stage[who], self.since[who], self.pass_number[who], self.began[who], self.previous[who],
            self.entered[:, who], self.implied[:, who], self.taken[:, who], self.story[who],
        )  # fmt: skip

    def put(self, who: Ints, some: Positions) -> None:
        """Put back the positions of some of the people."""
        self.stage[who], self.since[who], self.pass_number[who] = some.stage, some.since, some.pass_number
        self.began[who], self.previous[who] = some.began, some.previous
        self.entered[:, who], self.implied[:, who] = some.entered, some.implied
        self.taken[:, who], self.story[who] = some.taken, some.story


@dataclass(frozen=True, slots=True)
class Moved:
    """Some people who moved by the same way at once; ``standing`` is how they stood before."""

    stage: str
    way: Way
    standing: Standing
    rows: Ints
    """Which of ``standing.who`` moved."""
    who: Ints


Tell = Callable[[Moved, Positions, Positions], None]


class Settler:
    """The stages of a book, for columns."""

    def __init__(self, book: Book, lifecycle: Lifecycle, back_end: BackEnd) -> None:
        self.book = book
        self.lifecycle = lifecycle
        self._back_end = back_end
        self.names = tuple(book.stages)
        self.numbers = {name: number for number, name in enumerate(self.names)}
        limited = [item.id for item in book.transitions if item.at_most is not None]
        self.limited = {name: number for number, name in enumerate(limited)}
        nodes = [way.when for ways in lifecycle.ways.values() for way in ways] + list(lifecycle.stays.values())
        nodes += [way.lift for ways in lifecycle.ways.values() for way in ways]
        leaves = (leaf.condition for node in nodes if node is not None for leaf in node.leaves())
        self._looks_back = any(isinstance(condition, WasIn) for condition in leaves)

    def settle(self, truth: Truth, positions: Positions, tell: Tell | None = None) -> Ints:
        """Move everybody until nothing moves; return who came to a stage twice.

        ``positions`` change in place; those of who came to a stage twice are of no use. ``tell`` is called after each
        move of some people at once, with their positions before it and those of all people after it.
        """
        twice: list[Ints] = []
        met = np.int64(1) << positions.stage.astype(np.int64)
        active = np.arange(positions.stage.size)
        while active.size:
            coming = []
            for moved in self._once(truth, positions, active):
                target = np.int64(1) << self.numbers[moved.way.target]
                again = (met[moved.who] & target) != 0
                twice.append(moved.who[again])
                ahead = moved.who[~again]
                met[ahead] |= target
                if ahead.size:
                    before = None if tell is None else positions.take(ahead)
                    self._enter(positions, ahead, each(truth.t, met.size)[ahead], moved.stage, moved.way)
                    coming.append(ahead)
                    if tell is not None and before is not None:
                        tell(
                            Moved(moved.stage, moved.way, moved.standing, moved.rows[~again], ahead),
                            before,
                            positions,
                        )
            active = np.sort(np.concatenate(coming)) if coming else np.zeros(0, np.int64)
        return np.concatenate(twice) if twice else np.zeros(0, np.int64)

    def moving(self, truth: Truth, positions: Positions) -> Bools:
        """Return who would be moved at all."""
        found = np.zeros(positions.stage.size, np.bool_)
        for moved in self._once(truth, positions, np.arange(found.size)):
            found[moved.who] = True
        return found

    def next_change(self, truth: Truth, positions: Positions) -> Ints:
        """Return an instant not later than the first after ``t`` at which time alone can open or close a way out."""
        found = np.full(positions.stage.size, NEVER, np.int64)
        for stage, standing in self._standings(truth, positions, np.arange(found.size)):
            floor, turns = standing.place.floor, None
            for way in self.lifecycle.ways[stage]:
                if way.when is not None:
                    turns = earlier(turns, standing.next_change(way.when, floor))
                if way.transition is not None and way.transition.after is not None:
                    ends = standing.place.since + span(way.transition.after)
                    waiting = ends > standing.t
                    turns = earlier(turns, np.where(waiting, ends, NEVER))
                    if way.lift is not None:
                        lifted = standing.next_change(way.lift, standing.place.since + 1)
                        turns = turns if lifted is None else earlier(turns, np.where(waiting, lifted, NEVER))
            if turns is not None:
                found[standing.who] = turns
        return found

    def _once(self, truth: Truth, positions: Positions, active: Ints) -> list[Moved]:
        found = []
        for stage, standing in self._standings(truth, positions, active):
            ways = self.lifecycle.ways[stage]
            for choice, rows in self._choices(stage, standing, positions):
                found.append(Moved(stage, ways[choice], standing, rows, standing.who[rows]))
        return found

    def _standings(self, truth: Truth, positions: Positions, active: Ints) -> list[tuple[str, Standing]]:
        """Group people by stage, and those in their first pass apart: nothing is too old for them."""
        first = positions.pass_number[active] == 1
        key = positions.stage[active].astype(np.int64) * 2 + first
        found = []
        for value in distinct(key)[0].tolist():
            who = active if (key == value).all() else active[key == value]
            stage = self.names[value // 2]
            place = Place(
                positions.since[who],
                positions.pass_number[who],
                positions.previous[who].astype(np.int64),
                positions.entered[:, who] if self._looks_back else positions.entered[:, :0],
                positions.implied[:, who] if self._looks_back else positions.implied[:, :0],
                None if value % 2 else positions.began[who],
                self.lifecycle.stays.get(stage),
            )
            found.append((stage, Standing(truth, who, place)))
        return found

    def _choices(self, stage: str, standing: Standing, positions: Positions) -> list[tuple[int, Ints]]:
        """Return each way that somebody takes, and who: rows of ``standing``."""
        count, floor = standing.who.size, standing.place.floor
        signals: list[tuple[Ints, int]] = [(np.zeros(count, np.int64), 3)]
        for way in self.lifecycle.ways[stage]:
            if way.by == BY_HUMAN:
                signals.append((np.zeros(count, np.int64), 3))
                continue
            signals.append((_SIGNAL[standing.signal(way.when, floor)], 3))
            if way.move.require is not None:
                signals.append((self._complete(way, standing), 3))
            signals += self._limits(way, standing, positions)
        codes, places = distinct(packed(list(signals), count))
        sample = np.zeros(codes.size, np.int64)
        sample[places[::-1]] = np.arange(count)[::-1]
        decided = []
        for row in sample.tolist():
            vector = tuple(int(values[row]) for values, _ in signals)
            choice = self._back_end.decide(stage, vector)
            decided.append(-1 if choice is None else choice)
        choices = np.array(decided, np.int64)[places]
        return [(choice, np.flatnonzero(choices == choice)) for choice in sorted(set(decided) - {-1})]

    def _limits(self, way: Way, standing: Standing, positions: Positions) -> list[tuple[Ints, int]]:
        found: list[tuple[Ints, int]] = []
        transition = way.transition
        if way.move.remaining is not None and transition is not None and transition.at_most is not None:
            taken = positions.taken[self.limited[transition.id], standing.who]
            found.append(((taken < transition.at_most).astype(np.int64), 3))
        if transition is not None and transition.after is not None:
            waited = standing.place.since + span(transition.after) <= standing.t
            found.append((waited.astype(np.int64), 3))
            if way.lift is not None:
                found.append((_SIGNAL[standing.signal(way.lift, standing.place.since + 1)], 3))
        return found

    def _complete(self, way: Way, standing: Standing) -> Ints:
        """Return who has a value in every field that the target requires."""
        there = np.ones(standing.who.size, np.bool_)
        for name in way.require:
            column = standing.everybody.frame.fields.get(name)
            if column is None:
                return np.zeros(standing.who.size, np.int64)
            entries = column.entries()[: len(column.values)]
            known = [entry.value is not None and not isinstance(entry.value, Unreadable) for entry in entries]
            there &= np.array(known, np.bool_)[column.codes[standing.who]]
        return there.astype(np.int64)

    def _enter(self, positions: Positions, who: Ints, t: Ints, stage: str, way: Way) -> None:
        path, target = self.book.main_path, self.numbers[way.target]
        detoured = stage not in path and way.target in path
        new_pass = detoured or (way.transition is not None and bool(way.transition.new_pass))
        if new_pass:
            positions.entered[:, who] = NEVER
            positions.implied[:, who] = False
            positions.pass_number[who] += 1
            positions.began[who] = t
        for name in skipped(self.book, stage, way.target, new_pass=new_pass):
            number = self.numbers[name]
            absent = positions.entered[number, who] == NEVER
            positions.entered[number, who[absent]] = t[absent]
            positions.implied[number, who[absent]] = True
        fresh = (positions.entered[target, who] == NEVER) | positions.implied[target, who]
        positions.entered[target, who[fresh]] = t[fresh]
        positions.implied[target, who[fresh]] = False
        positions.stage[who] = target
        positions.since[who] = t
        positions.previous[who] = self.numbers[stage]
        if way.transition is not None and way.transition.id in self.limited:
            positions.taken[self.limited[way.transition.id], who] += 1


def skipped(book: Book, source: str, target: str, *, new_pass: bool) -> tuple[str, ...]:
    """Return the main-path stages passed over, as the one-person evaluator has them."""
    path = book.main_path
    if target not in path:
        return ()
    start = 0 if new_pass or source not in path else path.index(source) + 1
    return tuple(path[start : path.index(target)])
