"""Actions as JSON Schema."""

from __future__ import annotations

from typing import Final

from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.rules.reading import actions
from leadline.rules.schema.shapes import DURATION, Schema, choice, mapping, ref, said, whole


def on_enter_section() -> Schema:
    """Return the section ``on_enter``: by stage, actions or ``do`` with what goes with them."""
    longer = mapping(
        actions.STAGE_KEYS,
        {
            "do": ref("actions"),
            "on_adoption": said("Also when a first run or a changed book leads there.", ref("boolean")),
        },
        ("do",),
    )
    long_form: Schema = {"type": "object", "anyOf": [{"required": [key]} for key in actions.STAGE_KEYS]}
    return {"type": "object", "additionalProperties": {"if": long_form, "then": longer, "else": ref("actions")}}


def definitions() -> dict[str, Schema]:
    """Return the definitions that every section with actions uses."""
    several: Schema = {"minItems": 1, "items": ref("action")}
    return {
        "actions": {"if": {"type": "array"}, "then": several, "else": ref("action")},
        "action": {**mapping(tuple(actions.ACTIONS), _SHAPES), "minProperties": 1, "maxProperties": 1},
    }


def _short_or(keys: tuple[str, ...], shapes: dict[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    return {"if": {"type": "object"}, "then": mapping(keys, shapes, required), "else": ref("text")}


_WHO: Final = said("`owner`, a user or a queue.", ref("text"))
_OBJECTS: Final = "|".join(name for names in PERSON_OBJECTS.values() for name in names)
_MEMBERS: Final[dict[str, Schema]] = {key: ref("texts") for key in actions.MEMBER_KEYS[:2]}
_CLASHES: Final = [{"required": list(pair)} for pair in (("to", "rota"), ("to", "next"), ("rota", "next"))]

_SHAPES: Final[dict[str, Schema]] = {
    "task": said(
        "A task on the person's primary record.",
        _short_or(
            actions.TASK_KEYS,
            {
                "to": _WHO,
                "subject": said("May hold {name} and other placeholders.", ref("text")),
                "due": said("How long after it is made.", DURATION),
                "urgent": ref("boolean"),
            },
        ),
    ),
    "notify": said(
        "A message to the owner or to a channel of leadline.yml.",
        _short_or(actions.NOTIFY_KEYS, {"to": ref("text"), "text": ref("text")}),
    ),
    "assign": said(
        "A new owner for the person's records.",
        {
            "if": {"type": "object"},
            "then": {
                **mapping(
                    actions.ASSIGN_KEYS,
                    {
                        "to": said("A user or a queue.", ref("text")),
                        "rota": said("Whose turn it is.", ref("text")),
                        "next": said("The next of this rota.", ref("text")),
                        "by": said("The field that chooses a part of the rota.", ref("text")),
                        "account_owner_first": ref("boolean"),
                    },
                ),
                "minProperties": 1,
                "not": {"anyOf": _CLASHES},
            },
            "else": ref("text"),
        },
    ),
    "note": said("A note on the person's primary record.", choice(actions.NOTES)),
    "add_to": {
        **mapping(actions.MEMBER_KEYS, {**_MEMBERS, "status": ref("text")}),
        "anyOf": [{"required": [key]} for key in actions.MEMBER_KEYS[:2]],
        "dependentRequired": {"status": ["salesforce_campaign"]},
    },
    "remove_from": {**mapping(actions.MEMBER_KEYS[:2], _MEMBERS), "minProperties": 1},
    "member_status": mapping(
        actions.STATUS_KEYS, {key: ref("text") for key in actions.STATUS_KEYS}, actions.STATUS_KEYS
    ),
    "set": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": whole(rf"(?:{_OBJECTS})\.[A-Za-z]\w*")},
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    },
}
