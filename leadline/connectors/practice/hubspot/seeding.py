"""Casting the invented organisation into a HubSpot portal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.hubspot.lifecycle import entered
from leadline.connectors.practice.hubspot.merging import seeded_merge
from leadline.connectors.practice.hubspot.portal import CLOSED, DEALS_TOOL, WON, Portal, PortalOwner
from leadline.connectors.practice.hubspot.records import Change, Row, Source
from leadline.connectors.practice.hubspot.seeding_activities import fill_activities, stands
from leadline.connectors.practice.hubspot.stamps import day_millis, millis, stamp_text
from leadline.connectors.practice.ids import hubspot_id, salesforce_id
from leadline.connectors.practice.organisation import Company, Deal, Organisation, Owner, Person

STATUSES: Final = {
    "New": "NEW",
    "Working": "IN_PROGRESS",
    "Accepted": "OPEN_DEAL",
    "Unqualified": "UNQUALIFIED",
    "On Hold": "BAD_TIMING",
}
TRAFFIC: Final = {
    "Web": "DIRECT_TRAFFIC",
    "Organic Search": "ORGANIC_SEARCH",
    "Advertisement": "PAID_SEARCH",
    "Partner": "REFERRALS",
    "Referral": "REFERRALS",
    "Email": "EMAIL_MARKETING",
    "Social": "SOCIAL_MEDIA",
}
DEAL_STAGES: Final = {
    "Qualification": "qualifiedtobuy",
    "Proposal": "presentationscheduled",
    "Negotiation": "contractsent",
    "Closed Won": "closedwon",
    "Closed Lost": "closedlost",
}
DISPOSITIONS: Final = {  # HubSpot's own six outcomes (docs: calls, "Set call outcomes")
    "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
    "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
    "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
    "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
    "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
    "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
}
IMPORTED: Final = Source("IMPORT", "practice")
WORKFLOW: Final = Source("AUTOMATION_PLATFORM", "enrollmentId:7;actionExecutionIndex:0", label="HubSpot workflow")
BACK_THEN: Final = timedelta(days=400)


def portal_id(organisation: Organisation) -> int:
    """Return the portal id (hub id) of an organisation's practice HubSpot."""
    return 4_000_000 + int(hubspot_id("portal", f"{organisation.name}:{organisation.seed}")) % 40_000_000


def fill(organisation: Organisation, clock: PracticeClock, search_lag: float = 0.0) -> Portal:
    """Return a portal that holds everything of the organisation that is in HubSpot."""
    portal = Portal(portal_id(organisation), clock, int(search_lag * 1000))
    portal.dispositions = dict(DISPOSITIONS)
    born = millis(organisation.start - BACK_THEN)
    portal.owners = {owner_id(owner.key): _owner(owner, born) for owner in organisation.owners}
    companies = {one.key: _company(one) for one in organisation.companies if one.in_hubspot}
    people = {one.key: one for one in organisation.people if one.in_hubspot}
    contacts = {one.key: _contact(portal, one) for one in people.values()}
    deals = {one.key: _deal(portal, one) for one in organisation.deals if one.in_hubspot}
    gone = _bury(portal, people, contacts)
    _link_people(portal, people, contacts, companies, gone)
    _link_deals(portal, organisation, deals, contacts, companies, gone)
    fill_activities(portal, organisation, people, contacts, gone)
    portal.load("company", companies.values())
    portal.load("contact", [row for key, row in contacts.items() if gone.get(key) in {None, key}])
    portal.load("deal", deals.values())
    return portal


def owner_id(key: str) -> str:
    """Return the owner id of an organisation's owner."""
    return hubspot_id("owner", key)[:9]


def by_hand(portal: Portal, key: str) -> Source:
    """Return the source of what an owner does in HubSpot's pages; a queue's work is a workflow's."""
    owner = portal.owners.get(owner_id(key))
    return WORKFLOW if owner is None or owner.queue else Source("CRM_UI", f"userId:{owner.user}", owner.user)


def _owner(owner: Owner, born: int) -> PortalOwner:
    return PortalOwner(
        id=owner_id(owner.key),
        user=int(hubspot_id("user", owner.key)[:8]),
        email=owner.email,
        first_name=owner.first_name,
        last_name=owner.last_name,
        team=owner.team,
        active=owner.active,
        queue=owner.queue,
        created=born,
    )


def _company(company: Company) -> Row:
    values = {
        "name": company.name,
        "domain": company.domain,
        "industry": company.industry,
        "numberofemployees": company.employees,
        "country": company.country,
        "annualrevenue": company.annual_revenue,
        "hubspot_owner_id": owner_id(company.owner),
        "lifecyclestage": "lead",
        entered("lead"): stamp_text(millis(company.created)),
    }
    at = millis(company.created)
    return Row(hubspot_id("company", company.key), at, at, IMPORTED, _texts(values))


def _contact(portal: Portal, person: Person) -> Row:
    at = millis(person.created)
    values = {
        "email": person.email.lower() if person.email else None,
        "firstname": person.first_name,
        "lastname": person.last_name,
        "jobtitle": person.title,
        "phone": person.phone,
        "country": person.country,
        "company": person.company_name,
        "hs_lead_status": STATUSES.get(person.status),
        "hubspot_owner_id": owner_id(person.owner) if person.owner else None,
        "hs_analytics_source": TRAFFIC.get(person.source, "OFFLINE") if person.source else None,
        "hs_email_optout": person.opted_out,
        "lifecyclestage": person.lifecycle,
    }
    if person.linked and person.salesforce is not None:
        if person.salesforce in {"lead", "converted"}:
            values["salesforceleadid"] = salesforce_id("00Q", person.key)
        if person.salesforce in {"contact", "converted"}:
            values["salesforcecontactid"] = salesforce_id("003", person.key)
    row = Row(hubspot_id("contact", person.key), at, millis(person.modified), IMPORTED, _texts(values))
    _status_history(portal, person, row)
    _stage_history(person, row)
    row.updated = max([row.updated, *(change.at for changes in row.history.values() for change in changes)])
    return row


def _status_history(portal: Portal, person: Person, row: Row) -> None:
    if person.status_at is not None and person.status != "New":
        row.history["hs_lead_status"] = [
            Change("NEW", row.created, IMPORTED),
            Change(row.values["hs_lead_status"], millis(person.status_at), by_hand(portal, person.owner)),
        ]


def _stage_history(person: Person, row: Row) -> None:
    """Leave the trail of HubSpot's own lifecycle stage: when each was entered, and by what."""
    first = person.lifecycle if person.lifecycle in {"subscriber", "lead"} else "lead"
    row.values[entered(first)] = stamp_text(row.created)
    if person.lifecycle == first:
        return
    since = row.created if person.lifecycle_at is None else millis(person.lifecycle_at)
    source = DEALS_TOOL if person.lifecycle in {"opportunity", "customer"} else WORKFLOW
    row.history["lifecyclestage"] = [Change(first, row.created, IMPORTED), Change(person.lifecycle, since, source)]
    row.values[entered(person.lifecycle)] = stamp_text(since)


def _deal(portal: Portal, deal: Deal) -> Row:
    at = millis(deal.created)
    stage = DEAL_STAGES[deal.stages[-1][0]]
    values = {
        "dealname": deal.name,
        "dealstage": stage,
        "pipeline": "default",
        "amount": deal.amount,
        "closedate": stamp_text(day_millis(deal.close_date)),
        "dealtype": None
        if deal.type is None
        else "newbusiness"
        if "new" in deal.type.lower()
        else "existingbusiness",
        "hubspot_owner_id": owner_id(deal.owner),
        "hs_is_closed": stage in CLOSED,
        "hs_is_closed_won": stage == WON,
        "num_associated_contacts": len(deal.people),
    }
    row = Row(hubspot_id("deal", deal.key), at, max(at, millis(deal.stages[-1][1])), IMPORTED, _texts(values))
    seller = by_hand(portal, deal.owner)
    row.history["dealstage"] = [Change(DEAL_STAGES[name], millis(since), seller) for name, since in deal.stages]
    return row


def _bury(portal: Portal, people: dict[str, Person], contacts: dict[str, Row]) -> dict[str, str]:
    """Delete and merge what was deleted and merged; returns key -> key of who stands for it (itself: archived)."""
    gone: dict[str, str] = {}
    for key, person in sorted(people.items(), key=lambda pair: pair[1].merged or pair[1].created):
        row = contacts[key]
        if person.duplicate_of in contacts and person.merged and "hubspot" in person.merged_in:
            survivor = contacts[stands(person.duplicate_of, gone)]
            seeded_merge(survivor, row, millis(person.merged))
            portal.tables["contact"].merged[row.id] = survivor.id
            gone[key] = person.duplicate_of
        elif person.deleted and "hubspot" in person.deleted_in:
            row.archived = row.updated = millis(person.deleted)
            gone[key] = key
    return gone


def _link_people(
    portal: Portal,
    people: dict[str, Person],
    contacts: dict[str, Row],
    companies: dict[str, Row],
    gone: dict[str, str],
) -> None:
    for key, person in people.items():
        if key not in gone and person.company in companies:
            company = companies[person.company]
            portal.links.join(("contact", contacts[key].id), ("company", company.id), primary=True)
            contacts[key].values["associatedcompanyid"] = company.id


def _link_deals(
    portal: Portal,
    organisation: Organisation,
    deals: dict[str, Row],
    contacts: dict[str, Row],
    companies: dict[str, Row],
    gone: dict[str, str],
) -> None:
    for deal in organisation.deals:
        if deal.key not in deals:
            continue
        here = ("deal", deals[deal.key].id)
        for key in _standing(deal.people, contacts, gone):
            portal.links.join(here, ("contact", contacts[key].id))
        if deal.company in companies:
            portal.links.join(here, ("company", companies[deal.company].id), primary=True)


def _standing(keys: tuple[str, ...], contacts: dict[str, Row], gone: dict[str, str]) -> Iterator[str]:
    """Walk who stands for these people now: survivors of merges, nobody for the deleted."""
    for given in keys:
        key = stands(given, gone)
        if key in contacts and key not in gone:
            yield key


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    """Return values as HubSpot holds them: texts, nothing for what is empty."""
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()
             if value is not None}  # fmt: skip
    return {name: text for name, text in texts.items() if text}
