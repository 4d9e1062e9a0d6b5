"""The words of tasks, notices and titles: placeholders filled in, and what is said where the book says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    return filled(notice_template(due, text), due.values)


def reason_of(due: DueEffect) -> str:
    """Return the lines below a task: why it is there, and which decision made it."""
    return f"{due.values.get('why', '')}\nLeadline {due.decision}".strip()


def subject_template(due: DueEffect, text: str) -> str:
    """Return the subject of a task before it is filled in, so without personal data."""
    return text or f"{_cause(due)}: {{name}}"


def notice_template(due: DueEffect, text: str) -> str:
    """Return a notice before it is filled in."""
    return text or ("{name}: {why}" if due.cause.startswith(_ENTER) else f"{_cause(due)}: {{name}} ({{why}})")


def _cause(due: DueEffect) -> str:
    """Say what happened: the stage as people say it, or the SLA and how much of it has passed."""
    return stage_title(due.cause.removeprefix(_ENTER)) if due.cause.startswith(_ENTER) else due.cause[4:]


_ENTER: Final = "enter "
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
