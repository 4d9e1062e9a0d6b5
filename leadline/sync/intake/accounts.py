"""Who belongs together: the people of one account, as links between records said at a cycle.

A person's account is the Salesforce account of their first record that has one (in the order of ``primary``), else
the HubSpot company of theirs. A company whose people have Salesforce accounts and all the same one is that account;
where they disagree, or none has one, it stands alone. So no chain of mixed-up records can melt accounts together.
A person with neither is their own unit, as a lead is that was not converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from leadline.common.values import RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.sync.intake import rows

_PEOPLE: Final = tuple(name for names in PERSON_OBJECTS.values() for name in names)

Unit = tuple[str, ...]
"""The ids of the people of one account, sorted."""


def units_of(
    connection: Connection, primary: Sequence[str], person_ids: Iterable[str], cycle: int
) -> tuple[dict[str, Unit], dict[str, RecordRef]]:
    """Return everybody of each person's account as known at the end of ``cycle``, and which account that is.

    A person without an account is alone, and absent among the accounts. The number of queries does not depend on
    the number of people.
    """
    wanted = sorted(set(person_ids))
    known = _Known(connection, primary, cycle)
    known.learn(wanted)
    known.learn_companies(known.company[person] for person in wanted if person in known.company)
    accounts = {account for person in wanted if (account := known.account_of(person)) is not None}
    known.learn_companies(accounts)
    # Companies that are one of these accounts bring those of their people who have no account of their own.
    known.learn_companies(known.company[person] for person in [*known.company])
    people: dict[RecordRef, set[str]] = {}
    for person in known.seen:
        account = known.account_of(person)
        if account in accounts and account is not None:
            people.setdefault(account, set()).add(person)
    own = {person: account for person in wanted if (account := known.account_of(person)) is not None}
    units = {account: tuple(sorted(found)) for account, found in people.items()}
    return {person: units[own[person]] if person in own else (person,) for person in wanted}, own


def account_records(
    connection: Connection, primary: Sequence[str], person_ids: Iterable[str], cycle: int
) -> dict[RecordRef, RecordRef]:
    """Return the account records of these persons in both CRMs, each with the account that it is."""
    known = _Known(connection, primary, cycle)
    wanted = sorted(set(person_ids))
    known.learn(wanted)
    known.learn_companies(known.company[person] for person in wanted if person in known.company)
    found: dict[RecordRef, RecordRef] = {}
    for person in wanted:
        if person in known.salesforce:
            found[known.salesforce[person]] = known.salesforce[person]
        if person in known.company:
            found[known.company[person]] = known.account_of_company(known.company[person])
    return found


def neighbours_of(connection: Connection, primary: Sequence[str], person_ids: Iterable[str], cycle: int) -> set[str]:
    """Return everybody whose account facts these persons may have a part in, as known at the end of ``cycle``.

    Besides the people of their accounts these are the people of their companies: one person can decide which account
    a company is.
    """
    known = _Known(connection, primary, cycle)
    known.learn(sorted(set(person_ids)))
    known.learn_companies([*known.company.values(), *known.salesforce.values()])
    units, _ = units_of(connection, primary, known.seen, cycle)
    return {person for unit in units.values() for person in unit}


@dataclass(slots=True)
class _Known:
    """What links say of the people looked at so far: their Salesforce account and their HubSpot company."""

    connection: Connection
    primary: Sequence[str]
    cycle: int
    salesforce: dict[str, RecordRef] = field(default_factory=dict)
    company: dict[str, RecordRef] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    _people: dict[RecordRef, set[str]] = field(default_factory=dict)

    def learn(self, person_ids: Iterable[str]) -> None:
        """Learn the account and the company of these persons."""
        fresh = sorted(set(person_ids) - self.seen)
        self.seen |= set(fresh)
        own = rows.members(self.connection, fresh, self.cycle)
        person_of = {member.ref: member.person for member in own}
        first: dict[RecordRef, RecordRef] = {}
        for known in rows.outward(self.connection, person_of, ("company",), self.cycle):
            first.setdefault(known.link.source, known.link.target)  # the primary one comes first
        rank = {name: place for place, name in enumerate(self.primary)}
        for ref in sorted(first, key=lambda ref: (rank.get(ref.object, len(rank)), ref)):
            kept = self.salesforce if first[ref].crm == "salesforce" else self.company
            kept.setdefault(person_of[ref], first[ref])

    def learn_companies(self, companies: Iterable[RecordRef]) -> None:
        """Learn everybody who has one of these accounts or companies, whichever of the two."""
        fresh = set(companies) - self._people.keys()
        refs: dict[RecordRef, set[RecordRef]] = {company: set() for company in fresh}
        for known in rows.inward(self.connection, fresh, "company", _PEOPLE, self.cycle):
            refs[known.link.target].add(known.link.source)
        person_of = {
            member.ref: member.person
            for member in rows.owners(self.connection, {ref for own in refs.values() for ref in own}, self.cycle)
        }
        self.learn(person_of.values())
        for company, own in refs.items():
            self._people[company] = {person_of[ref] for ref in own if ref in person_of}

    def account_of(self, person: str) -> RecordRef | None:
        """Return a person's account; None where they have none."""
        own = self.salesforce.get(person)
        if own is not None:
            return own
        company = self.company.get(person)
        return None if company is None else self.account_of_company(company)

    def account_of_company(self, company: RecordRef) -> RecordRef:
        """Return which account a company is: itself where its people do not agree."""
        said = {self.salesforce[one] for one in self._peers(company) if one in self.salesforce}
        return said.pop() if len(said) == 1 else company

    def _peers(self, company: RecordRef) -> Iterator[str]:
        """Yield the people whose own company this is; further companies of a contact do not count."""
        return (person for person in self._people.get(company, ()) if self.company.get(person) == company)


__all__ = ["Unit", "account_records", "neighbours_of", "units_of"]
