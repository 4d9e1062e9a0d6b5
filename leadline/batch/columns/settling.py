"""The step of design 4.4 for all people at once: truth vectors as integers, each distinct one decided once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from leadline.batch.columns.arrays import (
    NEVER,
    Bools,
    Codes,
    Instants,
    Ints,
    Truths,
    each,
    grouped,
    looked,
    rows_where,
    span,
    taken,
)
from leadline.batch.columns.straight import Straight, complete
from leadline.batch.columns.truths import Place, Standing, Truth, earlier
from leadline.rules.backends.vectors import FALSE, TRUE, UNKNOWN, BackEnd
from leadline.rules.deciding.lifecycle import BY_HUMAN, Lifecycle, Way
from leadline.rules.model import Book, PassTest, PreviousStage, TimeInStage, WasIn

_SIGNAL: Final = (FALSE, UNKNOWN, TRUE)
_FLAG: Final = (0, 1)
_HUMAN: Final = (0,)
_ONE: Final = np.int64(1)
_NOBODY: Final = np.zeros(0, np.int64)


@dataclass(slots=True)
class Positions:
    """Where everybody stands: an array each, stages as numbers (-1 for none), instants in microseconds.

    ``entered`` has a row a stage: since when in this pass, ``NEVER`` where not entered; ``implied`` where it
    was skipped; both have none where nobody asks for the dates of stages. ``taken`` has a row for each transition
    with a limit, ``story`` is how each came here (``Stories``).
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


Signal = tuple[Truths, tuple[int, ...]]
"""A column of a truth vector: small codes, and what each stands for."""
Tell = Callable[[Moved, Positions, Positions], None]


class Settler:
    """The stages of a book, for columns."""

    def __init__(self, book: Book, lifecycle: Lifecycle, back_end: BackEnd) -> None:
        self.book = book
        self.lifecycle = lifecycle
        self._back_end = back_end
        self._straight = Straight(book, lifecycle, back_end)
        self.names = tuple(book.stages)
        self.numbers = {name: number for number, name in enumerate(self.names)}
        limited = [item.id for item in book.transitions if item.at_most is not None]
        self.limited = {name: number for number, name in enumerate(limited)}
        nodes = [way.when for ways in lifecycle.ways.values() for way in ways] + list(lifecycle.stays.values())
        nodes += [way.lift for ways in lifecycle.ways.values() for way in ways]
        asked = {type(leaf.condition) for node in nodes if node is not None for leaf in node.leaves()}
        self.looks_back = WasIn in asked
        self._asks_pass = PassTest in asked
        self._asks_previous = PreviousStage in asked
        self._asks_since = TimeInStage in asked or any(item.after is not None for item in book.transitions)

    def settle(self, truth: Truth, positions: Positions, tell: Tell | None = None) -> Ints:
        """Move everybody until nothing moves; return who came to a stage twice.

        ``positions`` change in place; those of who came to a stage twice are of no use. ``tell`` is called after each
        move of some people at once, with their positions before it and those of all people after it.
        """
        active = self._go_straight(truth, positions) if tell is None else None
        return self._go(truth, positions, np.arange(positions.stage.size) if active is None else active, tell)

    def _go_straight(self, truth: Truth, positions: Positions) -> Ints | None:
        """Move at once whoever a vector tells about; return who is left, None for everybody."""
        stages, passes = positions.stage, positions.pass_number
        if isinstance(truth.t, np.ndarray) or positions.entered.size or not stages.size:
            return None
        if (stages != stages[0]).any() or (passes != 1).any():
            return None
        ends = self._straight.ends(self.names[stages[0]], truth)
        if ends is None or 2 * ends.left.size > stages.size:
            return None
        stay = positions.take(ends.left)
        # Choosing by a mask is slow where it is as good as random, and these are mostly what they become anyway.
        if (positions.since != truth.t).any():
            np.copyto(positions.since, truth.t, where=ends.previous >= 0)
        if (positions.previous >= 0).any():
            np.copyto(ends.previous, positions.previous, where=ends.previous < 0)
        positions.stage, positions.previous = ends.stage, ends.previous
        positions.put(ends.left, stay)
        return ends.left

    def _go(self, truth: Truth, positions: Positions, active: Ints, tell: Tell | None) -> Ints:
        twice: list[Ints] = []
        begun = positions.stage.copy()
        met: Ints | None = None
        again_at_all = False
        while active.size:
            coming = np.zeros(begun.size, np.bool_)
            found = self._once(truth, positions, active)
            # Whoever moves for the first time comes to another stage, so the stages met count from the second on.
            if met is None and found and (again_at_all or any(moved.way.target == moved.stage for moved in found)):
                met = (_ONE << begun.astype(np.int64)) | (_ONE << positions.stage.astype(np.int64))
            again_at_all = bool(found)
            for moved in found:
                if met is not None:
                    target = _ONE << self.numbers[moved.way.target]
                    known = met.take(moved.who)
                    again = (known & target) != 0
                    if again.any():
                        twice.append(moved.who[again])
                        moved = replace(moved, rows=moved.rows[~again], who=moved.who[~again])  # noqa: PLW2901
                        known = known[~again]
                    met[moved.who] = known | target
                if moved.who.size:
                    before = None if tell is None else positions.take(moved.who)
                    self._enter(positions, moved.who, taken(truth.t, moved.who), moved.stage, moved.way)
                    coming[moved.who] = True
                    if tell is not None and before is not None:
                        tell(moved, before, positions)
            active = rows_where(coming)
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
        key = (positions.stage * 2).astype(np.uint8)
        key += (positions.pass_number == 1).view(np.uint8)
        if active.size < key.size:
            key = key.take(active)
        found = []
        for value in range(2 * len(self.names)):
            here = key == value
            if not (count := np.count_nonzero(here)):
                continue
            who = active if count == key.size else rows_where(here, active)
            stage = self.names[value // 2]
            place = Place(
                positions.since.take(who) if self._asks_since else _NOBODY,
                positions.pass_number.take(who) if self._asks_pass else _NOBODY,
                positions.previous.take(who).astype(np.int64) if self._asks_previous else _NOBODY,
                positions.entered[:, who] if self.looks_back else positions.entered[:, :0],
                positions.implied[:, who] if self.looks_back else positions.implied[:, :0],
                None if value % 2 else positions.began.take(who),
                self.lifecycle.stays.get(stage),
            )
            found.append((stage, Standing(truth, who, place)))
        return found

    def _choices(self, stage: str, standing: Standing, positions: Positions) -> list[tuple[int, Ints]]:
        """Return each way that somebody takes, and who: rows of ``standing``."""
        count, floor = standing.who.size, standing.place.floor
        signals: list[Signal] = [(standing.nobody, _HUMAN)]
        for way in self.lifecycle.ways[stage]:
            if way.by == BY_HUMAN:
                signals.append((standing.nobody, _HUMAN))
                continue
            signals.append((standing.signal(way.when, floor), _SIGNAL))
            if way.move.require is not None:
                signals.append((complete(way.require, standing), _FLAG))
            signals += self._limits(way, standing, positions)
        rows, places = grouped([(values, len(meaning)) for values, meaning in signals], count)
        decided = []
        for row in rows:
            vector = tuple(meaning[value] for value, (_, meaning) in zip(row, signals, strict=True))
            choice = self._back_end.decide(stage, vector)
            decided.append(-1 if choice is None else choice)
        if set(decided) <= {-1}:
            return []
        choices = looked(np.array(decided, np.int16), places)
        return [(choice, rows_where(choices == choice)) for choice in sorted(set(decided) - {-1})]

    def _limits(self, way: Way, standing: Standing, positions: Positions) -> list[Signal]:
        found: list[Signal] = []
        transition = way.transition
        if way.move.remaining is not None and transition is not None and transition.at_most is not None:
            times = positions.taken[self.limited[transition.id], standing.who]
            found.append(((times < transition.at_most).view(np.uint8), _FLAG))
        if transition is not None and transition.after is not None:
            waited = standing.place.since + span(transition.after) <= standing.t
            found.append((waited.view(np.uint8), _FLAG))
            if way.lift is not None:
                found.append((standing.signal(way.lift, standing.place.since + 1), _SIGNAL))
        return found

    def _enter(self, positions: Positions, who: Ints, t: Instants, stage: str, way: Way) -> None:
        path, target = self.book.main_path, self.numbers[way.target]
        detoured = stage not in path and way.target in path
        new_pass = detoured or (way.transition is not None and bool(way.transition.new_pass))
        if new_pass:
            positions.pass_number[who] += 1
            positions.began[who] = t
        if positions.entered.size:
            self._date(
                positions,
                who,
                each(t, who.size),
                skipped(self.book, stage, way.target, new_pass=new_pass),
                target,
                new_pass=new_pass,
            )
        positions.stage[who] = target
        positions.since[who] = t
        positions.previous[who] = self.numbers[stage]
        if way.transition is not None and way.transition.id in self.limited:
            positions.taken[self.limited[way.transition.id], who] += 1

    def _date(
        self, positions: Positions, who: Ints, t: Ints, over: tuple[str, ...], target: int, *, new_pass: bool
    ) -> None:
        if new_pass:
            positions.entered[:, who] = NEVER
            positions.implied[:, who] = False
        for name in over:
            number = self.numbers[name]
            absent = rows_where(positions.entered[number].take(who) == NEVER)
            positions.entered[number, who.take(absent)] = t.take(absent)
            positions.implied[number, who.take(absent)] = True
        fresh = rows_where((positions.entered[target].take(who) == NEVER) | positions.implied[target].take(who))
        positions.entered[target, who.take(fresh)] = t.take(fresh)
        positions.implied[target, who.take(fresh)] = False


def skipped(book: Book, source: str, target: str, *, new_pass: bool) -> tuple[str, ...]:
    """Return the main-path stages passed over, as the one-person evaluator has them."""
    path = book.main_path
    if target not in path:
        return ()
    start = 0 if new_pass or source not in path else path.index(source) + 1
    return tuple(path[start : path.index(target)])
