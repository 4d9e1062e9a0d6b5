"""From a state to its trace: the same evaluation as the fold's, told line by line."""

from __future__ import annotations

from datetime import datetime

from leadline.common.marks import Mark
from leadline.common.messages import Message
from leadline.rules.backends.vectors import TRUE, UNKNOWN
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.hints import hint_for, unknown_fields
from leadline.rules.deciding.history import History
from leadline.rules.deciding.lifecycle import (
    BY_HUMAN,
    Position,
    Way,
    cool_down_ends,
    missing,
    since_entering,
    truth,
)
from leadline.rules.deciding.moment import ZERO, Moment
from leadline.rules.deciding.scores import Card, CompiledCriterion, CompiledScore, clamp
from leadline.rules.deciding.settling import Settled, Settling, carried_state
from leadline.rules.deciding.trace import (
    ConditionTrace,
    CriterionTrace,
    MatchTrace,
    NextChange,
    Result,
    ScoreTrace,
    Trace,
    WayTrace,
)
from leadline.rules.deciding.words import (
    combination_text,
    joined,
    observed,
    seen_field,
    stage_title,
    test_text,
)
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
        tuple(_score_trace(score, card) for score in settling.scoring.scores.values()),
        tuple(
            _way_trace(way, moment, position) for way in settling.lifecycle.ways[position.stage] if way.by != BY_HUMAN
        ),
        None,
        state.hold,
        state.livelock,
        tuple(name for name, value in values.items() if isinstance(value, Unreadable)),
        tuple(name for name, value in values.items() if value is None),
    )


def next_change_of(at: datetime, before: Outcome, after: Outcome) -> NextChange:
    """Say in what two outcomes differ: the stage first, then grade, temperature and scores."""
    changes: list[Message] = []
    none = Message("none")
    if before.stage != after.stage:
        changes.append(Message("next.stage", before=before.stage, after=after.stage, why=after.why))
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
    return NextChange(at, tuple(changes))


def condition_trace(node: Node, moment: Moment) -> ConditionTrace:
    """Return a condition's tree with the answers at this moment."""
    parts = tuple(condition_trace(part, moment) for part in node.parts)
    if node.stays and not node.parts and moment.stay is not None:
        parts = (condition_trace(moment.stay, moment),)
    text = combination_text(node) if node.parts else test_text(node.condition)
    reason = None if parts else observed(node, moment)
    return ConditionTrace(text, node.holds(moment), reason or "", parts, node.condition.mark)


def _score_trace(score: CompiledScore, card: Card) -> ScoreTrace:
    criteria = tuple(_criterion_trace(criterion, card.moment) for criterion in score.criteria)
    value = card.score(score.score.name)
    grade = score.grade(value.value)
    return ScoreTrace(score.score.name, value, grade, criteria, _limits(score, criteria), score.score.mark)


def _criterion_trace(compiled: CompiledCriterion, moment: Moment) -> CriterionTrace:
    criterion, worth = compiled.criterion, compiled.worth(moment)
    condition = condition_trace(compiled.node, moment) if compiled.node is not None else None
    return CriterionTrace(
        criterion.name,
        worth.points,
        worth.lowest,
        worth.highest,
        _criterion_reason(compiled, moment, condition),
        condition,
        _matches(compiled, moment),
        criterion.group,
        criterion.disqualify,
        criterion.mark,
    )


def _criterion_reason(compiled: CompiledCriterion, moment: Moment, condition: ConditionTrace | None) -> str:
    if condition is not None:
        seen = (leaf.reason for leaf in condition.leaves() if leaf.answer is condition.answer)
        return joined(reason for reason in seen if isinstance(reason, Message)) or ""
    bands = compiled.criterion.bands
    return _counted_reason(compiled, moment) if bands is None else seen_field(bands.field, moment) or ""


def _counted_reason(compiled: CompiledCriterion, moment: Moment) -> Message:
    found = compiled.count(moment)
    unit = "counted.days" if compiled.criterion.match == "distinct_days" else "counted.times"
    counted = Message(unit, count=found) if found else Message("counted.none")
    band = compiled.counted_band(moment)
    return counted if band is None else Message("counted.band", counted=counted, band=band.label)


def _matches(compiled: CompiledCriterion, moment: Moment) -> tuple[MatchTrace, ...]:
    name = compiled.criterion.activity
    if name is None:
        return ()
    facts = moment.history.activity(name).facts
    return tuple(
        MatchTrace(
            name,
            match.at,
            facts[match.position].source,
            facts[match.position].record,
            match.points,
            compiled.expires(moment.t, match.at),
        )
        for match in compiled.matches(moment)
    )


def _limits(score: CompiledScore, criteria: tuple[CriterionTrace, ...]) -> tuple[str, ...]:
    said: list[Message] = []
    total = sum((item.points for item in criteria if item.group not in score.score.groups), start=ZERO)
    for name, cap in score.score.groups.items():
        points = sum((item.points for item in criteria if item.group == name), start=ZERO)
        kept = clamp(points, cap)
        total += kept
        if kept != points:
            said.append(Message("limit.group", group=name, points=points, kept=kept))
    if score.score.floor is not None and total < score.score.floor:
        said.append(Message("limit.floor", points=total, kept=score.score.floor))
    if score.score.cap is not None and total > score.score.cap:
        said.append(Message("limit.cap", points=total, kept=score.score.cap))
    return tuple(said)


def _way_trace(way: Way, moment: Moment, position: Position) -> WayTrace:
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
    return Mark() if way.when is None else way.when.condition.mark


def _quoted(names: tuple[str, ...]) -> tuple[Message, ...]:
    return tuple(Message("quoted", name=name) for name in names)
