"""What the practice organisation tells of itself: rights, sharing, permission sets and automations, as tables.

Objects of the REST API stand beside the records; those of the Tooling API have a schema of their own.
"""

from __future__ import annotations

from typing import Final

from leadline.connectors.practice.salesforce.fieldkit import audit, fixed, flag, identity, pick, ref, text
from leadline.connectors.practice.salesforce.schema import Field, SObject

SYSTEM_PERMISSIONS: Final = (
    *("ApiEnabled", "ViewSetup", "ViewAllData", "ModifyAllData", "TransferAnyLead", "TransferAnyEntity", "EditTask"),
    *("CustomizeApplication", "ManageProfilesPermissionsets", "AssignPermissionSets"),
)
"""The permissions of users that the practice organisation knows."""

RIGHTS: Final = ("Create", "Read", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")


def setup_objects() -> tuple[SObject, ...]:
    """Return the objects about setup that the REST API has."""
    return (
        _table(
            "UserPermissionAccess", "0uA", *(flag(f"Permissions{name}", **fixed()) for name in SYSTEM_PERMISSIONS)
        ),
        _table("EntityDefinition", "4ie", text("QualifiedApiName", 70), text("InternalSharingModel", 40)),
        _table("AssignmentRule", "01Q", text("Name", 120), text("SobjectType", 40), flag("Active")),
        _table("DuplicateRule", "0Bm", text("DeveloperName", 80), text("SobjectType", 40), flag("IsActive")),
        _table("PackageLicense", "050", text("NamespacePrefix", 15)),
        _table(
            *("FlowDefinitionView", "3dd"),
            *(text(name, 255) for name in ("ApiName", "Label", "ProcessType", "TriggerType", "ActiveVersionId")),
            *(text(name, 255) for name in ("TriggerObjectOrEventId", "TriggerObjectOrEventLabel")),
            flag("IsActive"),
        ),
        *_permission_sets(),
    )


def tooling_objects() -> tuple[SObject, ...]:
    """Return the objects of the Tooling API; definitions themselves stand in no column."""
    return (
        _table("CustomField", "00N", text("DeveloperName", 80), text("TableEnumOrId", 40)),
        _table("ValidationRule", "03d", text("ValidationName", 80), text("EntityDefinitionId", 40), flag("Active")),
        _table("WorkflowRule", "01q", text("Name", 80), text("TableEnumOrId", 40)),
        _table("Flow", "301", text("MasterLabel", 80), text("Status", 40)),
        _table(
            *("ApexTrigger", "01r", text("Name", 80), text("TableEnumOrId", 40), text("Status", 40)),
            *(flag("UsageBeforeUpdate"), flag("UsageAfterUpdate")),
        ),
    )


def _permission_sets() -> tuple[SObject, ...]:
    owner = ref("ParentId", "PermissionSet", nillable=False)
    return (
        _table(
            *("PermissionSet", "0PS", text("Name", 80, nillable=False), text("Label", 80), text("Description", 255)),
            *(flag(f"Permissions{name}") for name in SYSTEM_PERMISSIONS),
        ),
        _table(
            *("PermissionSetAssignment", "0Pa"),
            ref("PermissionSetId", "PermissionSet", nillable=False),
            ref("AssigneeId", "User", nillable=False),
        ),
        _table(
            *("ObjectPermissions", "110", owner, pick("SobjectType", nillable=False)),
            *(flag(f"Permissions{right}") for right in RIGHTS),
        ),
        _table(
            *("FieldPermissions", "01k", owner, pick("SobjectType", nillable=False), text("Field", 120)),
            *(flag(f"Permissions{right}") for right in ("Read", "Edit")),
        ),
    )


def _table(name: str, prefix: str, *fields: Field) -> SObject:
    writable = name in {"PermissionSet", "PermissionSetAssignment", "ObjectPermissions", "FieldPermissions"}
    return SObject(name, prefix, name, name, (identity("ID"), *fields, *audit(deleted=False)), writable=writable)
