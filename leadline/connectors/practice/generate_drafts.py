"""A person while being made by the generator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from leadline.connectors.practice.generate_chance import Span
from leadline.connectors.practice.generate_firms import Firm
from leadline.connectors.practice.organisation import Person, SalesforceRole


@dataclass(slots=True)
class Draft:
    """A person while being made; moments are milliseconds since the organisation's start.

    ``heat`` is when the interest of a hot person began to show.
    """

    key: str
    segment: str
    first: str | None
    last: str
    email: str | None
    title: str | None
    phone: str | None
    country: str | None
    firm: Firm | None
    company_name: str
    owner: str
    source: str | None
    created: int
    heat: int
    salesforce: SalesforceRole | None
    hubspot: bool
    linked: bool
    opted_out: bool | None
    status: str = "New"
    status_at: int | None = None
    answers: tuple[bool | None, bool | None, bool | None] = (None, None, None)
    project_start: date | None = None
    amount: Decimal | None = None
    converted: int | None = None
    deal: str | None = None
    deleted: int | None = None
    deleted_in: tuple[str, ...] = ()
    duplicate_of: str | None = None
    merged: int | None = None
    merged_in: tuple[str, ...] = ()
    lifecycle: str = "lead"
    lifecycle_at: int | None = None
    modified: int = 0

    @property
    def crms(self) -> tuple[str, ...]:
        """The CRMs that have a row of this person."""
        return (("salesforce",) if self.salesforce else ()) + (("hubspot",) if self.hubspot else ())

    @property
    def gone(self) -> int | None:
        """When the row ended: deleted somewhere, or merged into another."""
        return self.merged if self.deleted is None else self.deleted

    def frozen(self, span: Span) -> Person:
        """Return the finished person."""
        budget, authority, need = self.answers
        return Person(
            key=self.key,
            first_name=self.first,
            last_name=self.last,
            email=self.email,
            title=self.title,
            phone=self.phone,
            country=self.country,
            company=self.firm.key if self.firm else None,
            company_name=self.company_name,
            owner=self.owner,
            source=self.source,
            created=span.at(self.created),
            modified=span.at(self.modified),
            salesforce=self.salesforce,
            in_hubspot=self.hubspot,
            status=self.status,
            status_at=None if self.status_at is None else span.at(self.status_at),
            budget=budget,
            authority=authority,
            need=need,
            project_start=self.project_start,
            expected_amount=self.amount,
            opted_out=self.opted_out,
            converted=None if self.converted is None else span.at(self.converted),
            deal=self.deal,
            deleted=None if self.deleted is None else span.at(self.deleted),
            deleted_in=self.deleted_in,
            duplicate_of=self.duplicate_of,
            merged=None if self.merged is None else span.at(self.merged),
            merged_in=self.merged_in,
            lifecycle=self.lifecycle,
            lifecycle_at=None if self.lifecycle_at is None else span.at(self.lifecycle_at),
            linked=self.linked,
        )
