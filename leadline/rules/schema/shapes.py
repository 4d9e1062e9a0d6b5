"""The shapes of single values, as JSON Schema: texts, numbers, durations, names, and mappings with known keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from leadline.rules.reading.durations import EVERY, UNITS
from leadline.rules.reading.report import MAX_NAME

Schema = dict[str, Any]


def any_case(words: Iterable[str]) -> str:
    """Return a pattern of words in any case; JSON Schema has no switch for that."""
    return "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words)


_COUNT: Final = "(?!0+ ?[A-Za-z])[0-9]{1,6} ?"
_EXACT: Final = [unit for unit, length in UNITS.items() if isinstance(length, timedelta)]
SPAN: Final = f"{'|'.join(EVERY)}|{_COUNT}(?:{any_case(_EXACT)})"
"""The pattern of a duration; months vary, so they are a calendar span only."""
CALENDAR_SPAN: Final = f"{'|'.join(EVERY)}|{_COUNT}(?:{any_case(UNITS)})"


def ref(name: str) -> Schema:
    """Refer to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def said(description: str, schema: Schema) -> Schema:
    """Add what an editor shows when the pointer rests on a key."""
    return {"description": description, **schema}


def one_or_many(schema: Schema) -> Schema:
    """Return one value or a list of them, as the reader takes wherever it takes a list; an empty list is refused."""
    return {"if": {"type": "array"}, "then": {"minItems": 1, "items": schema}, "else": schema}


def whole(pattern: str) -> str:
    """Return a pattern that covers the whole text, as JSON Schema searches."""
    return f"^(?:{pattern})$"


def text(pattern: str) -> Schema:
    """Return a text that a pattern covers."""
    return {"type": "string", "pattern": whole(pattern)}


def choice(names: Iterable[str]) -> Schema:
    """Return one of some words."""
    return {"enum": list(names)}


def count(lowest: int = 1, highest: int = 1_000_000_000) -> Schema:
    """Return a whole number within bounds."""
    return {"type": "integer", "minimum": lowest, "maximum": highest}


def mapping(keys: Sequence[str], shapes: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """Return a mapping that has the reader's keys and no others.

    Raises ValueError when the reader knows a key without a shape, or a shape has no key any more: so the schema
    cannot drift from the reader.
    """
    if set(keys) != set(shapes):
        raise ValueError(f"keys and shapes differ: {sorted(set(keys) ^ set(shapes))}")
    found: Schema = {
        "type": "object",
        "properties": {key: shapes[key] for key in keys},
        "additionalProperties": False,
    }
    needed = list(required)
    return {**found, "required": needed} if needed else found


def named(schema: Schema, taken: Iterable[str] = ()) -> Schema:
    """Return a mapping whose keys are names that the book chooses, apart from words of the language."""
    names: Schema = {"maxLength": MAX_NAME, "pattern": r"^(?!\s)(?!.*(?:->|#)).*\S$"}
    words = sorted(taken)
    if words:
        names["not"] = {"enum": words}
    return {"type": "object", "propertyNames": names, "additionalProperties": schema}


def definitions() -> dict[str, Schema]:
    """Return the definitions of single values, by name."""
    return {
        # What YAML reads as a number or as yes and no is a text as written, where a text is expected.
        "text": {"type": ["string", "number", "boolean"], "if": {"type": "string"}, "then": {"pattern": r"\S"}},
        "texts": one_or_many(ref("text")),
        "operand": {"anyOf": [ref("text"), {"type": "null"}]},
        "operands": one_or_many(ref("operand")),
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
        "duration": said("A length of time: 30d, 12h, 2 weeks. A day is 24 hours; months vary.", text(SPAN)),
        "calendar_duration": said("A length of time: 30d, 12h, 6 months.", text(CALENDAR_SPAN)),
        "percent": said("More than 0% and at most 100%.", text(r"[0-9]{1,3}(?:\.[0-9]{1,6})? ?%")),
    }


DURATION: Final = ref("duration")
