"""The practice organisation's own definitions: automations, and custom fields made through the Tooling API.

A field that was made is seen by nobody until a permission set that its reader has shows it, as in Salesforce.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from leadline.connectors.practice.salesforce import querying
from leadline.connectors.practice.salesforce.answers import Answer, ApiError
from leadline.connectors.practice.salesforce.ids import normal_id, record_id
from leadline.connectors.practice.salesforce.schema import Field, Schema
from leadline.connectors.practice.salesforce.setup_objects import SYSTEM_PERMISSIONS, tooling_objects
from leadline.connectors.practice.salesforce.soql.parsing import parse
from leadline.connectors.practice.salesforce.soql.running import run
from leadline.connectors.practice.salesforce.store import Store
from leadline.connectors.practice.salesforce.values import seconds

if TYPE_CHECKING:
    from leadline.connectors.practice.harness import Automation
    from leadline.connectors.practice.salesforce.calling import Call
    from leadline.connectors.practice.salesforce.org import Org

ACTIVITIES: Final = ("Task", "Event")
"""Custom fields of these are made on Activity, and both have them."""

_TYPES: Final = {
    **{"Text": "string", "Number": "double", "DateTime": "datetime", "Date": "date", "Checkbox": "boolean"},
    "Picklist": "picklist",
}
_TABLES: Final = {"validation rule": "ValidationRule", "workflow": "WorkflowRule", "trigger": "ApexTrigger"}


class Definitions:
    """Everything the Tooling API has of one organisation."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.store = Store(Schema(tooling_objects()), org.harness.clock.now)
        self.inside: dict[str, Any] = {}
        self.made: dict[str, tuple[str, Field]] = {}  # id of a CustomField -> object it was made on, field
        self._fill_rights()
        for automation in org.options.automations:
            self._fill_automation(automation)
        if org.options.assignment_rule:
            self._put(org.store, "AssignmentRule", Name="Practice assignment", SobjectType="Lead", Active=True)
        if org.options.duplicate_rule:
            for name in ("Lead", "Contact"):
                self._put(
                    org.store, "DuplicateRule", DeveloperName=f"Practice_{name}", SobjectType=name, IsActive=True
                )
        for place, rule in enumerate(org.options.validation_rules):
            named = f"Practice_{place}"
            row = self._put(
                self.store, "ValidationRule", ValidationName=named, EntityDefinitionId=rule.object, Active=True
            )
            self.inside[row] = {"active": True, "errorConditionFormula": f"ISPICKVAL({rule.field}, '{rule.value}')"}
        for item in org.schema.objects.values():
            for field in item.fields:
                if field.custom:
                    self._known(item.name, field.name)

    @property
    def touched(self) -> bool:
        """Whether anybody made a field or a permission set here."""
        return bool(self.made) or any(True for _ in self.org.store.rows("PermissionSet"))

    def create_field(self, given: Mapping[str, Any]) -> str:
        """Make a custom field. Raises ApiError as the Tooling API refuses it."""
        owner, _, name = str(given.get("FullName") or "").partition(".")
        told = given.get("Metadata")
        if not name.endswith("__c") or not isinstance(told, Mapping) or told.get("type") not in _TYPES:
            raise ApiError(400, "FIELD_INTEGRITY_EXCEPTION", "FullName or Metadata of the field is not valid")
        targets = ACTIVITIES if owner == "Activity" else (owner,)
        if any(target not in self.org.schema.objects for target in targets) or owner in ACTIVITIES:
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", f"Entity {owner} has no custom fields")
        if self._id_of(owner, name) is not None:
            message = f"There is already a field named {name.removesuffix('__c')} on {owner}."
            raise ApiError(400, "DUPLICATE_DEVELOPER_NAME", message)
        ident = self._known(owner, name)
        self.made[ident] = (owner, _field(name, told))
        self.inside[ident] = dict(told)
        return ident

    def delete_field(self, ident: str) -> None:
        """Take a custom field away that was made here. Raises ApiError."""
        if ident not in self.made:
            raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
        owner, field = self.made.pop(ident)
        self.store.remove("CustomField", ident)
        for row in list(self.org.store.rows("FieldPermissions")):
            if row.get("Field") in {f"{target}.{field.name}" for target in _targets(owner)}:
                self.org.store.remove("FieldPermissions", row["Id"])

    def shown(self) -> Iterator[tuple[str, Field]]:
        """Yield the made fields that this user's permission sets show, by object."""
        sets = {
            row.get("PermissionSetId")
            for row in self.org.store.rows("PermissionSetAssignment")
            if row.get("AssigneeId") == self.org.integration_user and not row.get("IsDeleted")
        }
        rows = [row for row in self.org.store.rows("FieldPermissions") if row.get("ParentId") in sets]
        granted = {row.get("Field") for row in rows if row.get("PermissionsRead") and not row.get("IsDeleted")}
        for owner, field in self.made.values():
            yield from ((target, field) for target in _targets(owner) if f"{target}.{field.name}" in granted)

    def purge(self) -> None:
        """Take deleted rows of setup away for good, and what belonged to them: they know no recycle bin."""
        store = self.org.store
        for name in ("PermissionSetAssignment", "ObjectPermissions", "FieldPermissions", "PermissionSet"):
            gone = {row["Id"] for row in store.rows("PermissionSet") if row.get("IsDeleted")}
            for row in list(store.rows(name)):
                owner = row.get("ParentId") or row.get("PermissionSetId")
                if row.get("IsDeleted") or owner in gone:
                    store.remove(name, row["Id"])

    def _id_of(self, owner: str, name: str) -> str | None:
        for row in self.store.rows("CustomField"):
            if (row.get("TableEnumOrId"), row.get("DeveloperName")) == (owner, name.removesuffix("__c")):
                return str(row["Id"])
        return None

    def _known(self, owner: str, name: str) -> str:
        owner = "Activity" if owner in ACTIVITIES else owner
        known = self._id_of(owner, name)
        return known or self._put(
            self.store, "CustomField", TableEnumOrId=owner, DeveloperName=name.removesuffix("__c")
        )

    def _fill_rights(self) -> None:
        options = self.org.options
        rights = {f"Permissions{name}": name not in options.missing_permissions for name in SYSTEM_PERMISSIONS}
        rights["PermissionsModifyAllData"] &= "ViewAllData" not in options.missing_permissions
        self._put(self.org.store, "UserPermissionAccess", **rights)
        for name in ("Lead", "Contact", "Account", "Opportunity", "Campaign", "Task", "Event"):
            model = (options.sharing or {}).get(name, "ReadWrite")
            self._put(self.org.store, "EntityDefinition", QualifiedApiName=name, InternalSharingModel=model)

    def _fill_automation(self, one: Automation) -> None:
        inside: dict[str, Any] = {"active": True, "fields": list(one.fields)}
        if one.kind == "flow":
            version = record_id("301", one.name)
            self.inside[version] = {"start": {"object": one.object, "filters": [{"field": f} for f in one.fields]}}
            values = {"ApiName": one.name, "Label": one.name, "TriggerObjectOrEventId": one.object}
            more = {"TriggerObjectOrEventLabel": one.object, "ActiveVersionId": version, "IsActive": True}
            self._put(self.org.store, "FlowDefinitionView", TriggerType="RecordAfterSave", **values, **more)
        elif one.kind == "connector":
            self._put(self.org.store, "PackageLicense", NamespacePrefix=one.name)
        elif one.kind in _TABLES:
            common = {"Name": one.name, "ValidationName": one.name, "TableEnumOrId": one.object}
            common |= {"EntityDefinitionId": one.object}
            marks = {"Active": True, "Status": "Active", "UsageBeforeUpdate": True, "UsageAfterUpdate": True}
            self.inside[self._put(self.store, _TABLES[one.kind], **common, **marks)] = inside

    def _put(self, store: Store, name: str, **values: Any) -> str:
        target = store.schema.objects[name]
        known = {field.name for field in target.fields}
        ident = store.new_id(target.prefix)
        now = seconds(self.org.harness.clock.now())
        row = {name: value for name, value in values.items() if name in known}
        by = {"CreatedById": self.org.integration_user, "LastModifiedById": self.org.integration_user}
        made = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
        store.put(name, {"Id": ident, **row, **by, **made})
        return ident


def tooling_query(call: Call) -> Answer:
    """Answer ``/tooling/query?q=``; without View Setup nobody may ask."""
    _allowed(call, "ViewSetup")
    outcome = run(call.org.definitions.store, parse(call.params.get("q", "")), version=call.version)
    page = querying.first_page(call, outcome, "tooling/query")
    return Answer(body={"size": len(page["records"]), **page})


def tooling_further(call: Call, locator: str) -> Answer:
    """Answer a further page of ``/tooling/query``."""
    _allowed(call, "ViewSetup")
    return querying.further(call, locator, "tooling/query")


def tooling_read(call: Call, name: str, identifier: str) -> Answer:
    """Answer ``GET /tooling/sobjects/X/id``, definition included."""
    _allowed(call, "ViewSetup")
    definitions = call.org.definitions
    ident = normal_id(identifier) or ""
    row = definitions.store.get(name, ident) if name in definitions.store.schema.objects else None
    if row is None and ident not in definitions.inside:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    return Answer(body={"Id": ident, "Metadata": definitions.inside.get(ident)})


def tooling_create(call: Call, name: str) -> Answer:
    """Answer ``POST /tooling/sobjects/CustomField``."""
    _allowed(call, "CustomizeApplication")
    if name != "CustomField":
        raise ApiError(400, "INVALID_TYPE", f"{name} cannot be created here")
    ident = call.org.definitions.create_field(call.mapping())
    call.org.settle()
    return Answer(201, {"id": ident, "success": True, "errors": [], "warnings": [], "infos": []})


def tooling_delete(call: Call, name: str, identifier: str) -> Answer:
    """Answer ``DELETE /tooling/sobjects/CustomField/id``."""
    del name
    _allowed(call, "CustomizeApplication")
    call.org.definitions.delete_field(normal_id(identifier) or "")
    call.org.settle()
    return Answer(204)


def _allowed(call: Call, permission: str) -> None:
    if permission in call.org.options.missing_permissions:
        raise ApiError(403, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")


def _targets(owner: str) -> tuple[str, ...]:
    return ACTIVITIES if owner == "Activity" else (owner,)


def _field(name: str, told: Mapping[str, Any]) -> Field:
    kind = _TYPES[told["type"]]
    values = ((told.get("valueSet") or {}).get("valueSetDefinition") or {}).get("value") or ()
    return Field(
        name,
        kind,
        str(told.get("label") or name),
        length=int(told.get("length") or (255 if kind == "picklist" else 0)),
        precision=int(told.get("precision") or 0),
        scale=int(told.get("scale") or 0),
        restricted=bool((told.get("valueSet") or {}).get("restricted")),
        options=tuple(str(value.get("fullName") or value.get("valueName")) for value in values),
        external_id=bool(told.get("externalId")),
        unique=bool(told.get("unique")),
        default=False if kind == "boolean" else None,
    )
