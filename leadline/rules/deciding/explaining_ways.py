"""The ways out of a stage, told: each condition as a tree with its answers, and what keeps a way from being taken."""

from __future__ import annotations

from leadline.common.marks import Mark
from leadline.common.messages import Message
from leadline.rules.backends.vectors import TRUE, UNKNOWN
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.explaining_fields import fields_trace
from leadline.rules.deciding.hints import hint_for, unknown_fields
from leadline.rules.deciding.lifecycle import Position, Way, cool_down_ends, missing, since_entering, truth
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.trace import ConditionTrace, Result, WayTrace
from leadline.rules.deciding.words import combination_text, observed, stage_title, test_said, waits_text
from leadline.rules.model import Capacity


def way_trace(way: Way, moment: Moment, position: Position, capacity: Capacity | None) -> WayTrace:
    """Return one way out at this moment, from this position; ``capacity`` is that of the stage it leads to."""
    condition = condition_trace(way.when, moment) if way.when is not None else None
    lacking = missing(way, moment)
    ends = cool_down_ends(way, position)
    waits = ends is not None and ends > moment.t
    lift_moment = since_entering(moment, position)
    lifted = waits and truth(way.lift, lift_moment) == TRUE
    at_most = way.transition.at_most if way.transition is not None else None
    taken = position.taken.get(way.transition.id, 0) if way.transition is not None else 0
    result, reason, hint = _result(way, moment, condition)
    if result == "moves":
        if position.hold is not None and way.move.stopped_by_hold:
            result, reason = "held", Message("way.held")
        elif lacking:
            result, reason = "missing", Message("way.missing", fields=_quoted(lacking))
        elif at_most is not None and taken >= at_most:
            result, reason = "used up", Message("way.used_up", taken=taken, most=at_most)
        elif waits and not lifted:
            result, reason = "waiting", Message("way.waiting")
        elif (
            way.move.room is not None and capacity is not None and not moment.history.has_place(way.target, moment.t)
        ):
            result, reason = "no room", waits_text(capacity)
    return WayTrace(
        way.by,
        way.target,
        result,
        reason,
        condition,
        hint,
        ends if waits and not lifted else None,
        condition_trace(way.lift, lift_moment) if way.lift is not None and waits else None,
        lacking,
        taken,
        at_most,
        way_mark(way),
        () if way.when is None else fields_trace(way.when.fields, moment),
    )


def _result(way: Way, moment: Moment, condition: ConditionTrace | None) -> tuple[Result, str, str]:
    """Return the condition's part in the result, why, and what would decide an undecided one."""
    if way.when is None or condition is None:
        return "no", Message("way.no_entry", stage=way.target), ""
    answer = truth(way.when, moment)
    if answer == TRUE:
        return "moves", "", ""
    if answer != UNKNOWN:
        return "no", "", ""
    frozen = way.when.unreadable(moment)
    if frozen:
        return "frozen", Message("way.frozen", fields=_quoted(frozen)), ""
    unknown = unknown_fields(way.when, moment)
    reason = Message("way.undecided")
    if unknown:
        reason = Message("way.undecided.empty", fields=_quoted(unknown), count=len(unknown))
    hint = hint_for(way.when, moment, unknown)
    return "undecided", reason, Message("way.hint", stage=stage_title(way.target), hint=hint) if hint else ""


def way_mark(way: Way) -> Mark:
    """Return the line of the book that a way stands in: its path, or the condition of the stage that it leads to."""
    if way.transition is not None:
        return way.transition.mark
    nodes = () if way.when is None else (way.when, *way.when.parts)
    return next((node.condition.mark for node in nodes if node.condition.mark.line), Mark())


def condition_trace(node: Node, moment: Moment) -> ConditionTrace:
    """Return a condition's tree with the answers at this moment."""
    parts = tuple(condition_trace(part, moment) for part in node.parts)
    if node.stays and not node.parts and moment.stay is not None:
        parts = (condition_trace(moment.stay, moment),)
    text = combination_text(node) if node.parts else test_said(node)
    reason = None if parts else observed(node, moment)
    return ConditionTrace(text, node.holds(moment), reason or "", parts, node.condition.mark)


def _quoted(names: tuple[str, ...]) -> tuple[Message, ...]:
    return tuple(Message("quoted", name=name) for name in names)
