"""Why something is as it is: a few lines of the engine's own trace, for a rule test that failed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from leadline.common.canonical import decimal_text
from leadline.rules.deciding import ConditionTrace, Engine, ScoreTrace, Trace, WayTrace
from leadline.rules.state import Advance
from leadline.rules.testing.model import Wanted
from leadline.rules.testing.slas import arithmetic

MOST_LINES: Final = 6
_ANSWERS: Final = {True: "true", False: "false", None: "unknown"}


def because(engine: Engine, advance: Advance, wanted: Wanted) -> tuple[str, ...]:
    """Return the lines that explain what is there instead of what was wanted; none where nothing would help."""
    if wanted.what in {"scope", "account"}:
        return ()
    trace = engine.explain(advance.state)
    if wanted.what in {"score", "score grade"}:
        lines = [line for score in trace.scores if score.name == wanted.name for line in _score(score)]
    elif wanted.what in {"grade", "temperature"}:
        grid = engine.book.grid
        sides = (grid.rows, grid.columns) if grid is not None else ()
        lines = [line for score in trace.scores if score.name in sides for line in _score(score)]
    elif wanted.what in {"sla", "due"}:
        lines = list(arithmetic(trace, wanted.name))
    elif wanted.what == "next_change":
        lines = [] if trace.next is None else list(trace.next.changes)
    elif wanted.what == "stage" or (wanted.what == "waits_for" and wanted.value is not None):
        lines = list(_stage(trace, str(wanted.value)))
    else:
        lines = [trace.outcome.why]
    return tuple(lines[:MOST_LINES])


def _score(score: ScoreTrace) -> Iterator[str]:
    given = [f"{item.name} {decimal_text(item.points)}" for item in score.criteria if item.points]
    grade = f", grade {score.grade}" if score.grade else ""
    yield f"{score.name} {decimal_text(score.value.value)}{grade}: {', '.join(given) or 'no criterion gives points'}"
    yield from (f"{score.name}: {limit}" for limit in score.limits)
    undecided = [item.name for item in score.criteria if item.lowest != item.highest and item.points == Decimal(0)]
    if undecided:
        yield f"{score.name}: undecided for want of facts: {', '.join(undecided)}"


def _stage(trace: Trace, stage: str) -> Iterator[str]:
    yield f"it is {trace.outcome.why}"
    if trace.hold is not None:
        yield "a stage set by hand stands"
    ways = [way for way in trace.ways if way.target == stage]
    if not ways:
        yield f"no way leads from {trace.outcome.stage} to {stage}"
    for way in ways:
        yield f"to {way.target} ({way.by}): {way.result}{_detail(way)}"


def _detail(way: WayTrace) -> str:
    # The reason of an undecided way says again that it is.
    parts = [way.reason.removeprefix(f"{way.result}: ")] if way.reason else []
    if way.condition is not None and way.result in {"no", "undecided"}:
        parts += [_leaf(leaf) for leaf in _obstacles(way.condition, wanted=True)][:3]
    parts += [way.hint] if way.hint else []
    return ": " + "; ".join(dict.fromkeys(parts)) if parts else ""


def _obstacles(condition: ConditionTrace, *, wanted: bool) -> Iterator[ConditionTrace]:
    """Yield the tests that keep a condition from being as wanted; under `not` it is the other way round."""
    if condition.answer is wanted:
        return
    if not condition.parts:
        yield condition
    for part in condition.parts:
        yield from _obstacles(part, wanted=wanted is not (condition.text == "not"))


def _leaf(leaf: ConditionTrace) -> str:
    return f"{leaf.text} is {_ANSWERS[leaf.answer]}" + (f" ({leaf.reason})" if leaf.reason else "")
