"""The timers of a person within the fold: begun by moves, stopped, paused, breached at the due instant exactly.

Only books with SLAs load this. At one instant: what facts say of each timer (``measured``), then the moves, then what
they stop and start, then breaches and rungs (``rested``): so a stop at the due instant is in time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from leadline.rules.business_time.storing import calendar_from_json
from leadline.rules.deciding.clock import Hop, Timers
from leadline.rules.deciding.history import History
from leadline.rules.deciding.lifecycle import BY_DISQUALIFICATION, BY_HUMAN
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.promises import Promise, always
from leadline.rules.deciding.scores import Card, Scoring
from leadline.rules.deciding.timers import ended, running_due, withdrawn
from leadline.rules.model import Book, DisqualifiedTest
from leadline.rules.reading.slas import asked_slas
from leadline.rules.state import Timer


class Timing:
    """The SLAs of a book, those that others ask for first."""

    def __init__(self, book: Book, scoring: Scoring) -> None:
        stored = json.loads(book.calendars.resolved) if book.calendars.resolved else {}
        calendars = {name: calendar_from_json(found) for name, found in stored.items()}
        calendars[""] = always(book.zone)
        self.book = book
        self.scoring = scoring
        self.promises = {name: Promise(book.slas[name], book, calendars) for name in _ordered(book)}
        self._outs = {item.target for item in book.transitions if isinstance(item.when, DisqualifiedTest)}

    def measured(
        self, history: History, t: datetime, card: Card, timers: Timers, late: datetime | None = None
    ) -> Timers:
        """Return the timers by the facts up to ``t``; ``late`` is the first instant of which something is new."""
        found = dict(timers)
        for name, promise in self.promises.items():
            timer = found.get(name)
            if timer is None:
                continue
            again = any(found.get(other) != timers.get(other) for other in promise.asked)
            if late is not None and (again or timer.ended is None or late <= timer.ended):
                found[name] = self._again(promise, timer, history, t, found)
            else:
                found[name] = promise.step(timer, history, t, card, found)
        return found

    def entered(self, hop: Hop, t: datetime, history: History, card: Card, timers: Timers) -> Timers:
        """Return the timers after entering a stage: those that begin there have begun."""
        begun = self._begun(hop, t, history, card, timers)
        found = {**timers, **begun}
        for name, timer in begun.items():
            found[name] = self.promises[name].step(timer, history, t, card, found)
        return found

    def moved(self, hop: Hop, t: datetime, timers: Timers) -> Timers:
        """Return the timers after a move has met or voided them."""
        found = dict(timers)
        for name, promise in self.promises.items():
            timer = found.get(name)
            if timer is None or timer.ended is not None:
                continue
            if self._ends(promise, timer, hop.target):
                found[name] = replace(ended(timer, t), stopped=t)
            elif self._withdraws(timer, hop):
                found[name] = withdrawn(timer, t)
        return found

    def rested(
        self, hops: Sequence[Hop], t: datetime, history: History, card: Card, timers: Timers, *, starts: bool
    ) -> Timers:
        """Return the timers where nothing moves: only the last stage starts some, and what is due is breached.

        Those that begin, and those that ask for another SLA that became something else at this instant, are looked at
        only when the others are what they are at rest: one that is due as it starts was never running.
        """
        before = timers
        for hop in hops:
            timers = self.moved(hop, t, timers)
        begun = self._begun(hops[-1], t, history, card, timers) if hops and starts else {}
        found = {**timers, **begun}
        for name, promise in self.promises.items():
            timer = found.get(name)
            if timer is None:
                continue
            if name in begun or any(found.get(other) != before.get(other) for other in promise.asked):
                timer = promise.step(timer, history, t, card, found)
            found[name] = _expired(promise, timer, t)
        return found

    def next_change(self, history: History, t: datetime, card: Card, timers: Timers) -> datetime | None:
        """Return the first instant after ``t`` at which a timer may change by time alone; scores apart."""
        turns: list[datetime | None] = []
        for name, promise in self.promises.items():
            timer = timers.get(name)
            if timer is None or timer.ended is not None:
                continue
            turns.append(promise.next_change(timer, history, t, card, timers))
            turns.append(running_due(timer) if timer.breached is None else None)
            shares = [rung.share for rung in promise.sla.ladder if rung.share not in timer.reached]
            turns += [promise.rung(timer, share) for share in shares]
        return min((turn for turn in turns if turn is not None and turn > t), default=None)

    def carried(self, history: History, at: datetime, timers: Timers) -> Timers:
        """Return the timers of a former book as this one continues them: kept, recomputed, or void without one."""
        found: dict[str, Timer] = {}
        for name, timer in timers.items():
            promise = self.promises.get(name)
            if promise is None:
                found[name] = withdrawn(timer, at)
                continue
            timer = replace(timer, stage=self.book.renamed.get(timer.stage, timer.stage))  # noqa: PLW2901
            rules = promise.rules(timer.calendar)
            if rules == timer.rules or (timer.ended is not None and promise.sla.on_edit == "keep"):
                found[name] = timer
            elif timer.ended is None and promise.sla.on_edit == "recompute":
                found[name] = self._recomputed(promise, timer, history, at, found)
            else:
                found[name] = replace(timer, rules=rules, kept=at, kept_due=timer.due)
        return found

    def _begun(self, hop: Hop, t: datetime, history: History, card: Card, timers: Timers) -> Timers:
        """Return the timers alone that entering a stage begins, those first that others ask for."""
        found: dict[str, Timer] = {}
        for name, promise in self.promises.items():
            before = timers.get(name)
            going = before is not None and before.ended is None
            if hop.target not in promise.sla.starts or (going and promise.sla.on_reentry == "keep"):
                continue
            begun = promise.begin(hop.target, t, t, Moment(history, t, hop.floor, card, timers=timers))
            if begun is not None:
                found[name] = replace(begun, again=before is not None)
        return found

    def _recomputed(self, promise: Promise, timer: Timer, history: History, at: datetime, timers: Timers) -> Timer:
        moment = self._moment(history, timer.started, timer.floor, timers)
        begun = promise.begin(timer.stage, timer.entered, timer.started, moment)
        if begun is None:
            return withdrawn(timer, at)
        kept = replace(begun, stopped=timer.stopped, reached=timer.reached, alarmed=timer.alarmed, again=timer.again)
        return self._again(promise, kept, history, at, timers)

    def _again(self, promise: Promise, timer: Timer, history: History, t: datetime, timers: Timers) -> Timer:
        """Measure a timer anew from its beginning; decided moves, effects and the choice of the target stand."""
        if timer.kept is not None and timer.ended is not None and timer.ended <= timer.kept:
            return timer
        asked = [timers[name] for name in promise.asked if name in timers]
        if any(other.again and other.entered > timer.entered for other in asked):
            # What the other one's earlier run was to this one cannot be told again, so what was found stands.
            card = self.scoring.card(Moment(history, t))
            return promise.step(timer, history, t, card, timers)
        fresh = self._unmeasured(promise, timer, history, timers)
        s = timer.entered if timer.kept is None else timer.kept
        while True:
            card = self.scoring.card(Moment(history, s))
            fresh = promise.step(fresh, history, s, card, timers)
            if fresh.ended is None and timer.stopped == s:
                if timer.breached == s == running_due(fresh):
                    # The breach came first at that instant: the move that stopped the timer was decided after it.
                    fresh = replace(fresh, breached=s)
                fresh = replace(ended(fresh, s, void=timer.withdrawn), stopped=s, withdrawn=timer.withdrawn)
            if fresh.ended is not None or s == t:
                break
            following = self._following(promise, fresh, history, s, card, timers, timer.stopped)
            s = t if following is None else min(following, t)
        reached = timer.reached if fresh.started == timer.started else ()
        stopped, withdrawn = timer.stopped, timer.withdrawn
        return replace(
            fresh,
            reached=reached,
            alarmed=timer.alarmed,
            stopped=stopped,
            withdrawn=withdrawn,
            again=timer.again,
        )

    def _unmeasured(self, promise: Promise, timer: Timer, history: History, timers: Timers) -> Timer:
        """Return the timer as it stood at its beginning, or when the book changed and its due instant was kept."""
        if timer.kept is not None:
            kept = timer.kept
            pauses = tuple(
                (start, None if end is not None and end > kept else end)
                for start, end in timer.pauses
                if start <= kept
            )
            breached = timer.breached if timer.breached is not None and timer.breached <= kept else None
            return replace(
                timer, pauses=pauses, due=timer.kept_due, breached=breached, ended=None, void=False, stopped=None
            )
        whole = replace(
            timer, started=timer.entered, pauses=(), breached=None, ended=None, void=False, stopped=None,
            withdrawn=False,
        )  # fmt: skip
        if timer.started != timer.entered:
            # The first target's choice gave way to that of the new owner's, so it is made again.
            moment = self._moment(history, timer.entered, timer.floor, timers)
            whole = promise.begin(timer.stage, timer.entered, timer.entered, moment) or whole
        return replace(whole, due=promise.due(whole))

    def _following(
        self,
        promise: Promise,
        timer: Timer,
        history: History,
        s: datetime,
        card: Card,
        timers: Timers,
        stopped: datetime | None,
    ) -> datetime | None:
        turns = [history.next_instant(s), promise.next_change(timer, history, s, card, timers), stopped]
        turns.append(self.scoring.next_change(card) if promise.scored else None)
        for other in (timers[name] for name in promise.asked if name in timers):
            turns += [other.started, other.breached, other.ended, *(at for pause in other.pauses for at in pause)]
        return min((turn for turn in turns if turn is not None and turn > s), default=None)

    def _moment(self, history: History, t: datetime, floor: datetime | None, timers: Timers) -> Moment:
        return Moment(history, t, floor, self.scoring.card(Moment(history, t)), timers=timers)

    def _ends(self, promise: Promise, timer: Timer, target: str) -> bool:
        """Tell whether entering a stage meets the promise: an end or past it; without ends, any move forward."""
        path, ends = self.book.main_path, promise.sla.ends
        if target in ends:
            return True
        if target not in path:
            return False
        place = path.index(target)
        if ends:
            return any(end in path and path.index(end) < place for end in ends)
        return timer.stage not in path or path.index(timer.stage) < place

    def _withdraws(self, timer: Timer, hop: Hop) -> bool:
        """Tell whether a move takes the person out: disqualification, or back or off the path by a person's hand."""
        if hop.by == BY_DISQUALIFICATION or hop.target in self._outs:
            return True
        if hop.by != BY_HUMAN or hop.target == timer.stage:
            return False
        path = self.book.main_path
        back = timer.stage in path and hop.target in path and path.index(hop.target) < path.index(timer.stage)
        return hop.target not in path or back


def _expired(promise: Promise, timer: Timer, t: datetime) -> Timer:
    """Return a timer with its breach and the rungs of its ladder, as far as they were reached by ``t``."""
    if timer.ended is None:
        due = running_due(timer)
        if timer.breached is None and due is not None and due <= t:
            timer = replace(timer, breached=due)
        reached = [rung.share for rung in promise.sla.ladder if rung.share not in timer.reached]
        new = [share for share in reached if (at := promise.rung(timer, share)) is not None and at <= t]
        timer = replace(timer, reached=tuple(sorted((*timer.reached, *new)))) if new else timer
    return timer if timer.breached is None or timer.alarmed else replace(timer, alarmed=True)


def _ordered(book: Book) -> list[str]:
    """Return the SLAs so that those that others ask for come first; the reader refuses circles."""
    order: list[str] = []
    while len(order) < len(book.slas):
        asked = {name: [other for other in asked_slas(sla) if other in book.slas] for name, sla in book.slas.items()}
        ready = [name for name in asked if name not in order and all(other in order for other in asked[name])]
        order += ready or [name for name in asked if name not in order]
    return order
