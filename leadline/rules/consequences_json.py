"""Consequences as JSON types, for the state: exact, and read back as they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, get_args

from leadline.common.classnames import snake
from leadline.rules.model import Consequence

_SECOND: Final = timedelta(seconds=1)
_CLASSES: Final[Mapping[str, type]] = {snake(item.__name__): item for item in get_args(Consequence)}


def consequence_kind(consequence: Consequence) -> str:
    """Return the kind as the state has it: ``create_task``, ``notify``, ``close_task`` and so on."""
    return snake(type(consequence).__name__)


def consequence_to_json(consequence: Consequence) -> dict[str, Any]:
    """Return JSON types; places in the book's files are left out."""
    parts = {item.name: getattr(consequence, item.name) for item in fields(consequence) if item.name != "mark"}
    return {"kind": consequence_kind(consequence), **{name: _plain(value) for name, value in parts.items()}}


def consequence_from_json(value: Mapping[str, Any]) -> Consequence:
    """Undo ``consequence_to_json``. Raises KeyError or TypeError for what it never wrote."""
    parts = {name: _typed(part) for name, part in value.items() if name != "kind"}
    made: Consequence = _CLASSES[value["kind"]](**parts)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return {"seconds": value // _SECOND}
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _typed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return timedelta(seconds=value["seconds"]) if "seconds" in value else Decimal(value["decimal"])
    return value
