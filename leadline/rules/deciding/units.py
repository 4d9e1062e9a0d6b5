"""Account facts: exact step functions of time over all people of one account (design 4.1).

Each person's part is computed from what is known of them alone, so nobody's part depends on an account fact. The
parts are put together at every instant at which one of them changes, also in the time to come: what the account
says next is known in advance, as everything that comes from time alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from leadline.common.folding import fold
from leadline.rules.deciding.conditions import Node, compile_condition
from leadline.rules.deciding.criteria import CompiledCriterion, next_change
from leadline.rules.deciding.fields import Known
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.moment import ZERO, Moment
from leadline.rules.deciding.scores import Scoring
from leadline.rules.model import (
    AccountFact,
    Book,
    Condition,
    DisqualifiedTest,
    GradeTest,
    ScoreTest,
)
from leadline.rules.model.accounts import PREFIX, SOURCE
from leadline.rules.ownscores import without_account_facts
from leadline.rules.state import UNREADABLE, Fact, Unreadable

Part = frozenset[str] | Decimal | None | Unreadable
"""What one person gives to one account fact: texts (``count``: any one), a number, or nothing."""

_COUNTED: frozenset[str] = frozenset({""})


@dataclass(frozen=True, slots=True)
class Standing:
    """One account fact at an instant: its value, and the people who make it, out of all of the account."""

    name: str
    value: Known
    people: tuple[str, ...]
    of: int


class Unit:
    """The account facts of a book, compiled; an account is the unit that is evaluated together."""

    def __init__(self, book: Book) -> None:
        """Compile. Criteria that read account facts give nothing here, so that none is its own cause."""
        own = without_account_facts(book)
        self.book = own
        self.scoring = Scoring(own)
        self.facts = tuple(_Made(fact, own) for fact in book.accounts.values() if fact.read)
        self._scope: Node | None = None if own.scope is None else compile_condition(own.scope, own)
        self._criteria = tuple(self._asked())

    def derive(self, people: Mapping[str, Iterable[Fact]], since: datetime) -> tuple[Fact, ...]:
        """Return the account facts from ``since`` on, for ever: one at ``since`` for each, then one a change.

        ``people`` are all of the account with what is known of each; facts of the account among them do not count.
        """
        steps = [tuple(self._steps(self.history(facts), since)) for _, facts in sorted(people.items())]
        instants = sorted({at for own in steps for at, _ in own}) or [since]
        found: list[Fact] = []
        positions = [0] * len(steps)
        now: list[tuple[Part, ...]] = [own[0][1] for own in steps]
        before: list[Known | None] = [None] * len(self.facts)
        for at in instants:
            for number, own in enumerate(steps):
                while positions[number] + 1 < len(own) and own[positions[number] + 1][0] <= at:
                    positions[number] += 1
                    now[number] = own[positions[number]][1]
            for number, made in enumerate(self.facts):
                value = made.total([parts[number] for parts in now])
                if at == since or value != before[number]:
                    found.append(Fact("field", PREFIX + made.fact.name, value, at, SOURCE, SOURCE, at))
                before[number] = value
        return tuple(found)

    def standing(self, people: Mapping[str, Iterable[Fact]], at: datetime) -> tuple[Standing, ...]:
        """Return each account fact at one instant with the people who make it."""
        parts = {person: self._parts(self.history(facts), at) for person, facts in sorted(people.items())}
        return tuple(
            Standing(
                made.fact.name,
                made.total([own[number] for own in parts.values()]),
                tuple(person for person, own in parts.items() if own[number] is not None),
                len(parts),
            )
            for number, made in enumerate(self.facts)
        )

    def history(self, facts: Iterable[Fact]) -> History:
        """Return one person's history without what comes from the account."""
        return History(ordered(fact for fact in facts if not from_account(fact)), self.book.fields, self.book.deals)

    def _asked(self) -> Iterator[CompiledCriterion]:
        """Yield the criteria that any account fact reads: only their changes matter."""
        scores: set[str] = set()
        disqualified = False
        for made in self.facts:
            if made.score is not None:
                scores.add(made.score)
            for leaf in () if made.when is None else made.when.leaves():
                condition = leaf.condition
                disqualified = disqualified or isinstance(condition, DisqualifiedTest)
                scores |= set(self._scores_of(condition))
        for name, score in self.scoring.scores.items():
            for criterion in score.criteria:
                if name in scores or (disqualified and criterion.criterion.disqualify is not None):
                    yield criterion

    def _scores_of(self, condition: Condition) -> tuple[str, ...]:
        if isinstance(condition, ScoreTest):
            return (condition.score,)
        if not isinstance(condition, GradeTest):
            return ()
        if condition.score is not None:
            return (condition.score,)
        grid = self.book.grid
        return () if grid is None else (grid.rows, grid.columns)

    def _steps(self, history: History, since: datetime) -> Iterator[tuple[datetime, tuple[Part, ...]]]:
        """Yield what one person gives at ``since``, and whenever it differs after that."""
        t: datetime | None = since
        before: tuple[Part, ...] | None = None
        while t is not None:
            moment = self._moment(history, t)
            found = self._told(moment)
            if found != before:
                yield t, found
                before = found
            t = self._next(moment)

    def _parts(self, history: History, at: datetime) -> tuple[Part, ...]:
        return self._told(self._moment(history, at))

    def _moment(self, history: History, t: datetime) -> Moment:
        return self.scoring.card(Moment(history, t)).moment

    def _told(self, moment: Moment) -> tuple[Part, ...]:
        if self._scope is not None and self._scope.holds(moment) is False:
            return (None,) * len(self.facts)
        return tuple(made.part(moment) for made in self.facts)

    def _next(self, moment: Moment) -> datetime | None:
        nodes = [made.when for made in self.facts if made.when is not None]
        turns = [moment.history.next_instant(moment.t)]
        turns += [next_change(node, moment) for node in (*nodes, *((self._scope,) if self._scope else ()))]
        turns += [criterion.next_change(moment) for criterion in self._criteria]
        return min((turn for turn in turns if turn is not None), default=None)


class _Made:
    """One account fact, ready to be asked what a person gives and what many make together."""

    __slots__ = ("fact", "field", "score", "when")

    def __init__(self, fact: AccountFact, book: Book) -> None:
        self.fact = fact
        self.when = None if fact.when is None else compile_condition(fact.when, book)
        self.score = fact.of if fact.kind in ("sum", "most") and fact.of in book.scores else None
        self.field = fact.of if self.score is None else None

    def part(self, moment: Moment) -> Part:
        """Return what one person gives at a moment; who has an unreadable field that is asked makes it unreadable."""
        if self.when is not None:
            if moment.history.unreadable and self.when.unreadable(moment):
                return UNREADABLE
            if self.when.holds(moment) is not True:
                return None
        if self.fact.kind == "count":
            return _COUNTED
        if self.score is not None:
            return moment.score(self.score).value
        assert self.field is not None
        value = moment.value(self.field)
        if value is None or isinstance(value, Unreadable):
            return value
        if self.fact.kind == "distinct":
            return frozenset(fold(str(item)) for item in (value if isinstance(value, tuple) else (value,)))
        return Decimal(value) if isinstance(value, int | Decimal) else None

    def total(self, parts: Sequence[Part]) -> Known:
        """Return the fact that these parts make: nobody makes a count or a sum of 0, and no greatest."""
        if any(isinstance(part, Unreadable) for part in parts):
            return UNREADABLE
        if self.fact.kind == "count":
            return sum(part is not None for part in parts)
        if self.fact.kind == "distinct":
            return len(frozenset[str]().union(*(part for part in parts if isinstance(part, frozenset))))
        numbers = [part for part in parts if isinstance(part, Decimal)]
        return sum(numbers, ZERO) if self.fact.kind == "sum" else max(numbers, default=None)


def from_account(fact: Fact) -> bool:
    """Tell whether a fact is derived from the people of an account."""
    return fact.source == SOURCE and fact.kind == "field"


def since(facts: Sequence[Fact], at: datetime) -> tuple[Fact, ...]:
    """Return account facts as if they had been derived since ``at``: what stands then, and what comes later."""
    standing = {fact.name: replace(fact, at=at, seen=at) for fact in facts if fact.at <= at}
    return (*standing.values(), *(fact for fact in facts if fact.at > at))
