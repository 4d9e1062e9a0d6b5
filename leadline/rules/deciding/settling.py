"""One instant: compute the scores, then move through the stages until nothing moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from leadline.common.messages import Message
from leadline.common.sealed import sealed
from leadline.rules.backends.vectors import BackEnd, Vector
from leadline.rules.deciding.capacity import part_of
from leadline.rules.deciding.clock import UNTIMED, Clock, timing_of
from leadline.rules.deciding.history import History
from leadline.rules.deciding.lifecycle import BY_DISQUALIFICATION, BY_HUMAN, Lifecycle, Position, Way
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import Card, Scoring
from leadline.rules.deciding.timers import shown
from leadline.rules.deciding.words import reason_of, why_text
from leadline.rules.model import Book
from leadline.rules.state import Fact, Hold, Move, Outcome, PersonState, StageDate

_BY_HAND = Message("why.by_hand")


@sealed
class Settled:
    """What one instant led to."""

    position: Position
    card: Card
    moves: tuple[Move, ...]
    livelock: bool


class Settling:
    """The step of design 4.4 for one book, on one back end."""

    def __init__(self, book: Book, scoring: Scoring, lifecycle: Lifecycle, back_end: BackEnd) -> None:
        self.book = book
        self.scoring = scoring
        self.lifecycle = lifecycle
        self.back_end = back_end
        self.timing = timing_of(book, scoring)
        self._places = {name: place for place, name in enumerate(book.main_path)}

    def settle(
        self,
        history: History,
        t: datetime,
        position: Position,
        human: Fact | None = None,
        *,
        late: datetime | None = None,
        starts: bool = True,
    ) -> Settled:
        """Return where the person stands once nothing moves any more at ``t``.

        ``human`` is a stage that a person set in a CRM at this instant. A stage met twice is a livelock: the person
        stays where that stage was met first, and the moves from there on are dropped. ``late`` is the first instant
        up to ``t`` of which something new is known; without ``starts`` no timer of an SLA begins.
        """
        card = self.scoring.card_at(history, t)
        if position.hold is not None:
            position = replace(position, hold=self._standing(position.hold, history, t))
        clock = UNTIMED if self.timing is None else Clock(self.timing, history, t, card, starts)
        position = clock.measured(position, late)
        wanted = self._stage_set_by(human)
        moves: list[Move] = []
        met = [position]
        stages = [position.stage]
        while True:
            moment = self.lifecycle.moment(history, t, card, position)
            vector = self.lifecycle.vector(moment, position, wanted)
            choice = self.back_end.decide(position.stage, vector)
            if choice is None and (rested := clock.rested(position)) is not position:
                # What fell due at this instant may move the person on.
                met[-1] = position = rested
                continue
            if choice is None:
                return Settled(self._waiting(position, moment, vector, moves), card, tuple(moves), False)
            way = self.lifecycle.ways[position.stage][choice]
            if way.by == BY_HUMAN and human is not None and wanted is not None:
                after = self._set_by_hand(position, moment, wanted, human)
                wanted = None
                if after.stage == position.stage:
                    met[-1] = position = after
                    continue
                moves.append(self._move(position, after, way))
            else:
                after, move = self.taken(position, moment, way)
                moves.append(move)
            after = clock.moved(after, moves[-1])
            if after.stage in stages:
                first = stages.index(after.stage)
                return Settled(clock.back(_at_ease(met[first]), first), card, tuple(moves[:first]), True)
            position = after
            met.append(after)
            stages.append(after.stage)

    def taken(self, position: Position, moment: Moment, way: Way) -> tuple[Position, Move]:
        """Return where taking a way out leads that the book's rules opened, and the move."""
        return self.led(position, moment.t, way, self._reason(moment, way))

    def led(self, position: Position, at: datetime, way: Way, why: str = "") -> tuple[Position, Move]:
        """Return the same for who knows the reason, or does not ask for it."""
        after = self._entered(position, at, way.target, way, why)
        return after, self._move(position, after, way)

    def outcome(self, settled: Settled) -> Outcome:
        """Return what CRMs can show of a settled instant."""
        position, card = settled.position, settled.card
        return Outcome(
            position.stage,
            position.since,
            position.pass_number,
            card.scores(),
            card.grades(),
            card.cell(),
            card.temperature(),
            card.disqualified(),
            position.previous,
            position.why,
            position.entered,
            shown(position.timers, card.moment.t) if position.timers else {},
            waits_for=position.waits_for,
            waits_since=position.waits_since,
            waits_in=position.waits_in,
        )

    def next_breakpoint(self, history: History, settled: Settled) -> datetime | None:
        """Return the first instant after the settled one at which anything may change, by a known fact or by time."""
        card = settled.card
        moment = self.lifecycle.moment(history, card.moment.t, card, settled.position)
        found = (
            history.next_instant(card.moment.t),
            self.scoring.next_change(card),
            self.lifecycle.next_change(moment, settled.position),
            self._circle_ends(moment) if settled.livelock else None,
            None
            if self.timing is None
            else self.timing.next_change(history, card.moment.t, card, settled.position.timers),
        )
        return min((turn for turn in found if turn is not None), default=None)

    def _circle_ends(self, moment: Moment) -> datetime | None:
        """Return an instant not later than the first at which time alone may end a livelock.

        A place is there at its own instant alone, so a circle that it opened is over right after.
        """
        if moment.history.gives_place(moment.t):
            return moment.t + datetime.resolution
        return self.lifecycle.next_change_anywhere(moment)

    def stands(self, human: Fact, history: History, t: datetime) -> bool:
        """Tell whether a stage that a person set still stands at ``t``."""
        return self._standing(self._said(human), history, t) is not None

    def _stage_set_by(self, human: Fact | None) -> str | None:
        """Return the stage that a person set; one that the book does not know cannot be moved to."""
        if human is None or not isinstance(human.value, str):
            return None
        stage = self.book.renamed.get(human.value, human.value)
        return stage if stage in self.book.stages else None

    def _set_by_hand(self, position: Position, moment: Moment, stage: str, human: Fact) -> Position:
        hold = self._standing(self._said(human), moment.history, moment.t)
        if stage == position.stage:
            return replace(position, hold=hold)
        return replace(self._entered(position, moment.t, stage, None, _BY_HAND), hold=hold)

    def _said(self, human: Fact) -> Hold:
        lasts = self.book.by_hand.lasts
        stage = self.book.renamed.get(str(human.value), str(human.value))
        return Hold(stage, human.name, human.at, None if lasts is None else human.at + lasts)

    def _standing(self, hold: Hold | None, history: History, t: datetime) -> Hold | None:
        """Return the hold if it still stands at ``t``: its time is not over, and no activity ended it."""
        if hold is None or (hold.until is not None and hold.until <= t):
            return None
        last = history.any_activity().last(t) if self.book.by_hand.new_activity else None
        return None if last is not None and last > hold.at else hold

    def _waiting(self, position: Position, moment: Moment, vector: Vector, moves: Sequence[Move]) -> Position:
        """Note the stage that the person would be moved to if there were room, and since when without a break."""
        if not self.book.capacity:
            return _at_ease(position)
        roomy = self.lifecycle.with_room(position.stage, vector)
        choice = self.back_end.decide(position.stage, roomy) if roomy != vector else None
        if choice is None:
            return _at_ease(position)
        target = self.lifecycle.ways[position.stage][choice].target
        waited = position.waits_for == target and all(move.target != target for move in moves)
        since = position.waits_since if waited else moment.t
        part = part_of(self.book, self.book.capacity[target], position.stage, moment)
        return replace(position, waits_for=target, waits_since=since, waits_in=part)

    def _entered(self, position: Position, t: datetime, stage: str, way: Way | None, reason: str) -> Position:
        """Return the position in a stage just entered, which no hold keeps yet."""
        detoured = stage in self._places and position.stage not in self._places
        new_pass = detoured or (way is not None and way.transition is not None and bool(way.transition.new_pass))
        entered: dict[str, StageDate] = {} if new_pass else dict(position.entered)
        for name in self._skipped(position.stage, stage, new_pass):
            entered.setdefault(name, StageDate(t, implied=True))
        if stage not in entered or entered[stage].implied:
            entered[stage] = StageDate(t)
        taken = position.taken
        if way is not None and way.transition is not None:
            taken = {**taken, way.transition.id: taken.get(way.transition.id, 0) + 1}
        # Not ``replace``: it looks every field up, and this happens at each move of each person.
        return Position(
            stage,
            t,
            position.pass_number + new_pass,
            t if new_pass else position.pass_began,
            position.stage,
            why_text(stage, reason),
            entered,
            taken,
            None,
            position.waits_for,
            position.waits_since,
            position.waits_in,
            position.timers,
        )

    def _skipped(self, source: str, target: str, new_pass: bool) -> tuple[str, ...]:
        """Return the main-path stages passed over: those between, or all before the target of a new pass."""
        end = self._places.get(target, 0)
        start = 0 if new_pass else self._places.get(source, -1) + 1
        return self.book.main_path[start:end]

    def _reason(self, moment: Moment, way: Way) -> str:
        if way.transition is not None and way.transition.reason:
            return way.transition.reason
        if way.by == BY_DISQUALIFICATION and moment.card is not None:
            return ", ".join(moment.card.disqualified())
        assert way.when is not None
        return reason_of(way.when, moment)

    def _move(self, before: Position, after: Position, way: Way) -> Move:
        skipped = self._skipped(before.stage, after.stage, after.pass_number != before.pass_number)
        implied = tuple(
            [name for name in skipped if (date := after.entered[name]).implied and date.at == after.since]
        )
        reason = way.transition.reason if way.transition is not None else None
        if way.by == BY_DISQUALIFICATION and reason is None:
            reason = after.why.partition(": ")[2]
        return Move(before.stage, after.stage, way.by, reason, implied)


def carried_state(state: PersonState) -> Position:
    """Return the position that a stored state stands for."""
    outcome = state.outcome
    return Position(
        outcome.stage,
        outcome.since,
        outcome.pass_number,
        state.pass_began,
        outcome.previous,
        outcome.why,
        outcome.entered,
        state.taken,
        state.hold,
        outcome.waits_for,
        outcome.waits_since,
        outcome.waits_in,
        state.timers,
    )


def _at_ease(position: Position) -> Position:
    """Return the position of somebody who waits for nothing."""
    return (
        position if position.waits_for is None else replace(position, waits_for=None, waits_since=None, waits_in="")
    )
