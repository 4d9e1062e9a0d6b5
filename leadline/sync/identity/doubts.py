"""Joins that somebody should look at: found by the records alone, told without a name or an address."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, select

from leadline.common.folding import fold
from leadline.common.values import Crm, RecordRef
from leadline.common.vocabulary import NAME_FIELDS
from leadline.sync.store import Store
from leadline.sync.store.schema import person_records, records

SHARED: Final = frozenset((
    "accounting", "accounts", "admin", "billing", "buero", "careers", "contact", "enquiries", "finance",
    "hello", "help", "hr", "info", "inquiries", "invoices", "jobs", "kontakt", "mail", "marketing", "no-reply",
    "noreply", "office", "orders", "postmaster", "press", "purchasing", "reception", "sales", "service",
    "support", "team", "webmaster"
))  # fmt: skip
"""Beginnings of addresses that many people of a firm share."""


@dataclass(frozen=True, slots=True)
class Twins:
    """One person with several records of one CRM under one address."""

    person: str
    crm: Crm
    records: tuple[RecordRef, ...]


@dataclass(frozen=True, slots=True)
class DoubtReport:
    """Who may have been joined wrongly, or should have been merged in a CRM.

    ``shared`` has, by the address's part before the @, the persons that were joined through it. ``other_names``
    counts persons whose records were joined through e-mail only and have different last names; None where last names
    are not read. ``joined`` counts records by what joined them.
    """

    people: int
    joined: Mapping[str, int]
    twins: tuple[Twins, ...]
    shared: Mapping[str, tuple[str, ...]]
    other_names: int | None
    with_other_names: tuple[str, ...]

    @property
    def doubts(self) -> int:
        """Return how many persons are doubtful."""
        told = {item.person for item in self.twins} | {person for people in self.shared.values() for person in people}
        return len(told | set(self.with_other_names))


@dataclass(frozen=True, slots=True)
class _Row:
    ref: RecordRef
    person: str
    email: str | None
    last_name: str | None
    knows_name: bool
    why: str


def doubtful_joins(store: Store) -> DoubtReport:
    """Return the doubtful joins among present records; deleted ones and converted leads are nobody's twin."""
    twins: list[Twins] = []
    shared: dict[str, list[str]] = defaultdict(list)
    named: list[str] = []
    joined: Counter[str] = Counter()
    people, knows = 0, False
    with store.read() as connection:
        for person, group in groupby(_rows(connection), key=lambda row: row.person):
            rows = list(group)
            people += 1
            joined.update(row.why for row in rows)
            knows = knows or any(row.knows_name for row in rows)
            twins += _twins(person, rows)
            by_email = [row for row in rows if row.why == "email"]
            for local in sorted({row.email.partition("@")[0] for row in by_email if row.email}):
                if local in SHARED:
                    shared[local].append(person)
            explicit = any(row.why in {"converted", "linked", "merged"} for row in rows)
            if by_email and not explicit and len({row.last_name for row in rows if row.last_name}) > 1:
                named.append(person)
    return DoubtReport(
        people=people,
        joined=dict(sorted(joined.items())),
        twins=tuple(twins),
        shared={local: tuple(found) for local, found in sorted(shared.items())},
        other_names=len(named) if knows else None,
        with_other_names=tuple(named),
    )


def _twins(person: str, rows: list[_Row]) -> Iterator[Twins]:
    same: dict[tuple[Crm, str], list[RecordRef]] = defaultdict(list)
    for row in rows:
        if row.email is not None:
            same[row.ref.crm, row.email].append(row.ref)
    for (crm, _), refs in sorted(same.items()):
        if len(refs) > 1:
            yield Twins(person, crm, tuple(sorted(refs)))


def _rows(connection: Connection) -> Iterator[_Row]:
    own = (
        (person_records.c.crm == records.c.crm)
        & (person_records.c.object == records.c.object)
        & (person_records.c.record_id == records.c.record_id)
        & person_records.c.until_cycle.is_(None)
    )
    names = ("crm", "object", "record_id", "person_id", "email", "fields")
    query = select(*(records.c[name] for name in names), person_records.c.why).select_from(
        records.join(person_records, own)
    )
    live = records.c.deleted.is_(False) & records.c.person_id.is_not(None)
    for row in connection.execute(query.where(live).order_by(records.c.person_id)).mappings():
        if row["fields"].get("IsConverted") is True:
            continue
        ref = RecordRef(row["crm"], row["object"], row["record_id"])
        field = NAME_FIELDS[ref.crm][1]
        name = _folded(row["fields"].get(field))
        yield _Row(ref, row["person_id"], row["email"], name, field in row["fields"], row["why"])


def _folded(value: Any) -> str | None:
    return fold(value) or None if isinstance(value, str) else None
