"""The hand-off note."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str | tuple[str, str]]] = {
    "note.who": "Who they are",
    "note.did": "What they did",
    "note.why": "Why they qualify",
    "note.missing": "What is missing",
    "note.nothing_did": "nothing that is recorded",
    "note.nothing_missing": "nothing that the rules ask for",
    "note.title": "{stage}: {name}",
    "note.field": "{field}: {value}",
    "note.once": "{activity} on {day}",
    "note.times": "{activity} {count} times, last on {day}",
    "note.grade": "grade {grade}",
    "note.grade.temperature": "grade {grade}, {temperature}",
    "note.score": "{score} {points}",
    "note.score.graded": "{score} {points} ({grade})",
    "note.score.because": "{score}: {lines}",
}
