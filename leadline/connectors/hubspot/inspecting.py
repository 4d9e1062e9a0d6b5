"""Looking at a HubSpot portal: scopes, properties, workflows, limits. Nothing that is asked changes anything.

Scopes are read from the token itself, in one call. Where HubSpot does not tell them, each is probed by one call of an
endpoint that needs it; what only a write would show stays untold.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from leadline.common.errors import ContractError, PermissionMissingError
from leadline.common.values import Crm, Quota
from leadline.connectors.hubspot.answers import MissingError
from leadline.connectors.hubspot.client import HubSpotClient, next_page
from leadline.connectors.hubspot.describing import definitions
from leadline.connectors.hubspot.memberships import Lists
from leadline.connectors.hubspot.names import KINDS
from leadline.connectors.hubspot.owners import Owners
from leadline.connectors.inspecting import FieldSeen, Listener, Listening, ObjectSeen, Sharing, SignedIn
from leadline.connectors.protocol import Group, User
from leadline.connectors.settings import HubSpotSettings

_Query = Sequence[tuple[str, Any]]
_ONE: Final[_Query] = (("limit", 1),)
_SUPPLIERS: Final[Mapping[str, tuple[str, _Query]]] = {
    "event": ("/events/v3/events/event-types", ()),
    "form": ("/marketing/v3/forms/", _ONE),
    "email": ("/email/public/v1/campaigns", _ONE),
    "call": ("/crm/v3/objects/calls", _ONE),
    "meeting": ("/crm/v3/objects/meetings", _ONE),
    "task": ("/crm/v3/objects/tasks", _ONE),
    "note": ("/crm/v3/objects/notes", _ONE),
    "one_to_one_email": ("/crm/v3/objects/emails", _ONE),
}
"""One cheap call that each kind of activity needs to be answered."""

_PROBES: Final[Mapping[str, tuple[str, _Query]]] = {
    **{f"crm.objects.{kind.path}.read": (f"/crm/v3/objects/{kind.path}", _ONE)
       for kind in (KINDS["contact"], KINDS["company"], KINDS["deal"])},
    **{f"crm.schemas.{kind.path}.read": (f"/crm/v3/properties/{kind.path}/groups", ())
       for kind in (KINDS["contact"], KINDS["company"], KINDS["deal"])},
    "crm.objects.owners.read": ("/crm/v3/owners/", _ONE),
    "business-intelligence": _SUPPLIERS["event"],
    "forms": _SUPPLIERS["form"],
    "content": _SUPPLIERS["email"],
    "automation": ("/automation/v4/flows", _ONE),
}  # fmt: skip
"""Scopes that one call without consequences can tell; those of writing are not among them."""

_OBJECT_TYPES: Final[Mapping[str, str]] = {"contact": "0-1", "company": "0-2", "deal": "0-3"}
_LOOKED_INTO: Final = 60
"""Workflows are read one a call."""


def inspect(settings: HubSpotSettings, *, sleep: Callable[[float], None] | None = None) -> HubSpotInspector:
    """Return an inspector; it makes no call yet. ``sleep`` (seconds) replaces the waits between retries."""
    return HubSpotInspector(settings, sleep)


class HubSpotInspector:
    """Looks at one portal; implements ``Inspector``."""

    def __init__(self, settings: HubSpotSettings, sleep: Callable[[float], None] | None = None) -> None:
        self._client = HubSpotClient(settings, sleep)
        self._owners = Owners(self._client)
        self._lists = Lists(self._client)

    @property
    def crm(self) -> Crm:
        return "hubspot"

    def signed_in(self) -> SignedIn:
        """One call beside the sign-in. HubSpot has no user behind a private app."""
        begun = time.monotonic()
        account = self._client.account()
        took = timedelta(seconds=time.monotonic() - begun)
        now = self._client.meter.date
        if now is None:
            raise ContractError("HubSpot sent no Date header")
        return SignedIn(account.portal, "", now, took)

    def objects(self, names: Sequence[str]) -> Mapping[str, ObjectSeen]:
        """One call for each object."""
        found: dict[str, ObjectSeen] = {}
        for name in dict.fromkeys(names):
            try:
                rows = definitions(self._client, KINDS[name])
            except (PermissionMissingError, MissingError):
                continue
            fields = map(_field, rows)
            found[name] = ObjectSeen(name, {field.name: field for field in fields})
        return found

    def rights(self, names: Sequence[str]) -> Mapping[str, bool]:
        """One call where the token tells its scopes, else one for each scope that can be probed."""
        try:
            scopes = self._client.scopes()
        except (PermissionMissingError, ContractError):
            return {name: self._reaches(*_PROBES[name]) == "" for name in names if name in _PROBES}
        return {name: name in scopes for name in names}

    def sharing(self, names: Sequence[str]) -> Mapping[str, Sharing]:  # noqa: ARG002 - a private app meets every record
        """Return nothing: an app meets every record that its scopes allow."""
        return {}

    def supplies(self, kind: str) -> str:
        return self._reaches(*_SUPPLIERS[kind]) if kind in _SUPPLIERS else ""

    def listeners(self, objects: Sequence[str], fields: Sequence[str]) -> Listening:
        """One call for each 100 workflows, and one for each that is on and about these objects (at most 60)."""
        try:
            return Listening(tuple(self._workflows(objects, frozenset(fields))))
        except (PermissionMissingError, ContractError) as error:
            return Listening((), {"workflow": str(error)})

    def usage(self) -> Quota:
        """One call; HubSpot tells private apps only."""
        try:
            told = self._client.get("/account-info/v3/api-usage/daily/private-apps", "describe")
            rows = [row for row in told.get("results") or () if isinstance(row, Mapping)]
        except (PermissionMissingError, ContractError):
            rows = []
        for row in rows:
            used, most = row.get("currentUsage"), row.get("usageLimit")
            if isinstance(used, int) and isinstance(most, int):
                return Quota(used, most)
        return self._client.meter.quota

    def users(self) -> Sequence[User]:
        return self._owners.users

    def groups(self, names: Sequence[str]) -> Mapping[str, Group]:
        return self._lists.groups(names)

    def calls(self) -> int:
        return sum(self._client.meter.counts().values())

    def close(self) -> None:
        self._client.close()

    def _reaches(self, path: str, query: _Query) -> str:
        try:
            self._client.get(path, "describe", query)
        except (PermissionMissingError, MissingError) as error:
            return str(error)
        return ""

    def _workflows(self, objects: Sequence[str], fields: frozenset[str]) -> Iterator[Listener]:
        types = {_OBJECT_TYPES[name]: name for name in objects if name in _OBJECT_TYPES}
        left = _LOOKED_INTO
        for row in self._flows():
            name = types.get(str(row.get("objectTypeId")))
            if name is None or row.get("isEnabled") is False:
                continue
            inside: Any = None
            if left > 0:
                left -= 1
                inside = self._client.get(f"/automation/v4/flows/{row['id']}", "describe")
            words = None if inside is None else frozenset(re.findall(r"\w+", json.dumps(inside, default=str)))
            label = str(row.get("name") or f"workflow {row['id']}")
            yield Listener("workflow", label, name, None if words is None else words & fields)

    def _flows(self) -> Iterator[Mapping[str, Any]]:
        query: list[tuple[str, Any]] = [("limit", 100)]
        while True:
            page = self._client.get("/automation/v4/flows", "describe", query)
            if not isinstance(page, Mapping):
                raise ContractError("HubSpot listed workflows as something else than a JSON object")
            yield from (row for row in page.get("results") or () if isinstance(row, Mapping) and "id" in row)
            after = next_page(page)
            if after is None:
                return
            query = [("limit", 100), ("after", after)]


def _field(row: Mapping[str, Any]) -> FieldSeen:
    told = row.get("modificationMetadata") or {}
    writable = not told.get("readOnlyValue", False)
    kind = str(row.get("type") or "")
    options = tuple(str(option["value"]) for option in row.get("options") or ())
    return FieldSeen(
        name=str(row["name"]),
        type=kind,
        updateable=writable,
        createable=writable,
        restricted=kind == "enumeration" and bool(options),
        options=options,
        unique=bool(row.get("hasUniqueValue")),
        external_id=bool(row.get("hasUniqueValue")),
    )
