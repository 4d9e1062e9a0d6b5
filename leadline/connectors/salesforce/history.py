"""Past values of tracked fields, from LeadHistory and its kin. Calls: max(1, ceil(changes / 2,000)) an object.

Salesforce keeps the history of at most 20 fields an object, from the day tracking was switched on, for 18 to 24
months; an object without tracked fields has no history object at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from sys import intern
from typing import Final

from leadline.common.values import FieldChange
from leadline.connectors.contract import scalar
from leadline.connectors.instants import read_instant
from leadline.connectors.record_ids import full_id
from leadline.connectors.salesforce import soql
from leadline.connectors.salesforce.answers import CRM
from leadline.connectors.salesforce.client import SalesforceClient

_SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    # object -> (its history object, the field there that names the record)
    "Lead": ("LeadHistory", "LeadId"),
    "Contact": ("ContactHistory", "ContactId"),
    "Account": ("AccountHistory", "AccountId"),
    "Opportunity": ("OpportunityFieldHistory", "OpportunityId"),
}
_PEOPLE: Final = frozenset({"Standard", "PowerPartner", "PowerCustomerSuccess", "CsnOnly", "CSPLitePortal"})
"""User types that are people; ``AutomatedProcess`` and ``CloudIntegrationUser`` are not."""


def read_history(
    client: SalesforceClient, name: str, fields: Sequence[str], window: soql.Window
) -> Mapping[str, Sequence[FieldChange]]:
    """Return the changes in the window by record id, oldest first. A record that changed then is in it too.

    All of the window is in memory, because records come in the order of their last change; equal words are kept once.
    """
    if name not in _SOURCES:
        return {}
    source, owner = _SOURCES[name]
    columns = ("Id", owner, "Field", "NewValue", "CreatedDate", "CreatedBy.Username", "CreatedBy.UserType")
    edge = soql.Window(window.until, window.after)
    where = [f"Field IN {soql.any_of(fields)}", *edge.conditions("CreatedDate")]
    found: dict[str, list[FieldChange]] = defaultdict(list)
    for rows in client.query(soql.select(columns, source, where, ("CreatedDate", "Id"))):
        for row in rows:
            maker = row.get("CreatedBy") or {}
            value = scalar(row.get("NewValue"))
            change = FieldChange(
                field=intern(str(row["Field"])),
                value=intern(value) if isinstance(value, str) else value,
                at=read_instant(row["CreatedDate"], CRM),
                author=intern(str(maker.get("Username") or "")),
                by_user=maker.get("UserType") in _PEOPLE,
            )
            found[full_id(str(row[owner]))].append(change)
    return found
