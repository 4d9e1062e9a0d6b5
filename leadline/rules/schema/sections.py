"""The sections about facts, lifecycle and writing as JSON Schema."""

from __future__ import annotations

from typing import Final

from leadline.common.values import CRMS, Crm
from leadline.common.vocabulary import ACTIVITY_KINDS, DEAL_OBJECTS, OBJECTS, PERSON_OBJECTS
from leadline.rules.model import DEAL_STATE
from leadline.rules.reading import (
    activities,
    book,
    conflicts,
    deals,
    fields,
    identity,
    limits,
    paths,
    stages,
    writing,
)
from leadline.rules.reading.conditions import WORDS
from leadline.rules.reading.names import WRITE_WORDS
from leadline.rules.schema.conditions import condition
from leadline.rules.schema.shapes import (
    DURATION,
    SPAN,
    Schema,
    choice,
    count,
    mapping,
    named,
    one_or_many,
    ref,
    said,
    text,
    whole,
)


def scope_section() -> Schema:
    """Return the section ``scope``."""
    shapes = {
        "include": said("Only people for whom this is true.", condition("scope")),
        "exclude": said("Nobody for whom this is true.", condition("scope")),
    }
    return {**mapping(book.SCOPE_KEYS, shapes), "minProperties": 1}


def deal_field() -> Schema:
    """Return one field of deals: as one of people, but from deals alone."""
    whole_field = field()
    kept = {key: shape for key, shape in whole_field["properties"].items() if key in deals.FIELD_KEYS}
    kept |= {crm: one_or_many(text(rf"{DEAL_OBJECTS[crm]}\.[A-Za-z]\w*")) for crm in CRMS}
    blanks = [part for part in whole_field["allOf"] if "blank" in str(part)]
    return {**whole_field, "properties": kept, "allOf": blanks}


def field() -> Schema:
    """Return one field."""
    shapes: dict[str, Schema] = {
        "type": choice(fields.TYPES),
        **{crm: said(f"Where it lives in {crm}, as object.field.", _sources(crm)) for crm in CRMS},
        "from": said(
            "Looked up in a table of the book by another field.",
            mapping(fields.TABLE_KEYS, {key: ref("text") for key in fields.TABLE_KEYS}, fields.TABLE_KEYS),
        ),
        "prefer": said("Which source counts when several know a value.", choice(fields.PREFERENCES)),
        "signal": said("Counts only if it was set since this pass began.", ref("boolean")),
        "blank": said("What an empty value means; without, it is unknown.", ref("text")),
        "currency": said("Of money: a code such as EUR, or the field that holds it.", ref("text")),
        "values": said("The book's value: the CRMs' spellings of it, of both or of one.", named(_spellings())),
    }
    return {
        **mapping(fields.KEYS, shapes, ("type",)),
        "dependentSchemas": {
            "currency": {"properties": {"type": {"const": "money"}}},
            "from": {
                "properties": {"type": {"const": "text"}},
                "not": {"anyOf": [{"required": [crm]} for crm in CRMS]},
            },
        },
        "allOf": [
            *({"if": _says("prefer", crm), "then": {"required": [crm]}} for crm in CRMS),
            *({"if": _says("type", kind), "then": {"properties": {"blank": blank}}} for kind, blank in _BLANKS),
        ],
    }


def deals_section() -> Schema:
    """Return the section ``deals``."""
    shapes: dict[str, Schema] = {
        "link": said("How a deal is found for a person.", one_or_many(choice(activities.LINKS))),
        "only": said("Only deals whose fields have these values.", named(ref("texts"))),
    }
    kind: Schema = {
        "type": "object",
        "properties": {"state": choice(activities.DEAL_STATES)},
        "additionalProperties": ref("texts"),
        "required": ["state"],
        "minProperties": 2,
    }
    kinds = {name: said("The state and the fields of such a deal.", kind) for name in activities.DEAL_KINDS}
    own = {"fields": said("What rules may ask of a deal.", named(ref("deal_field"), (*WORDS, DEAL_STATE)))}
    return mapping(activities.DEAL_KEYS, {**shapes, **own, **kinds})


def activity() -> Schema:
    """Return one activity: what it is in each CRM."""
    counter = mapping(("property",), {"property": text(activities.PROPERTY.pattern)}, ("property",))
    shapes: dict[str, Schema] = {crm: one_or_many(_source(crm)) for crm in CRMS}
    shapes["otherwise"] = said(
        "Where HubSpot's tier lacks these activities: a contact property that counts them.", counter
    )
    return {**mapping(activities.ACTIVITY_KEYS, shapes), "dependentRequired": {"otherwise": ["hubspot"]}}


def attribute() -> Schema:
    """Return the test of one attribute of a raw activity."""
    texts = dict.fromkeys(activities.ATTRIBUTE_OPS, ref("texts"))
    return {"if": {"type": "object"}, "then": mapping(activities.ATTRIBUTE_OPS, texts), "else": ref("texts")}


def primary_section() -> Schema:
    """Return the section ``primary``."""
    return one_or_many(choice([name for names in PERSON_OBJECTS.values() for name in names]))


def identity_section() -> Schema:
    """Return the section ``identity``."""
    objects = "|".join(name for names in PERSON_OBJECTS.values() for name in names)
    shapes: dict[str, Schema] = {
        "plus_tags": said("Whether what follows a plus sign is part of an address.", choice(identity.PLUS_TAGS)),
        "also": said("Further fields with addresses.", one_or_many(text(rf"(?:{objects})\.[A-Za-z]\w*"))),
        "never": said("Parts before the @ that many share: they join nobody.", ref("texts")),
    }
    return mapping(identity.KEYS, {"email": mapping(identity.EMAIL_KEYS, shapes)})


def stage() -> Schema:
    """Return one stage."""
    shapes: dict[str, Schema] = {
        "kind": said("inventory may wait, gate is reviewed, sla must move in time.", choice(stages.KINDS)),
        "owner": said("The team that owns the stage.", ref("text")),
        "start": said("Where a person begins.", ref("boolean")),
        "require": said("Fields that must be known before entry.", ref("texts")),
        "enter": said("The way in along the main path.", condition("stage")),
        "stay": said("Wider than `enter`; asked by {not: stay}.", condition("stage")),
        "exit": said("Must be true before the rules move anybody forward from here.", condition("stage")),
        "renamed": said("What this stage was called in an earlier version of the book.", ref("texts")),
        "reasons": said("The reasons that paths into this stage may give.", ref("texts")),
    }
    return mapping(stages.KEYS, shapes, ("kind",))


def paths_section() -> Schema:
    """Return the section ``paths``: one main path, and transitions."""
    main = said("The main path, such as inquiry -> mql -> sal.", {"type": "string", "pattern": r"\S\s*->\s*\S"})
    step: Schema = {"if": {"type": "string"}, "then": main, "else": ref("transition")}
    several: Schema = {"items": step, "contains": {"type": "string"}, "minContains": 1, "maxContains": 1}
    return {"if": {"type": "array"}, "then": several, "else": main}


def transition() -> Schema:
    """Return one path off the main path."""
    shapes: dict[str, Schema] = {
        "from": said("The stage or stages that it leaves.", ref("texts")),
        "to": said("The stage or stages that it leads to.", ref("texts")),
        "when": said("Without, the `enter` of the target decides.", condition("transition")),
        "reason": ref("text"),
        "after": said("A cool-down since the stage was entered.", DURATION),
        "at_once_when": said("Lifts the cool-down.", condition("transition")),
        "at_most": said("So often in the person's whole life.", count(highest=1000)),
        "pass": said("Begins a new pass of this name.", ref("text")),
    }
    return {**mapping(paths.KEYS, shapes, ("from", "to")), "dependentRequired": {"at_once_when": ["after"]}}


def by_hand_section() -> Schema:
    """Return the section ``by_hand``."""
    part = rf"(?:{paths.NEW_ACTIVITY}|{SPAN})"
    said_how = f"`{paths.NEW_ACTIVITY}`, a length of time, or both with `or`."
    until = said(said_how, text(rf"\s*{part}(?:\s+or\s+{part})?\s*"))
    return mapping(paths.BY_HAND_KEYS, {"until": until}, paths.BY_HAND_KEYS)


def write_section() -> Schema:
    """Return the section ``write``."""
    never_or_span: Schema = {"anyOf": [{"const": writing.NEVER}, DURATION]}
    score = mapping(
        writing.PUBLISH_SCORE_KEYS,
        {
            "on": one_or_many(choice(writing.PUBLISH_ON)),
            "at_most": said("Plain drift of points.", never_or_span),
        },
    )
    shapes: dict[str, Schema] = {
        "publish": said("When scores are written.", mapping(writing.PUBLISH_KEYS, {"score": score})),
        **{crm: said(f"The fields of {crm} that may be written; nothing else is.", _targets()) for crm in CRMS},
    }
    return mapping(writing.KEYS, shapes)


def guards_section() -> Schema:
    """Return the section ``guards``."""
    part = f"(?:{limits.RECORDS.pattern}|{limits.SHARE.pattern})"
    most: Schema = {
        "if": {"type": "integer"},
        "then": {"minimum": 0},
        "else": text(rf"\s*{part}(?:\s+or\s+{part})?\s*"),
    }
    shapes: dict[str, Schema] = {
        "most": said("A number of records, a percentage, or both: 2000 or 10%.", most),
        "backward": said("Moves back on the main path.", count(0)),
        "to": said("The most people that may enter a stage.", named(count(0))),
        "actions": said("The most actions of one plan; without, 200.", count(0)),
        "paths": said("The most people by move, such as `mql -> recycled: 100`.", _by_path()),
        "fields": said(
            "The most records by field, under each CRM.", mapping(CRMS, dict.fromkeys(CRMS, named(count(0))))
        ),
        **{crm: said(f"The most records of {crm} in one plan.", count(0)) for crm in CRMS},
        "per_hour": said("The most records of all plans within an hour.", count(1)),
    }
    return mapping(limits.KEYS, shapes)


def _by_path() -> Schema:
    return {
        "type": "object",
        "propertyNames": {"type": "string", "pattern": r"\S\s*->\s*\S"},
        "additionalProperties": count(0),
    }


_BLANKS: Final[tuple[tuple[str, Schema], ...]] = (
    ("boolean", ref("boolean")),
    ("integer", {"type": "integer"}),
    ("decimal", ref("number")),
    ("money", ref("number")),
    ("date", text("[0-9]{4}-[0-9]{2}-[0-9]{2}")),
)


def _spellings() -> Schema:
    by_crm = mapping(CRMS, dict.fromkeys(CRMS, ref("texts")))
    return {"if": {"type": "object"}, "then": by_crm, "else": ref("texts")}


def _says(key: str, value: str) -> Schema:
    return {"required": [key], "properties": {key: {"const": value}}}


def _sources(crm: Crm) -> Schema:
    return one_or_many(text(rf"(?:{'|'.join(OBJECTS[crm])})\.[A-Za-z]\w*"))


def _source(crm: Crm) -> Schema:
    kinds = ACTIVITY_KINDS[crm]
    of_kind: dict[str, Schema] = {}
    heads: list[Schema] = []
    for kind, names in kinds.items():
        tests = mapping(names, dict.fromkeys(names, ref("attribute")))
        short = ref("texts") if kind in activities.MAIN_ATTRIBUTE else {"type": "object"}
        of_kind[kind] = {"if": {"type": "object"}, "then": tests, "else": short}
        heads.append({"required": [kind], "properties": {"where": tests}})
    # `where` names attributes of the one kind beside it
    source = mapping((*kinds, "where"), {**of_kind, "where": {"type": "object"}})
    return {"if": {"type": "object"}, "then": {**source, "oneOf": heads}, "else": choice(kinds)}


def _policies() -> Schema:
    words = "|".join(conflicts.WORDS)
    return named(text(rf"\s*(?:{words}|human wins for (?:{SPAN}))\s*"))


def _targets() -> Schema:
    target: Schema = {"type": "string", "pattern": whole(writing.FIELD.pattern)}
    stage_map = mapping(
        writing.STAGE_KEYS,
        {
            "field": target,
            "values": said(f"The CRM's value of each stage, or `{writing.UNCHANGED}`.", named(ref("text"))),
        },
        ("field",),
    )
    shapes: dict[str, Schema] = {
        **{word: target for word in WRITE_WORDS if word != writing.ON_CONFLICT},
        "stage": {"if": {"type": "object"}, "then": stage_map, "else": target},
        "entered": said("Stage: the field for its date.", named(target)),
        "slas": said("SLA: the field for its state.", named(target)),
        "account": said("Account fact: the field of accounts for it.", named(target)),
        writing.ON_CONFLICT: said("Whose value stays where somebody changed ours, by field.", _policies()),
    }
    # Any other key is the name of a score.
    return {"type": "object", "properties": shapes, "additionalProperties": target}
