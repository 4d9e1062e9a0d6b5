"""One invented organisation, before it is cast into a CRM's dialect.

Everything is named by a short stable key (``p17``, ``c3``); the Salesforce and HubSpot practice servers derive
their record ids from the key, so the same seed gives the same ids. Instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

SalesforceRole = Literal["lead", "contact", "converted"]
"""``converted``: a Lead that became a Contact (both rows exist; the Lead is IsConverted)."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A user of the CRMs. A queue has no e-mail. ``machine``: an integration user."""

    key: str
    first_name: str
    last_name: str
    email: str
    team: str
    active: bool = True
    queue: bool = False
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Company:
    """An account or company; None is an empty value."""

    key: str
    name: str
    domain: str
    industry: str | None
    employees: int | None
    country: str | None
    annual_revenue: Decimal | None
    owner: str
    created: datetime
    in_salesforce: bool = True
    in_hubspot: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """A human as the CRMs know them.

    ``salesforce`` None means not in Salesforce. ``duplicate_of`` is the key of another Person that this row was
    merged into, at ``merged`` (``merged_in`` says in which CRM). ``deleted`` is when the row was deleted there
    (``deleted_in``). BANT answers are None where nobody asked. ``status`` is one of the sales statuses: New,
    Working, Accepted, Unqualified, On Hold; ``status_at`` when it was set.
    ``lifecycle`` is HubSpot's own lifecyclestage (subscriber, lead, marketingqualifiedlead,
    salesqualifiedlead, opportunity, customer) and ``lifecycle_at`` when it got there.
    """

    key: str
    first_name: str | None
    last_name: str
    email: str | None
    title: str | None
    phone: str | None
    country: str | None
    company: str | None
    company_name: str
    owner: str
    source: str | None
    created: datetime
    modified: datetime
    salesforce: SalesforceRole | None
    in_hubspot: bool
    status: str = "New"
    status_at: datetime | None = None
    budget: bool | None = None
    authority: bool | None = None
    need: bool | None = None
    project_start: date | None = None
    expected_amount: Decimal | None = None
    opted_out: bool | None = None
    converted: datetime | None = None
    deal: str | None = None
    deleted: datetime | None = None
    deleted_in: tuple[str, ...] = ()
    duplicate_of: str | None = None
    merged: datetime | None = None
    merged_in: tuple[str, ...] = ()
    lifecycle: str = "lead"
    lifecycle_at: datetime | None = None
    linked: bool = False  # the HubSpot contact carries the Salesforce id (as the vendors' connector does)


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity or deal. ``stages`` is its history: (stage, since), the last is the present one.

    Stages: Qualification, Proposal, Negotiation, Closed Won, Closed Lost.
    ``people`` are person keys, the first is primary.
    """

    key: str
    name: str
    company: str | None
    people: tuple[str, ...]
    owner: str
    amount: Decimal | None
    type: str | None
    created: datetime
    close_date: date
    stages: tuple[tuple[str, datetime], ...]
    in_salesforce: bool = True
    in_hubspot: bool = True


@dataclass(frozen=True, slots=True)
class Campaign:
    """A Salesforce campaign. Types: Webinar, Trade Show, Referral Program, Email."""

    key: str
    name: str
    type: str
    start: date


HappeningKind = Literal[
    "page_view", "form", "email_event", "call", "meeting", "task", "event", "campaign_member", "note"
]


@dataclass(frozen=True, slots=True)
class Happening:
    """One activity of one person, in one CRM (``crm``).

    Attributes by kind: page_view (hubspot): url, title. form (hubspot): form (its name: demo, whitepaper,
    ebook, newsletter), url.
    email_event (hubspot): event (sent, delivered, open, click, bounce), campaign. call: outcome (Connected,
    Left voicemail, No answer, Busy), direction, status, subject. meeting: outcome (SCHEDULED, COMPLETED, NO_SHOW,
    CANCELED), subject, end. task: subtype (Task, Email, Call), status (Completed, Not Started), subject, type,
    outcome (of a call). event (salesforce): subtype, type, subject, end. campaign_member: campaign (key), status
    (Sent, Responded, Attended), responded (bool). note: body.
    """

    key: str
    kind: HappeningKind
    crm: Literal["salesforce", "hubspot"]
    person: str
    at: datetime
    owner: str | None = None
    attributes: Mapping[str, str | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything both practice CRMs are filled from. ``end`` is the last instant of history and the clock's start."""

    name: str
    seed: int
    start: datetime
    end: datetime
    owners: tuple[Owner, ...]
    companies: tuple[Company, ...]
    people: tuple[Person, ...]
    deals: tuple[Deal, ...]
    campaigns: tuple[Campaign, ...]
    happenings: tuple[Happening, ...]
