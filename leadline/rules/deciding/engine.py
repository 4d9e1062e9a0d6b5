"""The fold: a person's facts and the passing of time become decisions (design, section 4.1).

``Engine`` has no clock and no order of arrival: the same facts and frontiers give the same bytes. It is cheap to keep
one engine per book for as long as the book is used, and safe to share it between threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from leadline.common.errors import RefusedError
from leadline.common.messages import Message
from leadline.rules.backends.durable import durable_back_end
from leadline.rules.backends.vectors import BackEnd
from leadline.rules.deciding.clock import carried_timers
from leadline.rules.deciding.conditions import Node, compile_condition
from leadline.rules.deciding.decisions import decision, unidentified
from leadline.rules.deciding.explaining import next_change_of, trace_of
from leadline.rules.deciding.history import History, fact_key, ordered
from leadline.rules.deciding.lifecycle import Lifecycle, Position
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import Scoring
from leadline.rules.deciding.settling import Settled, Settling, carried_state
from leadline.rules.deciding.trace import Trace
from leadline.rules.deciding.trajectory import Step, steps
from leadline.rules.deciding.units import Unit, from_account
from leadline.rules.deciding.words import why_text
from leadline.rules.model import Book
from leadline.rules.state import Adopted, Advance, Cause, Decision, Fact, Outcome, PersonState, StageDate


class Engine:
    """Decides for the people of one rule book."""

    def __init__(self, book: Book, back_end: BackEnd | None = None, *, identify: bool = True) -> None:
        """Compile the book. Raises RefusedError where it cannot be decided (see ``backends.durable``).

        ``back_end`` replaces durable_rules, for tests against the readable oracle. Without ``identify`` decisions
        have no ids, which take longer than all else: for who only counts them.
        """
        self.book = book
        self.decision = partial(decision if identify else unidentified, book)
        lifecycle = Lifecycle(book)
        chosen = durable_back_end(lifecycle.rules) if back_end is None else back_end
        self.settling = Settling(book, Scoring(book), lifecycle, chosen)
        self._scope: Node | None = None if book.scope is None else compile_condition(book.scope, book)
        self.unit: Unit | None = Unit(book) if book.accounts else None
        self._fields = book.readable

    def begin(self, person: str, facts: Iterable[Fact], at: datetime, adopted: Adopted | None = None) -> Advance:
        """Take a person up at ``at``: start from what the CRMs hold (or the start stage) and settle once.

        Everything known up to ``at`` counts, nothing is decided for earlier instants. A stage set by hand in a CRM
        stands if it is the adopted stage and its time is not over. Raises RefusedError for an adopted stage that the
        book does not have.
        """
        known = ordered(facts)
        history = History(known, self._fields, self.book.deals)
        adopted = None if adopted is None else self._named_now(adopted)
        start = self.start(adopted or Adopted(), at)
        human = _last_human(history, at)
        if adopted is not None and adopted.stage is not None and human is not None:
            human = human if self._stage_now(str(human.value)) == adopted.stage else None
        if human is not None and not self.settling.stands(human, history, at):
            human = None
        settled = self.settling.settle(history, at, start, human, starts=False)
        outcome = self.settling.outcome(settled)
        made = self.decision(person, at, "adopted", settled.moves, None, outcome)
        return self._advance(person, at, history, settled, outcome, (made,))

    def advance(self, state: PersonState, facts: Iterable[Fact], until: datetime) -> Advance:
        """Fold ``facts`` and the passing of time into ``state`` up to ``until``.

        A fact at or before the state's frontier is late: it corrects scores by its ``at`` and moves stages from the
        frontier on. A fact after ``until`` is kept and counts when its instant comes. Facts of the account
        (``units``) take the place of those known before. Raises ValueError when ``until`` lies before the frontier.
        """
        if until < state.frontier:
            raise ValueError("a fold cannot go back behind the frontier")
        news = tuple(facts)
        history = History(_joined(_standing(state.history, news), news), self._fields, self.book.deals)
        settled: Settled | None = None
        outcome = state.outcome
        made: list[Decision] = []
        position = carried_state(state)
        t: datetime | None = None
        late = min((fact.at for fact in news if fact.at <= state.frontier), default=None)
        if late is not None:
            t = state.frontier
        else:
            resting = self._resting(history, state.frontier, position, state.livelock)
            t = self.settling.next_breakpoint(history, resting)
        livelock = state.livelock
        while t is not None and t <= until:
            human = _late_human(history, state, t) if t == state.frontier else _human_at(history, t)
            settled = self.settling.settle(history, t, position, human, late=late)
            late = None
            position, livelock = settled.position, settled.livelock
            after = self.settling.outcome(settled)
            if after != outcome:
                cause: Cause = "facts" if t == state.frontier or history.has_instant(t) else "time"
                made.append(self.decision(state.person, t, cause, settled.moves, outcome, after))
                outcome = after
            t = self.settling.next_breakpoint(history, settled)
        ended = self._resting(history, until, position, livelock)
        return self._advance(state.person, until, history, ended, outcome, tuple(made), t)

    def activate(self, state: PersonState, at: datetime) -> Advance:
        """Continue an old state under this book: stage, dates, counts and holds carry over by name; settle once.

        ``at`` is the state's frontier or later. Raises RefusedError when the book has no stage of that name.
        """
        if at < state.frontier:
            raise ValueError("a book cannot be activated behind the frontier")
        position = self._carried(state)
        if position.stage not in self.book.stages:
            raise RefusedError(
                f"the rule book has no stage `{state.outcome.stage}` any more, and people are in it;"
                " keep it, say in another stage that it is `renamed` from it, or move them out of it first"
            )
        history = History(ordered(state.history), self._fields, self.book.deals)
        position = replace(position, timers=carried_timers(self.settling.timing, history, at, state.timers))
        settled = self.settling.settle(history, at, position, starts=False)
        outcome = self.settling.outcome(settled)
        made: tuple[Decision, ...] = ()
        if outcome != state.outcome:
            made = (self.decision(state.person, at, "activated", settled.moves, state.outcome, outcome),)
        return self._advance(state.person, at, history, settled, outcome, made)

    def explain(self, state: PersonState, at: datetime | None = None) -> Trace:
        """Return the trace at ``at``, by default the state's frontier.

        Before the frontier the scores are those of that instant and the stage is the state's; after it, the fold goes
        on without new facts first.
        """
        t = state.frontier if at is None else at
        if t > state.frontier:
            state = self.advance(state, (), t).state
        history = History(ordered(state.history), self._fields, self.book.deals)
        trace = trace_of(self.settling, history, state, t)
        change = self._next_outcome(history, state)
        if change is None:
            return trace
        return replace(trace, next=next_change_of(change[0], state.outcome, change[1], self.book))

    def trace(self, state: PersonState, at: datetime) -> Trace:
        """Return the trace of ``state`` by what was known of ``at``, without what comes next."""
        history = History(ordered(state.history), self._fields, self.book.deals)
        return trace_of(self.settling, history, state, at)

    def trajectory(self, known: PersonState | Iterable[Fact], start: datetime, until: datetime) -> tuple[Step, ...]:
        """Return the scores from ``start`` to ``until`` (both UTC, both included) as steps, by all that is known now.

        The first step is at ``start``, and the next ones are where a score, a bound, a grade, the temperature or a
        disqualification differs. Stages play no part. Raises ValueError when ``until`` lies before ``start``.
        """
        if until < start:
            raise ValueError("a trajectory cannot end before it starts")
        facts = known.history if isinstance(known, PersonState) else known
        history = History(ordered(facts), self._fields, self.book.deals)
        return tuple(steps(self.settling.scoring, history, start, until))

    def in_scope(self, facts: Iterable[Fact], at: datetime) -> bool | None:
        """Tell whether the person is in the lifecycle at all at ``at``; None where the book's scope is undecided."""
        if self._scope is None:
            return True
        moment = Moment(History(ordered(facts), self._fields, self.book.deals), at)
        moment.card = self.settling.scoring.card(moment)
        return self._scope.holds(moment)

    def start(self, adopted: Adopted, at: datetime) -> Position:
        """Return where somebody begins at ``at``. Raises RefusedError for a stage that the book does not have."""
        stage = adopted.stage or self.book.start_stage
        if stage not in self.book.stages:
            raise RefusedError(f"a person is in stage `{stage}`, which the rule book does not have")
        since = adopted.since or adopted.entered.get(stage) or at
        entered = {name: StageDate(when) for name, when in adopted.entered.items() if name in self.book.stages}
        entered.setdefault(stage, StageDate(since))
        began = min(item.at for item in entered.values())
        why = why_text(stage, Message("why.start" if adopted.stage is None else "why.adopted"))
        return Position(stage, since, adopted.pass_number, began, None, why, entered)

    def _stage_now(self, stage: str) -> str:
        return self.book.renamed.get(stage, stage)

    def _named_now(self, adopted: Adopted) -> Adopted:
        """Give stages that a CRM still holds by an old name their new one; the new name's own date comes first."""
        entered = {self._stage_now(name): when for name, when in adopted.entered.items()} | {
            name: when for name, when in adopted.entered.items() if name in self.book.stages
        }
        return replace(adopted, stage=adopted.stage and self._stage_now(adopted.stage), entered=entered)

    def _carried(self, state: PersonState) -> Position:
        """Return where an old state stands in this book's stages."""
        position = carried_state(state)
        hold = position.hold
        if hold is not None:
            hold = replace(hold, stage=self._stage_now(hold.stage))
            hold = hold if hold.stage in self.book.stages else None
        return replace(
            position,
            stage=self._stage_now(position.stage),
            previous=position.previous and self._stage_now(position.previous),
            entered={self._stage_now(name): when for name, when in position.entered.items()},
            taken=self._taken_by_pair(state),
            hold=hold,
            waits_for=position.waits_for and self._stage_now(position.waits_for),
        )

    def _taken_by_pair(self, state: PersonState) -> dict[str, int]:
        """Carry counts to the new book's transitions: by id, else to the first between the same two stages."""
        ids = {item.id: item.id for item in self.book.transitions}
        pairs: dict[str, str] = {}
        for item in self.book.transitions:
            pairs.setdefault(f"{item.source}->{item.target}", item.id)
        taken: dict[str, int] = {}
        for old, count in state.taken.items():
            pair = "->".join(self._stage_now(name) for name in old.partition("#")[0].split("->"))
            new = ids.get(old) or pairs.get(pair)
            if new is not None:
                taken[new] = taken.get(new, 0) + count
        return taken

    def _resting(self, history: History, t: datetime, position: Position, livelock: bool = False) -> Settled:
        """Return a settled person between two breakpoints: nothing moves, the scores can be asked."""
        return Settled(position, self.settling.scoring.card(Moment(history, t)), (), livelock)

    def _advance(
        self,
        person: str,
        at: datetime,
        history: History,
        settled: Settled,
        outcome: Outcome,
        made: tuple[Decision, ...],
        *after: datetime | None,
    ) -> Advance:
        position = settled.position
        state = PersonState(
            person,
            at,
            outcome,
            position.pass_began,
            position.taken,
            position.hold,
            settled.livelock,
            tuple(history.facts),
            position.timers,
        )
        following = after[0] if after else self.settling.next_breakpoint(history, settled)
        change = self._first_difference(history, position, outcome, following)
        return Advance(state, made, None if change is None else change[0])

    def _next_outcome(self, history: History, state: PersonState) -> tuple[datetime, Outcome] | None:
        resting = self._resting(history, state.frontier, carried_state(state), state.livelock)
        t = self.settling.next_breakpoint(history, resting)
        return self._first_difference(history, resting.position, state.outcome, t)

    def _first_difference(
        self, history: History, position: Position, outcome: Outcome, t: datetime | None
    ) -> tuple[datetime, Outcome] | None:
        """Live through the coming breakpoints until the outcome differs; each one uses up a bit of the future."""
        while t is not None:
            settled = self.settling.settle(history, t, position, _human_at(history, t))
            found = self.settling.outcome(settled)
            if found != outcome:
                return t, found
            position = settled.position
            t = self.settling.next_breakpoint(history, settled)
        return None


def _joined(known: Sequence[Fact], news: Sequence[Fact]) -> tuple[Fact, ...]:
    return ordered((*known, *news)) if news else tuple(known)


def _standing(known: Sequence[Fact], news: Sequence[Fact]) -> Sequence[Fact]:
    """Return what stays known: facts of an account come anew as a whole."""
    return tuple(fact for fact in known if not from_account(fact)) if any(map(from_account, news)) else known


def _human_at(history: History, t: datetime) -> Fact | None:
    return next((fact for fact in reversed(history.humans) if fact.at == t), None)


def _last_human(history: History, t: datetime) -> Fact | None:
    return next((fact for fact in reversed(history.humans) if fact.at <= t), None)


def _late_human(history: History, state: PersonState, t: datetime) -> Fact | None:
    """Return the newest stage set by hand up to ``t``, if it was not known before."""
    last = _last_human(history, t)
    if last is None:
        return None
    before = {fact_key(fact) for fact in state.history if fact.kind == "human"}
    return None if fact_key(last) in before else last
