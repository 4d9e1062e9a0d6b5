"""Past values of properties, by batch read: 50 records a call, only for the properties asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leadline.common.values import FieldChange
from leadline.connectors.contract import scalar
from leadline.connectors.hubspot.answers import CRM
from leadline.connectors.hubspot.client import HubSpotClient
from leadline.connectors.hubspot.names import Kind
from leadline.connectors.hubspot.owners import Owners
from leadline.connectors.hubspot.reading import read_rows
from leadline.connectors.instants import read_instant

BY_HAND: Final = frozenset(
    {"CRM_UI", "CRM_UI_BULK_ACTION", "CONTACTS_WEB", "MOBILE_IOS", "MOBILE_ANDROID", "SALES", "HUMAN"}
)
"""Source types that are a person at work in HubSpot; all others are machines, forms and integrations."""


def read_history(
    client: HubSpotClient, owners: Owners, kind: Kind, ids: Sequence[str], names: Sequence[str]
) -> Mapping[str, tuple[FieldChange, ...]]:
    """Return the changes of the named properties by record id, oldest first."""
    found: dict[str, tuple[FieldChange, ...]] = {}
    for row in read_rows(client, "read", kind, ids, (), past=names):
        changes = sorted(_changes(owners, row.get("propertiesWithHistory") or {}), key=lambda c: (c.at, c.field))
        found[str(row["id"])] = tuple(changes)
    return found


def _changes(owners: Owners, told: Mapping[str, Any]) -> Iterator[FieldChange]:
    for name, past in told.items():
        for one in reversed(past or ()):  # told newest first; of one instant the later one stays the later
            source = str(one.get("sourceType") or "")
            by_user = source in BY_HAND
            person = owners.email_of_user(one.get("updatedByUserId")) if by_user else ""
            yield FieldChange(
                field=name,
                value=scalar(one.get("value")) or None,
                at=read_instant(one.get("timestamp"), CRM),
                author=person or source,
                by_user=by_user,
            )
