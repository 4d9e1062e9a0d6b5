"""Making a property group and properties in HubSpot, by its properties API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.common.errors import ContractError
from leadline.common.values import Crm
from leadline.connectors.hubspot.answers import MissingError
from leadline.connectors.hubspot.client import HubSpotClient
from leadline.connectors.hubspot.describing import definitions
from leadline.connectors.hubspot.names import KINDS
from leadline.connectors.installing import Part, PartKind
from leadline.connectors.settings import HubSpotSettings

GROUP: Final = "leadline"
PROPERTIES_A_CALL: Final = 100
"""https://developers.hubspot.com/docs/api-reference/crm-properties-v3/batch/post-crm-v3-properties-objectType-batch-create"""
_TYPES: Final = {
    "picklist": ("enumeration", "select"),
    "text": ("string", "text"),
    "number": ("number", "number"),
    "datetime": ("datetime", "date"),
}


def install(settings: HubSpotSettings, *, sleep: Callable[[float], None] | None = None) -> HubSpotInstaller:
    """Return an installer; its token needs the scopes crm.schemas.*.write."""
    return HubSpotInstaller(settings, sleep)


class HubSpotInstaller:
    """Implements ``Installer`` for one portal. The id of a part is its address below the properties API."""

    def __init__(self, settings: HubSpotSettings, sleep: Callable[[float], None] | None = None) -> None:
        self._client = HubSpotClient(settings, sleep)

    @property
    def crm(self) -> Crm:
        return "hubspot"

    def organisation(self) -> str:
        return self._client.account().portal

    def makeable(self, parts: Sequence[Part]) -> Sequence[Part]:
        return parts

    def existing(self, parts: Sequence[Part]) -> Mapping[str, str]:
        """Two calls for each object."""
        found: dict[str, str] = {}
        for name in dict.fromkeys(part.object for part in parts):
            there = {("field", row["name"]) for row in definitions(self._client, KINDS[name])}
            there |= {("group", row["name"]) for row in definitions(self._client, KINDS[name], "/groups")}
            mine = [part for part in parts if part.object == name and (part.kind, part.name) in there]
            found |= {part.key: _address(part) for part in mine}
        return found

    def batches(self, parts: Sequence[Part]) -> Sequence[tuple[Part, ...]]:
        """Each group by itself; properties of one object that stand together, 100 a call."""
        found: list[tuple[Part, ...]] = []
        for (kind, _), some in groupby(parts, key=lambda part: (part.kind, part.object)):
            found += chunks(tuple(some), 1 if kind == "group" else PROPERTIES_A_CALL)
        return found

    def make(self, parts: Sequence[Part]) -> Mapping[str, str]:
        base = f"/crm/v3/properties/{KINDS[parts[0].object].path}"
        if parts[0].kind == "group":
            for part in parts:
                self._client.send("POST", f"{base}/groups", {"name": part.name, "label": part.label})
            return {part.key: _address(part) for part in parts}
        body = {"inputs": [_property(part) for part in parts]}
        answer = self._client.call("write", lambda apis: apis.ask(f"{base}/batch/create", body), repeatable=False)
        told = answer.get("results") if isinstance(answer, Mapping) else None
        made = {str(row.get("name")) for row in told or () if isinstance(row, Mapping)}
        missing = [part.key for part in parts if part.name not in made]
        if missing:
            raise ContractError(f"HubSpot did not say that it made {', '.join(missing)}; run it again")
        return {part.key: _address(part) for part in parts}

    def remove(self, kind: PartKind, ident: str) -> None:
        del kind
        try:
            self._client.send("DELETE", ident, {})
        except MissingError:
            return

    def close(self) -> None:
        self._client.close()


def _address(part: Part) -> str:
    what = "groups/" if part.kind == "group" else ""
    return f"/crm/v3/properties/{KINDS[part.object].path}/{what}{part.name}"


def _property(part: Part) -> dict[str, Any]:
    kind, field = _TYPES[part.type]
    options = [
        {"label": value, "value": value, "displayOrder": place, "hidden": False}
        for place, value in enumerate(part.options)
    ]
    told = {"name": part.name, "label": part.label, "description": part.meaning, "groupName": GROUP}
    return {**told, "type": kind, "fieldType": field, "options": options, "hasUniqueValue": part.unique}
