"""Activities, campaigns, users and field history, written as tables."""

from __future__ import annotations

from leadline.connectors.practice.salesforce.fieldkit import (
    audit,
    day,
    fixed,
    flag,
    identity,
    instant,
    pick,
    ref,
    text,
    whole,
)
from leadline.connectors.practice.salesforce.schema import Field, SObject


def task() -> SObject:
    """Return Task, with the external id that makes our own creates repeatable."""
    return SObject(
        "Task",
        "00T",
        "Task",
        "Tasks",
        (
            identity("Activity ID"),
            *_what_and_who("Tasks"),
            pick("Subject", "Call", "Email", "Send Letter", "Send Quote", "Other", type="combobox"),
            day("ActivityDate", label="Due Date Only"),
            pick(
                *("Status", "Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"),
                nillable=False,
                default="Not Started",
            ),
            pick("Priority", "High", "Normal", "Low", nillable=False, default="Normal"),
            ref("OwnerId", "Group", "User", nillable=False),
            text("Description", 32000, type="textarea"),
            pick("Type", "Call", "Meeting", "Other", "Email", length=40),
            pick("TaskSubtype", "Task", "Email", "List Email", "Cadence", "Call", length=40, updateable=False),
            pick("CallType", "Internal", "Inbound", "Outbound", length=40),
            text("CallDisposition", 255, "Call Result"),
            whole("CallDurationInSeconds"),
            flag("IsClosed", label="Closed", **fixed()),
            instant("CompletedDateTime", label="Completed Date", **fixed()),
            flag("IsArchived", label="Archived", **fixed()),
            ref("AccountId", "Account", **fixed()),
            text("Leadline_Key__c", 80, external_id=True, unique=True),
            *audit(),
        ),
    )


def event() -> SObject:
    """Return Event."""
    return SObject(
        "Event",
        "00U",
        "Event",
        "Events",
        (
            identity("Activity ID"),
            *_what_and_who("Events"),
            pick("Subject", "Call", "Email", "Meeting", "Send Letter/Quote", "Other", type="combobox"),
            text("Location", 255),
            flag("IsAllDayEvent", label="All-Day Event"),
            instant("ActivityDateTime", label="Due Date Time"),
            day("ActivityDate", label="Due Date Only"),
            whole("DurationInMinutes"),
            instant("StartDateTime"),
            instant("EndDateTime"),
            text("Description", 32000, type="textarea"),
            ref("AccountId", "Account", **fixed()),
            ref("OwnerId", "User", nillable=False),
            pick("Type", "Email", "Meeting", "Other", "Call", length=40),
            pick("EventSubtype", "Event", length=40, updateable=False),
            flag("IsArchived", label="Archived", **fixed()),
            *audit(),
        ),
    )


def campaigns() -> tuple[SObject, ...]:
    """Return Campaign and CampaignMember."""
    campaign = SObject(
        "Campaign",
        "701",
        "Campaign",
        "Campaigns",
        (
            identity("Campaign ID"),
            text("Name", 80, nillable=False, name_field=True),
            pick(
                "Type", "Conference", "Webinar", "Trade Show", "Referral Program", "Email", "Advertisement", "Other"
            ),
            pick("Status", "Planned", "In Progress", "Completed", "Aborted", default="Planned"),
            day("StartDate"),
            day("EndDate"),
            flag("IsActive", label="Active"),
            ref("OwnerId", "User", nillable=False),
            *audit(),
        ),
    )
    member = SObject(
        "CampaignMember",
        "00v",
        "Campaign Member",
        "Campaign Members",
        (
            identity("Campaign Member ID"),
            ref("CampaignId", "Campaign", children="CampaignMembers", nillable=False, updateable=False),
            ref("LeadId", "Lead", children="CampaignMembers", updateable=False),
            ref("ContactId", "Contact", children="CampaignMembers", updateable=False),
            pick("Status", "Sent", "Responded", "Registered", "Attended"),
            flag("HasResponded", label="Responded", **fixed()),
            day("FirstRespondedDate", **fixed()),
            pick("Type", "Lead", "Contact", length=40, **fixed()),
            ref("LeadOrContactId", "Contact", "Lead", relationship="", **fixed()),
            *audit(),
        ),
    )
    return campaign, member


def users() -> tuple[SObject, ...]:
    """Return users, queues, record types and the organisation itself."""
    return _user(), _group(), _record_type(), _organization()


def history(parent: str, name: str = "") -> SObject:
    """Return the object that keeps the past values of the tracked fields of ``parent``."""
    own = name or f"{parent}History"
    return SObject(
        own,
        "017",
        f"{parent} History",
        f"{parent} History",
        (
            identity(f"{parent} History ID"),
            ref(f"{parent}Id", parent, children="Histories", **fixed(nillable=False)),
            pick("Field", label="Changed Field", **fixed(nillable=False)),
            pick("DataType", "DynamicEnum", "EntityId", "Text", "DateTime", "Double", length=40, **fixed()),
            text("OldValue", 765, type="anyType", **fixed()),
            text("NewValue", 765, type="anyType", **fixed()),
            *audit(modified=False),
        ),
        writable=False,
    )


def _what_and_who(children: str) -> tuple[Field, ...]:
    return (
        ref("WhoId", "Contact", "Lead", label="Name ID", children=children),
        ref("WhatId", "Account", "Campaign", "Opportunity", label="Related To ID", children=children),
    )


def _user() -> SObject:
    return SObject(
        "User",
        "005",
        "User",
        "Users",
        (
            identity("User ID"),
            text("Username", 80, nillable=False),
            text("LastName", 80, nillable=False),
            text("FirstName", 40),
            text("Name", 121, "Full Name", name_field=True, **fixed(nillable=False)),
            text("Department", 80),
            text("Title", 80),
            text("Email", 128, type="email", nillable=False),
            text("Alias", 8, nillable=False),
            flag("IsActive", label="Active"),
            ref("ManagerId", "User"),
            pick("UserType", "Standard", "CsnOnly", length=40, **fixed()),
            pick("TimeZoneSidKey", "America/New_York", "Europe/Berlin", "Europe/London", "GMT", length=40),
            text("FederationIdentifier", 512),
            *audit(deleted=False),
        ),
    )


def _group() -> SObject:
    return SObject(
        "Group",
        "00G",
        "Group",
        "Group",
        (
            identity("Group ID"),
            text("Name", 40, nillable=False, name_field=True),
            text("DeveloperName", 80),
            pick("Type", "Regular", "Queue", "Role", length=40, **fixed()),
            text("Email", 255, type="email"),
            *audit(deleted=False),
        ),
    )


def _record_type() -> SObject:
    return SObject(
        "RecordType",
        "012",
        "Record Type",
        "Record Types",
        (
            identity("Record Type ID"),
            text("Name", 80, nillable=False, name_field=True),
            text("DeveloperName", 80, nillable=False),
            text("Description", 255),
            pick("SobjectType", "Account", "Contact", "Lead", "Opportunity", length=40, nillable=False),
            flag("IsActive", label="Active"),
            *audit(deleted=False),
        ),
        writable=False,
    )


def _organization() -> SObject:
    return SObject(
        "Organization",
        "00D",
        "Organization",
        "Organizations",
        (
            identity("Organization ID"),
            text("Name", 80, nillable=False, name_field=True),
            text("Country", 80),
            text("InstanceName", 5, **fixed()),
            flag("IsSandbox", **fixed()),
            pick("OrganizationType", "Developer Edition", "Enterprise Edition", length=40, **fixed()),
            pick("TimeZoneSidKey", "America/New_York", "Europe/Berlin", "GMT", length=40),
            pick("LanguageLocaleKey", "en_US", "de", length=40),
            text("DefaultCurrencyIsoCode", 3, **fixed()),
            *audit(deleted=False),
        ),
        writable=False,
    )
