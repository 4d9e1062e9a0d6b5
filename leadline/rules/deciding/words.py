"""The short English lines that go to the CRMs and into traces; none of them holds customer data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from leadline.common.canonical import decimal_text, instant_text, plain
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.moment import Moment
from leadline.rules.model import (
    ActivityTest,
    All,
    AtLeast,
    Condition,
    DealTest,
    DisqualifiedTest,
    FieldTest,
    GradeTest,
    Known,
    Months,
    NoActivityFor,
    Not,
    PassTest,
    PreviousStage,
    ScoreTest,
    StayTest,
    TimeInStage,
    WasIn,
)
from leadline.rules.state import Outcome, Unreadable


def one_line(outcome: Outcome) -> str:
    """Return why the person is in this stage: stable between stage changes, such as ``MQL: grade A1``."""
    return outcome.why


def why_line(stage: str, reason: str) -> str:
    """Join a stage and a reason: ``mql`` and ``grade A1`` make ``MQL: grade A1``."""
    return f"{stage_title(stage)}: {reason}"


def stage_title(stage: str) -> str:
    """Write a stage's name as people say it: abbreviations in capitals, else with a capital first letter."""
    text = stage.replace("_", " ")
    return text.upper() if len(text) <= 3 else text[:1].upper() + text[1:]


def reason_of(node: Node, moment: Moment) -> str:
    """Say which part of a condition that is true made it so: the first true one, in the order of the book."""
    return "; ".join(_reasons(node, moment)) or "the rules say so"


def _reasons(node: Node, moment: Moment) -> list[str]:
    condition = node.condition
    if isinstance(condition, Not):
        return [_negated(node.parts[0])]
    if node.parts:
        true = [part for part in node.parts if part.holds(moment)]
        every = isinstance(condition, AtLeast)
        found = [line for part in (true if every else true[:1]) for line in _reasons(part, moment)]
        return found[:1] if every else found
    if isinstance(condition, StayTest) and moment.stay is not None:
        return _reasons(moment.stay, moment)
    if isinstance(condition, GradeTest):
        return [_grade_reason(condition, moment).partition(",")[0]]
    return [test_text(node)]


def _negated(part: Node) -> str:
    if isinstance(part.condition, StayTest):
        return "may not stay"
    return f"not {test_text(part)}" if not part.parts else "an exclusion does not apply"


def _grade_reason(test: GradeTest, moment: Moment) -> str:
    """Name the grade (cell, temperature) as it stands, and what else it could be if everything were known."""
    card = moment.card
    assert card is not None
    if test.temperature:
        name, now, possible = "temperature", card.temperature(), card.possible_temperatures()
    elif test.score is None:
        name, now, possible = "grade", card.cell(), card.possible_cells()
    else:
        name, now, possible = test.score, card.grades().get(test.score), card.possible_grades(test.score)
    others = sorted(found for found in possible if found is not None and found != now)
    could = f", could be {' or '.join(others)}" if others else ""
    return f"{name} {now or 'none'}{could}"


def test_text(node: Node) -> str:
    """Describe one test by its names: no value of a person appears."""
    condition = node.condition
    if isinstance(condition, FieldTest):
        return f"{condition.field} {field_test_text(condition)}"
    if isinstance(condition, Known):
        return f"{condition.field} {'known' if condition.known else 'unknown'}"
    if isinstance(condition, ActivityTest):
        return _activity_text(condition)
    if isinstance(condition, ScoreTest):
        return f"{condition.score} {_SIGNS[condition.op]} {decimal_text(condition.operand)}"
    if isinstance(condition, GradeTest):
        tested = "temperature" if condition.temperature else condition.score or "grade"
        return f"{tested} in {', '.join(condition.names)}"
    return _lifecycle_text(condition)


def _activity_text(test: ActivityTest) -> str:
    """Name an activity, and how often (on how many days) where that is more than once at least."""
    name, unit = _name(test.activity), "days" if test.days else "times"
    if test.most is None:
        return name if test.count == 1 and not test.days else f"{name} at least {test.count} {unit}"
    if test.count == test.most:
        return f"{name} exactly {test.count} {unit}"
    return f"{name} at most {test.most} {unit}" if test.count == 0 else f"{name} {test.count} to {test.most} {unit}"


def _lifecycle_text(condition: Condition) -> str:
    if isinstance(condition, NoActivityFor):
        return f"no activity for {_days(condition.quiet.days)}"
    if isinstance(condition, DealTest):
        return f"deal {condition.kind or condition.state}"
    if isinstance(condition, StayTest):
        return "may stay"
    if isinstance(condition, DisqualifiedTest):
        return "disqualified"
    if isinstance(condition, PassTest):
        return _passes_text(condition)
    if isinstance(condition, PreviousStage):
        return f"came from {' or '.join(condition.stages)}"
    if isinstance(condition, WasIn):
        return f"was in {' or '.join(condition.stages)}"
    assert isinstance(condition, TimeInStage)
    return f"in stage for {_days(condition.at_least.days)}"


def _passes_text(test: PassTest) -> str:
    if test.most is None:
        return f"at least {test.count} passes"
    return f"at most {test.most} passes" if test.count == 0 else f"{test.count} to {test.most} passes"


def combination_text(node: Node) -> str:
    """Name a combination of conditions: all of, any of, at least n of, not."""
    condition = node.condition
    if isinstance(condition, Not):
        return "not"
    if isinstance(condition, AtLeast):
        return f"at least {condition.count} of"
    return "all of" if isinstance(condition, All) else "any of"


def observed(node: Node, moment: Moment) -> str:
    """Say what a test saw at this moment; values of text fields are left out, because they may be personal."""
    condition = node.condition
    if isinstance(condition, FieldTest | Known):
        return _observed_field(condition, moment)
    if isinstance(condition, ActivityTest):
        last = moment.history.activity(condition.activity).last(moment.t)
        return f"no {_name(condition.activity)}" if last is None else f"last on {instant_text(last)}"
    if isinstance(condition, NoActivityFor):
        last = moment.history.any_activity().last(moment.t)
        return "no activity ever" if last is None else f"last activity on {instant_text(last)}"
    if isinstance(condition, ScoreTest):
        score = moment.score(condition.score)
        between = f" ({decimal_text(score.lowest)} to {decimal_text(score.highest)})"
        return f"{condition.score} is {decimal_text(score.value)}" + (
            between if score.lowest != score.highest else ""
        )
    if isinstance(condition, GradeTest):
        return _grade_reason(condition, moment)
    if isinstance(condition, PassTest):
        return f"pass {moment.pass_number}"
    if isinstance(condition, PreviousStage):
        return "no other stage before" if moment.previous is None else f"from {moment.previous}"
    if isinstance(condition, TimeInStage) and moment.stage_since is not None:
        return f"since {instant_text(moment.stage_since)}"
    return ""


def _observed_field(test: FieldTest | Known, moment: Moment) -> str:
    value = moment.value(test.field)
    if value is None:
        return f"`{test.field}` is empty"
    if isinstance(value, Unreadable):
        return f"`{test.field}` is unreadable"
    if moment.value_in_pass(test.field)[1]:
        return f"`{test.field}` was last set before this pass"
    if isinstance(value, bool):
        return f"`{test.field}` is {'yes' if value else 'no'}"
    if isinstance(value, str | tuple):
        return ""
    return f"`{test.field}` is {plain(value)}"


_SIGNS = {"at_least": ">=", "at_most": "<=", "over": ">", "under": "<", "equals": "="}


def field_test_text(test: FieldTest) -> str:
    """Write the operator and, where they are few, its operands."""
    if test.op == "is":
        return "yes" if test.operands[0] is True else "no"
    if test.currency is not None:
        plain_text = field_test_text(replace(test, currency=None))
        return f"{plain_text} {test.currency}"
    if test.op == "between":
        return f"between {_operand(test.operands[0])} and {_operand(test.operands[1])}"
    sign = _SIGNS.get(test.op, test.op.replace("_", " "))
    if len(test.operands) > 3:
        return f"{sign} a list of {len(test.operands)}"
    return f"{sign} {', '.join(_operand(item) for item in test.operands)}"


def _operand(item: object) -> str:
    if isinstance(item, Months):
        return f"{item.count} months"
    if isinstance(item, timedelta):
        return _days(item.days)
    return decimal_text(item) if isinstance(item, Decimal) else str(item)


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _name(text: str) -> str:
    return text.replace("_", " ")
