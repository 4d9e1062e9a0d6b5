"""The hand-off note: who they are, what they did, why they qualify, and what is missing.

It is made of the facts and of the trace, so it says nothing that ``explain`` could not show. It is written into the
CRM, which has these data anyway; on a terminal it is masked.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import escape
from typing import Final

from leadline.common.canonical import decimal_text, instant_text
from leadline.rules.deciding.history import History, ordered
from leadline.rules.deciding.localdays import day_of
from leadline.rules.deciding.trace import ScoreTrace, Trace
from leadline.rules.deciding.words import stage_title
from leadline.rules.model import Book
from leadline.rules.state import Fact, PersonState, Unreadable

LONGEST: Final = 30_000
"""Characters of a note: below the 32,000 of a Salesforce description and the 65,536 of a HubSpot note."""
MOST_FIELDS: Final = 16
MOST_ACTIVITIES: Final = 8
LONGEST_VALUE: Final = 200


@dataclass(frozen=True, slots=True)
class HandOff:
    """What the receiver should know. ``did`` are activities, newest first; ``missing`` are fields without a value."""

    title: str
    who: tuple[str, ...]
    did: tuple[str, ...]
    why: tuple[str, ...]
    missing: tuple[str, ...]


def hand_off(book: Book, state: PersonState, trace: Trace, name: str, *, masked: bool = False) -> HandOff:
    """Return the note on one person as of the trace's instant; ``name`` is what the CRMs call them.

    ``masked``: texts of fields are not said, for a screen; give another name then, too.
    """
    history = History(ordered(state.history), book.fields, book.deals)
    at, stage = trace.at, trace.outcome.stage
    known = {field: value for field in book.fields if (value := spoken(history, field, at)) is not None}
    who = [
        f"{_title(field)}: {'***' if masked and book.fields[field].type in _TEXTS else value}"
        for field, value in known.items()
        if not book.fields[field].signal
    ]
    return HandOff(
        title=f"{stage_title(stage)}: {name}",
        who=(name, *who[:MOST_FIELDS]),
        did=tuple(_activities(book, state.history, at)),
        why=(trace.outcome.why, *_grades(trace), *(line for score in trace.scores for line in _points(score))),
        missing=tuple(_missing(book, trace, known.keys())),
    )


def plain_note(note: HandOff) -> str:
    """Return the note as text of at most ``LONGEST`` characters."""
    parts = [f"{heading}\n" + "\n".join(f"- {line}" for line in lines) for heading, lines in _sections(note)]
    return _cut("\n\n".join(parts), LONGEST)


def html_note(note: HandOff) -> str:
    """Return the note as HTML for HubSpot, whose notes are HTML: everything is escaped, tags stay whole."""
    parts: list[str] = []
    room = LONGEST
    for heading, lines in _sections(note):
        items = "".join(f"<li>{escape(line)}</li>" for line in lines)
        part = f"<p><b>{escape(heading)}</b></p><ul>{items}</ul>"
        if len(part) > room:
            break
        room -= len(part)
        parts.append(part)
    return "".join(parts)


def spoken(history: History, field: str, at: datetime) -> str | None:
    """Return a field's value as people write it; None where it is empty or may not be read."""
    value = history.value(field, at)
    if value is None or isinstance(value, Unreadable):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return decimal_text(Decimal(value))
    if isinstance(value, datetime):
        return instant_text(value)
    text = value.isoformat() if isinstance(value, date) else ", ".join(value) if isinstance(value, tuple) else value
    return _cut(" ".join(text.split()), LONGEST_VALUE) or None


def _sections(note: HandOff) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "Who they are", note.who
    yield "What they did", note.did or ("nothing that is recorded",)
    yield "Why they qualify", note.why
    yield "What is missing", note.missing or ("nothing that the rules ask for",)


def _activities(book: Book, facts: tuple[Fact, ...], at: datetime) -> Iterator[str]:
    """Yield each activity with how often and when last, the latest first."""
    counted = History(facts, {})
    told: list[tuple[datetime, str]] = []
    for name in book.activities:
        happened = counted.activity(name)
        found = happened.between(None, at)
        if not found:
            continue
        last = happened.facts[found[-1]]
        day = day_of(last.at, "UTC" if last.precision == "day" else book.zone).isoformat()
        times = f"{len(found)} times, last on {day}" if len(found) > 1 else f"on {day}"
        told.append((last.at, f"{_title(name)} {times}"))
    told.sort(key=lambda pair: (pair[0], pair[1]), reverse=True)
    yield from (text for _, text in told[:MOST_ACTIVITIES])


def _grades(trace: Trace) -> Iterator[str]:
    outcome = trace.outcome
    if outcome.cell is not None:
        yield f"grade {outcome.cell}" + (f", {outcome.temperature}" if outcome.temperature else "")


def _points(score: ScoreTrace) -> Iterator[str]:
    lines = [
        f"{criterion.name} {'+' if criterion.points > 0 else ''}{decimal_text(criterion.points)}"
        for criterion in sorted(score.criteria, key=lambda criterion: (-criterion.points, criterion.name))
        if criterion.points
    ]
    grade = f" ({score.grade})" if score.grade else ""
    because = f": {', '.join(lines)}" if lines else ""
    yield f"{score.name} {decimal_text(score.value.value)}{grade}{because}"


def _missing(book: Book, trace: Trace, known: Container[str]) -> Iterator[str]:
    """Yield what later stages require and what the rules ask for, once each, without a value."""
    path = book.main_path
    stage = trace.outcome.stage
    later = path[path.index(stage) :] if stage in path else path
    wanted = [field for name in later for field in book.stages[name].require]
    empty = [field for field in wanted if field not in known]
    yield from (_title(field) for field in dict.fromkeys((*empty, *trace.empty)))


_TEXTS: Final = frozenset({"text", "list"})


def _title(name: str) -> str:
    return name.replace("_", " ")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
