"""The scores, told line by line: points, the facts and instants that gave them, and when they change next."""

from __future__ import annotations

from datetime import datetime

from leadline.common.messages import Message
from leadline.rules.deciding.criteria import CompiledCriterion, Worth, clamp
from leadline.rules.deciding.explaining_fields import fields_trace
from leadline.rules.deciding.explaining_ways import condition_trace
from leadline.rules.deciding.moment import ZERO, Moment
from leadline.rules.deciding.scores import Card, CompiledScore
from leadline.rules.deciding.trace import ConditionTrace, CriterionTrace, GridTrace, MatchTrace, ScoreTrace
from leadline.rules.deciding.words import joined, seen_field

MOST_TURNS = 400
"""How many coming instants are looked at for the next change of a line: over a year of days."""


def score_trace(score: CompiledScore, card: Card) -> ScoreTrace:
    """Return one score at the card's instant."""
    criteria = tuple(_criterion_trace(criterion, card.moment) for criterion in score.criteria)
    value = card.score(score.score.name)
    grade = score.grade(value.value)
    return ScoreTrace(score.score.name, value, grade, criteria, _limits(score, criteria), score.score.mark)


def grid_trace(card: Card) -> GridTrace | None:
    """Return the grid at the card's instant; None where the book has none."""
    grid = card.scoring.book.grid
    if grid is None:
        return None
    grades = card.grades()
    possible = tuple(sorted(cell for cell in card.possible_cells() if cell is not None))
    return GridTrace(grid.rows, grid.columns, grades.get(grid.rows), grades.get(grid.columns), card.cell(), possible)


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
        fields_trace(_fields(compiled), moment),
        _until(compiled, moment, worth),
    )


def _fields(compiled: CompiledCriterion) -> frozenset[str]:
    if compiled.criterion.bands is not None:
        return frozenset([compiled.criterion.bands.field])
    return frozenset() if compiled.node is None else compiled.node.fields


def _until(compiled: CompiledCriterion, moment: Moment, worth: Worth) -> datetime | None:
    """Return when time alone changes what the line gives."""
    assert moment.card is not None
    t = compiled.next_change(moment)
    for _ in range(MOST_TURNS):
        if t is None:
            return None
        later = moment.card.scoring.card(Moment(moment.history, t)).moment
        if compiled.worth(later) != worth:
            return t
        t = compiled.next_change(later)
    return None


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
