"""Making custom fields and a permission set in Salesforce: Tooling API for fields, sObjects for rights.

Custom fields of tasks are defined on Activity and seen on Task:
https://developer.salesforce.com/docs/atlas.en-us.api_tooling.meta/api_tooling/tooling_api_objects_customfield.htm
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from leadline.common.errors import ContractError, UsageError
from leadline.common.values import Crm
from leadline.connectors.installing import Part, PartKind
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.client import SalesforceClient
from leadline.connectors.settings import SalesforceSettings

SET_NAME: Final = "Leadline"
_SOURCES: Final[Mapping[PartKind, str]] = {
    "field": "tooling/sobjects/CustomField",
    "permission set": "sobjects/PermissionSet",
    "object right": "sobjects/ObjectPermissions",
    "field right": "sobjects/FieldPermissions",
    "assignment": "sobjects/PermissionSetAssignment",
}
_TYPES: Final = {"picklist": "Picklist", "text": "Text", "number": "Number", "datetime": "DateTime"}


def install(settings: SalesforceSettings, *, sleep: Callable[[float], None] | None = None) -> SalesforceInstaller:
    """Return an installer; it signs in at its first call, as a user who may customise the organisation."""
    return SalesforceInstaller(settings, sleep)


def definition(part: Part) -> dict[str, Any]:
    """Return a field's definition as metadata: the same for the Tooling API and for a deployment."""
    told: dict[str, Any] = {"label": part.label, "type": _TYPES[part.type], "description": part.meaning}
    if part.type == "text":
        told["length"] = part.length
    if part.type == "number":
        told |= {"precision": 18, "scale": part.scale}
    if part.type == "picklist":
        values = [{"fullName": value, "label": value, "default": False} for value in part.options]
        told["valueSet"] = {"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}}
    if part.unique:
        told |= {"externalId": True, "unique": True, "caseSensitive": True}
    return told


def owner_of(name: str) -> str:
    """Return the object on which a custom field of ``name`` is defined."""
    return "Activity" if name in {"Task", "Event"} else name


class SalesforceInstaller:
    """Implements ``Installer`` for one organisation."""

    def __init__(self, settings: SalesforceSettings, sleep: Callable[[float], None] | None = None) -> None:
        self._client = SalesforceClient(settings, sleep)

    @property
    def crm(self) -> Crm:
        return "salesforce"

    def organisation(self) -> str:
        return self._client.organisation().id

    def makeable(self, parts: Sequence[Part]) -> Sequence[Part]:
        """One query."""
        rights = [part for part in parts if part.kind == "field right"]
        known = {(str(row["TableEnumOrId"]), str(row["DeveloperName"])) for row in self._custom(rights)}
        known |= {_place(part) for part in parts if part.kind == "field"}
        return [part for part in parts if part.kind != "field right" or _place(part) in known]

    def existing(self, parts: Sequence[Part]) -> Mapping[str, str]:
        """Five queries; custom fields are found though no permission set shows them yet."""
        found = dict(self._fields(parts))
        held = self._set()
        if held:
            found[_key(parts, "permission set")] = held
            found |= dict(self._rights(parts, held))
        return {key: ident for key, ident in found.items() if key in {part.key for part in parts}}

    def batches(self, parts: Sequence[Part]) -> Sequence[tuple[Part, ...]]:
        """Each by itself: a metadata call takes one definition."""
        return [(part,) for part in parts]

    def make(self, parts: Sequence[Part]) -> Mapping[str, str]:
        return {part.key: self._made(part) for part in parts}

    def _made(self, part: Part) -> str:
        answer = self._client.post(_SOURCES[part.kind], self._body(part), "write")
        ident = answer.get("id") if isinstance(answer, Mapping) else None
        if not isinstance(ident, str) or not ident:
            raise ContractError(f"Salesforce did not say what it made for {part.key}")
        return ident

    def remove(self, kind: PartKind, ident: str) -> None:
        self._client.delete(f"{_SOURCES[kind]}/{ident}", "write")

    def close(self) -> None:
        self._client.close()

    def _body(self, part: Part) -> dict[str, Any]:
        if part.kind == "field":
            return {"FullName": f"{owner_of(part.object)}.{part.name}", "Metadata": definition(part)}
        rights = {f"Permissions{right}": True for right in part.rights}
        if part.kind == "permission set":
            return {"Name": part.name, "Label": part.label, "Description": part.meaning, **rights}
        held = self._set()
        if part.kind == "assignment":
            users = self._client.rows(f"SELECT Id FROM User WHERE Username = {soql.quoted(part.name)}")  # noqa: S608
            if not users:
                raise UsageError(f"Salesforce has no user named {part.name}")
            return {"PermissionSetId": held, "AssigneeId": users[0]["Id"]}
        field = {"Field": f"{part.object}.{part.name}"} if part.kind == "field right" else {}
        return {"ParentId": held, "SobjectType": part.object, **field, **rights}

    def _fields(self, parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
        fields = [part for part in parts if part.kind == "field"]
        wanted = {_place(part): part.key for part in fields}
        for row in self._custom(fields):
            key = wanted.get((str(row.get("TableEnumOrId")), str(row.get("DeveloperName"))))
            if key is not None:
                yield key, str(row["Id"])

    def _custom(self, parts: Sequence[Part]) -> Sequence[Mapping[str, Any]]:
        """Return the custom fields of the parts' objects: those too that nobody may see yet."""
        if not parts:
            return ()
        owners = soql.any_of(sorted({owner_of(part.object) for part in parts}))
        return self._client.tooling(
            f"SELECT Id, DeveloperName, TableEnumOrId FROM CustomField WHERE TableEnumOrId IN {owners}"  # noqa: S608
        )

    def _set(self) -> str:
        rows = self._client.rows(f"SELECT Id FROM PermissionSet WHERE Name = {soql.quoted(SET_NAME)}")  # noqa: S608
        return str(rows[0]["Id"]) if rows else ""

    def _rights(self, parts: Sequence[Part], held: str) -> Iterator[tuple[str, str]]:
        own = f"WHERE ParentId = {soql.quoted(held)}"
        for row in self._client.rows(f"SELECT Id, SobjectType FROM ObjectPermissions {own}"):  # noqa: S608
            yield f"object right {row['SobjectType']}", str(row["Id"])
        for row in self._client.rows(f"SELECT Id, Field FROM FieldPermissions {own}"):  # noqa: S608
            yield f"field right {row['Field']}", str(row["Id"])
        people = [part for part in parts if part.kind == "assignment"]
        for part in people:
            users = self._client.rows(f"SELECT Id FROM User WHERE Username = {soql.quoted(part.name)}")  # noqa: S608
            mine = soql.any_of(str(user["Id"]) for user in users) if users else ""
            query = f"SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = {soql.quoted(held)}"  # noqa: S608
            for row in self._client.rows(f"{query} AND AssigneeId IN {mine}") if mine else ():
                yield part.key, str(row["Id"])


def _place(part: Part) -> tuple[str, str]:
    return owner_of(part.object), part.name.removesuffix("__c")


def _key(parts: Sequence[Part], kind: PartKind) -> str:
    return next((part.key for part in parts if part.kind == kind), "")
