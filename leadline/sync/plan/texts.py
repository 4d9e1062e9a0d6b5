"""The words of tasks, notices and titles: placeholders filled in, and what is said where the book says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from leadline.rules.deciding.words import stage_title
from leadline.sync.plan.source import DueEffect

UNKNOWN: Final = "?"
LONGEST_SUBJECT: Final = 255
"""The length of a subject in Salesforce."""


def filled(text: str, values: Mapping[str, str]) -> str:
    """Fill the placeholders of a text; what is not known is a question mark."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], UNKNOWN), text)


def subject_of(due: DueEffect, text: str) -> str:
    """Return the subject of a task: the book's, or the cause and the person's name, on one line."""
    flat = " ".join(filled(subject_template(due, text), due.values).split())
    return flat if len(flat) <= LONGEST_SUBJECT else flat[: LONGEST_SUBJECT - 1].rstrip() + "…"


def notice_of(due: DueEffect, text: str) -> str:
    """Return what a notice says: the book's text, or what happened to whom and why."""
    said = filled(notice_template(due, text), due.values)
    return said if due.late is None else f"{said} ({late_text(due.late)} late)"


def reason_of(due: DueEffect) -> str:
    """Return the lines below a task: why it is there, how late, and which decision made it."""
    late = "" if due.late is None else f"{late_text(due.late)} late: it was due {due.at:%Y-%m-%d %H:%M}Z\n"
    return f"{due.values.get('why', '')}\n{late}Leadline {due.decision}".strip()


def late_text(late: timedelta) -> str:
    """Say how late something is: whole hours, from two days on whole days."""
    hours = late // timedelta(hours=1)
    number, unit = (hours, "hour") if hours < _DAYS_FROM else (hours // 24, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def subject_template(due: DueEffect, text: str) -> str:
    """Return the subject of a task before it is filled in, so without personal data."""
    return text or f"{_cause(due)}: {{name}}"


def notice_template(due: DueEffect, text: str) -> str:
    """Return a notice before it is filled in."""
    return text or ("{name}: {why}" if due.cause.startswith(_ENTER) else f"{_cause(due)}: {{name}} ({{why}})")


def _cause(due: DueEffect) -> str:
    """Say what happened: the stage as people say it, or the SLA and how much of it has passed."""
    return stage_title(due.cause.removeprefix(_ENTER)) if due.cause.startswith(_ENTER) else due.cause[4:]


_DAYS_FROM: Final = 48
_ENTER: Final = "enter "
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
