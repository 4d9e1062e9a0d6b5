"""Which of a CRM's own field types fit a type of the book, when it is read and when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from leadline.common.values import Crm, FieldDescription
from leadline.rules.model import FieldType

_ANY: Final = frozenset({"*"})
_NUMBERS: Final[Mapping[Crm, frozenset[str]]] = {
    "salesforce": frozenset({"int", "long", "double", "currency", "percent"}),
    "hubspot": frozenset({"number"}),
}
_TEXTS: Final = frozenset(
    {
        "string",
        "textarea",
        "picklist",
        "combobox",
        "text",
        "phone_number",
        "enumeration",
        "anyType",
        "encryptedstring",
    }
)
_DAYS: Final = frozenset({"date", "datetime"})

READ: Final[Mapping[FieldType, Mapping[Crm, frozenset[str]]]] = {
    # Text reads anything. A CRM text may hold numbers or dates, so it fits every type.
    "text": {"salesforce": _ANY, "hubspot": _ANY},
    "integer": {crm: names | _TEXTS for crm, names in _NUMBERS.items()},
    "decimal": {crm: names | _TEXTS for crm, names in _NUMBERS.items()},
    "money": {crm: names | _TEXTS for crm, names in _NUMBERS.items()},
    "boolean": {"salesforce": _TEXTS | {"boolean"}, "hubspot": _TEXTS | {"bool"}},
    "date": {"salesforce": _TEXTS | _DAYS, "hubspot": _TEXTS | _DAYS},
    "datetime": {"salesforce": _TEXTS | _DAYS, "hubspot": _TEXTS | _DAYS},
    "list": {"salesforce": _TEXTS | {"multipicklist"}, "hubspot": _TEXTS},
}

Written = Literal["text", "number", "instant"]
WRITE: Final[Mapping[Written, Mapping[Crm, frozenset[str]]]] = {
    "text": {"salesforce": _TEXTS, "hubspot": _TEXTS},
    "number": {crm: names | _TEXTS for crm, names in _NUMBERS.items()},
    "instant": {"salesforce": _DAYS | _TEXTS, "hubspot": _DAYS | _TEXTS},
}


def fits(described: FieldDescription, types: frozenset[str]) -> bool:
    """Say whether a described field is of one of ``types``."""
    return types is _ANY or described.type in types


def options(crm: Crm, described: FieldDescription) -> tuple[str, ...]:
    """Return the only values a field takes, empty where it takes others too (HubSpot restricts every enumeration)."""
    restricted = described.restricted or (crm == "hubspot" and described.type == "enumeration")
    return described.options if restricted else ()
