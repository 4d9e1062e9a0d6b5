"""What one timer of an SLA is at an instant: pure questions about ``state.Timer``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from leadline.rules.model import SlaStatus
from leadline.rules.state import SlaState, Timer


def status_at(timer: Timer, t: datetime) -> SlaStatus | None:
    """Return the state of a timer at ``t``, None before it started."""
    if t < timer.started:
        return None
    breached = timer.breached is not None and timer.breached <= t
    if timer.ended is not None and timer.ended <= t:
        return "breached" if breached else ("void" if timer.void else "met")
    if breached:
        return "breached"
    return "paused" if paused_at(timer, t) else "running"


def paused_at(timer: Timer, t: datetime) -> bool:
    """Tell whether a pause covers ``t``."""
    return any(start <= t and (end is None or t < end) for start, end in timer.pauses)


def running_due(timer: Timer) -> datetime | None:
    """Return the due instant as far as it is known now: none while a pause that began before it lasts."""
    if timer.due is None or not timer.pauses:
        return timer.due
    start, end = timer.pauses[-1]
    return timer.due if end is not None or timer.due <= start else None


def overdue(timer: Timer, t: datetime) -> Timer:
    """Return the timer with its breach, if it was due before ``t`` and nothing stopped it."""
    due = running_due(timer)
    if timer.ended is not None or timer.breached is not None or due is None or due >= t:
        return timer
    return replace(timer, breached=due)


def ended(timer: Timer, t: datetime, *, void: bool = False) -> Timer:
    """Return the timer as it ends at ``t``: met or void, or breached before and measured up to here."""
    pauses = timer.pauses
    if pauses and pauses[-1][1] is None:
        pauses = (*pauses[:-1], (pauses[-1][0], t)) if pauses[-1][0] < t else pauses[:-1]
    return replace(overdue(timer, t), ended=t, void=void, pauses=pauses)


def withdrawn(timer: Timer, t: datetime) -> Timer:
    """Return the timer as a decision ends it at ``t`` without an outcome; one that ended already stays as it is."""
    if timer.ended is not None:
        return timer
    return replace(ended(timer, t, void=True), stopped=t, withdrawn=True)


def shown(timers: Mapping[str, Timer], t: datetime) -> dict[str, SlaState]:
    """Return what CRMs and people can be shown of the timers at ``t``."""
    found: dict[str, SlaState] = {}
    for name, timer in timers.items():
        status = status_at(timer, t)
        if status is not None:
            due = running_due(timer)
            corrected = timer.alarmed and timer.breached is None
            found[name] = SlaState(status, timer.started, due, timer.breached, timer.ended, timer.reached, corrected)
    return found
