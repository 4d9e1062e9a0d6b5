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
from leadline.common.messages import ENGLISH, Language, Message, language_named
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
    """What the receiver should know. ``did`` are activities, newest first; ``missing`` are fields without a value.

    All of it is in ``language``, except for the words of the book and of the CRMs.
    """

    title: str
    who: tuple[str, ...]
    did: tuple[str, ...]
    why: tuple[str, ...]
    missing: tuple[str, ...]
    language: str = "en"


def hand_off(
    book: Book, state: PersonState, trace: Trace, name: str, *, masked: bool = False, language: Language | None = None
) -> HandOff:
    """Return the note on one person as of the trace's instant; ``name`` is what the CRMs call them.

    ``masked``: texts of fields are not said, for a screen; give another name then, too. It is in the ``language``,
    by default the book's.
    """
    spoken_in = language or language_named(book.language)
    say = spoken_in.text
    history = History(ordered(state.history), book.fields, book.deals)
    at, stage = trace.at, trace.outcome.stage
    known = {field: value for field in book.fields if (value := spoken(history, field, at, spoken_in)) is not None}
    who = [
        say(Message("note.field", field=_title(field), value="***" if masked and _is_text(book, field) else value))
        for field, value in known.items()
        if not book.fields[field].signal
    ]
    return HandOff(
        title=say(Message("note.title", stage=stage_title(stage), name=name)),
        who=(name, *who[:MOST_FIELDS]),
        did=tuple(say(line) for line in _activities(book, state.history, at)),
        why=tuple(say(line) for line in (trace.why, *_grades(trace), *map(_points, trace.scores))),
        missing=tuple(_missing(book, trace, known.keys())),
        language=spoken_in.code,
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


def spoken(history: History, field: str, at: datetime, language: Language = ENGLISH) -> str | None:
    """Return a field's value as people write it; None where it is empty or may not be read."""
    value = history.value(field, at)
    if value is None or isinstance(value, Unreadable):
        return None
    if isinstance(value, bool):
        return language.text(Message("yes" if value else "no"))
    if isinstance(value, int | Decimal):
        return decimal_text(Decimal(value))
    if isinstance(value, datetime):
        return instant_text(value)
    text = value.isoformat() if isinstance(value, date) else ", ".join(value) if isinstance(value, tuple) else value
    return _cut(" ".join(text.split()), LONGEST_VALUE) or None


def _sections(note: HandOff) -> Iterator[tuple[str, tuple[str, ...]]]:
    def say(id: str) -> str:
        return language_named(note.language).text(Message(id))

    yield say("note.who"), note.who
    yield say("note.did"), note.did or (say("note.nothing_did"),)
    yield say("note.why"), note.why
    yield say("note.missing"), note.missing or (say("note.nothing_missing"),)


def _activities(book: Book, facts: tuple[Fact, ...], at: datetime) -> Iterator[Message]:
    """Yield each activity with how often and when last, the latest first."""
    counted = History(facts, {})
    told: list[tuple[datetime, Message]] = []
    for name in book.activities:
        happened = counted.activity(name)
        found = happened.between(None, at)
        if not found:
            continue
        last = happened.facts[found[-1]]
        day = day_of(last.at, "UTC" if last.precision == "day" else book.zone).isoformat()
        if len(found) > 1:
            told.append((last.at, Message("note.times", activity=_title(name), count=len(found), day=day)))
        else:
            told.append((last.at, Message("note.once", activity=_title(name), day=day)))
    told.sort(key=lambda pair: (pair[0], pair[1]), reverse=True)
    yield from (text for _, text in told[:MOST_ACTIVITIES])


def _grades(trace: Trace) -> Iterator[Message]:
    outcome = trace.outcome
    if outcome.cell is None:
        return
    if outcome.temperature:
        yield Message("note.grade.temperature", grade=outcome.cell, temperature=outcome.temperature)
    else:
        yield Message("note.grade", grade=outcome.cell)


def _points(score: ScoreTrace) -> Message:
    lines = tuple(
        f"{criterion.name} {'+' if criterion.points > 0 else ''}{decimal_text(criterion.points)}"
        for criterion in sorted(score.criteria, key=lambda criterion: (-criterion.points, criterion.name))
        if criterion.points
    )
    points = score.value.value
    said = Message("note.score", score=score.name, points=points)
    if score.grade:
        said = Message("note.score.graded", score=score.name, points=points, grade=score.grade)
    return Message("note.score.because", score=said, lines=lines) if lines else said


def _missing(book: Book, trace: Trace, known: Container[str]) -> Iterator[str]:
    """Yield what later stages require and what the rules ask for, once each, without a value."""
    path = book.main_path
    stage = trace.outcome.stage
    later = path[path.index(stage) :] if stage in path else path
    wanted = [field for name in later for field in book.stages[name].require]
    empty = [field for field in wanted if field not in known]
    yield from (_title(field) for field in dict.fromkeys((*empty, *trace.empty)))


def _is_text(book: Book, field: str) -> bool:
    return book.fields[field].type in {"text", "list"}


def _title(name: str) -> str:
    return name.replace("_", " ")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
