"""Filling the store from the invented organisation; every id derives from a key, so a seed gives the same ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from leadline.connectors.practice.credentials import SALESFORCE_USERNAME
from leadline.connectors.practice.ids import hubspot_id, salesforce_id
from leadline.connectors.practice.organisation import Company, Deal, Organisation, Owner, Person
from leadline.connectors.practice.salesforce.seeding_activities import activity_rows
from leadline.connectors.practice.salesforce.store import Row, Store
from leadline.connectors.practice.salesforce.values import seconds

PROBABILITY: Final = {"Qualification": 10, "Proposal": 50, "Negotiation": 80, "Closed Won": 100, "Closed Lost": 0}
INTEGRATION_KEY: Final = "leadline-integration-user"
RECORD_TYPES: Final = (("Lead", "Prospect"), ("Lead", "Partner"), ("Contact", "Prospect"), ("Opportunity", "Sales"))
_DEVELOPMENT, _EXECUTIVES = "SDR", "Account Executives"


class Seeder:
    """Casts one organisation into Salesforce's rows."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.owners = {owner.key: owner for owner in organisation.owners}
        self.people = {person.key: person for person in organisation.people}
        self.companies = {company.key for company in organisation.companies if company.in_salesforce}
        self.deals = {deal.key: deal for deal in organisation.deals if deal.in_salesforce}
        self.integration = salesforce_id("005", INTEGRATION_KEY)

    def fill(self, store: Store) -> None:
        """Put every row of the organisation into ``store``."""
        for name, rows in self._tables().items():
            known = {field.name for field in store.schema.objects[name].fields}
            for row in rows:
                kept = {field: value for field, value in row.items() if value is not None and field in known}
                store.put(name, kept)

    def user_id(self, key: str | None) -> str:
        """Return the id of an owner who is a user; a queue cannot own this, so the integration user does."""
        owner = self.owners.get(key or "")
        return self.integration if owner is None or owner.queue else salesforce_id("005", owner.key)

    def owner_id(self, key: str) -> str:
        """Return the id of a user or a queue."""
        owner = self.owners.get(key)
        return salesforce_id("00G", key) if owner is not None and owner.queue else self.user_id(key)

    def person_id(self, person: Person) -> str:
        """Return the id of the record that stands for a person now: a Contact once there is one."""
        return salesforce_id("00Q" if person.salesforce == "lead" else "003", person.key)

    def audit(self, created: datetime, modified: datetime, by: str, maker: str | None = None) -> dict[str, Any]:
        """Return the system fields of a row."""
        stamp = seconds(max(created, modified))
        return {
            "CreatedDate": seconds(created),
            "CreatedById": maker or self.integration,
            "LastModifiedDate": stamp,
            "LastModifiedById": by,
            "SystemModstamp": stamp,
            "IsDeleted": False,
        }

    def _tables(self) -> Mapping[str, Iterable[Row]]:
        in_salesforce = [person for person in self.organisation.people if person.salesforce]
        return {
            "Organization": [self._organization()],
            "User": [self._integration_user(), *(self._user(o) for o in self.organisation.owners if not o.queue)],
            "Group": [self._queue(owner) for owner in self.organisation.owners if owner.queue],
            "RecordType": [self._record_type(*pair) for pair in RECORD_TYPES],
            "Account": [self._account(company) for company in self.organisation.companies if company.in_salesforce],
            "Lead": [self._lead(person) for person in in_salesforce if person.salesforce != "contact"],
            "Contact": [self._contact(person) for person in in_salesforce if person.salesforce != "lead"],
            "Opportunity": [self._opportunity(deal) for deal in self.deals.values()],
            "OpportunityContactRole": [row for deal in self.deals.values() for row in self._roles(deal)],
            "OpportunityHistory": [row for deal in self.deals.values() for row in self._deal_history(deal)],
            "OpportunityFieldHistory": [row for deal in self.deals.values() for row in self._stage_changes(deal)],
            "LeadHistory": [
                row for p in in_salesforce if p.salesforce != "contact" for row in self._status(p, "Lead")
            ],
            "ContactHistory": [row for p in in_salesforce if p.salesforce == "contact" for row in self._status(p)],
            **activity_rows(self),
        }

    def _organization(self) -> Row:
        start = self.organisation.start
        return {
            "Id": organization_id(self.organisation),
            "Name": self.organisation.name,
            "InstanceName": "PRA1",
            "IsSandbox": True,
            "OrganizationType": "Enterprise Edition",
            "TimeZoneSidKey": "GMT",
            "LanguageLocaleKey": "en_US",
            **self.audit(start, start, self.integration),
        }

    def _integration_user(self) -> Row:
        start = self.organisation.start
        return {
            "Id": self.integration,
            "Username": SALESFORCE_USERNAME,
            "LastName": "Leadline Integration",
            "Name": "Leadline Integration",
            "Email": SALESFORCE_USERNAME,
            "Alias": "leadline",
            "IsActive": True,
            "UserType": "Standard",
            "TimeZoneSidKey": "GMT",
            **self.audit(start, start, self.integration),
        }

    def _user(self, owner: Owner) -> Row:
        start = self.organisation.start
        return {
            "Id": salesforce_id("005", owner.key),
            "Username": owner.email,
            "FirstName": owner.first_name or None,
            "LastName": owner.last_name,
            "Name": f"{owner.first_name} {owner.last_name}".strip(),
            "Email": owner.email,
            "Alias": owner.key[:8],
            "Department": owner.team or None,
            "IsActive": owner.active,
            "ManagerId": self._manager(owner),
            "UserType": "Standard",
            "TimeZoneSidKey": "GMT",
            **self.audit(start, start, self.integration),
        }

    def _manager(self, owner: Owner) -> str | None:
        """Return whom somebody of sales development reports to: the first account executive of their region."""
        team, _, region = owner.team.rpartition(" ")
        of_region = (one for one in self.organisation.owners if one.team == f"{_EXECUTIVES} {region}")
        manager = next((one for one in of_region if one.active and not one.queue), None)
        return salesforce_id("005", manager.key) if team == _DEVELOPMENT and manager is not None else None

    def _queue(self, owner: Owner) -> Row:
        start = self.organisation.start
        name = f"{owner.first_name} {owner.last_name}".strip()
        return {
            "Id": salesforce_id("00G", owner.key),
            "Name": name,
            "DeveloperName": name.replace(" ", "_"),
            "Type": "Queue",
            **self.audit(start, start, self.integration),
        }

    def _record_type(self, kind: str, name: str) -> Row:
        start = self.organisation.start
        return {
            "Id": salesforce_id("012", f"{kind}.{name}"),
            "Name": name,
            "DeveloperName": name,
            "SobjectType": kind,
            "IsActive": True,
            **self.audit(start, start, self.integration),
        }

    def _account(self, company: Company) -> Row:
        return {
            "Id": salesforce_id("001", company.key),
            "Name": company.name,
            "Website": company.domain or None,
            "Industry": company.industry,
            "NumberOfEmployees": company.employees,
            "BillingCountry": company.country,
            "AnnualRevenue": None if company.annual_revenue is None else float(company.annual_revenue),
            "Type": "Prospect",
            "OwnerId": self.user_id(company.owner),
            **self.audit(company.created, company.created, self.user_id(company.owner)),
        }

    def _lead(self, person: Person) -> Row:
        row: dict[str, Any] = {
            "Id": salesforce_id("00Q", person.key),
            **self._person(person),
            "Company": person.company_name or "[not provided]",
            "Country": person.country,
            "Status": person.status,
            "OwnerId": self.owner_id(person.owner),
            "RecordTypeId": salesforce_id("012", "Lead.Prospect"),
            "IsConverted": False,
            "IsUnreadByOwner": False,
            **self.audit(person.created, person.modified, self.user_id(person.owner)),
        }
        if person.salesforce == "converted" and person.converted:
            row |= {
                "Status": "Qualified",
                "IsConverted": True,
                "ConvertedDate": person.converted.date(),
                "ConvertedContactId": salesforce_id("003", person.key),
                "ConvertedAccountId": self._account_of(person),
                "ConvertedOpportunityId": salesforce_id("006", person.deal) if person.deal in self.deals else None,
                **self.audit(person.created, person.converted, self.user_id(person.owner)),
            }
            return row
        return row | self._end(person, "00Q")

    def _contact(self, person: Person) -> Row:
        created = person.converted if person.salesforce == "converted" and person.converted else person.created
        return {
            "Id": salesforce_id("003", person.key),
            **self._person(person),
            "AccountId": self._account_of(person),
            "MailingCountry": person.country,
            "Lead_Status__c": person.status,
            "OwnerId": self.user_id(person.owner),
            "RecordTypeId": salesforce_id("012", "Contact.Prospect"),
            **self.audit(created, person.modified, self.user_id(person.owner)),
            **self._end(person, "003"),
        }

    def _person(self, person: Person) -> dict[str, Any]:
        linked = person.linked and person.in_hubspot
        return {
            "FirstName": person.first_name,
            "LastName": person.last_name,
            "Name": f"{person.first_name or ''} {person.last_name}".strip(),
            "Email": person.email,
            "Title": person.title,
            "Phone": person.phone,
            "LeadSource": person.source,
            "HasOptedOutOfEmail": bool(person.opted_out),
            "DoNotCall": False,
            "Budget_Confirmed__c": bool(person.budget),
            "Decision_Maker__c": bool(person.authority),
            "Need_Confirmed__c": bool(person.need),
            "Project_Start__c": person.project_start,
            "Expected_Amount__c": None if person.expected_amount is None else float(person.expected_amount),
            "HubSpot_Contact_Id__c": hubspot_id("contact", person.key) if linked else None,
        }

    def _end(self, person: Person, prefix: str) -> dict[str, Any]:
        """Return what a delete or a merge leaves on a row; a merge outranks a delete."""
        gone: datetime | None = None
        master: str | None = None
        if person.duplicate_of and person.merged and "salesforce" in person.merged_in:
            gone, master = person.merged, salesforce_id(prefix, person.duplicate_of)
        elif person.deleted and "salesforce" in person.deleted_in:
            gone = person.deleted
        if gone is None:
            return {}
        stamp = seconds(max(gone, person.modified))
        return {"IsDeleted": True, "MasterRecordId": master, "LastModifiedDate": stamp, "SystemModstamp": stamp}

    def _account_of(self, person: Person) -> str | None:
        return salesforce_id("001", person.company) if person.company in self.companies else None

    def _opportunity(self, deal: Deal) -> Row:
        stage, since = deal.stages[-1]
        return {
            "Id": salesforce_id("006", deal.key),
            "Name": deal.name,
            "AccountId": salesforce_id("001", deal.company) if deal.company in self.companies else None,
            "StageName": stage,
            "IsClosed": stage.startswith("Closed"),
            "IsWon": stage == "Closed Won",
            "Probability": float(PROBABILITY.get(stage, 50)),
            "Amount": None if deal.amount is None else float(deal.amount),
            "CloseDate": deal.close_date,
            "Type": deal.type,
            "OwnerId": self.user_id(deal.owner),
            "RecordTypeId": salesforce_id("012", "Opportunity.Sales"),
            **self.audit(deal.created, since, self.user_id(deal.owner)),
        }

    def _roles(self, deal: Deal) -> Iterable[Row]:
        contacts = [self.people[key] for key in deal.people if key in self.people]
        for place, person in enumerate(p for p in contacts if p.salesforce in {"contact", "converted"}):
            made = max(deal.created, person.converted or person.created)
            yield {
                "Id": salesforce_id("00K", f"{deal.key}:{person.key}"),
                "OpportunityId": salesforce_id("006", deal.key),
                "ContactId": salesforce_id("003", person.key),
                "IsPrimary": place == 0,
                "Role": "Decision Maker" if person.authority else "Business User",
                **self.audit(made, made, self.user_id(deal.owner)),
            }

    def _deal_history(self, deal: Deal) -> Iterable[Row]:
        for place, (stage, since) in enumerate(deal.stages):
            yield {
                "Id": salesforce_id("008", f"{deal.key}:{place}"),
                "OpportunityId": salesforce_id("006", deal.key),
                "StageName": stage,
                "Amount": None if deal.amount is None else float(deal.amount),
                "CloseDate": deal.close_date,
                **self.audit(since, since, self.user_id(deal.owner), self.user_id(deal.owner)),
            }

    def _stage_changes(self, deal: Deal) -> Iterable[Row]:
        for place, ((before, _), (stage, since)) in enumerate(zip(deal.stages, deal.stages[1:], strict=False)):
            row = self.change(
                "Opportunity", salesforce_id("006", deal.key), "StageName", since, f"{deal.key}:{place}"
            )
            yield {**row, "CreatedById": self.user_id(deal.owner), "OldValue": before, "NewValue": stage}

    def _status(self, person: Person, kind: str = "Contact") -> Iterable[Row]:
        if person.status_at is None or person.status == "New":
            return
        field, prefix = ("Status", "00Q") if kind == "Lead" else ("Lead_Status__c", "003")
        row = self.change(kind, salesforce_id(prefix, person.key), field, person.status_at, f"{kind}:{person.key}")
        yield {**row, "CreatedById": self.user_id(person.owner), "OldValue": "New", "NewValue": person.status}
        if kind == "Lead" and person.converted:
            row = self.change(kind, row["LeadId"], field, person.converted, f"{kind}:{person.key}:converted")
            yield {**row, "OldValue": person.status, "NewValue": "Qualified"}

    def change(self, kind: str, parent: str, field: str, at: datetime, key: str) -> dict[str, Any]:
        """Return a row of field history without its values."""
        return {
            "Id": salesforce_id("017", f"{field}:{key}"),
            f"{kind}Id": parent,
            "Field": field,
            "DataType": "DynamicEnum",
            **self.audit(at, at + timedelta(0), self.integration),
        }


def organization_id(organisation: Organisation) -> str:
    """Return the organisation's id; another seed is another organisation."""
    return salesforce_id("00D", f"{organisation.name}:{organisation.seed}")
