"""A message: its English text, which is what programs compare and store, and what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Union

from leadline.common.canonical import decimal_text, instant_text
from leadline.common.messages.english import TEXTS

Argument = Union[str, int, bool, Decimal, date, datetime, "Message", tuple["Argument", ...]]
Template = Callable[[str, int | None], str]
"""Gives the text of an id in one language, in the form for a number where the id has forms."""


class Message(str):
    """An English text that remembers its ``id`` and ``arguments``. Raises KeyError for an id without a text."""

    __slots__ = ("arguments", "id")
    arguments: Mapping[str, Argument]
    id: str

    def __new__(cls, id: str, /, **arguments: Argument) -> Message:
        """Say the id in English."""
        made = super().__new__(cls, filled(id, arguments, english_template))
        made.id = id
        made.arguments = arguments
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.id, dict(self.arguments))


def _again(id: str, arguments: dict[str, Argument]) -> Message:
    return Message(id, **arguments)


def english_template(id: str, count: int | None) -> str:
    """Return the English text of an id."""
    found = TEXTS[id]
    if isinstance(found, str):
        return found
    return found[0] if count == 1 else found[1]


def filled(id: str, arguments: Mapping[str, Argument], template: Template) -> str:
    """Return the text of an id in a language with its arguments put in."""
    count = arguments.get("count")
    text = template(id, count if isinstance(count, int) else None)
    return text.format_map({name: _argument(id, value, template) for name, value in arguments.items()})


def _argument(id: str, value: Argument, template: Template) -> str:
    if isinstance(value, Message):
        return str(value) if template is english_template else filled(value.id, value.arguments, template)
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        between = f"{id}.between"
        joint = template(between if between in TEXTS else "names.between", None)
        return joint.join(_argument(id, item, template) for item in value)
    if isinstance(value, bool):
        return template("yes" if value else "no", None)
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else decimal_text(Decimal(value))
