"""Calendars and SLAs as JSON Schema."""

from __future__ import annotations

from typing import Final

from leadline.rules.business_time import hours
from leadline.rules.business_time import reading as calendars
from leadline.rules.business_time.targets import UNITS
from leadline.rules.reading import ladders, slas, slatests, targets
from leadline.rules.schema.conditions import condition
from leadline.rules.schema.shapes import Schema, any_case, choice, mapping, one_or_many, ref, said, text

_NUMBER: Final = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_HOURS: Final = text(r"[0-9]{1,2}:.*-.*")


def calendar() -> Schema:
    """Return one calendar."""
    day = text(_DAY)
    shapes: dict[str, Schema] = {
        "zone": said("A name of the IANA data, such as Europe/Berlin.", ref("text")),
        "open": said("Weekdays and their hours, such as mon-fri: [09:00-17:00].", _week()),
        "holidays": said("A country, a country and a region, a list of these, or none.", _holidays()),
        "closed": said("Days on which no hours begin.", one_or_many(day)),
        "special": said("Days with hours of their own.", {"type": "object", "additionalProperties": _spans()}),
        "like": said("Another calendar, from which everything comes that is not given here.", ref("text")),
        "from": said("The first day on which it opens at all.", day),
        "until": said("The last day on which it opens at all.", day),
        "changes": said("From or until a day: other hours or holidays.", _changes(day)),
        "for": said("Whose calendar it is: owners, teams, regions.", ref("texts")),
        "time_off": said("A table owner,from,until in lists/: who is off when.", text(r"^lists/.+\.csv$")),
    }
    return mapping(calendars.KEYS, shapes)


def sla() -> Schema:
    """Return one SLA."""
    long_target = mapping(
        targets.TARGET_KEYS,
        {"when": said("For whom it counts.", condition("sla")), "is": ref("target")},
        ("is",),
    )
    target: Schema = {"if": {"type": "object"}, "then": long_target, "else": ref("target")}
    whose = mapping(
        targets.CALENDAR_KEYS,
        {
            "by": said("The field whose value has a calendar (`for`).", ref("text")),
            "otherwise": said("For every other value.", ref("text")),
        },
        targets.CALENDAR_KEYS,
    )
    shapes: dict[str, Schema] = {
        "from": said("What starts it.", mapping(slas.FROM_KEYS, {"enters": ref("texts")}, slas.FROM_KEYS)),
        "until": said("What keeps it.", _until()),
        "void_when": said("What ends it without an outcome.", condition("sla")),
        "pause": said("While this is true, business time stands still.", condition("sla")),
        "target": said("How long it allows.", one_or_many(target)),
        "calendar": said("Whose hours count.", {"if": {"type": "object"}, "then": whose, "else": ref("text")}),
        "ladder": said("What is done when a share of the target has passed.", one_or_many(ref("rung"))),
        "owner": said("The field that holds who owns the person; without, `owner`.", ref("text")),
        **{name: said(_SAID[name], choice(words)) for name, words in slas.CHOICES.items()},
    }
    return mapping(slas.KEYS, shapes, ("from", "target"))


def definitions() -> dict[str, Schema]:
    """Return the definitions that SLAs use."""
    kinds, units = any_case(("business", "calendar")), any_case(UNITS)
    target = rf"{_NUMBER} ?(?:(?:{kinds}) )?(?:{units})"
    move: Schema = {
        "if": {"type": "object"},
        "then": mapping(ladders.MOVE_KEYS, {"to": ref("text"), "reason": ref("text")}, ("to",)),
        "else": ref("text"),
    }
    is_move: Schema = {"type": "object", "required": [ladders.MOVE]}
    moving = mapping((ladders.MOVE,), {ladders.MOVE: said("Move the person to this stage.", move)})
    at = text(rf"[0-9]{{1,6}}(?:\.[0-9]{{1,6}})? ?%|{target} (?:before|after)")
    rung = mapping(
        ladders.KEYS,
        {
            "at": said("A share such as 50%, or a time such as 2 business hours before.", at),
            "do": one_or_many({"if": is_move, "then": moving, "else": ref("action")}),
        },
        ladders.KEYS,
    )
    return {
        "target": said("Such as 8 business hours, 2 business days, 30 minutes.", text(target)),
        "rung": rung,
        "sla_state": {
            "if": {"type": "object"},
            "then": mapping(slatests.KEYS, {"in": _states()}, slatests.KEYS),
            "else": _states(),
        },
    }


_SAID: Final = {
    "on_edit": "What a changed target or calendar does to running timers.",
    "late": "What is done with rungs that fell due while nothing ran.",
    "on_reassign": "Whether a new owner starts the timer anew.",
    "on_reentry": "Whether entering again starts the timer anew while it runs.",
}


def _states() -> Schema:
    return one_or_many(choice(slatests.STATUSES))


def _until() -> Schema:
    stops: dict[str, Schema] = {
        "enters": said("The person enters one of these stages, or passes it.", ref("texts")),
        "first_response": said("`owner`, or activities that are a response.", ref("texts")),
    }
    one: Schema = condition("sla")
    for name in slas.STOPS:
        is_stop: Schema = {"type": "object", "required": [name]}
        one = {"if": is_stop, "then": mapping((name,), {name: stops[name]}), "else": one}
    several: Schema = {"type": "object", "required": ["any"]}
    return {"if": several, "then": mapping(("any",), {"any": one_or_many(one)}), "else": one}


def _week() -> Schema:
    return {"type": "object", "additionalProperties": _spans()}


def _spans() -> Schema:
    closed: Schema = {"const": hours.CLOSED}
    return {"anyOf": [closed, _HOURS, {"type": "array", "maxItems": hours.MOST_SPANS, "items": _HOURS}]}


def _holidays() -> Schema:
    regional = mapping(("country", "region"), {"country": ref("text"), "region": ref("text")}, ("country",))
    one: Schema = {"if": {"type": "object"}, "then": regional, "else": ref("text")}
    return {"if": {"type": "array"}, "then": {"items": one}, "else": one}


def _changes(day: Schema) -> Schema:
    shapes: dict[str, Schema] = {"from": day, "until": day, "open": _week(), "holidays": _holidays()}
    return one_or_many(mapping(calendars.CHANGE_KEYS, shapes))
