"""The properties that this portal is born with: HubSpot's own that matter here, and Leadline's custom ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leadline.connectors.practice.hubspot.kinds import COMPANIES, CONTACTS, DEALS, ENGAGEMENTS, Kind
from leadline.connectors.practice.hubspot.lifecycle import STAGES, entered, exited
from leadline.connectors.practice.hubspot.properties import Catalog, Property

Options = tuple[tuple[str, str], ...]

LEAD_STATUS: Final[Options] = (
    ("NEW", "New"),
    ("OPEN", "Open"),
    ("IN_PROGRESS", "In Progress"),
    ("OPEN_DEAL", "Open Deal"),
    ("UNQUALIFIED", "Unqualified"),
    ("ATTEMPTED_TO_CONTACT", "Attempted to Contact"),
    ("CONNECTED", "Connected"),
    ("BAD_TIMING", "Bad Timing"),
)
SOURCES: Final[Options] = (
    ("ORGANIC_SEARCH", "Organic Search"),
    ("PAID_SEARCH", "Paid Search"),
    ("EMAIL_MARKETING", "Email Marketing"),
    ("SOCIAL_MEDIA", "Organic Social"),
    ("REFERRALS", "Referrals"),
    ("OTHER_CAMPAIGNS", "Other Campaigns"),
    ("DIRECT_TRAFFIC", "Direct Traffic"),
    ("OFFLINE", "Offline Sources"),
    ("PAID_SOCIAL", "Paid Social"),
    ("AI_REFERRALS", "AI Referrals"),
)
DEAL_TYPES: Final[Options] = (("newbusiness", "New Business"), ("existingbusiness", "Existing Business"))
LEADLINE_GROUP: Final = "leadline"
_GROUPS: Final = {
    "contact": {"contactinformation": "Contact Information", "conversioninformation": "Conversion Information",
                "analyticsinformation": "Web Analytics History", "salesforceinformation": "Salesforce Information"},
    "company": {"companyinformation": "Company Information"},
    "deal": {"dealinformation": "Deal Information"},
}  # fmt: skip


def catalogs() -> dict[str, Catalog]:
    """Return a fresh catalog of each object type, by singular name."""
    made = {CONTACTS.singular: list(_contact()), COMPANIES.singular: list(_company()), DEALS.singular: list(_deal())}
    for kind in ENGAGEMENTS:
        made[kind.singular] = list(_engagement(kind))
    return {
        singular: Catalog(
            singular,
            {one.name: one for one in found},
            {**_GROUPS.get(singular, {"engagement": "Engagement"}), LEADLINE_GROUP: "Leadline"},
        )
        for singular, found in made.items()
    }


def _contact() -> Iterator[Property]:
    yield Property("email", "Email", unique=True)
    for name, label in (
        ("firstname", "First Name"), ("lastname", "Last Name"), ("jobtitle", "Job Title"),
        ("country", "Country/Region"),
        ("company", "Company Name"), ("website", "Website URL"), ("city", "City"), ("message", "Message"),
    ):  # fmt: skip
        yield Property(name, label)
    yield Property("phone", "Phone Number", "string", "phonenumber")
    yield from _common(CONTACTS, "contactinformation")
    yield _enumeration("hs_lead_status", "Lead Status", LEAD_STATUS, "radio")
    yield from _lifecycle("contactinformation")
    yield _enumeration(
        "hs_analytics_source", "Original Traffic Source", SOURCES, group="analyticsinformation", kept=True
    )
    for name, label in (
        ("hs_analytics_num_page_views", "Number of Pageviews"),
        ("hs_analytics_num_visits", "Sessions"),
    ):
        yield Property(name, label, "number", "number", "analyticsinformation", read_only=True)
    yield Property("hs_email_optout", "Unsubscribed from all email", "bool", "booleancheckbox")
    for name, label in (
        ("hs_additional_emails", "Additional email addresses"), ("hs_merged_object_ids", "Merged record IDs"),
    ):  # fmt: skip
        yield _enumeration(name, label, (), "checkbox", kept=True, external=True)
    yield Property("hs_calculated_merged_vids", "Merged record IDs with timestamps", read_only=True, calculated=True)
    yield Property("associatedcompanyid", "Primary Associated Company ID", "number", "number")
    yield Property("num_associated_deals", "Number of Associated Deals", "number", "number", read_only=True)
    for name, label in (("salesforceleadid", "Salesforce Lead ID"), ("salesforcecontactid", "Salesforce Contact ID")):
        yield Property(name, label, group="salesforceinformation")
    for name, label in (("fit_score", "Fit Score"), ("interest_score", "Interest Score"), ("lifecycle_pass", "Pass")):
        yield Property(name, label, "number", "number", LEADLINE_GROUP, own=False)
    for name, label in (
        ("lead_grade", "Lead Grade"), ("temperature", "Temperature"), ("lifecycle_reason", "Lifecycle Reason"),
        ("previous_stage", "Previous Stage"), ("sla_state", "SLA State"),
    ):  # fmt: skip
        yield Property(name, label, group=LEADLINE_GROUP, own=False)
    yield Property("sla_due", "SLA Due", "datetime", "date", LEADLINE_GROUP, own=False)


def _company() -> Iterator[Property]:
    group = "companyinformation"
    for name, label in (
        ("name", "Company name"), ("domain", "Company Domain Name"), ("website", "Website URL"),
        ("country", "Country/Region"), ("industry", "Industry"), ("phone", "Phone Number"),
    ):  # fmt: skip
        yield Property(name, label, group=group)
    for name, label in (("numberofemployees", "Number of Employees"), ("annualrevenue", "Annual Revenue")):
        yield Property(name, label, "number", "number", group)
    for name, label in (("engaged_people", "Engaged People"), ("account_heat", "Account Heat")):
        yield Property(name, label, "number", "number", LEADLINE_GROUP, own=False)
    yield Property("demand_stage", "Demand Stage", group=LEADLINE_GROUP, own=False)
    yield from _common(COMPANIES, group)
    yield from _lifecycle(group)
    yield _enumeration(
        "hs_merged_object_ids", "Merged record IDs", (), "checkbox", group=group, kept=True, external=True
    )


def _deal() -> Iterator[Property]:
    group = "dealinformation"
    for name, label in (
        ("dealname", "Deal Name"),
        ("description", "Deal Description"),
        ("closed_lost_reason", "Reason"),
    ):
        yield Property(name, label, group=group)
    yield Property("amount", "Amount", "number", "number", group)
    yield Property("closedate", "Close Date", "datetime", "date", group)
    yield _enumeration("dealtype", "Deal Type", DEAL_TYPES, "radio", group=group)
    for name, label in (("dealstage", "Deal Stage"), ("pipeline", "Pipeline")):
        yield _enumeration(name, label, (), "radio", group=group, external=True)
    for name, label in (("hs_is_closed", "Is Deal Closed?"), ("hs_is_closed_won", "Is Closed Won")):
        yield Property(name, label, "bool", "booleancheckbox", group, read_only=True, calculated=True)
    yield Property(
        "num_associated_contacts", "Number of Associated Contacts", "number", "number", group, read_only=True
    )
    yield from _common(DEALS, group)
    yield _enumeration(
        "hs_merged_object_ids", "Merged record IDs", (), "checkbox", group=group, kept=True, external=True
    )


def _engagement(kind: Kind) -> Iterator[Property]:
    group = "engagement"
    yield Property("hs_timestamp", "Activity date", "datetime", "date", group)
    yield from _common(kind, group)
    texts, options = _ENGAGEMENTS[kind.singular]
    for name in texts:
        yield Property(name, name.removeprefix("hs_").replace("_", " ").capitalize(), group=group)
    for name, values in options.items():
        pairs = tuple((value, value.replace("_", " ").capitalize()) for value in values)
        yield _enumeration(name, name.removeprefix("hs_").replace("_", " ").capitalize(), pairs, group=group)
    for name in _INSTANTS.get(kind.singular, ()):
        yield Property(name, name.removeprefix("hs_").replace("_", " ").capitalize(), "datetime", "date", group)
    if kind.singular in {"task", "note"}:
        yield Property("leadline_key", "Leadline Key", group=LEADLINE_GROUP, unique=True, own=False)
    if kind.singular == "call":
        yield Property("hs_call_duration", "Call duration", "number", "number", group)
        yield _enumeration("hs_call_disposition", "Call outcome", (), group=group, external=True)


_ENGAGEMENTS: Final[dict[str, tuple[tuple[str, ...], dict[str, tuple[str, ...]]]]] = {
    # singular -> (text properties, enumerations)
    "call": (
        ("hs_call_title", "hs_call_body", "hs_activity_type"),
        {
            "hs_call_direction": ("INBOUND", "OUTBOUND"),
            "hs_call_status": ("BUSY", "CALLING_CRM_USER", "CANCELED", "COMPLETED", "CONNECTING", "FAILED",
                               "IN_PROGRESS", "NO_ANSWER", "QUEUED", "RINGING"),
        },
    ),
    "email": (
        ("hs_email_subject", "hs_email_text", "hs_email_headers"),
        {
            "hs_email_direction": ("EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"),
            "hs_email_status": ("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"),
        },
    ),
    "meeting": (
        ("hs_meeting_title", "hs_meeting_body", "hs_internal_meeting_notes", "hs_activity_type"),
        {"hs_meeting_outcome": ("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED")},
    ),
    "note": (("hs_note_body",), {}),
    "task": (
        ("hs_task_subject", "hs_task_body"),
        {
            "hs_task_status": ("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED"),
            "hs_task_priority": ("NONE", "LOW", "MEDIUM", "HIGH"),
            "hs_task_type": ("TODO", "CALL", "EMAIL", "LINKED_IN", "MEETING"),
        },
    ),
}  # fmt: skip
_INSTANTS: Final = {"meeting": ("hs_meeting_start_time", "hs_meeting_end_time"), "task": ("hs_task_completion_date",)}


def _common(kind: Kind, group: str) -> Iterator[Property]:
    yield Property(kind.created, "Create Date", "datetime", "date", group, read_only=True)
    yield Property(kind.stamp, "Last Modified Date", "datetime", "date", group, read_only=True)
    yield Property("hs_object_id", "Record ID", "number", "number", group, read_only=True)
    yield _enumeration("hubspot_owner_id", "Owner", (), group=group, external=True)


def _lifecycle(group: str) -> Iterator[Property]:
    yield _enumeration("lifecyclestage", "Lifecycle Stage", STAGES, "radio", group=group)
    for stage, label in STAGES:
        for name, said in ((entered(stage), "entered"), (exited(stage), "exited")):
            yield Property(name, f'Date {said} "{label}"', "datetime", "date", group, read_only=True, calculated=True)


def _enumeration(
    name: str,
    label: str,
    options: Options,
    field_type: str = "select",
    *,
    group: str = "contactinformation",
    kept: bool = False,
    external: bool = False,
) -> Property:
    return Property(name, label, "enumeration", field_type, group, options=options, read_only=kept, external=external)
