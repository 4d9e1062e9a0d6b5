"""Links between records, from associations and from fields that hold another record's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadline.common.values import Crm, Raw, RecordRef, SourceRecord
from leadline.connectors.record_ids import full_id
from leadline.sync.store.mirror import Link

_FIELDS: Final[Mapping[tuple[Crm, str], tuple[tuple[str, str, Crm, str], ...]]] = {
    # (crm, object) -> (field, link's name, CRM and object it points at)
    ("salesforce", "Lead"): (
        ("ConvertedContactId", "converted_contact", "salesforce", "Contact"),
        ("ConvertedAccountId", "company", "salesforce", "Account"),
        ("ConvertedOpportunityId", "converted_deal", "salesforce", "Opportunity"),
        ("HubSpot_Contact_Id__c", "hubspot_contact", "hubspot", "contact"),
    ),
    ("salesforce", "Contact"): (
        ("AccountId", "company", "salesforce", "Account"),
        ("HubSpot_Contact_Id__c", "hubspot_contact", "hubspot", "contact"),
    ),
    ("salesforce", "Opportunity"): (("AccountId", "company", "salesforce", "Account"),),
    ("hubspot", "contact"): (
        ("salesforceleadid", "salesforce_lead", "salesforce", "Lead"),
        ("salesforcecontactid", "salesforce_contact", "salesforce", "Contact"),
    ),
}

_NAMES: Final[Mapping[tuple[Crm, str, str], str]] = {
    # What connectors call some associations -> what they mean here.
    ("salesforce", "Lead", "contact"): "converted_contact",
    ("salesforce", "Lead", "deal"): "converted_deal",
    ("salesforce", "Lead", "account"): "company",
    ("salesforce", "Contact", "account"): "company",
    ("salesforce", "Opportunity", "account"): "company",
}


def links_of(record: SourceRecord) -> tuple[Link, ...]:
    """Return a record's links, primary first within each name, without repetition."""
    found: dict[tuple[str, RecordRef], Link] = {}
    for given, targets in record.links.items():
        name = _NAMES.get((record.ref.crm, record.ref.object, given), given)
        for position, target in enumerate(targets):
            found.setdefault((name, target), Link(record.ref, name, target, position))
    for field, name, crm, target_object in _FIELDS.get((record.ref.crm, record.ref.object), ()):
        key = _id(record.fields.get(field), crm)
        if key:
            target = RecordRef(crm, target_object, key)
            found.setdefault((name, target), Link(record.ref, name, target))
    return tuple(found.values())


def _id(raw: Raw, crm: Crm) -> str:
    if raw is None or isinstance(raw, bool):
        return ""
    text = str(raw).strip()
    return full_id(text) if crm == "salesforce" else text
