"""How the timer of an SLA is told in one line: what was promised, what passed, what is left."""

from __future__ import annotations

from datetime import timedelta

from leadline.common.messages import Argument, Message
from leadline.rules.deciding.trace import SlaTrace
from leadline.terminal.tables import cell


def sla_line(sla: SlaTrace) -> Message:
    """Return the arithmetic of one timer as a message; lengths are hours and minutes, rounded down."""
    state = sla.state
    parts: list[Argument] = [
        Message("explain.sla.started", at=cell(state.started)),
        Message("explain.sla.target", target=sla.target, calendar=sla.calendar)
        if sla.calendar
        else Message("explain.sla.target.always", target=sla.target),
        Message("explain.sla.used", used=span_text(sla.used)),
    ]
    if sla.still:
        parts.append(Message("explain.sla.still", still=span_text(sla.still)))
    if sla.kept is not None:
        parts.append(Message("explain.sla.kept", at=cell(sla.kept)))
    parts += _due(sla)
    if state.ended is not None:
        parts.append(Message("explain.sla.ended", at=cell(state.ended)))
    if sla.rung_at is not None and sla.rung is not None:
        parts.append(Message("explain.sla.rung", share=sla.rung * 100, at=cell(sla.rung_at)))
    if state.corrected:
        parts.append(Message("explain.sla.corrected"))
    return Message("explain.sla", sla=sla.name, state=Message(f"sla.{state.status}"), parts=tuple(parts))


def span_text(span: timedelta) -> str:
    """Write a length above zero as ``7h 30min``; below a minute as seconds."""
    minutes, seconds = divmod(span // timedelta(seconds=1), 60)
    hours, minutes = divmod(minutes, 60)
    shown = [f"{hours}h"] * bool(hours) + [f"{minutes}min"] * bool(minutes)
    return " ".join(shown) or f"{seconds}s"


def _due(sla: SlaTrace) -> list[Argument]:
    if sla.paused_since is not None and sla.state.due is None:
        return [Message("explain.sla.since", at=cell(sla.paused_since))]
    if sla.state.due is None:
        return [Message("explain.sla.never")]
    found: list[Argument] = [Message("explain.sla.due", at=cell(sla.state.due))]
    if sla.left is not None and sla.state.status != "void":
        found.append(
            Message("explain.sla.left", left=span_text(sla.left))
            if sla.left >= timedelta(0)
            else Message("explain.sla.over", over=span_text(-sla.left))
        )
    return found
