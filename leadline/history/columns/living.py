"""Lives by columns: the same decisions as the one-person evaluator, made for many people together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from leadline.batch.columns.arrays import Bools, Ints, instant
from leadline.history.columns.crowd import KnownPerson, known_person, told_of
from leadline.history.columns.walking import Lived, OddError, Walker
from leadline.history.living import MOMENT, Life, OnePerson
from leadline.history.people import PersonHistory
from leadline.rules.deciding.lifecycle import Position
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import join, temperature
from leadline.rules.state import Adopted, Cause, Decision, Outcome, PersonState, ScoreValue

TOGETHER = 500
"""People lived through at once: enough for arrays to pay, few enough to stay small."""


def by_columns(one: OnePerson) -> Walker | None:
    """Return what walks the people of a book through by columns; None for a book of which they know too little."""
    try:
        return Walker(one.engine) if one.book.scope is None else None
    except OddError:
        return None


def by_walker(one: OnePerson, walker: Walker, people: Iterable[PersonHistory], until: datetime) -> Iterator[Life]:
    """Yield each person's life as ``one`` would; see ``living.Replayer``."""
    waiting: list[PersonHistory] = []
    for history in people:
        waiting.append(history)
        if len(waiting) == TOGETHER:
            yield from _together(one, walker, waiting, until)
            waiting = []
    yield from _together(one, walker, waiting, until)


def _together(one: OnePerson, walker: Walker, people: Sequence[PersonHistory], until: datetime) -> Iterator[Life]:
    known = [(history, known_person(one.book, history, until)) for history in people]
    chosen = [found for _, found in known if found is not None]
    made: dict[str, Life] = {}
    if chosen:
        try:
            lived = walker.walk(told_of(one.book, chosen, until))
        except OddError:
            lived = None
        if lived is not None:
            made = {life.history.person: life for life in _Telling(one, walker, lived, chosen, until).lives()}
    for history, _ in known:
        found = made.get(history.person) or one.life(history, until)
        if found is not None:
            yield found


class _Telling:
    """Tells the arrays as decisions, person by person."""

    def __init__(
        self, one: OnePerson, walker: Walker, lived: Lived, people: Sequence[KnownPerson], until: datetime
    ) -> None:
        self.one, self.walker, self.lived, self.people, self.until = one, walker, lived, people, until
        self.settling = one.engine.settling
        self.by_facts: Bools = lived.rows.by_facts()
        decided = lived.decided
        self.at = lived.rows.instants(decided).tolist()
        self.moved: dict[int, list[tuple[int, int]]] = {}
        for row, source, way in zip(lived.moved.tolist(), lived.source.tolist(), lived.way.tolist(), strict=True):
            self.moved.setdefault(row, []).append((source, way))
        self.scores = {name: self._columns(name, decided) for name in walker.scoring.scores}
        self.reasons = lived.reasons[decided].tolist()

    def lives(self) -> Iterator[Life]:
        """Yield the life of everybody who is not odd."""
        person = self.lived.rows.person[self.lived.decided].tolist()
        places = enumerate(zip(self.lived.decided.tolist(), person, strict=True))
        for number, found in groupby(places, key=lambda item: item[1][1]):
            yield self._life(self.people[number], [(place, row) for place, (row, _) in found])

    def _life(self, known: KnownPerson, decided: Sequence[tuple[int, int]]) -> Life:
        begins = known.history.born - MOMENT
        position = self.one.engine.start(Adopted(), begins)
        before: Outcome | None = None
        made: list[Decision] = []
        for place, row in decided:
            at = instant(self.at[place])
            moves = []
            for source, number in self.moved.get(row, ()):
                way = self.walker.ways[source][number]
                card = self.settling.scoring.card(Moment(known.facts, at))
                moment = self.settling.lifecycle.moment(known.facts, at, card, position)
                position, move = self.settling.taken(position, moment, way)
                moves.append(move)
            outcome = self._outcome(place, position)
            cause: Cause = "adopted" if before is None else "facts" if self.by_facts[row] else "time"
            made.append(self.one.engine.decision(known.history.person, at, cause, tuple(moves), before, outcome))
            before = outcome
        assert before is not None
        state = PersonState(
            known.history.person, self.until - MOMENT, before, position.pass_began, position.taken, None, False,
            tuple(known.facts.facts), {},
        )  # fmt: skip
        return Life(known.history, tuple(made), state)

    def _columns(self, name: str, decided: Ints) -> list[ScoreValue]:
        """Return a score at each decided row; equal ones are one object."""
        points, scale = self.lived.truth.points(name), self.lived.truth.scales[name]
        numbers = [one[decided] for one in (points.value, points.lowest, points.highest)]
        known: dict[tuple[int, int, int], ScoreValue] = {}
        found: list[ScoreValue] = []
        for key in zip(*(one.tolist() for one in numbers), strict=True):
            value = known.get(key)
            if value is None:
                value = known[key] = ScoreValue(*(scale.decimal(number) for number in key))
            found.append(value)
        return found

    def _outcome(self, place: int, position: Position) -> Outcome:
        scores = {name: found[place] for name, found in self.scores.items()}
        scoring = self.walker.scoring
        grades = {name: one.grade(scores[name].value) for name, one in scoring.scores.items() if one.score.grades}
        grid = scoring.book.grid
        cell = None if grid is None else join(grades.get(grid.rows), grades.get(grid.columns))
        return Outcome(
            position.stage, position.since, position.pass_number, scores, grades, cell,
            temperature(scoring.book.temperatures, cell), self.lived.told_reasons[self.reasons[place]],
            position.previous, position.why, position.entered,
        )  # fmt: skip
