"""Conditions, compiled once per book to a tree of small functions with three answers: True, False, None (unknown).

Each node also knows which fields it reads and from which instant its answer may differ though no new fact comes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from leadline.common.messages import Message
from leadline.rules.deciding.deals import DealsQuestion
from leadline.rules.deciding.fieldtests import COMPARISONS, NEAR_OPS, next_day_change, value_test
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.money import amount_test, currency_field
from leadline.rules.deciding.timers import status_at
from leadline.rules.model import (
    DEAL_PREFIX,
    ActivityTest,
    All,
    Any,
    AtLeast,
    Book,
    Condition,
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

Holds = Callable[[Moment], bool | None]
NextChange = Callable[[Moment], datetime | None]
_PLACED = StayTest | TimeInStage | PassTest | PreviousStage | WasIn


@dataclass(frozen=True, slots=True)
class Node:
    """One compiled condition.

    ``holds`` answers at a moment. ``own_change`` returns an instant after the moment and not later than the first at
    which the answer of this node alone (not its parts) can differ without a new fact; None when it never can.
    ``fields`` are those that the node and its parts read directly, so not through a score. ``deals`` is the question
    behind a condition about deals, for whoever explains it. ``timed`` are the leaves whose answer time alone can
    change; ``placed`` tells whether a leaf reads where the person stands, or stood. ``texts`` are what was said of it
    before, by what differs in it (``words``): saying takes longer than answering.
    """

    condition: Condition
    holds: Holds
    parts: tuple[Node, ...] = ()
    own_change: NextChange | None = None
    fields: frozenset[str] = frozenset()
    stays: bool = False
    deals: DealsQuestion | None = None
    timed: tuple[Node, ...] = field(init=False, repr=False, compare=False)
    placed: bool = field(init=False, repr=False, compare=False)
    texts: dict[str, Message] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note what is asked of nodes again and again, once for all the instants to come."""
        if self.parts:
            timed = tuple(leaf for part in self.parts for leaf in part.timed)
        else:
            timed = (self,) if self.own_change is not None or self.stays else ()
        object.__setattr__(self, "timed", timed)
        object.__setattr__(
            self, "placed", isinstance(self.condition, _PLACED) or any(one.placed for one in self.parts)
        )

    def unreadable(self, moment: Moment) -> tuple[str, ...]:
        """Return the fields read here that are unreadable at this moment, sorted."""
        found = [name for name in self.fields if isinstance(moment.value(name), Unreadable)]
        if self.stays and moment.stay is not None:
            found += moment.stay.unreadable(moment)
        return tuple(sorted(set(found)))

    def leaves(self) -> Iterable[Node]:
        """Yield the nodes without parts."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


def compile_condition(condition: Condition, book: Book) -> Node:
    """Return the node of a condition of this book."""
    if isinstance(condition, All | Any | AtLeast):
        return _combined(condition, tuple(compile_condition(part, book) for part in condition.parts))
    if isinstance(condition, Not):
        return _combined(condition, (compile_condition(condition.part, book),))
    if isinstance(condition, FieldTest):
        return _field_node(condition, book)
    if isinstance(condition, Known):
        return _known_node(condition, book)
    if isinstance(condition, ActivityTest):
        return _activity_node(condition, book.zone)
    if isinstance(condition, NoActivityFor):
        return Node(
            condition, lambda moment: _is_quiet(condition, moment), (), lambda moment: _quiet(condition, moment)
        )
    if isinstance(condition, DealsTest):
        return _deals_node(condition, book)
    if isinstance(condition, TimeInStage):
        return _time_in_stage_node(condition)
    if isinstance(condition, StayTest):
        return Node(condition, lambda moment: True if moment.stay is None else moment.stay.holds(moment), stays=True)
    return Node(condition, _state_test(condition))


def both(one: Node, other: Node) -> Node:
    """Return the node that holds when both do."""
    return _combined(All((one.condition, other.condition)), (one, other))


def _combined(condition: All | Any | AtLeast | Not, parts: tuple[Node, ...]) -> Node:
    if isinstance(condition, Not):
        (part,) = parts
        holds: Holds = lambda moment: None if (found := part.holds(moment)) is None else not found  # noqa: E731
    elif isinstance(condition, AtLeast):
        count = condition.count
        holds = lambda moment: _at_least(count, [part.holds(moment) for part in parts])  # noqa: E731
    elif isinstance(condition, All):
        holds = _all(tuple(part.holds for part in parts))
    else:
        holds = _any(tuple(part.holds for part in parts))
    fields = frozenset(name for part in parts for name in part.fields)
    return Node(condition, holds, parts, None, fields, any(part.stays for part in parts))


def _all(parts: tuple[Holds, ...]) -> Holds:
    def holds(moment: Moment) -> bool | None:
        unknown = False
        for part in parts:
            answer = part(moment)
            if answer is False:
                return False
            unknown = unknown or answer is None
        return None if unknown else True

    return holds


def _any(parts: tuple[Holds, ...]) -> Holds:
    def holds(moment: Moment) -> bool | None:
        unknown = False
        for part in parts:
            answer = part(moment)
            if answer:
                return True
            unknown = unknown or answer is None
        return None if unknown else False

    return holds


def _at_least(count: int, answers: list[bool | None]) -> bool | None:
    true = answers.count(True)
    if true >= count:
        return True
    return None if true + answers.count(None) >= count else False


def _read_fields(name: str, book: Book) -> frozenset[str]:
    """Return what testing a field reads: a field from a table reads the field that it is looked up by, too."""
    found: set[str] = set()
    while name not in found:
        found.add(name)
        field = book.fields.get(name)
        if field is None or field.table is None:
            break
        name = field.table.by
    return frozenset(found)


def _field_node(test: FieldTest, book: Book) -> Node:
    name, passes = test.field, value_test(test, book.zone)
    amount = amount_test(test, book) if test.currency is not None else None
    code = currency_field(test, book)
    fields = _read_fields(test.field, book) | (_read_fields(code, book) if code is not None else frozenset())

    def holds(moment: Moment) -> bool | None:
        value, stale = moment.value_in_pass(name)
        if value is None:
            # What a signal said before this pass is known not to have been said in it.
            return False if stale else None
        if isinstance(value, Unreadable):
            return None
        return passes(value, moment.t) if amount is None else amount(value, moment)

    def own_change(moment: Moment) -> datetime | None:
        value = moment.value_in_pass(test.field)[0]
        return None if isinstance(value, Unreadable) else next_day_change(test, value, moment.t, book.zone)

    return Node(test, holds, (), own_change if test.op in NEAR_OPS else None, fields)


def _known_node(test: Known, book: Book) -> Node:
    def holds(moment: Moment) -> bool | None:
        value, _ = moment.value_in_pass(test.field)
        return None if isinstance(value, Unreadable) else (value is not None) is test.known

    return Node(test, holds, (), None, _read_fields(test.field, book))


def _activity_node(test: ActivityTest, zone: str) -> Node:
    within = test.within
    most = test.most

    def holds(moment: Moment) -> bool:
        after = None if within is None else moment.t - within
        if moment.floor is not None and not test.ever:
            # What happened at the very instant at which the pass began belongs to it.
            began = moment.floor - datetime.resolution
            after = began if after is None else max(after, began)
        occurrences = moment.history.activity(test.activity)
        found = occurrences.between(after, moment.t)
        number = len(occurrences.days(found, zone)) if test.days else len(found)
        return number >= test.count and (most is None or number <= most)

    def own_change(moment: Moment) -> datetime | None:
        assert within is not None
        ats = moment.history.activity(test.activity).ats
        position = bisect_right(ats, moment.t - within)
        return ats[position] + within if position < len(ats) and ats[position] <= moment.t else None

    return Node(test, holds, (), None if within is None else own_change)


def _is_quiet(test: NoActivityFor, moment: Moment) -> bool | None:
    start = _last_sign(moment)
    return None if start is None else start + test.quiet <= moment.t


def _quiet(test: NoActivityFor, moment: Moment) -> datetime | None:
    start = _last_sign(moment)
    return start + test.quiet if start is not None and start + test.quiet > moment.t else None


def _last_sign(moment: Moment) -> datetime | None:
    """Return from where the quiet is counted: the latest activity, else the first fact."""
    return moment.history.any_activity().last(moment.t) or moment.history.first_instant(moment.t)


def _time_in_stage_node(test: TimeInStage) -> Node:
    def due(moment: Moment) -> datetime | None:
        return None if moment.stage_since is None else moment.stage_since + test.at_least

    def holds(moment: Moment) -> bool | None:
        found = due(moment)
        return None if found is None else found <= moment.t

    def own_change(moment: Moment) -> datetime | None:
        found = due(moment)
        return found if found is not None and found > moment.t else None

    return Node(test, holds, (), own_change)


def _deals_node(test: DealsTest, book: Book) -> Node:
    of_a_deal = replace(book, fields=book.deals.testable)
    where = compile_condition(test.where, of_a_deal) if test.where is not None else None
    question = DealsQuestion(test, where, of_a_deal)
    read = set(where.fields) if where is not None else set()
    if test.total is not None:
        read |= _field_node(test.total, of_a_deal).fields
    named = frozenset(DEAL_PREFIX + name for name in read if name in book.deals.fields)
    return Node(test, question.holds, (), question.own_change, named, deals=question)


def _state_test(condition: Condition) -> Holds:
    """Return the test of deals, of the way through the stages, or of the scores at the moment."""
    if isinstance(condition, PassTest | PreviousStage | WasIn):
        return lambda moment: _way_holds(condition, moment)
    if isinstance(condition, DealTest):
        return lambda moment: moment.history.deal_since(
            condition.state,
            moment.t,
            None if condition.ever or condition.state == "open" else moment.floor,
            condition.kind,
        )
    if isinstance(condition, ScoreTest):
        return _score_test(condition)
    if isinstance(condition, GradeTest):
        names = frozenset(condition.names)
        return lambda moment: _one_of(names, _grades(condition, moment))
    if isinstance(condition, SlaTest):
        return lambda moment: _sla_holds(condition, moment)
    assert isinstance(condition, DisqualifiedTest)
    return lambda moment: None if moment.card is None else moment.card.is_disqualified()


def _way_holds(condition: PassTest | PreviousStage | WasIn, moment: Moment) -> bool:
    if isinstance(condition, PassTest):
        return condition.count <= moment.pass_number and (
            condition.most is None or moment.pass_number <= condition.most
        )
    if isinstance(condition, PreviousStage):
        return moment.previous in condition.stages
    return any(name in moment.entered and not moment.entered[name].implied for name in condition.stages)


def _sla_holds(test: SlaTest, moment: Moment) -> bool:
    timer = moment.timers.get(test.sla)
    if timer is None:
        return False
    return status_at(timer, moment.t) in test.statuses if test.reached is None else test.reached in timer.reached


def _score_test(test: ScoreTest) -> Holds:
    name, operand, equals = test.score, test.operand, test.op == "equals"
    compare = COMPARISONS[test.op]

    def holds(moment: Moment) -> bool | None:
        assert moment.card is not None
        score = moment.card.score(name)
        lowest = compare(score.lowest, operand)
        if score.lowest is score.highest:
            return lowest
        if equals:
            inside = score.lowest <= operand <= score.highest
            return lowest if score.lowest == score.highest else (None if inside else False)
        return lowest if lowest is compare(score.highest, operand) else None

    return holds


def _grades(test: GradeTest, moment: Moment) -> frozenset[str | None]:
    assert moment.card is not None
    if test.temperature:
        return moment.card.possible_temperatures()
    return moment.card.possible_cells() if test.score is None else moment.card.possible_grades(test.score)


def _one_of(names: frozenset[str], possible: frozenset[str | None]) -> bool | None:
    if possible <= names:
        return True
    return None if possible & names else False
