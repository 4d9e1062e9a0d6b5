"""How people came where they stand: the moves and the line that says why, once for all who came the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from leadline.batch.columns.arrays import NEVER, Ints, Small, distinct, instant, packed
from leadline.batch.columns.settling import Moved, Positions, Settler, skipped
from leadline.batch.columns.truths import Standing
from leadline.common.messages import Message
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.history import History
from leadline.rules.deciding.lifecycle import BY_DISQUALIFICATION, Position
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import Scoring
from leadline.rules.deciding.words import reason_of, why_line
from leadline.rules.model import GradeTest, Not, StayTest
from leadline.rules.state import Move, StageDate


@dataclass(frozen=True, slots=True)
class Story:
    """The moves made, and the line of the last one."""

    moves: tuple[Move, ...]
    why: str


class Stories:
    """The stories of one partition, told as people move. ``history_of`` gives one person by position."""

    def __init__(
        self, settler: Settler, scoring: Scoring, history_of: Callable[[int], History], at: datetime
    ) -> None:
        self.settler = settler
        self.found: list[Story] = []
        self._scoring = scoring
        self._history_of = history_of
        self._at = at
        self._numbers: dict[Story, int] = {}

    def begin(self, stages: Ints, adopted: Ints) -> Ints:
        """Return the stories of people before they move: in which stage, and whether a CRM said so."""
        values, places = distinct(stages * 2 + adopted)
        numbers = []
        for value in values.tolist():
            word = Message("why.adopted" if value % 2 else "why.start")
            numbers.append(self._number(Story((), str(why_line(self.settler.names[value // 2], word)))))
        return np.array(numbers, np.int64)[places]

    def tell(self, moved: Moved, before: Positions, positions: Positions) -> None:
        """Go on with the stories of who moved; ``before`` are their own positions before, ``positions`` all now."""
        way, who = moved.way, moved.who
        reasons, codes = self._reasons(moved, before)
        target = self.settler.numbers[way.target]
        passed = positions.pass_number[who] != before.pass_number
        columns = [(positions.story[who], len(self.found)), (codes, len(reasons)), (passed.astype(np.int64), 2)]
        over = [self.settler.numbers[name] for name in self.settler.names]
        implied = positions.implied[:, who] & (positions.entered[:, who] == positions.since[who])
        columns += [(implied[number].astype(np.int64), 2) for number in over]
        keys, places = distinct(packed(list(columns), who.size))
        sample = np.zeros(keys.size, np.int64)
        sample[places[::-1]] = np.arange(who.size)[::-1]
        numbers = []
        for row in sample.tolist():
            story = self.found[positions.story[who[row]]]
            names = skipped(self.settler.book, moved.stage, way.target, new_pass=bool(passed[row]))
            marked = tuple(name for name in names if implied[self.settler.numbers[name], row])
            text = reasons[codes[row]]
            reason = way.transition.reason if way.transition is not None else None
            if way.by == BY_DISQUALIFICATION and reason is None:
                reason = text.partition(": ")[2]
            move = Move(moved.stage, self.settler.names[target], way.by, reason, marked)
            numbers.append(self._number(Story((*story.moves, move), text)))
        positions.story[who] = np.array(numbers, np.int64)[places]

    def _number(self, story: Story) -> int:
        found = self._numbers.setdefault(story, len(self.found))
        if found == len(self.found):
            self.found.append(story)
        return found

    def _reasons(self, moved: Moved, before: Positions) -> tuple[list[str], Ints]:
        """Return the different lines that say why, and which one each person has."""
        way, count = moved.way, moved.who.size
        if way.transition is not None and way.transition.reason:
            return [str(why_line(way.target, way.transition.reason))], np.zeros(count, np.int64)
        cards = moved.standing.everybody.cards
        assert cards is not None
        if way.by == BY_DISQUALIFICATION:
            codes, told = cards.disqualified()
            return [str(why_line(way.target, ", ".join(reasons))) for reasons in told], codes[moved.who]
        assert way.when is not None
        keys, places = distinct(packed(list(self._parts(way.when, moved.standing, moved.rows)), count))
        sample = np.zeros(keys.size, np.int64)
        sample[places[::-1]] = np.arange(count)[::-1]
        return [self._reason(moved, before, way.when, row) for row in sample.tolist()], places

    def _parts(self, node: Node, standing: Standing, rows: Ints) -> list[tuple[Small, int]]:
        """Return what the reason of a true condition depends on: the answers of its parts, and the grades named."""
        condition, floor = node.condition, standing.place.floor
        if isinstance(condition, Not):
            return []
        if node.parts:
            found: list[tuple[Small, int]] = [(standing.of(part, floor)[rows], 3) for part in node.parts]
            return [*found, *(one for part in node.parts for one in self._parts(part, standing, rows))]
        if isinstance(condition, StayTest) and standing.place.stay is not None:
            stay = standing.place.stay
            return [(standing.of(stay, floor)[rows], 3), *self._parts(stay, standing, rows)]
        cards = standing.everybody.cards
        if isinstance(condition, GradeTest) and cards is not None:
            codes: Small
            if condition.temperature:
                codes, names = cards.temperatures()
            elif condition.score is None:
                codes, names = cards.cells()
            else:
                codes, names = cards.grades(condition.score)
            return [(codes[standing.who][rows], len(names))]
        return []

    def _reason(self, moved: Moved, before: Positions, when: Node, row: int) -> str:
        """Ask the one-person evaluator for the words, for one of those who moved for the same reason."""
        person = int(moved.who[row])
        history = self._history_of(person)
        position = position_at(self.settler, before, row, self.found[int(before.story[row])].why)
        card = self._scoring.card(Moment(history, self._at))
        moment = self.settler.lifecycle.moment(history, self._at, card, position)
        return str(why_line(moved.way.target, reason_of(when, moment)))


def position_at(settler: Settler, positions: Positions, row: int, why: str) -> Position:
    """Return one row of the positions as the one-person evaluator holds it."""
    names = settler.names
    entered = {
        name: StageDate(instant(int(positions.entered[number, row])), bool(positions.implied[number, row]))
        for number, name in enumerate(names)
        if positions.entered[number, row] != NEVER
    }
    taken = {name: int(positions.taken[number, row]) for name, number in settler.limited.items()}
    previous = int(positions.previous[row])
    return Position(
        names[positions.stage[row]],
        instant(int(positions.since[row])),
        int(positions.pass_number[row]),
        instant(int(positions.began[row])),
        None if previous < 0 else names[previous],
        why,
        entered,
        {name: count for name, count in taken.items() if count},
    )
