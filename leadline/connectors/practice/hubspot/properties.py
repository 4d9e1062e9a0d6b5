"""Property definitions: what an object type has, how a value must look, what may not be written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from leadline.connectors.practice.hubspot.stamps import DAY, read_stamp, stamp_text

BORN: Final = "2019-08-06T02:41:08.000Z"
"""When HubSpot's own properties were made, as a portal of that age shows."""

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LONGEST: Final = 65_536  # characters of a string property (docs: properties, string values)


@dataclass(frozen=True, slots=True)
class Invalid:
    """One refused value: HubSpot's code, the property and a message without the name of any person."""

    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Property:
    """One property. ``options`` are (value, label); ``read_only`` values are kept by HubSpot itself.

    ``external`` options live elsewhere (pipelines, owners), so the definition lists none.
    """

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = "contactinformation"
    description: str = ""
    options: tuple[tuple[str, str], ...] = ()
    read_only: bool = False
    calculated: bool = False
    unique: bool = False
    external: bool = False
    own: bool = True
    created: str = BORN
    updated: str = BORN

    def plain(self) -> dict[str, Any]:
        """Return the definition as the properties API answers it."""
        return {
            "updatedAt": self.updated,
            "createdAt": self.created,
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [
                {"label": label, "value": value, "displayOrder": order, "hidden": False}
                for order, (value, label) in enumerate(self.options)
            ],
            "displayOrder": -1,
            "calculated": self.calculated,
            "externalOptions": self.external,
            "archived": False,
            "hasUniqueValue": self.unique,
            "hidden": False,
            "hubspotDefined": self.own,
            "modificationMetadata": {
                "archivable": not self.own,
                "readOnlyDefinition": self.own,
                "readOnlyValue": self.read_only,
            },
            "formField": self.type == "string" and not self.read_only,
            "dataSensitivity": "non_sensitive",
        }


@dataclass(slots=True)
class Catalog:
    """The properties and groups of one object type, as this portal has them now."""

    object: str
    properties: dict[str, Property] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)  # name -> label

    def check(self, name: str, value: str) -> Invalid | None:
        """Return why ``value`` may not be written to ``name`` (``""`` clears it), or None."""
        found = self.properties.get(name)
        if found is None:
            return Invalid(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if found.read_only:
            message = f'"{name}" is a read only property; its value cannot be set.'
            return Invalid(name, "READ_ONLY_VALUE", message)
        return None if value == "" else _value_problem(found, value)


def normal(found: Property, value: str) -> str:
    """Return how a legal value is stored: dates at UTC midnight as days, instants as ISO text, numbers as given."""
    if value == "":
        return ""
    if found.type in {"date", "datetime"}:
        stamp = read_stamp(value)
        if stamp is not None:
            return stamp_text(stamp)[:10] if found.type == "date" else stamp_text(stamp)
    return value.lower() if found.type == "bool" or found.name == "email" else value


def _value_problem(found: Property, value: str) -> Invalid | None:
    if found.type == "number":
        return (
            None if _is_number(value) else Invalid(found.name, "INVALID_INTEGER", f"{value} was not a valid number.")
        )
    if found.type in {"date", "datetime"}:
        return _stamp_problem(found, value)
    if found.type == "bool":
        fits = value.lower() in {"true", "false"}
        return None if fits else _not_an_option(found, value, ("true", "false"))
    if found.type == "enumeration" and not found.external:
        known = tuple(option for option, _ in found.options)
        chosen = value.strip(";").split(";") if found.field_type == "checkbox" else [value]
        unknown = [one for one in chosen if one not in known]
        return _not_an_option(found, unknown[0], known) if unknown else None
    if found.name == "email" and not _EMAIL.fullmatch(value):
        return Invalid(found.name, "INVALID_EMAIL", f"Email address {value} is invalid")
    if len(value) > _LONGEST:
        return Invalid(found.name, "PROPERTY_VALUE_TOO_LONG", f"The value is longer than {_LONGEST} characters.")
    return None


def _stamp_problem(found: Property, value: str) -> Invalid | None:
    stamp = read_stamp(value)
    if stamp is None:
        return Invalid(found.name, "INVALID_LONG", f"{value} was not a valid long.")
    if found.type == "date" and stamp % DAY:
        return Invalid(found.name, "INVALID_DATE", f"{value} is at {stamp_text(stamp)[11:]}, not midnight!")
    return None


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite() and value == value.strip() and "_" not in value
    except InvalidOperation:
        return False


def _not_an_option(found: Property, value: str, known: tuple[str, ...]) -> Invalid:
    message = f"{value} was not one of the allowed options: [{', '.join(known)}]"
    return Invalid(found.name, "INVALID_OPTION", message)


def hidden_from(catalogs: Mapping[str, Catalog], hidden: tuple[str, ...]) -> None:
    """Take the properties named ``contact.jobtitle`` out of their catalogs."""
    for path in hidden:
        singular, _, name = path.partition(".")
        if singular in catalogs:
            catalogs[singular].properties.pop(name, None)


def made_by_nobody(catalogs: Mapping[str, Catalog]) -> None:
    """Take Leadline's own properties and groups away: a portal before its setup."""
    for catalog in catalogs.values():
        for name in [one.name for one in catalog.properties.values() if one.group == "leadline" and not one.own]:
            del catalog.properties[name]
        catalog.groups.pop("leadline", None)


def read_only_in(catalogs: Mapping[str, Catalog], names: tuple[str, ...]) -> None:
    """Declare the properties named ``contact.jobtitle`` read-only, as HubSpot's own definitions do."""
    for path in names:
        singular, _, name = path.partition(".")
        properties = catalogs[singular].properties if singular in catalogs else {}
        if name in properties:
            properties[name] = replace(properties[name], read_only=True)
