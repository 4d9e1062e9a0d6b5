"""How the timer of an SLA is told in one line: what was promised, what passed, what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from leadline.common.messages import Argument, Message
from leadline.rules.deciding.trace import SlaTrace
from leadline.sync.slas.editing import TimerEdits
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


def edit_lines(edits: Mapping[str, TimerEdits]) -> Iterator[str]:
    """Yield what a changed rule book would do to the timers that run, a line for each thing, by SLA."""
    for name, edit in edits.items():
        moved = edit.earlier + edit.later
        if moved:
            ways = [f"{edit.earlier:,} earlier"] * bool(edit.earlier) + [f"{edit.later:,} later"] * bool(edit.later)
            yield f"{_open(moved)} of `{name}` would be due at another time: {', '.join(ways)}{_at_once(edit)}"
        elif edit.breached or edit.healed:
            yield f"{_open(edit.open)} of `{name}`{_at_once(edit)}"
        if edit.kept:
            yield f"{_open(edit.kept)} of `{name}` would stay due when they are, under the rules they began with"
        if edit.ended:
            yield f"{_open(edit.ended)} of `{name}` would end void: nothing is promised any more"


def _open(count: int) -> str:
    return f"{count:,} open timer{'' if count == 1 else 's'}"


def _at_once(edit: TimerEdits) -> str:
    said = [f"{edit.breached:,} would be breached at once"] * bool(edit.breached)
    said += [f"{edit.healed:,} would no longer be breached"] * bool(edit.healed)
    return "".join(f"; {one}" for one in said)


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
