"""Conditions of all people at once, three-valued: the compiled tree of the one-person evaluator, leaf by leaf.

A leaf about fields is asked once for each different value; one about activities is a running count. What depends on
neither the pass nor the stage is answered once for everybody and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from leadline.batch.columns.arrays import (
    LONG_AGO,
    NEVER,
    NO,
    OPEN,
    YES,
    Bools,
    Instants,
    Ints,
    Truths,
    Whole,
    distinct,
    each,
    instant,
    looked,
    micros,
    packed,
    span,
    taken,
    truth_of,
)
from leadline.batch.columns.fields import Column, asked
from leadline.batch.columns.frame import Frame
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.fieldtests import NEAR_OPS, next_day_change
from leadline.rules.deciding.history import History
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.money import currency_field
from leadline.rules.model import (
    ActivityTest,
    All,
    AtLeast,
    Book,
    DealsTest,
    DealTest,
    DisqualifiedTest,
    FieldTest,
    GradeTest,
    Known,
    NoActivityFor,
    Not,
    PassTest,
    PreviousStage,
    ScoreTest,
    SlaTest,
    StayTest,
    TimeInStage,
    WasIn,
)
from leadline.rules.state import Unreadable

if TYPE_CHECKING:
    from leadline.batch.columns.scoring import Cards


@dataclass(slots=True)
class Place:
    """Where some people stand: an array each; ``stay`` is the stay criterion of the one stage that all are in.

    ``floor`` is None where everybody is in their first pass. ``entered`` and ``implied`` have a row a stage, as
    ``Positions`` has them, or nobody where no rule asks for the stages of the pass.
    """

    since: Ints
    pass_number: Ints
    previous: Ints
    entered: Ints
    implied: Bools
    floor: Ints | None
    stay: Node | None

    @classmethod
    def anywhere(cls) -> Place:
        """Return the place of people in their first pass of whom nothing else is asked."""
        nobody = np.zeros(0, np.int64)
        return cls(nobody, nobody, nobody, nobody[None], nobody[None].view(np.bool_), None, None)


class Truth:
    """The answers of the people of a frame at ``t``, outside of any pass and stage: as criteria of scores ask."""

    def __init__(self, book: Book, stages: dict[str, int], frame: Frame, t: Instants) -> None:
        self.book = book
        self.stages = stages
        self.frame = frame
        self.t = t
        self.cards: Cards | None = None
        self._kept: dict[int, Truths] = {}
        self._looked: dict[tuple[str, tuple[int, ...]], Truths] = {}
        self._counts: dict[tuple[str, int | None, bool], Ints] = {}

    def of(self, node: Node) -> Truths:
        """Return the answer of everybody where no pass and no stage plays a part."""
        found = self._kept.get(id(node))
        if found is None:
            found = combined(node, [self.of(part) for part in node.parts]) if node.parts else self._leaf(node)
            self._kept[id(node)] = found
        return found

    def leaf(self, node: Node, floor: Ints | None) -> Truths:
        """Return a leaf's answer where the pass began at ``floor``."""
        condition, people = node.condition, self.frame.people
        if isinstance(condition, FieldTest | Known):
            return self._of_fields(node, floor)
        if isinstance(condition, ActivityTest):
            number = self._number(condition, floor)
            most = number <= condition.most if condition.most is not None else True
            return np.where((number >= condition.count) & most, YES, NO).astype(np.uint8)
        if isinstance(condition, NoActivityFor):
            start = self.last_sign()
            quiet = np.where(start + span(condition.quiet) <= self.t, YES, NO)
            return np.where(start == NEVER, OPEN, quiet).astype(np.uint8)
        if isinstance(condition, DealTest):
            return self._of_deals(condition, floor)
        assert isinstance(condition, DealsTest)
        nobody = Moment(History((), {}, self.book.deals), instant(int(np.max(self.t)) if people else 0))
        return np.full(people, truth_of(node.holds(nobody)), np.uint8)

    def last_sign(self) -> Ints:
        """Return from where quiet is counted: the latest activity, else the first fact; ``NEVER`` for nothing."""
        last, first = self.frame.last(self.t), self.frame.first
        return np.where(last > LONG_AGO, last, np.where(first <= self.t, first, NEVER))

    def unreadable(self, node: Node) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None:
        """Return who cannot be read a field of this condition; None where everybody can."""
        found = None
        for name in node.fields:
            column = self.frame.fields.get(name)
            if column is None or not any(isinstance(value, Unreadable) for value in column.values):
                continue
            bad = looked(np.array([isinstance(value, Unreadable) for value in column.values]), column.codes)
            found = bad if found is None else found | bad
        return found

    def own_change(self, node: Node, place: Place | None, floor: Ints | None) -> Ints | None:
        """Return an instant after ``t``, not later than the first at which time alone changes a leaf; None: never."""
        condition = node.condition
        if isinstance(condition, ActivityTest) and condition.within is not None:
            return self._leaving(condition.activity, span(condition.within))
        if isinstance(condition, NoActivityFor):
            start = self.last_sign()
            turn = start + span(condition.quiet)
            return np.where((start != NEVER) & (turn > self.t), turn, NEVER)
        if isinstance(condition, TimeInStage) and place is not None:
            turn = place.since + span(condition.at_least)
            return np.where(turn > self.t, turn, NEVER)
        if isinstance(condition, FieldTest) and condition.op in NEAR_OPS:
            return self._near_change(condition, floor)
        return None

    def window(self, activity: str, within: int | None, floor: Ints | None = None) -> tuple[Ints, Ints]:
        """Return the positions [low, high) of each person's occurrences in (t - within, t], and since ``floor``."""
        happened = self.frame.activities.happened(activity)
        after: Instants | None = None if within is None else self.t - within
        if floor is not None:
            after = floor - 1 if after is None else np.maximum(after, floor - 1)
        return happened.reached(after), happened.reached(self.t)

    def number(self, activity: str, within: int | None) -> Whole:
        """Return how many of an activity each person has in (t - within, t]. The array is shared: do not write."""
        if isinstance(self.t, int):
            return self.frame.activities.number((activity, within), self.t)
        low, high = self.window(activity, within)
        return high - low

    def _leaf(self, node: Node) -> Truths:
        condition, people = node.condition, self.frame.people
        if isinstance(condition, ScoreTest | GradeTest | DisqualifiedTest):
            assert self.cards is not None
            return self.cards.truth(condition)
        if isinstance(condition, TimeInStage):
            return np.full(people, OPEN, np.uint8)
        if isinstance(condition, StayTest):
            return np.full(people, YES, np.uint8)
        if isinstance(condition, PassTest):
            first = condition.count <= 1 and (condition.most is None or condition.most >= 1)
            return np.full(people, YES if first else NO, np.uint8)
        if isinstance(condition, PreviousStage | WasIn | SlaTest):
            return np.full(people, NO, np.uint8)
        return self.leaf(node, None)

    def _of_fields(self, node: Node, floor: Ints | None) -> Truths:
        condition = node.condition
        assert isinstance(condition, FieldTest | Known)
        names = [condition.field]
        if isinstance(condition, FieldTest) and (code := currency_field(condition, self.book)) is not None:
            names.append(code)
        columns = [self._column(name) for name in names]
        dated = isinstance(condition, FieldTest) and condition.op in NEAR_OPS
        if len(columns) == 1 and not (dated and isinstance(self.t, np.ndarray)):
            at = instant(self.t if isinstance(self.t, int) else 0)
            answers = [truth_of(node.holds(asked(at, {names[0]: said}))) for said in columns[0].entries()]
            key = (names[0], tuple(answers))
            if floor is not None or key not in self._looked:
                found = looked(np.array(answers, np.uint8), columns[0].since(floor))
                if floor is not None:
                    return found
                self._looked[key] = found
            return self._looked[key]
        entries = [column.entries() for column in columns]
        codes = [column.since(floor) for column in columns]
        moments, place = distinct(each(self.t if dated else 0, self.frame.people))
        sizes = [len(found) for found in entries]
        rows = packed([*zip(codes, sizes, strict=True), (place, max(1, moments.size))], self.frame.people)
        _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
        answers = [
            truth_of(
                node.holds(
                    asked(
                        instant(int(moments[place[row]])),
                        {name: found[code[row]] for name, found, code in zip(names, entries, codes, strict=True)},
                    )
                )
            )
            for row in first.tolist()
        ]
        return np.array(answers, np.uint8)[inverse.reshape(-1)]

    def _column(self, name: str) -> Column:
        return self.frame.fields[name]

    def _near_change(self, test: FieldTest, floor: Ints | None) -> Ints:
        column = self._column(test.field)
        entries, codes = column.entries(), column.since(floor)
        moments, place = distinct(each(self.t, self.frame.people))
        rows = packed([(codes, len(entries)), (place, max(1, moments.size))], self.frame.people)
        _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
        turns = []
        for row in first.tolist():
            value = entries[codes[row]].value
            at = instant(int(moments[place[row]]))
            turn = None if isinstance(value, Unreadable) else next_day_change(test, value, at, self.book.zone)
            turns.append(NEVER if turn is None else micros(turn))
        return np.array(turns, np.int64)[inverse.reshape(-1)]

    def _number(self, test: ActivityTest, floor: Ints | None) -> Whole:
        within = None if test.within is None else span(test.within)
        floor = None if test.ever else floor
        key = (test.activity, within, test.days)
        if floor is None and key in self._counts:
            return self._counts[key]
        if floor is None and not test.days:
            return self.number(test.activity, within)
        low, high = self.window(test.activity, within, floor)
        if test.days:
            number = self.frame.activities.happened(test.activity).days(np.minimum(low, high), high, self.book.zone)
        else:
            number = np.maximum(high - low, 0)
        if floor is None:
            self._counts[key] = number
        return number

    def _leaving(self, activity: str, within: int) -> Ints:
        """Return when the oldest occurrence of a window leaves it."""
        happened = self.frame.activities.happened(activity)
        low, high = self.window(activity, within)
        oldest = happened.at_or(low, low < high, NEVER)
        return np.where(oldest == NEVER, NEVER, oldest + within)

    def _of_deals(self, test: DealTest, floor: Ints | None) -> Truths:
        deals = self.frame.deals.get(test.kind)
        found = np.full(self.frame.people, NO, np.uint8)
        if deals is not None:
            holds = np.array([state == test.state for state in deals.state], np.bool_)
            if floor is not None and not test.ever and test.state != "open":
                holds &= deals.since >= floor[deals.person]
            found[deals.person[holds]] = YES
        return found


class Standing:
    """The answers of some people (``who``, rising) of a frame who stand in one stage."""

    def __init__(self, truth: Truth, who: Ints, place: Place) -> None:
        self.everybody = truth
        self.who = who
        self.place = place
        self.t = taken(truth.t, who)
        self._all = who.size == truth.frame.people
        self._own: Truth | None = truth if self._all else None

    def of(self, node: Node, floor: Ints | None) -> Truths:
        """Return a condition's answers where the pass began at ``floor``."""
        condition, place = node.condition, self.place
        if floor is None and not node.placed:
            found = self.everybody.of(node)
            return found if self._all else found.take(self.who)
        if node.parts:
            return combined(node, [self.of(part, floor) for part in node.parts])
        if isinstance(condition, StayTest):
            return np.full(self.who.size, YES, np.uint8) if place.stay is None else self.of(place.stay, floor)
        if isinstance(condition, TimeInStage):
            return np.where(place.since + span(condition.at_least) <= self.t, YES, NO).astype(np.uint8)
        if isinstance(condition, PassTest):
            most = True if condition.most is None else place.pass_number <= condition.most
            return np.where((place.pass_number >= condition.count) & most, YES, NO).astype(np.uint8)
        if isinstance(condition, PreviousStage):
            return np.where(np.isin(place.previous, self._numbers(condition.stages)), YES, NO).astype(np.uint8)
        if isinstance(condition, WasIn):
            numbers = self._numbers(condition.stages)
            was = ((place.entered[numbers] != NEVER) & ~place.implied[numbers]).any(axis=0)
            return np.where(was, YES, NO).astype(np.uint8)
        if floor is not None and isinstance(condition, FieldTest | Known | ActivityTest | DealTest | DealsTest):
            return self.own.leaf(node, floor)
        found = self.everybody.of(node)
        return found if self._all else found.take(self.who)

    @property
    def nobody(self) -> Truths:
        """No for everybody."""
        return np.zeros(self.who.size, np.uint8)

    def signal(self, node: Node | None, floor: Ints | None) -> Truths:
        """Return a condition as a vector has it: one that reads an unreadable field is open, whatever it says."""
        if node is None:
            return self.nobody
        found = self.of(node, floor)
        for read in (node, self.place.stay if node.stays else None):
            bad = None if read is None else self.everybody.unreadable(read)
            if bad is not None:
                found = np.where(bad if self._all else bad[self.who], OPEN, found).astype(np.uint8)
        return found

    def next_change(self, node: Node, floor: Ints | None) -> Ints | None:
        """Return the earliest own change of a condition's leaves, following the stay criterion where it is tested."""
        found: Ints | None = None
        for leaf in node.leaves():
            if isinstance(leaf.condition, StayTest):
                turn = None if self.place.stay is None else self.next_change(self.place.stay, floor)
            else:
                turn = self.own.own_change(leaf, self.place, floor)
            found = earlier(found, turn)
        return found

    @property
    def own(self) -> Truth:
        """The columns of these people alone."""
        if self._own is None:
            truth = self.everybody
            self._own = Truth(truth.book, truth.stages, truth.frame.take(self.who), self.t)
        return self._own

    def _numbers(self, stages: tuple[str, ...]) -> list[int]:
        known = self.everybody.stages
        return [known[name] for name in stages if name in known]


def combined(node: Node, parts: list[Truths]) -> Truths:
    """Return what the answers of the parts make."""
    condition = node.condition
    if isinstance(condition, Not):
        return (YES - parts[0]).astype(np.uint8)
    if isinstance(condition, AtLeast):
        true = np.zeros(parts[0].size, np.int16)
        possible = np.zeros(parts[0].size, np.int16)
        for part in parts:
            true += part == YES
            possible += part != NO
        found = np.where(true >= condition.count, YES, np.where(possible >= condition.count, OPEN, NO))
        return found.astype(np.uint8)
    join: Callable[[Truths, Truths], Truths] = np.minimum if isinstance(condition, All) else np.maximum
    found = parts[0]
    for part in parts[1:]:
        found = join(found, part)
    return found


def earlier(one: Ints | None, other: Ints | None) -> Ints | None:
    """Return the earlier of two instants for each person; None is never."""
    if one is None or other is None:
        return other if one is None else one
    return np.minimum(one, other)
