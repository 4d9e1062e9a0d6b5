"""Looking at a Salesforce organisation: rights, sharing, limits. Only GET requests and queries are made."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from leadline.common.errors import ContractError, PermissionMissingError
from leadline.common.values import Crm, Quota
from leadline.common.vocabulary import SALESFORCE_ACTIVITIES
from leadline.connectors.inspecting import FieldSeen, Listening, ObjectSeen, Sharing, SignedIn
from leadline.connectors.protocol import Group, User
from leadline.connectors.salesforce import listening, soql
from leadline.connectors.salesforce.client import Row, SalesforceClient
from leadline.connectors.salesforce.describing import describe
from leadline.connectors.salesforce.directory import Directory
from leadline.connectors.settings import SalesforceSettings


def inspect(settings: SalesforceSettings, *, sleep: Callable[[float], None] | None = None) -> SalesforceInspector:
    """Return an inspector; it signs in at its first call. ``sleep`` (seconds) replaces the waits between retries."""
    return SalesforceInspector(settings, sleep)


class SalesforceInspector:
    """Looks at one organisation; implements ``Inspector``."""

    def __init__(self, settings: SalesforceSettings, sleep: Callable[[float], None] | None = None) -> None:
        self._client = SalesforceClient(settings, sleep)
        self._directory = Directory(self._client)
        self._version = settings.version

    @property
    def crm(self) -> Crm:
        return "salesforce"

    def signed_in(self) -> SignedIn:
        """Three calls beside the sign-in: versions, the user, and the organisation."""
        listed = self._client.outside("/services/data/", "login")
        versions = tuple(str(one["version"]) for one in listed if isinstance(one, Mapping) and "version" in one)
        user = self._user
        begun = time.monotonic()
        organisation = self._client.organisation()
        took = timedelta(seconds=time.monotonic() - begun)
        now = self._client.date()
        if now is None:
            raise ContractError("Salesforce sent no Date header")
        return SignedIn(organisation.id, user, now, took, self._version, versions)

    def objects(self, names: Sequence[str]) -> Mapping[str, ObjectSeen]:
        """One composite call for up to 25 objects."""
        told = describe(self._client, names)
        return {name: _seen(name, found) for name, found in told if found is not None}

    def rights(self, names: Sequence[str]) -> Mapping[str, bool]:
        """One query of UserPermissionAccess: the permissions of whoever asks."""
        columns = [f"Permissions{name}" for name in names]
        rows = self._maybe(soql.select(columns, "UserPermissionAccess", [], []))
        row = rows[0] if rows else {}
        return {name: bool(row[f"Permissions{name}"]) for name in names if f"Permissions{name}" in row}

    def sharing(self, names: Sequence[str]) -> Mapping[str, Sharing]:
        """Two to four queries: the organisation's defaults, and what the user's permission sets lift."""
        wanted = soql.any_of(names)
        rows = self._maybe(
            "SELECT QualifiedApiName, InternalSharingModel FROM EntityDefinition "  # noqa: S608
            f"WHERE QualifiedApiName IN {wanted}"
        )
        defaults = {str(row["QualifiedApiName"]): str(row.get("InternalSharingModel") or "") for row in rows}
        found = {name: Sharing(name, default) for name, default in defaults.items() if default}
        everywhere = self.rights(("ViewAllData", "ModifyAllData"))
        if everywhere.get("ViewAllData") or everywhere.get("ModifyAllData"):
            edits = bool(everywhere.get("ModifyAllData"))
            found = {name: replace(one, sees_all=True, edits_all=edits) for name, one in found.items()}
        if all(one.edits_all for one in found.values()) or not self._user:
            return found
        sets = self._maybe(
            "SELECT PermissionSetId FROM PermissionSetAssignment "  # noqa: S608
            f"WHERE Assignee.Username = {soql.quoted(self._user)}",
            none=None,
        )
        if not sets:
            return found
        held = soql.any_of(str(row["PermissionSetId"]) for row in sets)
        lifted = self._maybe(
            "SELECT SobjectType, PermissionsViewAllRecords, PermissionsModifyAllRecords FROM ObjectPermissions "  # noqa: S608
            f"WHERE SobjectType IN {wanted} AND ParentId IN {held}",
            none=None,
        )
        return found if lifted is None else {name: _lifted(one, lifted) for name, one in found.items()}

    def supplies(self, kind: str) -> str:
        try:
            self._client.rows(f"SELECT Id FROM {soql.name(SALESFORCE_ACTIVITIES.get(kind, kind))} LIMIT 1")  # noqa: S608
        except PermissionMissingError as error:
            return str(error)
        return ""

    def listeners(self, objects: Sequence[str], fields: Sequence[str]) -> Listening:
        """Six queries, and one call for each automation on these objects, of which 60 are looked into."""
        return listening.listeners(self._client, objects, fields)

    def usage(self) -> Quota:
        """One call of ``/limits``."""
        told = self._client.get("limits", "describe").get("DailyApiRequests") or {}
        most, left = told.get("Max"), told.get("Remaining")
        return Quota(most - left, most) if isinstance(most, int) and isinstance(left, int) else self._client.quota()

    def users(self) -> Sequence[User]:
        return self._directory.users

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        return self._directory.groups(names)

    def calls(self) -> int:
        return sum(self._client.meter.counts().values())

    def close(self) -> None:
        self._client.close()

    @cached_property
    def _user(self) -> str:
        try:
            told = self._client.outside("/services/oauth2/userinfo", "login")
        except (PermissionMissingError, ContractError):
            return ""
        return str(told.get("preferred_username") or "") if isinstance(told, Mapping) else ""

    def _maybe(self, query: str, none: Any = ()) -> Any:
        """Return the rows of a query, or ``none`` where this user may not ask it."""
        try:
            return self._client.rows(query)
        except (PermissionMissingError, ContractError):
            return none


def _seen(name: str, told: Mapping[str, Any]) -> ObjectSeen:
    fields = {str(item["name"]): _field(item) for item in told["fields"]}
    can = {word: told.get(word) is not False for word in ("createable", "updateable", "deletable")}
    return ObjectSeen(name, fields, **can)


def _field(item: Mapping[str, Any]) -> FieldSeen:
    return FieldSeen(
        name=str(item["name"]),
        type=str(item.get("type", "")),
        updateable=bool(item.get("updateable")),
        createable=bool(item.get("createable")),
        restricted=bool(item.get("restrictedPicklist")),
        options=tuple(str(o["value"]) for o in item.get("picklistValues") or () if o.get("active", True)),
        length=int(item.get("length") or 0),
        external_id=bool(item.get("externalId")),
        unique=bool(item.get("unique")),
    )


def _lifted(one: Sharing, rows: Sequence[Row]) -> Sharing:
    mine = [row for row in rows if row.get("SobjectType") == one.object]
    sees = one.sees_all or any(row.get("PermissionsViewAllRecords") for row in mine)
    edits = one.edits_all or any(row.get("PermissionsModifyAllRecords") for row in mine)
    return replace(one, sees_all=sees or edits, edits_all=edits)
