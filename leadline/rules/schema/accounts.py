"""The section ``accounts`` as JSON Schema."""

from __future__ import annotations

from leadline.rules.reading import accounts
from leadline.rules.schema.conditions import condition
from leadline.rules.schema.shapes import Schema, mapping, ref, said


def account_fact() -> Schema:
    """Return one account fact: one way to make it, and whose part counts."""
    shapes: dict[str, Schema] = {
        "count": said("How many people.", {"const": accounts.PEOPLE}),
        "distinct": said("How many different values of a field.", ref("text")),
        "sum": said("A score or a number field of all of them, added up.", ref("text")),
        "most": said("The greatest of a score or a number field.", ref("text")),
        "best": said("The furthest stage of the main path; told, never asked.", {"const": accounts.STAGE}),
        "when": said("Only people for whom this is true count.", condition("account")),
    }
    return {
        **mapping(accounts.KEYS, shapes),
        "oneOf": [{"required": [name]} for name in accounts.KINDS],
        "dependentSchemas": {"when": {"not": {"required": ["best"]}}},
    }
