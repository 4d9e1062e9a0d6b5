"""The words of tasks, notices and titles: placeholders filled in, and what is said where the book says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from leadline.sync.plan.source import DueEffect

UNKNOWN: Final = "?"
LONGEST_SUBJECT: Final = 255
"""The length of a subject in Salesforce."""


def filled(text: str, values: Mapping[str, str]) -> str:
    """Fill the placeholders of a text; what is not known is a question mark."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], UNKNOWN), text)


def subject_of(due: DueEffect, text: str) -> str:
    """Return the subject of a task: the book's, or the cause and the person's name, on one line."""
    said = filled(text, due.values) if text else f"{_cause(due)}: {due.values.get('name', due.person)}"
    flat = " ".join(said.split())
    return flat if len(flat) <= LONGEST_SUBJECT else flat[: LONGEST_SUBJECT - 1].rstrip() + "…"


def notice_of(due: DueEffect, text: str) -> str:
    """Return what a notice says: the book's text, or what happened to whom and why."""
    if text:
        return filled(text, due.values)
    return f"{_cause(due)}: {due.values.get('name', due.person)}. {due.values.get('why', '')}".rstrip(". ") + "."


def reason_of(due: DueEffect) -> str:
    """Return the lines below a task: why it is there, and which decision made it."""
    return f"{due.values.get('why', '')}\nLeadline {due.decision}".strip()


def _cause(due: DueEffect) -> str:
    """Say what happened: the stage as people say it, or the SLA and how much of it has passed."""
    return due.values.get("stage", "") if due.cause.startswith("enter ") else due.cause.removeprefix("sla ")


_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
