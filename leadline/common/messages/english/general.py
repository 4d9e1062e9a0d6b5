"""Small words that other messages are filled with."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, str | tuple[str, str]]] = {
    "yes": "yes",
    "no": "no",
    "none": "none",
    "names": "{items}",
    "names.between": ", ",
    "reasons": "{items}",
    "reasons.between": "; ",
    "quoted": "`{name}`",
    "days": ("{count} day", "{count} days"),
    "months": ("{count} months", "{count} months"),
    "answer.true": "true",
    "answer.false": "false",
    "answer.unknown": "unknown",
}
