"""What one missing value would have to be for an undecided condition to become true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from leadline.common.messages import Message
from leadline.common.values import Value
from leadline.rules.deciding.conditions import Node
from leadline.rules.deciding.criteria import CompiledCriterion
from leadline.rules.deciding.fieldtests import add_span, utc_day
from leadline.rules.deciding.moment import Moment
from leadline.rules.deciding.words import field_test_text
from leadline.rules.model import Bands, FieldTest, GradeTest, Months, ScoreTest
from leadline.rules.state import Unreadable


def unknown_fields(node: Node, moment: Moment) -> tuple[str, ...]:
    """Return the empty or unreadable fields that a condition reads, itself or through scores, sorted."""
    names = set(node.fields)
    if moment.stay is not None and node.stays:
        names |= moment.stay.fields
    for criterion in _criteria(node, moment):
        if criterion.criterion.bands is not None:
            names.add(criterion.criterion.bands.field)
        if criterion.node is not None:
            names |= criterion.node.fields
    values = {name: moment.value(name) for name in names}
    return tuple(sorted(name for name, value in values.items() if value is None or isinstance(value, Unreadable)))


def hint_for(node: Node, moment: Moment, unknown: tuple[str, ...]) -> Message | None:
    """Return the first single value that would make the condition true, such as ``employees >= 200``; else None.

    Each field is tried with the values at which the book's own tests and bands change.
    """
    for name in unknown:
        for value, text in _candidates(name, node, moment):
            if _supposing(name, value, node, moment):
                return Message("hint", field=name, test=text)
    return None


def _supposing(name: str, value: Value, node: Node, moment: Moment) -> bool:
    assert moment.card is not None
    supposed = replace(moment, history=moment.history.supposing(name, value))
    supposed.card = moment.card.scoring.card(supposed)
    return node.holds(supposed) is True


def _candidates(name: str, node: Node, moment: Moment) -> Iterator[tuple[Value, Message]]:
    for leaf in _leaves(node, moment):
        if isinstance(leaf.condition, FieldTest) and leaf.condition.field == name:
            yield from _of_test(leaf.condition, moment)
    for criterion in _criteria(node, moment):
        bands = criterion.criterion.bands
        if bands is not None and bands.field == name:
            yield from _of_bands(bands)
        for leaf in criterion.node.leaves() if criterion.node is not None else ():
            if isinstance(leaf.condition, FieldTest) and leaf.condition.field == name:
                yield from _of_test(leaf.condition, moment)


def _of_bands(bands: Bands) -> Iterator[tuple[Value, Message]]:
    for band in bands.bands:
        if band.lowest is not None:
            yield band.lowest, _compared(">=", band.lowest)
        elif band.highest is not None:
            yield band.highest, _compared("<=", band.highest)


def _compared(sign: str, number: Decimal) -> Message:
    return Message("test.compared", sign=sign, operands=(number,))


def _of_test(test: FieldTest, moment: Moment) -> Iterator[tuple[Value, Message]]:
    """Yield a value that passes the test, and one that does not where that is plain to see."""
    first = test.operands[0] if test.operands else None
    if test.op == "is" and isinstance(first, bool):
        yield first, Message("yes" if first else "no")
        yield not first, Message("no" if first else "yes")
    elif isinstance(first, Decimal | int) and not isinstance(first, bool):
        step = {"over": 1, "under": -1}.get(test.op, 0)
        yield Decimal(first) + step, field_test_text(test)
    elif test.op == "older_than" and isinstance(first, timedelta | Months):
        back = Months(-first.count) if isinstance(first, Months) else -first
        yield add_span(utc_day(moment.t), back) - timedelta(days=1), field_test_text(test)
    elif test.op == "between" and isinstance(first, date):
        yield first, field_test_text(test)
    elif test.op == "all_of":
        yield tuple(str(item) for item in test.operands), field_test_text(test)
    elif test.op in ("within_next", "within_last"):
        yield utc_day(moment.t), field_test_text(test)
    elif isinstance(first, str):
        yield first if test.op != "domain_in" else f"a@{first}", field_test_text(test)


def _leaves(node: Node, moment: Moment) -> Iterator[Node]:
    yield from node.leaves()
    if node.stays and moment.stay is not None:
        yield from moment.stay.leaves()


def _criteria(node: Node, moment: Moment) -> Iterator[CompiledCriterion]:
    """Yield the attribute criteria of the scores that a condition looks at."""
    assert moment.card is not None
    scoring = moment.card.scoring
    names: list[str] = []
    for leaf in _leaves(node, moment):
        if isinstance(leaf.condition, ScoreTest):
            names.append(leaf.condition.score)
        elif isinstance(leaf.condition, GradeTest):
            grid = scoring.book.grid
            if leaf.condition.score is not None:
                names.append(leaf.condition.score)
            elif grid is not None:
                names += [grid.rows, grid.columns]
    for name in dict.fromkeys(names):
        yield from (item for item in scoring.scores[name].criteria if item.criterion.activity is None)
