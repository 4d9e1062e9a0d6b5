"""What this app may see of each object: one call of the properties API for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadline.common.errors import PermissionMissingError
from leadline.common.values import FieldDescription, ObjectDescription
from leadline.connectors.hubspot.answers import MissingError
from leadline.connectors.hubspot.client import HubSpotClient, Row, results_of
from leadline.connectors.hubspot.names import KINDS, Kind


def describe(client: HubSpotClient, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
    """Return the properties of each object; an unknown object, or one without its scope, is absent."""
    found: dict[str, ObjectDescription] = {}
    for name in dict.fromkeys(objects):
        if name not in KINDS:
            continue
        try:
            fields = [_field(row) for row in definitions(client, KINDS[name])]
        except (PermissionMissingError, MissingError):
            continue
        found[name] = ObjectDescription(name, {field.name: field for field in fields})
    return found


def definitions(client: HubSpotClient, kind: Kind, what: str = "") -> list[Row]:
    """Return the definitions of an object's properties, or (``what`` is ``/groups``) of their groups. One call."""
    rows = results_of(client.get(f"/crm/v3/properties/{kind.path}{what}", "describe"), "a description")
    return [row for row in rows if not row.get("archived")]


def _field(row: Mapping[str, Any]) -> FieldDescription:
    told = row.get("modificationMetadata") or {}
    # In the order that people see: a lifecycle moves forward along it. -1 means "at the end".
    options = sorted(row.get("options") or (), key=lambda option: _place(option.get("displayOrder")))
    kind = str(row.get("type") or "")
    return FieldDescription(
        name=str(row["name"]),
        type=kind,
        label=str(row.get("label") or ""),
        updateable=not told.get("readOnlyValue", False),
        restricted=kind == "enumeration" and bool(options),
        options=tuple(str(option["value"]) for option in options),
        external_id=bool(row.get("hasUniqueValue")),
        calculated=bool(row.get("calculated")),
    )


def _place(order: Any) -> tuple[bool, int]:
    known = isinstance(order, int) and order >= 0
    return (not known, order if known else 0)
