"""One SLA, compiled: its conditions, its targets, and the arithmetic of one timer, in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from leadline.common.canonical import digest
from leadline.common.folding import fold
from leadline.rules.backends.vectors import TRUE
from leadline.rules.business_time import Calendar, Target, Unit, add, elapsed, parse_target
from leadline.rules.business_time.model import DAY, Period, Span, business_time, micros
from leadline.rules.deciding.clock import Timers
from leadline.rules.deciding.conditions import Node, compile_condition
from leadline.rules.deciding.criteria import next_change
from leadline.rules.deciding.history import History
from leadline.rules.deciding.lifecycle import truth
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.scores import Card
from leadline.rules.deciding.timers import ended, overdue, running_due
from leadline.rules.model import Book, Condition, DisqualifiedTest, GradeTest, ScoreTest, Sla, SlaTest
from leadline.rules.reading.hashing import meaning
from leadline.rules.state import Timer, Unreadable

TICK: Final = datetime.resolution
_BUSINESS: Final = (Unit.BUSINESS_TIME, Unit.BUSINESS_DAYS)
_DAYS: Final = (Unit.BUSINESS_DAYS, Unit.CALENDAR_DAYS)


class Promise:
    """One SLA of a book."""

    def __init__(self, sla: Sla, book: Book, calendars: Mapping[str, Calendar]) -> None:
        self.sla = sla
        self.calendars = calendars
        self.owners = book.calendars.owners
        self.until, self.pause, self.void = (_node(item, book) for item in (sla.until, sla.pause, sla.void))
        self.targets = tuple((_node(item.when, book), item.target) for item in sla.targets)
        self.parsed = {text: parse_target(text) for _, text in self.targets}
        leaves = [leaf.condition for node in (self.until, self.pause, self.void) if node for leaf in node.leaves()]
        self.asked = tuple({leaf.sla: None for leaf in leaves if isinstance(leaf, SlaTest)})
        self.scored = any(isinstance(leaf, ScoreTest | GradeTest | DisqualifiedTest) for leaf in leaves)
        # What may change while timers run without being a change to them.
        fixed = replace(
            sla, ladder=(), owner=None, late="do", on_edit="keep", on_reassign="keep", on_reentry="restart"
        )
        self._meaning = meaning(fixed)

    def rules(self, calendar: str) -> str:
        """Return a digest of what the SLA and a calendar say, so that a changed book is noticed."""
        return digest({"sla": self._meaning, "calendar": self.calendar(calendar).digest})[:16]

    def calendar(self, name: str) -> Calendar:
        """Return a calendar by name; one that is gone gives way to the SLA's own."""
        return self.calendars.get(name) or self.calendars[self.sla.calendar.otherwise]

    def begin(self, stage: str, entered: datetime, started: datetime, moment: Moment) -> Timer | None:
        """Return a new timer; None for those for whom no target counts."""
        target = next((text for node, text in self.targets if node is None or truth(node, moment) == TRUE), None)
        if target is None:
            return None
        calendar = self._calendar_for(moment)
        timer = Timer(stage, entered, started, target, calendar, self.rules(calendar), moment.floor)
        return replace(timer, due=self.due(timer))

    def step(self, timer: Timer, history: History, t: datetime, card: Card, timers: Timers) -> Timer:
        """Return the timer after the facts of ``t``, before moves: a stop, a new owner, a pause that begins or ends.

        Every instant at which something changes must be stepped on, in order; more of them change nothing.
        """
        if timer.ended is not None:
            return timer
        timer = overdue(timer, t)
        since_start = Moment(history, t, timer.started + TICK, card, timers=timers)
        if self._stops(timer, since_start):
            return ended(timer, t)
        moment = Moment(history, t, timer.floor, card, timers=timers)
        if self.void is not None and truth(self.void, moment) == TRUE:
            return ended(timer, t, void=True)
        if timer.breached is None and t > timer.started and self._reassigned(timer, history, t):
            anew = self.begin(timer.stage, timer.entered, t, moment)
            timer = replace(anew, again=timer.again) if anew is not None else timer
        return self._paused(timer, moment)

    def next_change(self, timer: Timer, history: History, t: datetime, card: Card, timers: Timers) -> datetime | None:
        """Return an instant after ``t``, not later than the first at which time alone changes a condition of it."""
        if timer.ended is not None:
            return None
        found: list[datetime | None] = []
        if self.until is not None:
            found.append(next_change(self.until, Moment(history, t, timer.started + TICK, card, timers=timers)))
        moment = Moment(history, t, timer.floor, card, timers=timers)
        found += [next_change(node, moment) for node in (self.pause, self.void) if node is not None]
        return min((turn for turn in found if turn is not None), default=None)

    def due(self, timer: Timer) -> datetime | None:
        """Return when the target is reached by the pauses that ended; None where it never is."""
        closed = [(start, end) for start, end in timer.pauses if end is not None]
        if timer.kept is None:
            return add(self.calendar(timer.calendar), timer.started, self._target(timer), closed)
        due = timer.kept_due
        for start, end in closed:
            if due is not None and due > start and end > timer.kept:
                due = self._later(timer, due, start, end)
        return due

    def rung(self, timer: Timer, share: Decimal) -> datetime | None:
        """Return when this share of the target has passed; None while a pause keeps it open."""
        if share == 1:
            return running_due(timer)
        calendar, target = self.calendar(timer.calendar), self._target(timer)
        if timer.kept is None:
            return add(calendar, timer.started, self._scaled(timer, target, share), timer.pauses)
        due = running_due(timer)
        later = [pause for pause in timer.pauses if due is not None and pause[0] >= due]
        return None if due is None else add(calendar, due, self._scaled(timer, target, share - 1), later)

    def used(self, timer: Timer, t: datetime) -> tuple[int, int]:
        """Return the time that passed from the start to ``t`` and that stood still, in microseconds.

        It is business time, or time on the clock where the target is counted in it.
        """
        if self._target(timer).unit not in _BUSINESS:
            whole = micros(t) - micros(timer.started)
            still = sum(micros(end or t) - micros(start) for start, end in timer.pauses)
            return whole - still, still
        calendar = self.calendar(timer.calendar)
        used = elapsed(calendar, timer.started, t, timer.pauses)
        whole_time = elapsed(calendar, timer.started, t)
        return business_time(used).amount, business_time(whole_time - used).amount

    def _target(self, timer: Timer) -> Target:
        found = self.parsed.get(timer.target)
        if found is None:
            found = self.parsed[timer.target] = parse_target(timer.target)
        return found

    def _scaled(self, timer: Timer, target: Target, share: Decimal) -> Target:
        """Return a share of a target; a part of days is that part of the time from the start to the due instant."""
        amount = target.amount * share
        if target.unit not in _DAYS or amount == amount.to_integral_value():
            return Target(int(amount.to_integral_value(ROUND_HALF_EVEN)), target.unit)
        calendar = self.calendar(timer.calendar)
        due = add(calendar, timer.started, target) or timer.started
        if target.unit is Unit.BUSINESS_DAYS:
            whole, unit = business_time(elapsed(calendar, timer.started, due)).amount, Unit.BUSINESS_TIME
        else:
            whole, unit = micros(due) - micros(timer.started), Unit.CLOCK_TIME
        return Target(int((whole * share).to_integral_value(ROUND_HALF_EVEN)), unit)

    def _later(self, timer: Timer, due: datetime, start: datetime, end: datetime) -> datetime | None:
        calendar = self.calendar(timer.calendar)
        if self._target(timer).unit in _BUSINESS:
            return add(calendar, due, elapsed(calendar, start, end))
        return due + (end - start)

    def _stops(self, timer: Timer, moment: Moment) -> bool:
        for name in self.sla.responses:
            if moment.history.activity(name).between(timer.started, moment.t):
                return True
        return self.until is not None and truth(self.until, moment) == TRUE

    def _reassigned(self, timer: Timer, history: History, t: datetime) -> bool:
        """Tell whether at ``t`` somebody else became the owner; who owned it first is not a reassignment."""
        if self.sla.on_reassign == "keep" or self.sla.owner is None:
            return False
        now, before = history.value(self.sla.owner, t), history.value(self.sla.owner, t - TICK)
        if before is None or isinstance(before, Unreadable):
            before = history.value(self.sla.owner, timer.started)
        known = not any(value is None or isinstance(value, Unreadable) for value in (now, before))
        return known and now != before

    def _paused(self, timer: Timer, moment: Moment) -> Timer:
        wanted = self.pause is not None and truth(self.pause, moment) == TRUE
        is_open = bool(timer.pauses) and timer.pauses[-1][1] is None
        if wanted == is_open:
            return timer
        if wanted:
            last = timer.pauses[-1] if timer.pauses else None
            if last is not None and last[1] == moment.t:
                # Two pauses that touch are one, whatever was learnt in which order.
                reopened = replace(timer, pauses=(*timer.pauses[:-1], (last[0], None)))
                return replace(reopened, due=self.due(reopened))
            return replace(timer, pauses=(*timer.pauses, (moment.t, None)))
        start = timer.pauses[-1][0]
        closed = ((start, moment.t),) if start < moment.t else ()
        timer = replace(timer, pauses=(*timer.pauses[:-1], *closed))
        return replace(timer, due=self.due(timer))

    def _calendar_for(self, moment: Moment) -> str:
        choice = self.sla.calendar
        value = None if choice.by is None else moment.value(choice.by)
        return self.owners.get(fold(value), choice.otherwise) if isinstance(value, str) else choice.otherwise


def always(zone: str) -> Calendar:
    """Return the calendar of SLAs that need none: open day and night."""
    return Calendar("", zone, (Period(((Span(0, DAY),),) * 7),))


def _node(condition: Condition | None, book: Book) -> Node | None:
    return None if condition is None else compile_condition(condition, book)
