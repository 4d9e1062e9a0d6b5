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
