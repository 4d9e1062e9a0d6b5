"""What this user may see of each object: one composite call for up to 25 objects, remembered for later queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.common.errors import ContractError, PermissionMissingError
from leadline.common.values import FieldDescription, ObjectDescription
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.client import MOST_SUBREQUESTS, SalesforceClient, part_fault

_COMPOUND: Final = frozenset({"address", "location", "complexvalue", "base64"})
"""Types without a scalar value: their parts are fields of their own."""

_TOGETHER: Final = ("Task", "Event", "CampaignMember")
"""Objects that are asked for without having been described: whoever reads one usually reads the others."""


class Descriptions:
    """Describe answers, kept until they are asked for again."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._known: dict[str, ObjectDescription | None] = {}

    def fetch(self, objects: Sequence[str]) -> Mapping[str, ObjectDescription]:
        """Ask anew; an object that is hidden from this user is absent."""
        for name, told in describe(self._client, objects):
            self._known[name] = None if told is None else _description(name, told)
        return {name: found for name in objects if (found := self._known.get(name)) is not None}

    def visible(self, name: str) -> frozenset[str]:
        """Return the field names of an object that this user may read, describing it first if need be.

        Raises PermissionMissingError when the object is hidden.
        """
        if name not in self._known:
            self.fetch(_TOGETHER if name in _TOGETHER else [name])
        found = self._known.get(name)
        if found is None:
            raise PermissionMissingError(f"Salesforce hides {name}, or has none: grant the user read access to it")
        return frozenset(found.fields)

    def types(self, name: str) -> Mapping[str, str]:
        """Return Salesforce's words for the types of an object's visible fields; raises as ``visible`` does."""
        self.visible(name)
        found = self._known[name]
        return {} if found is None else {field.name: field.type for field in found.fields.values()}


def describe(client: SalesforceClient, objects: Sequence[str]) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Yield each object, once, with what Salesforce tells of it; None where it is hidden or cannot be queried.

    Raises ContractError for what is no description, and what a failed sub-request means.
    """
    for group in chunks(dict.fromkeys(objects), MOST_SUBREQUESTS):
        parts = [
            {
                "method": "GET",
                "url": f"{client.data_path}/sobjects/{soql.name(name)}/describe",
                "referenceId": f"d{place}",
            }
            for place, name in enumerate(group)
        ]
        for name, (status, body) in zip(group, client.composite(parts, "describe"), strict=True):
            yield name, _readable(name, status, body)


def _readable(name: str, status: int, body: Any) -> Mapping[str, Any] | None:
    if status == 404:
        return None
    fault = part_fault(status, body)
    if isinstance(fault, PermissionMissingError):
        return None
    if fault is not None:
        raise fault
    if not isinstance(body, Mapping) or not isinstance(body.get("fields"), list):
        raise ContractError(f"Salesforce described {name} without fields")
    return body if body.get("queryable") is not False else None


def _description(name: str, told: Mapping[str, Any]) -> ObjectDescription:
    # A field may be writable by itself while the user may not edit the object at all.
    writable = told.get("updateable") is not False
    fields = (_field(item, writable=writable) for item in told["fields"] if item.get("type") not in _COMPOUND)
    return ObjectDescription(name, {field.name: field for field in fields})


def _field(item: Mapping[str, Any], *, writable: bool) -> FieldDescription:
    options = tuple(str(o["value"]) for o in item.get("picklistValues") or () if o.get("active", True))
    return FieldDescription(
        name=str(item["name"]),
        type=str(item.get("type", "")),
        label=str(item.get("label") or ""),
        updateable=writable and bool(item.get("updateable")),
        restricted=bool(item.get("restrictedPicklist")),
        options=options,
        external_id=bool(item.get("externalId")),
        calculated=bool(item.get("calculated")),
    )
