"""Lives by columns: the same decisions as the one-person evaluator, made for many people together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import numpy as np

from leadline.batch.columns.arrays import Bools, Ints, instant, micros
from leadline.history.columns.told import Steps, Told
from leadline.history.columns.walking import Lived, OddError, Walker
from leadline.history.living import MOMENT, Life, OnePerson
from leadline.history.people import PersonHistory
from leadline.rules.deciding.fields import FieldTimeline, Known
from leadline.rules.deciding.history import LAST_INSTANT, History, ordered
from leadline.rules.deciding.lifecycle import Position
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import join, temperature
from leadline.rules.model import Book
from leadline.rules.state import Adopted, Cause, Decision, Outcome, PersonState, ScoreValue, Unreadable

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


@dataclass(frozen=True, slots=True)
class _Known:
    """One person of whom columns know everything, with their facts before the end in order."""

    history: PersonHistory
    facts: History


def _together(one: OnePerson, walker: Walker, people: Sequence[PersonHistory], until: datetime) -> Iterator[Life]:
    known = [(history, _plain(one.book, history, until)) for history in people]
    chosen = [found for _, found in known if found is not None]
    made: dict[str, Life] = {}
    if chosen:
        try:
            lived = walker.walk(_told(one.book, chosen, until))
        except OddError:
            lived = None
        if lived is not None:
            made = {life.history.person: life for life in _Telling(one, walker, lived, chosen, until).lives()}
    for history, _ in known:
        found = made.get(history.person) or one.life(history, until)
        if found is not None:
            yield found


def _plain(book: Book, history: PersonHistory, until: datetime) -> _Known | None:
    """Return who is known by fields and activities alone, each told once and none before they became known."""
    if history.born >= until:
        return None
    facts = ordered(fact for fact in history.facts if fact.at < until)
    if any(fact.kind not in ("field", "activity") or isinstance(fact.value, Unreadable) for fact in facts):
        return None
    if facts and (facts[0].at < history.born or facts[-1].at > LAST_INSTANT):
        return None
    found = History(facts, book.readable, book.deals)
    names = {fact.name for fact in facts if fact.kind == "activity"}
    count = sum(fact.kind == "activity" for fact in facts)
    told = [found.activity(name) for name in names]
    if sum(len(one.ats) for one in told) != count or any(one.ends is not None for one in told):
        return None
    return _Known(history, found)


def _told(book: Book, people: Sequence[_Known], until: datetime) -> Told:
    kinds: dict[str, int] = {}
    happened: list[tuple[int, int, int]] = []
    looks: list[tuple[int, int]] = []
    changes: dict[str, list[tuple[int, int, Known]]] = {}
    for number, person in enumerate(people):
        for fact in person.facts.facts:
            at = micros(fact.at)
            if fact.kind == "activity":
                happened.append((kinds.setdefault(fact.name, len(kinds)), number, at))
            else:
                looks.append((number, at))
        for name in book.fields:
            timeline = person.facts.fields.get(name)
            if isinstance(timeline, FieldTimeline):
                for changed, value in timeline.changes():
                    changes.setdefault(name, []).append((number, micros(changed), value))
    kind, who, at_ = np.array(happened, np.int64).reshape(-1, 3).T
    looked = np.array(looks, np.int64).reshape(-1, 2).T
    fields = {name: _steps(found) for name, found in changes.items()}
    born = np.array([micros(person.history.born) for person in people], np.int64)
    last = micros(until - MOMENT)
    return Told(born, last, list(kinds), kind.astype(np.int32), who, at_, fields, (looked[0], looked[1]))


def _steps(changes: Sequence[tuple[int, int, Known]]) -> Steps:
    values: dict[tuple[type, Known], int] = {}
    codes = [values.setdefault((type(value), value), len(values)) for _, _, value in changes]
    person, at = np.array([(number, changed) for number, changed, _ in changes], np.int64).T
    return Steps([value for _, value in values], person, at, np.array(codes, np.int64))


class _Telling:
    """Tells the arrays as decisions, person by person."""

    def __init__(
        self, one: OnePerson, walker: Walker, lived: Lived, people: Sequence[_Known], until: datetime
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

    def _life(self, known: _Known, decided: Sequence[tuple[int, int]]) -> Life:
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
