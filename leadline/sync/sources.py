"""The field that people are counted by where a book has it: where they came from."""

from __future__ import annotations

from typing import Final

from leadline.common.canonical import plain
from leadline.common.values import Value
from leadline.rules.state import Unreadable

SOURCE: Final = "source"
"""The field's name; reports may be told another one."""


def source_text(value: Value | Unreadable) -> str | None:
    """Return a value to count by, as text; None where it is empty or may not be read."""
    if value is None or isinstance(value, Unreadable):
        return None
    return ", ".join(value) if isinstance(value, tuple) else str(plain(value))
