"""Data with messages in it, for machines: the same shape as ``plain``, each message with id, text and arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from leadline.common.canonical import left_out, plain
from leadline.common.messages.languages import Language
from leadline.common.messages.message import Message


def told(value: Any, language: Language) -> Any:
    """Return ``plain(value)``, but with each message as ``{"id", "text", "arguments"}``, the text in ``language``."""
    if isinstance(value, Message):
        arguments = {name: told(item, language) for name, item in value.arguments.items()}
        return {"id": value.id, "text": language.text(value), "arguments": arguments}
    if is_dataclass(value) and not isinstance(value, type):
        shown = (item for item in fields(value) if not left_out(value, item))
        return {item.name: told(getattr(value, item.name), language) for item in shown}
    if isinstance(value, Mapping):
        return {str(key): told(item, language) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [told(item, language) for item in value]
    return plain(value)
