"""The sections ``capacity`` and ``rotas`` as JSON Schema."""

from __future__ import annotations

from leadline.rules.reading import allocation
from leadline.rules.schema.shapes import Schema, mapping, named, ref, said, text


def capacity_section() -> Schema:
    """Return the section ``capacity``: stages, each with how many may enter it."""
    shapes: dict[str, Schema] = {
        "most": said("How many may enter the stage on a day of the book's zone: 15 a day.", _most()),
        "per": said("A field, or `owner team`: each of its values has places of its own.", ref("text")),
        "best": said("The score by which the best go first.", ref("text")),
    }
    return named(mapping(allocation.CAPACITY_KEYS, shapes, ("most",)))


def rota() -> Schema:
    """Return one rota: its members, or the members of each part."""
    parts = {**named(ref("texts")), "minProperties": 1}
    return {"if": {"type": "object"}, "then": parts, "else": ref("texts")}


def _most() -> Schema:
    return text(r"\s*" + allocation.MOST.pattern.replace(" ", r"\s+") + r"\s*")
