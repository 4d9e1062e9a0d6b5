"""Conditions as JSON Schema: one definition for each kind of place, made from the registry of condition words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from leadline.rules.fieldops import DATE_OPS, NUMBER_OPS, SPELLINGS, TEXT_OPS
from leadline.rules.reading import counts, deals, words
from leadline.rules.reading.activities import DEAL_KINDS, DEAL_STATES
from leadline.rules.reading.conditions import WITH_SCORES, WORDS, Place
from leadline.rules.reading.fieldtests import AMOUNT
from leadline.rules.schema.shapes import DURATION, Schema, choice, count, mapping, named, one_or_many, ref, said, text

PLACES: Final[tuple[Place, ...]] = get_args(Place)
_REFUSED: Final[Mapping[Place, tuple[Schema, ...]]] = dict.fromkeys(
    ("scope", "account", "deal"), ({"pattern": r"^account\."},)
)
"""Names that cannot be asked for where account facts are made."""
BARE: Final[Mapping[str, tuple[Place, ...]]] = {"stay": ("transition",), "disqualified": WITH_SCORES}
"""Conditions of one bare word, and where they may stand."""


def condition(place: Place) -> Schema:
    """Refer to the conditions that may stand in a place."""
    return ref(f"condition in a {place}")


def definitions() -> dict[str, Schema]:
    """Return the definitions of conditions, by name."""
    found = {condition(place)["$ref"].rpartition("/")[2]: _condition(place) for place in PLACES}
    return {**found, "test": _test(()), "test after scores": _test(("grade",))}


def _condition(place: Place) -> Schema:
    known = {name: word for name, word in WORDS.items() if place in word.places}
    bare = [name for name, places in BARE.items() if place in places]
    refused = [name for name in WORDS if name not in known]
    branches = [_branch(name, place) for name in known]
    subject = "test after scores" if place in WITH_SCORES else "test"
    of_a_name: Schema = {
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": {"not": {"anyOf": [{"enum": refused}, *_REFUSED.get(place, ())]}},
        "additionalProperties": ref(subject),
    }
    without_word: Schema = {"if": {"not": {"anyOf": [{"required": [name]} for name in known]}}, "then": of_a_name}
    return {
        "if": {"type": "object"},
        "then": {"properties": dict.fromkeys(known, True), "allOf": [*branches, without_word]},
        "else": choice(bare) if bare else {"type": "object"},
    }


def _branch(name: str, place: Place) -> Schema:
    """When a word heads a condition, only its companions may stand beside it."""
    companions = WORDS[name].companions
    heads = [other for other, word in WORDS.items() if name in word.companions]
    heading: Schema = {"required": [name]}
    if heads:
        heading["not"] = {"anyOf": [{"required": [other]} for other in heads]}
    shapes = {name: _head(place)[name], **{key: _companion(place)[key] for key in companions}}
    found = mapping((name, *companions), shapes, (name, *NEEDED.get(name, ())))
    return {"if": heading, "then": {**found, **_ends_of(name)}}


def _ends_of(name: str) -> Schema:
    """Say which ends of a number may, and which must, stand together."""
    ends: Schema = {"required": ["between"]}
    if name == "distinct_days":
        return {"oneOf": [ends, {"anyOf": [{"required": ["at_least"]}, {"required": ["at_most"]}]}]}
    if name == "activity":
        return {"not": {**ends, "anyOf": [{"required": ["at_least"]}, {"required": ["at_most"]}]}}
    return {}


NEEDED: Final[Mapping[str, tuple[str, ...]]] = {"at_least": ("of",)}


def _head(place: Place) -> dict[str, Schema]:
    grades: Schema = {
        "if": {"type": "object"},
        "then": mapping(("in",), {"in": ref("texts")}, ("in",)),
        "else": ref("texts"),
    }
    return {
        "all": said("Every one of these is true.", one_or_many(condition(place))),
        "any": said("One of these is true.", one_or_many(condition(place))),
        "not": said("This is false. What is unknown stays unknown.", condition(place)),
        "at_least": said("So many of the conditions under `of` are true.", count()),
        "known": said("The field has a value.", ref("text")),
        "unknown": said("The field has no value.", ref("text")),
        "activity": said("The activity happened.", ref("text")),
        "distinct_days": said("The activity happened on so many days.", ref("text")),
        "no_activity_for": said("No activity of any kind happened for so long.", DURATION),
        "deal": said("The person has a deal in this state; or what is so of their deals.", _deal()),
        "record_types": said("The field record_type is one of these, or `all`.", ref("texts")),
        "business_units": said("The field business_unit is one of these, or `all`.", ref("texts")),
        "list": said("The e-mail address or its domain is in lists/NAME.txt.", ref("texts")),
        "grade": said("The cell of the grid, such as A1.", grades),
        "temperature": said("What `temperature` makes of the grade.", grades),
        "time_in_stage": said(
            "The person is in the present stage for so long.",
            mapping(words.TIME_KEYS, {"at_least": DURATION}, ("at_least",)),
        ),
        "passes": said(
            "The number of the present pass; the first is 1.",
            {
                **mapping(words.PASS_KEYS, {key: _companion(place)[key] for key in words.PASS_KEYS}),
                "minProperties": 1,
            },
        ),
        "previous_stage": said("The stage before the present one.", ref("texts")),
        "was_in": said("A stage that was entered in this pass.", ref("texts")),
        "sla": said(
            "The timer of an SLA is in this state.",
            {**named(ref("sla_state")), "minProperties": 1, "maxProperties": 1},
        ),
    }


def _deal() -> Schema:
    """Return a state, or one question about the deals of a person."""
    of_a_deal = condition("deal")
    number: Schema = {"anyOf": [ref("number"), text(AMOUNT.pattern)]}
    ends = {key: shape for key, shape in _companion("deal").items() if key in deals.COUNT_KEYS}
    shapes: dict[str, Schema] = {
        "any": said("This is so of one deal.", of_a_deal),
        "all": said("This is so of all deals, and there is one.", of_a_deal),
        "none": said("This is so of no deal.", of_a_deal),
        "newest": said("This is so of the deal that began last.", of_a_deal),
        "count": said("There are so many deals.", {**mapping(deals.COUNT_KEYS, ends), "minProperties": 1}),
        "sum": said("The sum of this field of deals compares so.", ref("text")),
        "where": said("Only deals of which this is so.", of_a_deal),
        **dict.fromkeys(deals.SUM_OPS, number),
        "between": _ends(number),
    }

    def only(*keys: str) -> Schema:
        return mapping(keys, {key: shapes[key] for key in keys}, keys[:1])

    summed = {**only("sum", *deals.SUM_OPS, "where"), "anyOf": [{"required": [op]} for op in deals.SUM_OPS]}
    alone = [only(head) for head in deals.ASKED_OF_EACH]
    asked: Schema = {"oneOf": [*alone, only("count", "where"), summed]}
    return {"if": {"type": "object"}, "then": asked, "else": choice((*DEAL_STATES, *DEAL_KINDS))}


def _companion(place: Place) -> dict[str, Schema]:
    return {
        "record_types": said("The field record_type is one of these, or `all`.", ref("texts")),
        "business_units": said("The field business_unit is one of these, or `all`.", ref("texts")),
        "of": said("The conditions that are counted.", one_or_many(condition(place))),
        "within": said("Counted back from now.", DURATION),
        "at_least": said("So many times.", count(highest=counts.MOST_COUNTED)),
        "at_most": said("So many times at most; never counts, too.", count(0, counts.MOST_COUNTED)),
        "between": said("The least and the most, such as [2, 5].", _ends(count(0, counts.MOST_COUNTED))),
        "ever": said("Also before this pass began.", ref("boolean")),
    }


def _ends(end: Schema) -> Schema:
    return {"type": "array", "items": end, "minItems": 2, "maxItems": 2}


def _spellings() -> dict[str, Schema]:
    """Return the operators that are another way to write one."""
    return {**dict.fromkeys(SPELLINGS, ref("operands")), "on": text("[0-9]{4}-[0-9]{2}-[0-9]{2}")}


def _test(more: tuple[str, ...]) -> Schema:
    """Return what may be asked of a field (or a score): a value, a list of values, or operators."""
    amount = text(AMOUNT.pattern)
    shapes: dict[str, Schema] = {
        **dict.fromkeys(TEXT_OPS, ref("operands")),
        **{op: {"anyOf": [ref("number"), amount]} for op in NUMBER_OPS},
        **_spellings(),
        "between": _ends({"anyOf": [ref("number"), amount, text("[0-9]{4}-[0-9]{2}-[0-9]{2}.*")]}),
        "is": ref("boolean"),
        "before": ref("text"),
        "after": ref("text"),
        "within_next": ref("calendar_duration"),
        "within_last": ref("calendar_duration"),
        "older_than": ref("calendar_duration"),
    }
    if more:
        shapes["grade"] = _head("stage")["grade"]
    operators = mapping((*TEXT_OPS, *NUMBER_OPS, *SPELLINGS, "is", *DATE_OPS, *more), shapes)
    return {"if": {"type": "object"}, "then": {**operators, "minProperties": 1}, "else": ref("operands")}
