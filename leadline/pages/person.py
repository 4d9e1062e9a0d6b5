"""The page of one person: the scores as steps over time, what gave them, what is missing, what changes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from markupsafe import Markup

from leadline.common.canonical import decimal_text
from leadline.common.marks import Mark
from leadline.common.masking import mask_email
from leadline.common.messages import ENGLISH, Language
from leadline.pages.charts import time_chart
from leadline.pages.shell import render_page, write_page
from leadline.rules.deciding.trace import CriterionTrace, ScoreTrace, Trace, WayTrace
from leadline.sync.timeline import Timeline
from leadline.terminal.slas import sla_line
from leadline.terminal.tables import cell

Rows = list[Sequence[object]]


def write_person(path: Path, found: Timeline, language: Language = ENGLISH) -> None:
    """Write one self-contained HTML file. Raises UsageError where it cannot be written."""
    write_page(path, person_page(found, language))


def person_page(found: Timeline, language: Language = ENGLISH) -> str:
    """Return the page; people stand there by their ids, and texts of fields never do."""
    trace = found.explained.trace
    outcome = trace.outcome

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
        chart=_chart(found),
        days=(found.end - found.start).days,
        scores=[_score(score, say) for score in trace.scores],
        happened=_happened(found),
        moves=[
            (cell(item.at), f"{item.move.source} → {item.move.target}", item.move.by, item.move.reason, item.decision)
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


def _chart(found: Timeline) -> Markup:
    names = tuple(found.explained.trace.outcome.scores)
    lines = [(name, [(step.at, float(step.scores[name].value)) for step in found.steps]) for name in names]
    marks = [(item.at, False) for item in found.happened] + [(item.at, True) for item in found.moved]
    return time_chart("scores over time", found.start, found.end, lines, marks)


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
