"""The page of one person: the scores as steps over time, what gave them, what is missing, what changes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

from markupsafe import Markup

from leadline.common.canonical import decimal_text
from leadline.common.marks import Mark
from leadline.common.masking import mask_email
from leadline.common.messages import ENGLISH, Language
from leadline.pages.shell import render_page, write_page
from leadline.pages.timelines import Point, Scores, time_chart
from leadline.rules.deciding import Step
from leadline.rules.deciding.trace import CriterionTrace, ScoreTrace, Trace, WayTrace
from leadline.sync.timeline import AHEAD, Timeline
from leadline.terminal.slas import sla_line
from leadline.terminal.tables import cell

Rows = list[Sequence[object]]
MARGIN: Final = timedelta(days=10)
MOST_CHANGES: Final = 60
"""Changes of scores that the table tells, the latest ones."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one score at an instant, and what made it: the criteria with what they gave more or less."""

    at: datetime
    score: str
    before: Decimal
    after: Decimal
    grade: str | None
    why: str


def write_person(path: Path, found: Timeline, language: Language = ENGLISH) -> None:
    """Write one self-contained HTML file. Raises UsageError where it cannot be written."""
    write_page(path, person_page(found, language))


def person_page(found: Timeline, language: Language = ENGLISH) -> str:
    """Return the page; people stand there by their ids, and texts of fields never do."""
    trace = found.explained.trace
    outcome = trace.outcome
    changes = _changes(found.steps)

    def say(text: str) -> str:
        return mask_email(language.text(text))

    return render_page(
        "person.html",
        lang="zh-CN" if language is not ENGLISH else "en",
        person=trace.person,
        stage=outcome.stage,
        at=cell(trace.at),
        why=say(trace.why),
        cards=list(_cards(trace)),
        chart=_chart(found, changes),
        changes=_told(changes)[:MOST_CHANGES],
        more=max(0, len(changes) - MOST_CHANGES),
        coming=[row[1:] for row in _told(_changes((*found.steps[-1:], *found.coming)))][::-1],
        ahead=AHEAD.days,
        days=(found.end - found.start).days,
        scores=[_score(score, say) for score in trace.scores],
        happened=_happened(found),
        moves=[
            (
                cell(item.at),
                f"{item.move.source} → {item.move.target}",
                item.move.by,
                cell(item.move.reason),
                item.decision,
            )
            for item in found.moved
        ],
        ways=[_way(way, say) for way in trace.ways],
        empty=trace.empty,
        unreadable=trace.unreadable,
        slas=[say(sla_line(sla)) for sla in trace.slas],
        next_at=cell(trace.next.at) if trace.next is not None else None,
        next_changes=[say(change) for change in trace.next.changes] if trace.next is not None else [],
        records=found.explained.records,
    )


def _cards(trace: Trace) -> Iterator[tuple[str, str]]:
    outcome = trace.outcome
    yield "stage", outcome.stage
    yield "since", cell(outcome.since)
    yield "pass", str(outcome.pass_number)
    for name, score in outcome.scores.items():
        grade = outcome.grades.get(name)
        yield name, decimal_text(score.value) + (f" ({grade})" if grade is not None else "")
    if outcome.cell is not None:
        yield "grade", outcome.cell
    if outcome.temperature is not None:
        yield "temperature", outcome.temperature


def _chart(found: Timeline, changes: Sequence[Change]) -> Markup:
    begun = [
        *(item.at for item in found.happened),
        *(item.at for item in found.moved),
        *(item.at for item in changes),
    ]
    # Months in which nothing happened yet would leave no room for the rest.
    start = max(found.start, min([*begun, found.end]) - MARGIN)
    end = found.end + AHEAD if found.coming else found.end
    before = [step for step in found.steps if step.at <= start][-1:]
    past = [*(replace(step, at=start) for step in before), *(step for step in found.steps if step.at > start)]
    scores = [
        Scores(name, [(step.at, float(step.scores[name].value)) for step in past],
               [(step.at, float(step.scores[name].value)) for step in found.coming])
        for name in found.explained.trace.outcome.scores
    ]  # fmt: skip
    points = [
        Point(change.at, float(change.after), number, f"{cell(change.at)} {change.score}: {change.why}")
        for number, change in enumerate(changes, 1)
    ]
    activities, moves = [item.at for item in found.happened], [item.at for item in found.moved]
    return time_chart(
        "scores over time", start, found.end, end, scores, points=points, activities=activities, moves=moves
    )


def _changes(steps: Sequence[Step]) -> list[Change]:
    """Return each change of a score between two steps, with the criteria that made it, in order of time."""
    found = []
    for before, after in pairwise(steps):
        for name, score in after.scores.items():
            old = before.scores[name].value
            if old == score.value:
                continue
            lines = {line: points - before.lines.get(name, {}).get(line, points)
                     for line, points in after.lines.get(name, {}).items()}  # fmt: skip
            told = [f"{line} {_signed(points)}" for line, points in lines.items() if points]
            if sum(lines.values()) != score.value - old:
                told.append("within the limits of the score")
            found.append(Change(after.at, name, old, score.value, after.grades.get(name), ", ".join(told)))
    return found


def _told(changes: Sequence[Change]) -> Rows:
    return [
        (str(number), cell(change.at), change.score, decimal_text(change.before), decimal_text(change.after),
         cell(change.grade), change.why)
        for number, change in reversed(list(enumerate(changes, 1)))
    ]  # fmt: skip


def _signed(points: Decimal) -> str:
    return f"{'+' if points > 0 else ''}{decimal_text(points)}"


def _score(score: ScoreTrace, say: object) -> dict[str, object]:
    assert callable(say)
    bounds = ""
    if score.value.lowest != score.value.highest:
        bounds = f"{decimal_text(score.value.lowest)} to {decimal_text(score.value.highest)}"
    return {
        "name": score.name,
        "value": decimal_text(score.value.value),
        "bounds": bounds,
        "grade": score.grade,
        "limits": [say(limit) for limit in score.limits],
        "rows": [_criterion(line, say) for line in score.criteria],
    }


def _criterion(line: CriterionTrace, say: object) -> Sequence[object]:
    assert callable(say)
    gave = [f"{match.activity} {cell(match.at)} ({decimal_text(match.points)})" for match in line.matches]
    gave += [f"{fact.field}: {fact.source} since {cell(fact.at)}" for fact in line.facts]
    return (
        line.name,
        decimal_text(line.points),
        "; ".join([text for text in (say(line.reason), *gave) if text]),
        cell(line.until),
        _place(line.mark),
    )


def _way(way: WayTrace, say: object) -> Sequence[object]:
    assert callable(say)
    why = "; ".join(text for text in (say(way.reason), say(way.hint), *way.missing) if text)
    return (way.target, way.by, way.result, why, _place(way.mark))


def _happened(found: Timeline) -> Rows:
    """Return each activity with the points that it gives now, the newest first."""
    points: dict[tuple[str, str, str], list[str]] = {}
    for score in found.explained.trace.scores:
        for line in score.criteria:
            for match in line.matches:
                key = (match.activity, match.source, match.record)
                points.setdefault(key, []).append(f"{score.name} {decimal_text(match.points)}")
    return [
        (cell(item.at), item.activity, item.source,
         cell(", ".join(points.get((item.activity, item.source, item.record), []))))
        for item in reversed(found.happened)
    ]  # fmt: skip


def _place(mark: Mark) -> str:
    return f"{mark.file}:{mark.line}" if mark.line else ""
