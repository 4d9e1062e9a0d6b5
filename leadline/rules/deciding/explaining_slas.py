"""The arithmetic of SLAs in a trace: what was promised, how much of it was used, what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from leadline.common.messages import Message
from leadline.rules.deciding.clock import Timers
from leadline.rules.deciding.timers import paused_at, running_due, shown
from leadline.rules.deciding.trace import SlaTrace
from leadline.rules.state import Outcome

if TYPE_CHECKING:
    from leadline.rules.deciding.timing import Timing


def sla_traces(timing: Timing, timers: Timers, t: datetime) -> Iterator[SlaTrace]:
    """Yield what is known at ``t`` of each timer that had started, in the order of the book."""
    states = shown(timers, t)
    for name, sla in timing.book.slas.items():
        if name not in states:
            continue
        timer, promise = timers[name], timing.promises[name]
        seen = t if timer.ended is None or timer.ended > t else timer.ended
        used, still = promise.used(timer, seen)
        due = running_due(timer)
        rungs = [(at, rung.share) for rung in sla.ladder if (at := promise.rung(timer, rung.share)) and at > seen]
        going = seen == t
        following = min(rungs) if going and rungs and timer.ended is None else None
        yield SlaTrace(
            name,
            states[name],
            timer.target,
            timer.calendar,
            _span(used),
            _span(still),
            None if due is None else _span(promise.used(timer, due)[0] - used),
            timer.pauses[-1][0] if going and timer.pauses and paused_at(timer, t) else None,
            following[0] if following else None,
            following[1] if following else None,
            timer.kept,
            sla.mark,
        )


def sla_changes(before: Outcome, after: Outcome) -> Iterator[Message]:
    """Yield in what the timers of two outcomes differ: the state, else the due instant, and rungs reached."""
    for name, state in after.slas.items():
        old = before.slas.get(name)
        if old is None or old.status != state.status:
            was = Message("none") if old is None else Message(f"sla.{old.status}")
            yield Message("next.sla", sla=name, before=was, after=Message(f"sla.{state.status}"))
        elif old.due != state.due:
            yield Message("next.sla.due", sla=name)
        known = old.reached if old is not None and old.started == state.started else ()
        for share in state.reached:
            if share not in known:
                yield Message("next.sla.rung", sla=name, share=share * 100)


def _span(microseconds: int) -> timedelta:
    return timedelta(microseconds=microseconds)
