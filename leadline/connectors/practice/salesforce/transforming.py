"""What only Salesforce's SOAP API does: lead conversion, merge, undelete. People do it in the user interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from leadline.connectors.practice.salesforce.answers import RecordError
from leadline.connectors.practice.salesforce.derived import derive
from leadline.connectors.practice.salesforce.ids import normal_id
from leadline.connectors.practice.salesforce.org import Org
from leadline.connectors.practice.salesforce.schema import SObject
from leadline.connectors.practice.salesforce.store import Row
from leadline.connectors.practice.salesforce.values import seconds

MOST_MERGED: Final = 2  # records merged into a master in one request
_MOVED: Final = {
    # object -> where other rows point at it: what follows a merged or converted record
    "Lead": (("Task", "WhoId"), ("Event", "WhoId"), ("CampaignMember", "LeadId")),
    "Contact": (
        *(("Task", "WhoId"), ("Event", "WhoId"), ("CampaignMember", "ContactId")),
        *(("OpportunityContactRole", "ContactId"), ("Lead", "ConvertedContactId")),
    ),
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId"), ("Task", "WhatId"), ("Event", "WhatId")),
}


@dataclass(frozen=True, slots=True)
class Converted:
    """The records a lead became."""

    lead: str
    account: str
    contact: str
    opportunity: str | None


@dataclass(frozen=True, slots=True)
class Transformer:
    """Transforms records in the name of one user, now."""

    org: Org
    user: str

    def convert(
        self, identifier: str, status: str, *, account: str | None = None, opportunity: str | None = None
    ) -> Converted:
        """Turn a Lead into a Contact of an Account, with an Opportunity of that name if one is given.

        The lead's tasks, events and campaign memberships follow. Raises RecordError.
        """
        lead = self._present(self.org.schema.objects["Lead"], identifier)
        if lead.get("IsConverted"):
            raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        if account is None:
            account = self._new("Account", Name=lead["Company"], Industry=lead.get("Industry"), OwnerId=self.user)
        else:
            account = self._present(self.org.schema.objects["Account"], account)["Id"]
        own = {f.name: lead.get(f.name) for f in self.org.schema.objects["Contact"].fields if f.createable}
        owner = lead["OwnerId"] if str(lead["OwnerId"]).startswith("005") else self.user
        merged = {"AccountId": account, "MailingCountry": lead.get("Country"), "Lead_Status__c": status}
        contact = self._new("Contact", **{**own, **merged, "OwnerId": owner, "RecordTypeId": None})
        deal = self._deal(opportunity, account, contact, owner) if opportunity else None
        self._follow("Lead", lead["Id"], contact)
        self._change(
            "Lead",
            lead,
            Status=status,
            IsConverted=True,
            ConvertedDate=self.org.store.now().date(),
            ConvertedAccountId=account,
            ConvertedContactId=contact,
            ConvertedOpportunityId=deal,
        )
        return Converted(lead["Id"], account, contact, deal)

    def merge(self, name: str, master: str, others: Sequence[str]) -> list[str]:
        """Merge up to two records into ``master``; they are deleted and name it. Returns their ids."""
        target = self.org.schema.find(name)
        if target is None or not target.mergeable:
            raise RecordError("INVALID_TYPE", f"{name} cannot be merged")
        if not 1 <= len(others) <= MOST_MERGED:
            raise RecordError("INVALID_ARGUMENT", f"between 1 and {MOST_MERGED} records can be merged into a master")
        kept = self._present(target, master)
        losers = [self._present(target, other) for other in others]
        for loser in losers:
            if loser["Id"] == kept["Id"]:
                raise RecordError("INVALID_ID_FIELD", "a record cannot be merged into itself")
            self._follow(target.name, loser["Id"], kept["Id"])
            self._change(target.name, loser, IsDeleted=True, MasterRecordId=kept["Id"])
        self._change(target.name, kept)
        return [loser["Id"] for loser in losers]

    def undelete(self, identifier: str) -> str:
        """Bring a record back from the recycle bin. Raises RecordError."""
        wanted = normal_id(identifier) or ""
        target = self.org.schema.of_id(wanted)
        row = self.org.store.latest(target.name, wanted) if target else None
        if target is None or row is None or not row.get("IsDeleted") or row.get("MasterRecordId"):
            raise RecordError("UNDELETE_FAILED", "Entity is not in the recycle bin")
        self._change(target.name, row, IsDeleted=False)
        return wanted

    def _deal(self, name: str, account: str, contact: str, owner: str) -> str:
        close = seconds(self.org.store.now()).date()
        given = {"Name": name, "AccountId": account, "StageName": "Qualification", "CloseDate": close}
        deal = self._new("Opportunity", **given, OwnerId=owner, Type="New Business")
        self._new("OpportunityContactRole", OpportunityId=deal, ContactId=contact, IsPrimary=True)
        return deal

    def _present(self, target: SObject, identifier: str) -> Row:
        wanted = normal_id(identifier) or ""
        row = self.org.store.latest(target.name, wanted)
        if row is None or row.get("IsDeleted"):
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return row

    def _new(self, name: str, **values: Any) -> str:
        target = self.org.schema.objects[name]
        row = {f.name: f.default for f in target.fields if f.default is not None}
        row |= {"Id": self.org.store.new_id(target.prefix), "CreatedById": self.user}
        row["CreatedDate"] = seconds(self.org.store.now())
        self._change(name, row, **values)
        return str(row["Id"])

    def _change(self, name: str, row: Row, **values: Any) -> None:
        now = seconds(self.org.store.now())
        stamps = {"LastModifiedDate": now, "LastModifiedById": self.user, "SystemModstamp": now}
        changed: dict[str, Any] = {**row, **values, **stamps}
        derive(name, changed, now)
        known = self.org.schema.objects[name].by_name
        kept = {field: v for field, v in changed.items() if v is not None and field.lower() in known}
        self.org.store.put(name, kept)

    def _follow(self, name: str, before: str, after: str) -> None:
        """Let the rows that point at ``before`` point at ``after``; a campaign member keeps its lead as well."""
        for other, field in _MOVED[name]:
            for row in [found for found in self.org.store.rows(other) if found.get(field) == before]:
                to_contact = field == "LeadId" and after.startswith("003")
                self._change(other, row, **{"ContactId" if to_contact else field: after})
