"""From a state to its trace: the same evaluation as the fold's, told line by line."""

from __future__ import annotations

from datetime import datetime

from leadline.common.canonical import decimal_text
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
from leadline.rules.deciding.words import combination_text, observed, stage_title, test_text
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
    changes: list[str] = []
    if before.stage != after.stage:
        changes.append(f"stage {before.stage} -> {after.stage} ({after.why})")
    if before.cell != after.cell:
        changes.append(f"grade {before.cell or 'none'} -> {after.cell or 'none'}")
    for name, score in after.scores.items():
        old = before.scores.get(name)
        if old is not None and old.value != score.value:
            changes.append(f"{name} {decimal_text(old.value)} -> {decimal_text(score.value)}")
        elif old != score:
            changes.append(f"{name}'s bounds")
    if before.temperature != after.temperature:
        changes.append(f"temperature {before.temperature or 'none'} -> {after.temperature or 'none'}")
    if before.disqualified != after.disqualified:
        changes.append("what disqualifies")
    return NextChange(at, tuple(changes))


def condition_trace(node: Node, moment: Moment) -> ConditionTrace:
    """Return a condition's tree with the answers at this moment."""
    parts = tuple(condition_trace(part, moment) for part in node.parts)
    if node.stays and not node.parts and moment.stay is not None:
        parts = (condition_trace(moment.stay, moment),)
    text = combination_text(node) if node.parts else test_text(node)
    return ConditionTrace(text, node.holds(moment), "" if parts else observed(node, moment), parts)


def _score_trace(score: CompiledScore, card: Card) -> ScoreTrace:
    criteria = tuple(_criterion_trace(criterion, card.moment) for criterion in score.criteria)
    value = card.score(score.score.name)
    return ScoreTrace(score.score.name, value, score.grade(value.value), criteria, _limits(score, criteria))


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
    )


def _criterion_reason(compiled: CompiledCriterion, moment: Moment, condition: ConditionTrace | None) -> str:
    if condition is not None:
        reasons = [leaf.reason for leaf in condition.leaves() if leaf.reason and leaf.answer is condition.answer]
        return "; ".join(reasons)
    bands = compiled.criterion.bands
    if bands is None:
        return _counted_reason(compiled, moment)
    value = moment.value(bands.field)
    if value is None or isinstance(value, Unreadable):
        return f"`{bands.field}` is {'empty' if value is None else 'unreadable'}"
    return f"`{bands.field}` is {value}"


def _counted_reason(compiled: CompiledCriterion, moment: Moment) -> str:
    found = compiled.count(moment)
    counted = f"{found} counted" if found else "none counted"
    if compiled.criterion.match == "distinct_days" and found:
        counted = f"{found} day{'s' * (found > 1)} counted"
    band = compiled.counted_band(moment)
    return counted if band is None else f"{counted} (`{band.label}`)"


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
    said: list[str] = []
    total = sum((item.points for item in criteria if item.group not in score.score.groups), start=ZERO)
    for name, cap in score.score.groups.items():
        points = sum((item.points for item in criteria if item.group == name), start=ZERO)
        kept = clamp(points, cap)
        total += kept
        if kept != points:
            said.append(f"group {name} limited from {decimal_text(points)} to {decimal_text(kept)}")
    if score.score.floor is not None and total < score.score.floor:
        said.append(f"raised from {decimal_text(total)} to the floor {decimal_text(score.score.floor)}")
    if score.score.cap is not None and total > score.score.cap:
        said.append(f"limited from {decimal_text(total)} to the cap {decimal_text(score.score.cap)}")
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
            result, reason = "held", "a stage set by hand stands"
        elif lacking:
            result, reason = "missing", f"{_quoted(lacking)} must be known first"
        elif at_most is not None and taken >= at_most:
            result, reason = "used up", f"taken {taken} of {at_most} times"
        elif waits and not lifted:
            result, reason = "waiting", "the cool-down is not over"
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
    )


def _result(way: Way, moment: Moment, condition: ConditionTrace | None) -> tuple[Result, str, str]:
    """Return the condition's part in the result, why, and what would decide an undecided one."""
    if way.when is None or condition is None:
        return "no", f"{way.target} has no entry criterion", ""
    answer = truth(way.when, moment)
    if answer == TRUE:
        return "moves", "", ""
    if answer != UNKNOWN:
        return "no", "", ""
    frozen = way.when.unreadable(moment)
    if frozen:
        return "frozen", f"{_quoted(frozen)} may not be read now", ""
    unknown = unknown_fields(way.when, moment)
    be = "are" if len(unknown) > 1 else "is"
    reason = f"undecided: {_quoted(unknown)} {be} empty" if unknown else "undecided"
    hint = hint_for(way.when, moment, unknown)
    return "undecided", reason, f"would be {stage_title(way.target)} at {hint}" if hint else ""


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
