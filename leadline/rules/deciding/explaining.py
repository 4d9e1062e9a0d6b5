"""From a state to its trace: the same evaluation as the fold's, told line by line."""

from __future__ import annotations

from datetime import datetime

from leadline.common.messages import Message
from leadline.rules.deciding.explaining_scores import grid_trace, score_trace
from leadline.rules.deciding.explaining_slas import sla_changes, sla_traces
from leadline.rules.deciding.explaining_ways import way_trace
from leadline.rules.deciding.history import History
from leadline.rules.deciding.lifecycle import BY_HUMAN, Position
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.retelling import why_message
from leadline.rules.deciding.settling import Settled, Settling, carried_state
from leadline.rules.deciding.trace import NextChange, SlaTrace, Trace
from leadline.rules.model import Book
from leadline.rules.state import Outcome, PersonState, Unreadable


def trace_of(settling: Settling, history: History, state: PersonState, at: datetime) -> Trace:
    """Return the trace of a settled state at ``at``; without what comes next (see ``Engine.explain``)."""
    position = carried_state(state)
    card = settling.scoring.card(Moment(history, at))
    outcome = settling.outcome(Settled(position, card, (), state.livelock))
    moment = settling.lifecycle.moment(history, at, card, position)
    values = {name: history.value(name, at) for name in settling.book.fields}
    return Trace(
        state.person,
        settling.book.hash,
        at,
        outcome,
        tuple(score_trace(score, card) for score in settling.scoring.scores.values()),
        tuple(
            way_trace(way, moment, position, settling.book.capacity.get(way.target))
            for way in settling.lifecycle.ways[position.stage]
            if way.by != BY_HUMAN
        ),
        None,
        state.hold,
        state.livelock,
        tuple(name for name, value in values.items() if isinstance(value, Unreadable)),
        tuple(name for name, value in values.items() if value is None),
        why_message(settling.book, outcome),
        grid_trace(card),
        _slas(settling, position, at),
    )


def _slas(settling: Settling, position: Position, at: datetime) -> tuple[SlaTrace, ...]:
    if settling.timing is None:
        return ()
    return tuple(sla_traces(settling.timing, position.timers, at))


def next_change_of(at: datetime, before: Outcome, after: Outcome, book: Book) -> NextChange:
    """Say in what two outcomes differ: the stage first, then grade, temperature and scores."""
    changes: list[Message] = []
    none = Message("none")
    if before.stage != after.stage:
        changes.append(Message("next.stage", before=before.stage, after=after.stage, why=why_message(book, after)))
    if before.cell != after.cell:
        changes.append(Message("next.grade", before=before.cell or none, after=after.cell or none))
    for name, score in after.scores.items():
        old = before.scores.get(name)
        if old is not None and old.value != score.value:
            changes.append(Message("next.score", score=name, before=old.value, after=score.value))
        elif old != score:
            changes.append(Message("next.bounds", score=name))
    if before.temperature != after.temperature:
        was, becomes = before.temperature or none, after.temperature or none
        changes.append(Message("next.temperature", before=was, after=becomes))
    if before.disqualified != after.disqualified:
        changes.append(Message("next.disqualified"))
    if before.waits_for != after.waits_for:
        waits = after.waits_for
        changes.append(Message("next.waits", stage=waits) if waits is not None else Message("next.waits_no_more"))
    elif before.waits_in != after.waits_in:
        changes.append(Message("next.waits_in"))
    changes += sla_changes(before, after)
    return NextChange(at, tuple(changes))
