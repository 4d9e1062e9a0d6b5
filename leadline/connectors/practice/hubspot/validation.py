"""Checking what a client wants to write: values, required properties, the portal's own validation rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.hubspot.answers import ApiError, bad_request
from leadline.connectors.practice.hubspot.kinds import Kind
from leadline.connectors.practice.hubspot.portal import CLOSED_STAGES, OPEN_STAGES, Portal
from leadline.connectors.practice.hubspot.properties import Invalid

_STAGES = tuple(stage for stage, _, _ in (*OPEN_STAGES, *CLOSED_STAGES))


@dataclass(frozen=True, slots=True)
class Validator:
    """What may be written to this portal by this client."""

    portal: Portal
    options: PracticeOptions

    def texts(self, given: object) -> dict[str, str]:
        """Read a ``properties`` object: JSON scalars become text, null leaves a property as it is.

        Raises ApiError 400 when it is no object of scalars.
        """
        if not isinstance(given, Mapping):
            raise bad_request("Invalid input JSON on line 1, column 1: properties must be an object")
        read = {}
        for name, value in given.items():
            if isinstance(value, bool):
                read[str(name)] = str(value).lower()
            elif isinstance(value, str | int | float):
                read[str(name)] = str(value)
            elif value is not None:
                raise bad_request(f"Invalid input JSON: the value of {name} must be a string")
        return read

    def problems(self, kind: Kind, values: Mapping[str, str], *, new: bool = False) -> list[Invalid]:
        """Return every refused value of one record."""
        catalog = self.portal.catalogs[kind.singular]
        found = []
        for name, value in values.items():
            problem = catalog.check(name, value) or self._house_rule(kind, name, value)
            if problem is not None:
                found.append(problem)
        if new:
            for path in self.options.required_fields:
                singular, _, name = path.partition(".")
                if singular == kind.singular and not values.get(name):
                    found.append(Invalid(name, "REQUIRED_FIELD", f'Property "{name}" is required'))
        return found

    def taken(self, kind: Kind, values: Mapping[str, str], own: str = "") -> ApiError | None:
        """Return the 409 of a value that must be unique and belongs to another record."""
        table = self.portal.tables[kind.singular]
        for name in table.unique:
            holder = table.live(values.get(name, ""), by=name) if values.get(name) else None
            if holder is not None and holder.id != own:
                said = kind.singular.capitalize()
                return ApiError(409, "CONFLICT", f"{said} already exists. Existing ID: {holder.id}")
        return None

    def _house_rule(self, kind: Kind, name: str, value: str) -> Invalid | None:
        path = f"{kind.singular}.{name}"
        if path in self.options.read_only_fields:
            return Invalid(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
        if value == "" and path in self.options.required_fields:
            return Invalid(name, "REQUIRED_FIELD", f'Property "{name}" is required')
        for rule in self.options.validation_rules:
            if (rule.object, rule.field) == (kind.singular, name) and value == (rule.value or ""):
                return Invalid(name, "PROPERTY_VALIDATION_RULE", rule.message)
        picklist = (self.options.picklists or {}).get(path)
        if value and picklist is not None and value not in picklist:
            message = f"{value} was not one of the allowed options: [{', '.join(picklist)}]"
            return Invalid(name, "INVALID_OPTION", message)
        return self._outside_option(name, value) if value else None

    def _outside_option(self, name: str, value: str) -> Invalid | None:
        """Check options that live outside the definition: owners, pipelines, stages, call outcomes."""
        if name == "hubspot_owner_id":
            owner = self.portal.owners.get(value)
            fits = owner is not None and owner.active
            return None if fits else Invalid(name, "INVALID_OWNER_ID", f"Owner {value} does not exist")
        known: dict[str, tuple[str, ...]] = {
            "pipeline": ("default",),
            "dealstage": _STAGES,
            "hs_call_disposition": tuple(self.portal.dispositions),
        }
        if name in known and value not in known[name]:
            message = f"{value} was not one of the allowed options: [{', '.join(known[name])}]"
            return Invalid(name, "INVALID_OPTION", message)
        return None
