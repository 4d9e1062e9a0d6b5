"""Journeys by columns: what counts of a life, straight from arrays, without a decision for each change of a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

import numpy as np

from leadline.batch.columns.arrays import NO, OPEN, YES, Bools, Ints, Truths, distinct, instant, micros, span
from leadline.history.columns.crowd import Crowd
from leadline.history.columns.scoring import Truth
from leadline.history.columns.told import Told
from leadline.history.columns.walking import Lived, OddError, Walker
from leadline.history.journeys import Journey, Visit, journey_of
from leadline.history.living import MOMENT, OnePerson
from leadline.history.replaying import Span
from leadline.rules.consequences_json import consequence_kind
from leadline.rules.deciding.criteria import CompiledCriterion
from leadline.rules.effects import entering
from leadline.rules.model import Book
from leadline.rules.state import Adopted

_DAY = span(timedelta(days=1))
_ANSWERS = (False, None, True)
"""What ``NO``, ``OPEN`` and ``YES`` stand for."""


def journeys_by_columns(
    one: OnePerson, walker: Walker, crowd: Crowd, within: Span, landmark: timedelta
) -> Iterator[Journey]:
    """Yield the journey of everybody under one book, as ``journey_of`` makes it of their lives, in no order."""
    others = list(crowd.others)
    if crowd.told is not None:
        try:
            lived = walker.walk(crowd.told)
        except OddError:
            others += crowd.ids
        else:
            yield from _Journeys(one, walker, crowd, crowd.told, lived, within, landmark).all()
            others += [crowd.ids[number] for number in np.flatnonzero(lived.odd).tolist()]
    for history in crowd.load(others) if others else ():
        life = one.life(history, within.until)
        if life is not None:
            yield journey_of(life, one.engine, within, landmark)


class _Journeys:
    """The journeys of those who were walked through."""

    def __init__(
        self,
        one: OnePerson,
        walker: Walker,
        crowd: Crowd,
        told: Told,
        lived: Lived,
        within: Span,
        landmark: timedelta,
    ) -> None:
        self.one, self.walker, self.crowd, self.told, self.lived, self.within = (
            one,
            walker,
            crowd,
            told,
            lived,
            within,
        )
        self.since, self.until = micros(within.since), micros(within.until)
        self.looked: Ints = np.maximum(told.born, self.since) + span(landmark)
        self.looks: Bools = self.looked < self.until
        self.actions: dict[tuple[str, bool], Mapping[str, int]] = {}
        book = one.engine.book
        self.acting = bool(book.on_enter)

    def all(self) -> Iterator[Journey]:
        """Yield the journey of everybody who is not odd."""
        book = self.one.engine.book
        writes, points, moves = self._writes(book), self._points(), self._moves()
        names = [
            (name, line.criterion.name) for name, line in _lines(self.walker) if line.criterion.disqualify is None
        ]
        for number in np.flatnonzero(~self.lived.odd).tolist():
            born = instant(self.told.born[number])
            looked = bool(self.looks[number])
            visits, actions = self._way(book, born, moves.get(number, ()))
            yield Journey(
                self.crowd.ids[number],
                born,
                visits,
                (),
                writes[number],
                actions,
                (),
                self.crowd.assumed[number],
                instant(self.looked[number]) if looked else None,
                dict(zip(names, map(_ANSWERS.__getitem__, points[number]), strict=True)) if looked else {},
            )

    def _moves(self) -> dict[int, list[tuple[int, int, int]]]:
        """Return each one's moves as (instant, stage, way), in order."""
        lived = self.lived
        found: dict[int, list[tuple[int, int, int]]] = {}
        columns = (lived.rows.person[lived.moved], lived.rows.instants(lived.moved), lived.source, lived.way)
        for person, *move in zip(*(column.tolist() for column in columns), strict=True):
            found.setdefault(person, []).append((move[0], move[1], move[2]))
        return found

    def _way(
        self, book: Book, born: datetime, moves: list[tuple[int, int, int]] | tuple[()]
    ) -> tuple[tuple[Visit, ...], Mapping[str, int]]:
        """Return the visits, and what is caused within the span: where someone begins, and comes to rest."""
        begins = born - MOMENT
        visits: list[Visit] = []
        caused: Counter[str] = Counter()
        stage, since, source = book.start_stage, born, None
        position = self.one.engine.start(Adopted(), begins) if moves else None
        rests = stage
        for at, turns in groupby(moves, itemgetter(0)):
            then, when = instant(at), max(instant(at), born)
            for _, number, place in turns:
                assert position is not None
                position, move = self.one.engine.settling.led(position, then, self.walker.ways[number][place])
                visits.append(Visit(stage, since, when, source, 1))
                visits += [Visit(name, when, when, move.source, 1, implied=True) for name in move.implied]
                stage, since, source = move.target, when, move.source
            if then < born:
                rests = stage
            elif self.acting and when in self.within:
                caused.update(self._caused(book, stage, moved=True))
        visits.append(Visit(stage, since, None, source, 1))
        if self.acting and born in self.within:
            caused.update(self._caused(book, rests, moved=False))
        return tuple(visits), caused

    def _caused(self, book: Book, stage: str, *, moved: bool) -> Mapping[str, int]:
        key = (stage, moved)
        if key not in self.actions:
            effects = entering(book, "", stage, self.within.since, moved=moved)
            self.actions[key] = Counter(consequence_kind(effect.action) for effect in effects)
        return self.actions[key]

    def _writes(self, book: Book) -> list[int]:
        """Return how often something would be written of each: see ``journeys``."""
        lived, rows = self.lived, self.lived.rows
        decided, count = lived.decided, self.told.count
        person, at = rows.person[decided], rows.instants(decided)
        begins = decided == rows.first[person]
        shown = begins.copy()
        moved = np.zeros(rows.size, np.bool_)
        moved[lived.moved] = True
        shown |= moved[decided]
        for name, score in self.walker.scoring.scores.items():
            if score.score.grades:
                grades = _grades(lived.truth, name, decided)
                shown[1:] |= grades[1:] != grades[:-1]
        when = np.maximum(at, self.told.born[person])
        inside = (when >= self.since) & (when < self.until)
        at_once = np.bincount(person[inside & shown], minlength=count)
        if book.publish.drift is None:
            return list(at_once.tolist())
        drifts = inside & ~shown
        own, day = person[drifts], at[drifts] // _DAY
        first = np.ones(own.size, np.bool_)
        first[1:] = (own[1:] != own[:-1]) | (day[1:] != day[:-1])
        return list((at_once + np.bincount(own[first], minlength=count)).tolist())

    def _points(self) -> list[tuple[int, ...]]:
        """Return for everybody whether each criterion gave points at the landmark; nothing of who has none."""
        rows = self.lived.rows
        who = np.flatnonzero(self.looks)
        places = rows.holding(who, self.looked[who])
        lines = [(name, line) for name, line in _lines(self.walker) if line.criterion.disqualify is None]
        found = np.zeros((self.told.count, len(lines)), np.uint8)
        for number, (name, line) in enumerate(lines):
            found[who, number] = gave_points(self.lived.truth, name, line, places)
        return list(map(tuple, found.tolist()))


def _lines(walker: Walker) -> Iterator[tuple[str, CompiledCriterion]]:
    for name, score in walker.scoring.scores.items():
        for line in score.criteria:
            yield name, line


def _grades(truth: Truth, name: str, rows: Ints) -> Ints:
    """Return a number for the grade of a score at some rows: the same for the same grade."""
    points, scale, score = truth.points(name).value[rows], truth.scales[name], truth.scoring.scores[name]
    values, codes = distinct(points - points.min()) if points.size else (points, points)
    least = int(points.min()) if points.size else 0
    names: dict[str | None, int] = {}
    numbers = [names.setdefault(score.grade(scale.decimal(value + least)), len(names)) for value in values.tolist()]
    found: Ints = np.array(numbers, np.int64)[codes]
    return found


def gave_points(truth: Truth, score: str, line: CompiledCriterion, rows: Ints) -> Truths:
    """Return whether a line gives points at some rows; ``OPEN`` where something is not known that decides it."""
    scale = truth.scales[score]
    plain = line.plain()
    if plain is not None:
        name, length, most, points = plain
        window = (name, None if length is None else span(length))
        number = truth.rows.summed([(*truth.rows.counting(window, most), scale.whole(points))])[rows]
        return np.where(number != 0, YES, NO).astype(np.uint8)
    field = line.only_field()
    if field is not None:
        asked = truth.source(field)
        codes, values = truth.value_codes(asked)
        given, lowest, highest = truth.tables(asked, values, [line], scale)
        answers = np.where(lowest == highest, np.where(given != 0, YES, NO), OPEN).astype(np.uint8)
        return answers[codes[rows]]
    assert line.node is not None
    answer = truth.of(line.node)[rows]
    return answer if line.criterion.points else np.zeros(rows.size, np.uint8)
