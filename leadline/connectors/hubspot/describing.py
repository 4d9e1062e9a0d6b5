"""What this app may see of each object: one call of the properties API for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from leadline.common.errors import PermissionMissingError
from leadline.common.values import FieldDescription, ObjectDescription
from leadline.connectors.contract import rows_in
from leadline.connectors.hubspot.answers import MissingError
from leadline.connectors.hubspot.client import ApiObjects, HubSpotClient, raw
from leadline.connectors.hubspot.names import KINDS


def describe(client: HubSpotClient, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
    """Return the properties of each object; an unknown object, or one without its scope, is absent."""
    found: dict[str, ObjectDescription] = {}
    for name in dict.fromkeys(objects):
        if name not in KINDS:
            continue
        try:
            answer = client.call("describe", partial(_properties, KINDS[name].path))
        except (PermissionMissingError, MissingError):
            continue
        rows = rows_in(answer, "hubspot")
        fields = (_field(row) for row in rows if not row.get("archived"))
        found[name] = ObjectDescription(name, {field.name: field for field in fields})
    return found


def _properties(path: str, apis: ApiObjects) -> Any:
    return apis.properties.get_all(path, **raw())


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
