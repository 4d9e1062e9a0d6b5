"""Which active automations of an organisation react to a write, and which fields they name: by Tooling queries.

Whether an automation listens to a field is read from its definition: a definition that names the field anywhere
is said to listen to it. That may say too much, never too little; what is not shown is said to be untold.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from leadline.common.errors import ContractError, PermissionMissingError
from leadline.connectors.inspecting import Listener, ListenerKind, Listening
from leadline.connectors.salesforce.client import SalesforceClient

_LOOKED_INTO: Final = 60
"""Definitions are read one a call; an organisation with more automations on people is told so by name only."""

_CONNECTOR: Final = "hubspot"


def listeners(client: SalesforceClient, objects: Sequence[str], fields: Sequence[str]) -> Listening:
    """Return active automations on ``objects``; a kind that this user may not ask for is untold."""
    found: list[Listener] = []
    untold: dict[ListenerKind, str] = {}
    looking = _Looking(client, tuple(objects), tuple(fields))
    asked: tuple[tuple[ListenerKind, Callable[[], Iterator[Listener]]], ...] = (
        ("flow", looking.flows),
        ("workflow", looking.workflows),
        ("validation rule", looking.validations),
        ("assignment rule", looking.assignments),
        ("duplicate rule", looking.duplicates),
        ("trigger", looking.triggers),
        ("connector", looking.packages),
    )
    for kind, ask in asked:
        try:
            found += ask()
        except (PermissionMissingError, ContractError) as error:
            untold[kind] = str(error)
    return Listening(tuple(sorted(found, key=lambda one: (one.object, one.kind, one.name))), untold)


class _Looking:
    """One look at one organisation."""

    def __init__(self, client: SalesforceClient, objects: tuple[str, ...], fields: tuple[str, ...]) -> None:
        self._client = client
        self._objects = objects
        self._fields = fields
        self._left = _LOOKED_INTO

    def flows(self) -> Iterator[Listener]:
        """Yield record-triggered flows and processes; their insides are those of the active version."""
        query = (
            "SELECT ApiName, Label, ProcessType, TriggerType, TriggerObjectOrEventId, TriggerObjectOrEventLabel, "
            "ActiveVersionId FROM FlowDefinitionView WHERE IsActive = true"
        )
        for row in self._client.rows(query):
            on = {str(row.get("TriggerObjectOrEventId") or ""), str(row.get("TriggerObjectOrEventLabel") or "")}
            name = next((name for name in self._objects if name in on), None)
            if name is not None:
                inside = self._inside("Flow", row.get("ActiveVersionId"))
                start = inside.get("start") if isinstance(inside, Mapping) else None
                always = isinstance(start, Mapping) and not start.get("filters") and not start.get("filterFormula")
                label = str(row.get("Label") or row.get("ApiName"))
                yield Listener("flow", label, name, self._named(inside), any_change=always)

    def workflows(self) -> Iterator[Listener]:
        for row in self._client.tooling("SELECT Id, Name, TableEnumOrId FROM WorkflowRule"):
            if row.get("TableEnumOrId") in self._objects:
                inside = self._inside("WorkflowRule", row["Id"])
                if not isinstance(inside, Mapping) or inside.get("active") is not False:
                    yield Listener("workflow", str(row["Name"]), str(row["TableEnumOrId"]), self._named(inside))

    def validations(self) -> Iterator[Listener]:
        query = "SELECT Id, ValidationName, EntityDefinitionId FROM ValidationRule WHERE Active = true"
        for row in self._client.tooling(query):
            if row.get("EntityDefinitionId") in self._objects:
                inside = self._inside("ValidationRule", row["Id"])
                name, target = str(row["ValidationName"]), str(row["EntityDefinitionId"])
                yield Listener("validation rule", name, target, self._named(inside))

    def assignments(self) -> Iterator[Listener]:
        for row in self._client.rows("SELECT Name, SobjectType FROM AssignmentRule WHERE Active = true"):
            if row.get("SobjectType") in self._objects:
                yield Listener("assignment rule", str(row["Name"]), str(row["SobjectType"]), any_change=True)

    def duplicates(self) -> Iterator[Listener]:
        for row in self._client.rows("SELECT DeveloperName, SobjectType FROM DuplicateRule WHERE IsActive = true"):
            if row.get("SobjectType") in self._objects:
                yield Listener("duplicate rule", str(row["DeveloperName"]), str(row["SobjectType"]))

    def triggers(self) -> Iterator[Listener]:
        query = (
            "SELECT Name, TableEnumOrId FROM ApexTrigger WHERE Status = 'Active' "
            "AND (UsageBeforeUpdate = true OR UsageAfterUpdate = true)"
        )
        for row in self._client.tooling(query):
            if row.get("TableEnumOrId") in self._objects:
                yield Listener("trigger", str(row["Name"]), str(row["TableEnumOrId"]), any_change=True)

    def packages(self) -> Iterator[Listener]:
        """Yield the vendors' own connector, if it is an installed package."""
        for row in self._client.rows("SELECT NamespacePrefix FROM PackageLicense"):
            if _CONNECTOR in str(row.get("NamespacePrefix") or "").lower():
                yield Listener("connector", str(row["NamespacePrefix"]), "", any_change=True)

    def _inside(self, kind: str, ident: Any) -> Any:
        """Return the definition of one automation, None where it is not shown or too many were looked into."""
        if not ident or self._left == 0:
            return None
        self._left -= 1
        try:
            return self._client.get(f"tooling/sobjects/{kind}/{ident}", "describe").get("Metadata")
        except (PermissionMissingError, ContractError):
            return None

    def _named(self, inside: Any) -> frozenset[str] | None:
        if inside is None:
            return None
        words = frozenset(re.findall(r"\w+", json.dumps(inside, default=str)))
        return words & frozenset(self._fields)
