"""How tasks and notes that Leadline made are told from others: by its key's property, or by a mark in their text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

MADE: Final = ("task", "note")
"""The object types that Leadline makes."""

_MARK: Final = re.compile(r"\[leadline ([\w-]+)\]")


def body_of(kind: str) -> str:
    """Return the property that holds the text."""
    return "hs_note_body" if kind == "note" else "hs_task_body"


def mark(key: str) -> str:
    """Return the mark that stands in the text where the portal has no unique property for keys."""
    return f"[leadline {key}]"


def marked_key(row: Mapping[str, Any], kind: str) -> str | None:
    """Return the key of the mark in a row's text."""
    found = _MARK.search(str((row.get("properties") or {}).get(body_of(kind)) or ""))
    return found[1] if found is not None else None


def is_ours(row: Mapping[str, Any], kind: str, key_property: str) -> bool:
    """Say whether Leadline made this row."""
    return bool((row.get("properties") or {}).get(key_property)) or marked_key(row, kind) is not None
