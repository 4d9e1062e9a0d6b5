"""The objects of the practice organisation, written as tables. Lengths and marks are those of a real scratch org."""

from __future__ import annotations

from typing import Final

from leadline.connectors.practice.salesforce.fieldkit import (
    audit,
    day,
    fixed,
    flag,
    identity,
    instant,
    money,
    number,
    pick,
    ref,
    text,
    whole,
)
from leadline.connectors.practice.salesforce.objects_more import campaigns, event, history, task, users
from leadline.connectors.practice.salesforce.schema import Field, SObject

STAGES: Final = (
    *("inquiry", "mql", "sal", "sql", "opportunity", "customer", "retained", "advocate"),
    *("recycled", "disqualified", "churned", "qualified lead", "interest"),
    *("target", "active", "engaged", "prioritised", "qualified", "pipeline", "closed"),
)
LEAD_STATUSES: Final = ("New", "Working", "Accepted", "Unqualified", "On Hold", "Qualified")
SOURCES: Final = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Trade Show", "Webinar", "Other")
INDUSTRIES: Final = (
    *("Software", "Manufacturing", "Logistics", "Banking", "Consulting", "Education", "Energy", "Finance"),
    *("Government", "Healthcare", "Hospitality", "Insurance", "Media", "Retail", "Telecommunications", "Other"),
)
UNTICKED: Final = "Ticked when confirmed. A checkbox is never empty: unticked is no, or nobody asked."
OPPORTUNITY_STAGES: Final = ("Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost")


def lifecycle_fields(stages: tuple[str, ...]) -> tuple[Field, ...]:
    """Return the custom fields that Leadline reads and writes, the same on Lead and Contact."""
    return (
        pick("Lifecycle_Stage__c", *stages, restricted=True, label="Lifecycle Stage"),
        number("Fit_Score__c"),
        number("Interest_Score__c"),
        text("Lead_Grade__c", 10),
        text("Temperature__c", 20),
        text("Lifecycle_Reason__c", 255),
        instant("MQL_Date__c", label="MQL Date"),
        instant("SAL_Date__c", label="SAL Date"),
        instant("SQL_Date__c", label="SQL Date"),
        instant("SLA_Due__c", label="SLA Due"),
        text("SLA_State__c", 20, "SLA State"),
        number("Lifecycle_Pass__c", scale=0),
        text("Previous_Stage__c", 80),
        flag("Budget_Confirmed__c", help=UNTICKED),
        flag("Decision_Maker__c", help=UNTICKED),
        flag("Need_Confirmed__c", help=UNTICKED),
        day("Project_Start__c"),
        money("Expected_Amount__c"),
        text("HubSpot_Contact_Id__c", 20, "HubSpot Contact Id", external_id=True),
    )


def standard_objects(stages: tuple[str, ...] = STAGES) -> tuple[SObject, ...]:
    """Return every object; ``stages`` are the options of the restricted picklist Lifecycle_Stage__c."""
    return (
        _lead(stages),
        _contact(stages),
        _account(),
        *_opportunities(),
        task(),
        event(),
        *campaigns(),
        *users(),
        history("Lead"),
        history("Contact"),
        history("Opportunity", "OpportunityFieldHistory"),
    )


def _person_name() -> tuple[Field, ...]:
    return (
        text("LastName", 80, nillable=False, compound="Name"),
        text("FirstName", 40, compound="Name"),
        pick("Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.", length=40, compound="Name"),
        text("Name", 121, "Full Name", name_field=True, **fixed(nillable=False)),
    )


def _address(prefix: str = "") -> tuple[Field, ...]:
    return (
        text(f"{prefix}Street", 255, type="textarea", compound=f"{prefix}Address"),
        text(f"{prefix}City", 40, compound=f"{prefix}Address"),
        text(f"{prefix}State", 80, compound=f"{prefix}Address"),
        text(f"{prefix}PostalCode", 20, compound=f"{prefix}Address"),
        text(f"{prefix}Country", 80, compound=f"{prefix}Address"),
    )


def _lead(stages: tuple[str, ...]) -> SObject:
    return SObject(
        "Lead",
        "00Q",
        "Lead",
        "Leads",
        (
            identity("Lead ID"),
            ref("MasterRecordId", "Lead", **fixed()),
            *_person_name(),
            text("Title", 128),
            text("Company", 255, nillable=False),
            *_address(),
            text("Phone", 40, type="phone"),
            text("MobilePhone", 40, type="phone"),
            text("Email", 80, type="email"),
            text("Website", 255, type="url"),
            text("Description", 32000, type="textarea"),
            pick("LeadSource", *SOURCES),
            pick("Status", *LEAD_STATUSES, nillable=False, default="New"),
            pick("Industry", *INDUSTRIES),
            pick("Rating", "Hot", "Warm", "Cold"),
            money("AnnualRevenue", scale=0),
            whole("NumberOfEmployees"),
            flag("HasOptedOutOfEmail", "Email Opt Out"),
            flag("DoNotCall"),
            ref("OwnerId", "Group", "User", nillable=False),
            ref("RecordTypeId", "RecordType"),
            flag("IsConverted", createable=True, updateable=False),
            day("ConvertedDate", **fixed()),
            ref("ConvertedAccountId", "Account", **fixed()),
            ref("ConvertedContactId", "Contact", **fixed()),
            ref("ConvertedOpportunityId", "Opportunity", **fixed()),
            flag("IsUnreadByOwner"),
            day("LastActivityDate", **fixed()),
            *lifecycle_fields(stages),
            *audit(),
        ),
        tracked=("Lifecycle_Stage__c", "Status", "OwnerId"),
        history="LeadHistory",
        mergeable=True,
    )


def _contact(stages: tuple[str, ...]) -> SObject:
    return SObject(
        "Contact",
        "003",
        "Contact",
        "Contacts",
        (
            identity("Contact ID"),
            ref("MasterRecordId", "Contact", **fixed()),
            ref("AccountId", "Account", children="Contacts"),
            *_person_name(),
            *_address("Mailing"),
            text("Phone", 40, type="phone"),
            text("MobilePhone", 40, type="phone"),
            ref("ReportsToId", "Contact"),
            text("Email", 80, type="email"),
            text("Title", 128),
            text("Department", 80),
            pick("LeadSource", *SOURCES),
            text("Description", 32000, type="textarea"),
            ref("OwnerId", "User", nillable=False),
            ref("RecordTypeId", "RecordType"),
            flag("HasOptedOutOfEmail", "Email Opt Out"),
            flag("DoNotCall"),
            day("LastActivityDate", **fixed()),
            pick("Lead_Status__c", *LEAD_STATUSES),
            *lifecycle_fields(stages),
            *audit(),
        ),
        tracked=("Lifecycle_Stage__c", "Lead_Status__c", "AccountId", "OwnerId"),
        history="ContactHistory",
        mergeable=True,
    )


def _account() -> SObject:
    return SObject(
        "Account",
        "001",
        "Account",
        "Accounts",
        (
            identity("Account ID"),
            ref("MasterRecordId", "Account", **fixed()),
            text("Name", 255, "Account Name", nillable=False, name_field=True),
            pick("Type", "Prospect", "Customer - Direct", "Customer - Channel", "Other"),
            ref("RecordTypeId", "RecordType"),
            ref("ParentId", "Account", children="ChildAccounts"),
            *_address("Billing"),
            text("Phone", 40, type="phone"),
            text("Website", 255, type="url"),
            pick("Industry", *INDUSTRIES),
            money("AnnualRevenue", scale=0),
            whole("NumberOfEmployees"),
            text("Description", 32000, type="textarea"),
            ref("OwnerId", "User", nillable=False),
            number("Engaged_People__c", scale=0),
            number("Account_Heat__c"),
            text("Demand_Stage__c", 80),
            *audit(),
        ),
        mergeable=True,
    )


def _opportunities() -> tuple[SObject, ...]:
    return _opportunity(), _contact_role(), _opportunity_history()


def _opportunity() -> SObject:
    return SObject(
        "Opportunity",
        "006",
        "Opportunity",
        "Opportunities",
        (
            identity("Opportunity ID"),
            ref("AccountId", "Account", children="Opportunities"),
            ref("RecordTypeId", "RecordType"),
            text("Name", 120, nillable=False, name_field=True),
            text("Description", 32000, type="textarea"),
            pick("StageName", *OPPORTUNITY_STAGES, label="Stage", nillable=False),
            money("Amount"),
            number("Probability", 3, 0, type="percent"),
            day("CloseDate", nillable=False),
            pick("Type", "New Business", "Existing Business", "Renewal"),
            pick("LeadSource", *SOURCES),
            flag("IsClosed", label="Closed", **fixed()),
            flag("IsWon", label="Won", **fixed()),
            pick("ForecastCategoryName", "Pipeline", "Best Case", "Commit", "Closed", "Omitted"),
            ref("CampaignId", "Campaign", children="Opportunities"),
            ref("OwnerId", "User", nillable=False),
            ref("ContactId", "Contact", relationship="", createable=True, updateable=False),
            *audit(),
        ),
        tracked=("StageName", "Amount", "CloseDate"),
        history="OpportunityFieldHistory",
    )


def _contact_role() -> SObject:
    return SObject(
        "OpportunityContactRole",
        "00K",
        "Opportunity Contact Role",
        "Opportunity Contact Role",
        (
            identity("Contact Role ID"),
            ref("OpportunityId", "Opportunity", children="OpportunityContactRoles", nillable=False, updateable=False),
            ref("ContactId", "Contact", children="OpportunityContactRoles", nillable=False, updateable=False),
            pick("Role", "Business User", "Decision Maker", "Economic Buyer", "Influencer", "Other"),
            flag("IsPrimary"),
            *audit(),
        ),
    )


def _opportunity_history() -> SObject:
    return SObject(
        "OpportunityHistory",
        "008",
        "Opportunity History",
        "Opportunity History",
        (
            identity("Opportunity History ID"),
            ref("OpportunityId", "Opportunity", children="OpportunityHistories", **fixed(nillable=False)),
            pick("StageName", *OPPORTUNITY_STAGES, label="Stage", **fixed(nillable=False)),
            money("Amount", **fixed()),
            day("CloseDate", **fixed()),
            instant("SystemModstamp", label="System Modstamp", **fixed(nillable=False)),
            *audit(modified=False),
        ),
        writable=False,
    )
