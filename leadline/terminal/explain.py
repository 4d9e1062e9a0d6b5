"""How one person's explanation looks: the outcome, each score line by line, the ways out, and what changes next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import decimal_text, plain
from leadline.rules.deciding.trace import ConditionTrace, CriterionTrace, ScoreTrace, Trace, WayTrace
from leadline.sync.explaining import Explained
from leadline.terminal.masking import mask_email
from leadline.terminal.tables import cell, table

if TYPE_CHECKING:
    from rich.console import Console

MOST_MATCHES = 4
ANSWERS = {True: "true", False: "false", None: "unknown"}


def explained_data(explained: Explained) -> dict[str, Any]:
    """Return the explanation for machines."""
    data = dict(plain(explained))
    return {"ok": True, "person": explained.trace.person, **data}


def render_explained(console: Console, explained: Explained) -> None:
    """Print where the person is known, the trace, and the decisions behind it."""
    if explained.tried:
        console.print("Nothing is decided for this person yet: this is what the present book would decide.")
    if explained.edited:
        console.print("The rule book was edited since; `leadline plan` shows what that would change.")
    if explained.trace.at < explained.evaluated:
        console.print(
            f"Scores are those of {cell(explained.trace.at)}; stage and pass are those of the last evaluation, "
            f"{cell(explained.evaluated)}."
        )
    elif explained.trace.at > explained.evaluated:
        console.print(f"This is what comes if nothing new is learnt after {cell(explained.evaluated)}.")
    render_trace(console, explained.trace)
    console.print(f"records: {', '.join(explained.records) or 'none left'}", markup=False)
    if explained.decisions:
        console.print(f"decisions, newest first: {', '.join(explained.decisions)}", markup=False)


def render_trace(console: Console, trace: Trace) -> None:
    """Print the whole trace.

    Texts of fields never stand in a trace; numbers and dates do, and are shown. What the book's author wrote
    (reasons, lists of values) may hold an address, so it is masked.
    """
    _outcome(console, trace)
    for score in trace.scores:
        _score(console, score)
    _ways(console, trace)
    _future(console, trace)


def _outcome(console: Console, trace: Trace) -> None:
    outcome = trace.outcome
    shown = " ".join(
        part
        for part in (
            f"stage {outcome.stage}",
            f"since {cell(outcome.since)}",
            f"(pass {outcome.pass_number})",
            f"grade {outcome.cell}" if outcome.cell else "",
            f"temperature {outcome.temperature}" if outcome.temperature else "",
        )
        if part
    )
    console.print(f"{trace.person} at {cell(trace.at)}: {shown}", markup=False)
    console.print(f"why: {mask_email(outcome.why)}", markup=False)
    if outcome.disqualified:
        console.print(f"disqualified: {', '.join(outcome.disqualified)}", markup=False)
    if trace.hold is not None:
        until = f" until {cell(trace.hold.until)}" if trace.hold.until else ""
        console.print(f"set by hand on {cell(trace.hold.at)}; it stands{until} or until new activity", markup=False)
    if trace.livelock:
        console.print("the rules go round in a circle at this instant: the first stage was kept", markup=False)
    if trace.unreadable:
        console.print(f"unreadable: {', '.join(trace.unreadable)}; what reads them is frozen", markup=False)


def _score(console: Console, score: ScoreTrace) -> None:
    value = score.value
    bounds = ""
    if value.lowest != value.highest:
        bounds = f", between {decimal_text(value.lowest)} and {decimal_text(value.highest)} if all were known"
    grade = f", grade {score.grade}" if score.grade else ""
    console.print(f"\n{score.name} {decimal_text(value.value)}{grade}{bounds}", markup=False)
    rows = [
        (criterion.name, points, _because(criterion))
        for criterion in score.criteria
        if (points := _points(criterion)) != "0" or criterion.matches
    ]
    silent = [criterion.name for criterion in score.criteria if _points(criterion) == "0" and not criterion.matches]
    if rows:
        console.print(table(["criterion", "points", "because"], rows, right=(1,)))
    if silent:
        console.print(f"no points: {', '.join(silent)}", markup=False)
    for limit in score.limits:
        console.print(f"limited: {limit}", markup=False)


def _points(criterion: CriterionTrace) -> str:
    if criterion.lowest == criterion.highest:
        return decimal_text(criterion.points)
    return f"{decimal_text(criterion.points)} ({decimal_text(criterion.lowest)}..{decimal_text(criterion.highest)})"


def _because(criterion: CriterionTrace) -> str:
    if criterion.matches:
        shown = [
            f"{match.activity} {cell(match.at)} {decimal_text(match.points)}"
            + (f" until {cell(match.until)}" if match.until else "")
            for match in criterion.matches[-MOST_MATCHES:]
        ]
        more = len(criterion.matches) - len(shown)
        return "; ".join(shown) + (f"; and {more} before" if more else "")
    return mask_email(criterion.reason or (criterion.condition.text if criterion.condition else ""))


def _ways(console: Console, trace: Trace) -> None:
    if not trace.ways:
        console.print(f"\nno way leads out of {trace.outcome.stage}", markup=False)
        return
    console.print("\nways out, in the order tried", markup=False)
    rows = [(way.target or "-", way.by, way.result, _why_not(way)) for way in trace.ways]
    console.print(table(["to", "by", "result", "why"], rows))


def _why_not(way: WayTrace) -> str:
    parts = [mask_email(way.reason)]
    if way.condition is not None and way.result in {"no", "undecided"}:
        # What is merely empty is named by the reason already.
        open_parts = [
            leaf for leaf in _obstacles(way.condition, wanted=True) if not leaf.reason.endswith(" is empty")
        ]
        parts += [_leaf(leaf) for leaf in open_parts[:MOST_MATCHES]]
    if way.hint:
        parts.append(mask_email(way.hint))
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _obstacles(condition: ConditionTrace, *, wanted: bool) -> Iterator[ConditionTrace]:
    """Yield the tests that keep a condition from being as wanted; under `not` it is the other way round."""
    if condition.answer is wanted:
        return
    if not condition.parts:
        yield condition
    for part in condition.parts:
        yield from _obstacles(part, wanted=wanted is not (condition.text == "not"))


def _leaf(leaf: ConditionTrace) -> str:
    return f"{mask_email(leaf.text)} is {ANSWERS[leaf.answer]}" + (
        f" ({mask_email(leaf.reason)})" if leaf.reason else ""
    )


def _future(console: Console, trace: Trace) -> None:
    if trace.next is None:
        console.print("\nnothing changes without new facts", markup=False)
    else:
        console.print(f"\nnext change {cell(trace.next.at)}: {'; '.join(trace.next.changes)}", markup=False)
    if trace.empty:
        console.print(f"empty in every CRM: {', '.join(trace.empty)}", markup=False)
