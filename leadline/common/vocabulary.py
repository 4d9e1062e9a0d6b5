"""The CRM words that both the rule language and the connectors speak, kept in one place as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadline.common.values import Crm

PERSON_OBJECTS: Final[Mapping[Crm, tuple[str, ...]]] = {
    "salesforce": ("Lead", "Contact"),
    "hubspot": ("contact",),
}
ACCOUNT_OBJECTS: Final[Mapping[Crm, str]] = {"salesforce": "Account", "hubspot": "company"}
DEAL_OBJECTS: Final[Mapping[Crm, str]] = {"salesforce": "Opportunity", "hubspot": "deal"}

OWNER_FIELDS: Final[Mapping[Crm, str]] = {"salesforce": "OwnerId", "hubspot": "hubspot_owner_id"}
NAME_FIELDS: Final[Mapping[Crm, tuple[str, ...]]] = {
    "salesforce": ("FirstName", "LastName"),
    "hubspot": ("firstname", "lastname"),
}

OBJECTS: Final[Mapping[Crm, tuple[str, ...]]] = {
    crm: (*PERSON_OBJECTS[crm], ACCOUNT_OBJECTS[crm], DEAL_OBJECTS[crm]) for crm in PERSON_OBJECTS
}

ACTIVITY_KINDS: Final[Mapping[Crm, Mapping[str, tuple[str, ...]]]] = {
    # kind -> attributes that a rule may name after it; the connector fills exactly these.
    "salesforce": {
        "task": ("subtype", "status", "type", "subject", "call_result"),
        "event": ("subtype", "type", "subject"),
        "campaign_member": ("type", "campaign", "status", "responded"),
    },
    "hubspot": {
        "event": ("name", "url", "title"),  # events API (Enterprise tier); name: page_view
        "form": ("form", "url"),  # `form` is the form's name
        "email": ("event", "campaign"),  # marketing e-mail; event: sent, delivered, open, click, bounce
        "call": ("outcome", "status", "direction"),  # `outcome` is the label, not the vendor's id
        "meeting": ("outcome",),
        "task": ("status", "type", "subject"),
        "note": (),
        "one_to_one_email": ("direction", "status"),
    },
}

SALESFORCE_ACTIVITIES: Final[Mapping[str, str]] = {
    "task": "Task",
    "event": "Event",
    "campaign_member": "CampaignMember",
}
"""The objects in which Salesforce keeps each kind of activity."""

STAGE_DATES: Final[Mapping[tuple[Crm, str], str]] = {
    # CRM and stage field -> the field that the CRM itself fills when a record enters a stage value.
    ("hubspot", "lifecyclestage"): "hs_v2_date_entered_{value}",
}


def stage_date_field(crm: Crm, field: str, value: str) -> str | None:
    """Return the CRM's own field for when a record entered ``value`` of its stage field; None where it keeps none."""
    pattern = STAGE_DATES.get((crm, field))
    return None if pattern is None else pattern.format(value=value)


def is_stage_date(crm: Crm, name: str) -> bool:
    """Say whether a field is one that the CRM fills by itself whenever a stage is entered."""
    return any(at == crm and name.startswith(pattern.split("{")[0]) for (at, _), pattern in STAGE_DATES.items())
