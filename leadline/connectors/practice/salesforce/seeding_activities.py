"""Tasks, events, campaigns and their members, as Salesforce keeps what the organisation's people did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from leadline.connectors.practice.ids import salesforce_id
from leadline.connectors.practice.organisation import Campaign, Happening, Person
from leadline.connectors.practice.salesforce.values import seconds

if TYPE_CHECKING:
    from leadline.connectors.practice.salesforce.seeding import Seeder

_TASKS: Final = frozenset({"task", "call"})
_EVENTS: Final = frozenset({"event", "meeting"})
ARCHIVED_AFTER: Final = timedelta(days=365)
"""Closed activities older than this are archived: only queryAll shows them (remembered, not measured)."""

Rows = Iterable[Mapping[str, Any]]


def activity_rows(seeder: Seeder) -> Mapping[str, Rows]:
    """Return the rows of Campaign, CampaignMember, Task and Event."""
    tasks, events, members = [], [], []
    for happening in seeder.organisation.happenings:
        person = seeder.people.get(happening.person)
        if happening.crm != "salesforce" or person is None or person.salesforce is None:
            continue
        if happening.kind in _TASKS:
            tasks.append(_task(seeder, happening, person))
        elif happening.kind in _EVENTS:
            events.append(_event(seeder, happening, person))
        elif happening.kind == "campaign_member":
            members.append(_member(seeder, happening, person))
    return {
        "Campaign": [
            *(_campaign(seeder, campaign) for campaign in seeder.organisation.campaigns),
            _campaign(seeder, Campaign("nurture", "Nurture", "Email", seeder.organisation.start.date())),
        ],
        "Task": tasks,
        "Event": events,
        "CampaignMember": members,
    }


def _task(seeder: Seeder, happening: Happening, person: Person) -> dict[str, Any]:
    told = happening.attributes
    call = happening.kind == "call"
    status = _known(told.get("status"), "Completed")
    closed = status == "Completed"
    return {
        "Id": salesforce_id("00T", happening.key),
        **_about(seeder, happening, person),
        "Subject": told.get("subject") or ("Call" if call else "Task"),
        "ActivityDate": happening.at.date(),
        "Status": status,
        "Priority": "Normal",
        "Type": told.get("type") or ("Call" if call else None),
        "TaskSubtype": "Call" if call else told.get("subtype") or "Task",
        "CallType": _known(told.get("direction"), "Outbound").capitalize() if call else None,
        "CallDisposition": told.get("outcome"),
        "IsClosed": closed,
        "CompletedDateTime": seconds(happening.at) if closed else None,
        "IsArchived": closed and happening.at < seeder.organisation.end - ARCHIVED_AFTER,
    }


def _event(seeder: Seeder, happening: Happening, person: Person) -> dict[str, Any]:
    told = happening.attributes
    start = seconds(happening.at)
    end = _end(told.get("end"), start)
    return {
        "Id": salesforce_id("00U", happening.key),
        **_about(seeder, happening, person),
        "Subject": told.get("subject") or "Meeting",
        "StartDateTime": start,
        "ActivityDateTime": start,
        "ActivityDate": start.date(),
        "EndDateTime": end,
        "DurationInMinutes": int((end - start).total_seconds() // 60),
        "IsAllDayEvent": False,
        "Type": told.get("type") or "Meeting",
        "EventSubtype": told.get("subtype") or "Event",
        "IsArchived": end < seeder.organisation.end - ARCHIVED_AFTER,
    }


def _about(seeder: Seeder, happening: Happening, person: Person) -> dict[str, Any]:
    """Return whom an activity is about. A converted lead's activities moved to its contact."""
    owner = seeder.user_id(happening.owner or person.owner)
    return {
        "WhoId": seeder.person_id(person),
        "AccountId": salesforce_id("001", person.company)
        if person.salesforce != "lead" and person.company in seeder.companies
        else None,
        "OwnerId": owner,
        **seeder.audit(happening.at, happening.at, owner, owner),
    }


def _campaign(seeder: Seeder, campaign: Campaign) -> dict[str, Any]:
    made = seeder.organisation.start
    return {
        "Id": salesforce_id("701", campaign.key),
        "Name": campaign.name,
        "Type": campaign.type,
        "Status": "In Progress",
        "StartDate": campaign.start,
        "IsActive": True,
        "OwnerId": seeder.integration,
        **seeder.audit(made, made, seeder.integration),
    }


def _member(seeder: Seeder, happening: Happening, person: Person) -> dict[str, Any]:
    responded = bool(happening.attributes.get("responded"))
    is_lead = person.salesforce == "lead"
    return {
        "Id": salesforce_id("00v", happening.key),
        "CampaignId": salesforce_id("701", str(happening.attributes.get("campaign"))),
        "LeadId": salesforce_id("00Q", person.key) if person.salesforce != "contact" else None,
        "ContactId": salesforce_id("003", person.key) if not is_lead else None,
        "LeadOrContactId": seeder.person_id(person),
        "Type": "Lead" if is_lead else "Contact",
        "Status": _known(happening.attributes.get("status"), "Sent"),
        "HasResponded": responded,
        "FirstRespondedDate": happening.at.date() if responded else None,
        **seeder.audit(happening.at, happening.at, seeder.integration),
    }


def _known(told: object, otherwise: str) -> str:
    return told if isinstance(told, str) and told else otherwise


def _end(told: object, start: datetime) -> datetime:
    if isinstance(told, str) and told:
        return max(start, seconds(datetime.fromisoformat(told)))
    return start + timedelta(minutes=30)
