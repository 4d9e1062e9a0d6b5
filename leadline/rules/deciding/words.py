"""The short lines that go to the CRMs and into traces, as messages; none of them holds customer data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache

from leadline.common.messages import Argument, Message
from leadline.common.values import Value
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.deals import DealsQuestion
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.timers import status_at
from leadline.rules.model import (
    ActivityTest,
    All,
    Any,
    AtLeast,
    Capacity,
    Condition,
    DealsTest,
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
    SlaTest,
    StayTest,
    TimeInStage,
    WasIn,
)
from leadline.rules.model.accounts import OWNER_TEAM
from leadline.rules.state import Unreadable


@lru_cache(maxsize=4096)
def why_text(stage: str, reason: str) -> str:
    """Return the English of ``why_line``, remembered: it is said of many people."""
    return str(why_line(stage, reason))


def why_line(stage: str, reason: str) -> Message:
    """Join a stage and a reason: ``mql`` and ``grade A1`` make ``MQL: grade A1``."""
    return Message("why", stage=stage_title(stage), reason=reason)


def stage_title(stage: str) -> str:
    """Write a stage's name as people say it: abbreviations in capitals, else with a capital first letter."""
    text = stage.replace("_", " ")
    return text.upper() if len(text) <= 3 else text[:1].upper() + text[1:]


def waits_text(capacity: Capacity) -> Message:
    """Say that somebody waits: ``qualifies for SAL, waits for a place (15 a day per owner team)``."""
    stage, most, per = stage_title(capacity.stage), capacity.most, capacity.per
    if per is None:
        return Message("way.no_room", stage=stage, most=most)
    return Message(
        "way.no_room.per", stage=stage, most=most, per=Message("way.owner_team") if per == OWNER_TEAM else per
    )


def reason_of(node: Node, moment: Moment) -> Message:
    """Say which part of a condition that is true made it so: the first true one, in the order of the book."""
    return joined(_reasons(node, moment)) or Message("why.rules")


def joined(messages: Iterable[Message]) -> Message | None:
    """Return the reasons as one message; None where there are none."""
    items = tuple(messages)
    if len(items) < 2:
        return items[0] if items else None
    return Message("reasons", items=items)


def _reasons(node: Node, moment: Moment) -> list[Message]:
    condition = node.condition
    if isinstance(condition, Not):
        return [negated_text(condition)]
    if node.parts:
        if isinstance(condition, AtLeast):
            true = [part for part in node.parts if part.holds(moment)]
            return [line for part in true for line in _reasons(part, moment)][:1]
        first = next((part for part in node.parts if part.holds(moment)), None)
        return [] if first is None else _reasons(first, moment)
    if isinstance(condition, StayTest) and moment.stay is not None:
        return _reasons(moment.stay, moment)
    if isinstance(condition, GradeTest):
        grade = _grades(condition, moment)[0]
        said = node.texts.get(f"grade {grade}")
        if said is None:
            said = node.texts[f"grade {grade}"] = grade_text(condition, grade)
        return [said]
    return [test_said(node)]


def test_said(node: Node) -> Message:
    """Describe a node without parts by its names; said once for all people."""
    found = node.texts.get("")
    if found is None:
        found = node.texts[""] = test_text(node.condition)
    return found


def negated_text(condition: Not) -> Message:
    """Describe what does not hold."""
    part = condition.part
    if isinstance(part, StayTest):
        return Message("test.not_stay")
    if isinstance(part, All | Any | AtLeast | Not):
        return Message("test.excluded")
    return Message("test.not", test=test_text(part))


def grade_text(test: GradeTest, grade: str | None, others: tuple[str, ...] = ()) -> Message:
    """Name the grade (cell, temperature) as it stands, and what else it could be if everything were known."""
    subject, arguments = _graded(test)
    arguments["grade"] = grade or Message("none")
    if others:
        return Message(f"seen.{subject}.open", **arguments, others=others)
    return Message(f"seen.{subject}", **arguments)


def _graded(test: GradeTest) -> tuple[str, dict[str, Argument]]:
    if test.temperature:
        return "temperature", {}
    return ("grade", {}) if test.score is None else ("score_grade", {"score": test.score})


def _grades(test: GradeTest, moment: Moment) -> tuple[str | None, frozenset[str | None]]:
    """Return the grade (cell, temperature) now, and those that the bounds allow."""
    card = moment.card
    assert card is not None
    if test.temperature:
        return card.temperature(), card.possible_temperatures()
    if test.score is None:
        return card.cell(), card.possible_cells()
    return card.grades().get(test.score), card.possible_grades(test.score)


def _grade_seen(test: GradeTest, moment: Moment) -> Message:
    now, possible = _grades(test, moment)
    return grade_text(test, now, tuple(sorted(found for found in possible if found is not None and found != now)))


def test_text(condition: Condition) -> Message:
    """Describe one test by its names: no value of a person appears."""
    if isinstance(condition, FieldTest):
        return Message("test.field", field=condition.field, test=field_test_text(condition))
    if isinstance(condition, Known):
        return Message("test.known" if condition.known else "test.unknown", field=condition.field)
    if isinstance(condition, ActivityTest):
        return _activity_text(condition)
    if isinstance(condition, ScoreTest):
        sign = _SIGNS[condition.op]
        return Message("test.score", score=condition.score, sign=sign, points=condition.operand)
    if isinstance(condition, GradeTest):
        subject, arguments = _graded(condition)
        return Message(f"test.{subject}", **arguments, names=condition.names)
    if isinstance(condition, SlaTest):
        return _sla_text(condition)
    return _lifecycle_text(condition)


def _activity_text(test: ActivityTest) -> Message:
    """Name an activity, and how often (on how many days) where that is more than once at least."""
    if test.most is None and test.count == 1 and not test.days:
        return Message("test.activity", activity=_name(test.activity))
    counts: dict[str, Argument] = {"count": test.count} if test.most is None else _range(test.count, test.most)
    unit = "days" if test.days else "times"
    return Message(f"test.activity.{unit}.{_bounds(counts)}", activity=_name(test.activity), **counts)


def _range(count: int, most: int) -> dict[str, Argument]:
    if count == 0 and most > 0:
        return {"most": most}
    return {"count": count, "most": most}


def _bounds(counts: dict[str, Argument]) -> str:
    if "most" not in counts:
        return "at_least"
    if "count" not in counts:
        return "at_most"
    return "exactly" if counts["count"] == counts["most"] else "between"


def _lifecycle_text(condition: Condition) -> Message:
    if isinstance(condition, NoActivityFor):
        return Message("test.quiet", span=_days(condition.quiet.days))
    if isinstance(condition, DealsTest):
        return deals_text(condition)
    if isinstance(condition, DealTest):
        if condition.kind:
            return Message("test.deal.kind", kind=condition.kind)
        return Message(f"test.deal.{condition.state}")
    if isinstance(condition, StayTest):
        return Message("test.stay")
    if isinstance(condition, DisqualifiedTest):
        return Message("test.disqualified")
    if isinstance(condition, PassTest):
        return _passes_text(condition)
    if isinstance(condition, PreviousStage):
        return Message("test.came_from", stages=condition.stages)
    if isinstance(condition, WasIn):
        return Message("test.was_in", stages=condition.stages)
    assert isinstance(condition, TimeInStage)
    return Message("test.time_in_stage", span=_days(condition.at_least.days))


def _sla_text(test: SlaTest) -> Message:
    if test.reached is not None:
        return Message("test.sla.reached", sla=test.sla, share=test.reached * 100)
    return Message("test.sla", sla=test.sla, states=tuple(Message(f"sla.{status}") for status in test.statuses))


def deals_text(test: DealsTest) -> Message:
    """Describe what is asked of a person's deals."""
    if test.total is not None:
        text = Message("test.deals.sum", field=_name(test.total.field), test=field_test_text(test.total))
    elif test.how == "count":
        counts: dict[str, Argument] = {"count": test.count}
        counts = counts if test.most is None else _range(test.count, test.most)
        text = Message(f"test.deals.count.{_bounds(counts)}", **counts)
    else:
        assert test.where is not None
        return Message(f"test.deals.{test.how}", test=_of_a_deal(test.where))
    return text if test.where is None else Message("test.deals.where", test=text, where=_of_a_deal(test.where))


def _of_a_deal(condition: Condition) -> Message:
    if isinstance(condition, All | Any | AtLeast):
        parts = tuple(_of_a_deal(part) for part in condition.parts)
        if isinstance(condition, AtLeast):
            return Message("test.deals.parts.at_least", count=condition.count, parts=parts)
        return Message("test.deals.parts.all" if isinstance(condition, All) else "test.deals.parts.any", parts=parts)
    if isinstance(condition, Not):
        return Message("test.not", test=_of_a_deal(condition.part))
    return test_text(condition)


def _deals_seen(question: DealsQuestion, moment: Moment) -> Message:
    """Say how many deals there are and what was found of them; a sum with its bounds."""
    deals = question.meant(moment)
    if question.test.total is None:
        answers = question.answers(deals)
        unknown = answers.count(None)
        counts: dict[str, Argument] = {"count": len(deals), "fitting": answers.count(True)}
        return Message("seen.deals.open", **counts, undecided=unknown) if unknown else Message("seen.deals", **counts)
    found = question.sum(deals)
    if found is None:
        return Message("seen.deals.sum.unknown", count=len(deals))
    lowest, highest = (Decimal(bound.numerator) / Decimal(bound.denominator) for bound in found)
    if lowest == highest:
        return Message("seen.deals.sum", count=len(deals), sum=lowest)
    return Message("seen.deals.sum.between", count=len(deals), lowest=lowest, highest=highest)


def _passes_text(test: PassTest) -> Message:
    if test.most is None:
        return Message("test.passes.at_least", count=test.count)
    if test.count == 0:
        return Message("test.passes.at_most", most=test.most)
    return Message("test.passes.between", count=test.count, most=test.most)


def combination_text(node: Node) -> Message:
    """Name a combination of conditions: all of, any of, at least n of, not."""
    condition = node.condition
    if isinstance(condition, Not):
        return Message("combined.not")
    if isinstance(condition, AtLeast):
        return Message("combined.at_least", count=condition.count)
    return Message("combined.all" if isinstance(condition, All) else "combined.any")


def observed(node: Node, moment: Moment) -> Message | None:
    """Say what a test saw at this moment; values of text fields are left out, because they may be personal."""
    condition = node.condition
    if isinstance(condition, FieldTest | Known):
        return seen_field(condition.field, moment)
    if isinstance(condition, ActivityTest):
        last = moment.history.activity(condition.activity).last(moment.t)
        if last is None:
            return Message("seen.no_activity", activity=_name(condition.activity))
        return Message("seen.last", at=last)
    if isinstance(condition, NoActivityFor):
        last = moment.history.any_activity().last(moment.t)
        return Message("seen.no_activity_ever") if last is None else Message("seen.last_activity", at=last)
    if isinstance(condition, ScoreTest):
        return _score_seen(condition.score, moment)
    if isinstance(condition, GradeTest):
        return _grade_seen(condition, moment)
    if node.deals is not None:
        return _deals_seen(node.deals, moment)
    return _way_seen(condition, moment)


def _way_seen(condition: Condition, moment: Moment) -> Message | None:
    if isinstance(condition, PassTest):
        return Message("seen.pass", number=moment.pass_number)
    if isinstance(condition, PreviousStage):
        before = moment.previous
        return Message("seen.no_stage_before") if before is None else Message("seen.from", stage=before)
    if isinstance(condition, SlaTest):
        timer = moment.timers.get(condition.sla)
        state = None if timer is None else status_at(timer, moment.t)
        if state is None:
            return Message("seen.no_sla", sla=condition.sla)
        return Message("seen.sla", sla=condition.sla, state=Message(f"sla.{state}"))
    if isinstance(condition, TimeInStage) and moment.stage_since is not None:
        return Message("seen.since", at=moment.stage_since)
    return None


def _score_seen(name: str, moment: Moment) -> Message:
    score = moment.score(name)
    if score.lowest == score.highest:
        return Message("seen.score", score=name, points=score.value)
    return Message("seen.score.between", score=name, points=score.value, lowest=score.lowest, highest=score.highest)


def seen_field(field: str, moment: Moment) -> Message | None:
    """Say what a field holds, unless that is text; that it is empty or unreadable is always said."""
    value = moment.value(field)
    if value is None:
        return Message("seen.empty", field=field)
    if isinstance(value, Unreadable):
        return Message("seen.unreadable", field=field)
    if moment.value_in_pass(field)[1]:
        return Message("seen.earlier_pass", field=field)
    if isinstance(value, str | tuple):
        return None
    return Message("seen.value", field=field, value=value)


_SIGNS = {"at_least": ">=", "at_most": "<=", "over": ">", "under": "<", "equals": "="}


def field_test_text(test: FieldTest) -> Message:
    """Write the operator and, where they are few, its operands."""
    if test.op == "is":
        return Message("yes" if test.operands[0] is True else "no")
    if test.currency is not None:
        return Message("test.money", test=field_test_text(replace(test, currency=None)), currency=test.currency)
    operands = tuple(_operand(item) for item in test.operands)
    if test.op == "between":
        return Message("test.between", low=operands[0], high=operands[1])
    sign = _SIGNS.get(test.op) or Message(f"op.{test.op}")
    if len(operands) > 3:
        return Message("test.list", sign=sign, count=len(operands))
    return Message("test.compared", sign=sign, operands=operands)


def _operand(item: Value | timedelta | Months) -> Argument:
    if isinstance(item, Months):
        return Message("months", count=item.count)
    if isinstance(item, timedelta):
        return _days(item.days)
    return item if isinstance(item, Decimal) else str(item)


def _days(count: int) -> Message:
    return Message("days", count=count)


def _name(text: str) -> str:
    return text.replace("_", " ")
