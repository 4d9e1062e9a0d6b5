"""Ids of records as other systems keep them: Salesforce's come in two forms."""

from __future__ import annotations

from typing import Final

_SUFFIX: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def full_id(text: str) -> str:
    """Return the 18-character form of a Salesforce id: the 15-character one loses its meaning where case is lost."""
    if len(text) != 15 or not (text.isascii() and text.isalnum()):
        return text
    groups = (text[start : start + 5] for start in (0, 5, 10))
    return text + "".join(
        _SUFFIX[sum(1 << place for place, letter in enumerate(group) if letter.isupper())] for group in groups
    )
