"""One invented organisation from a seed: both practice CRMs are filled from it.

The same (seed, people, end) gives the same organisation on every platform and Python.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from leadline.connectors.practice.generate_campaigns import make_campaigns
from leadline.connectors.practice.generate_chance import DAY, HOUR, MINUTE, Chance, Span
from leadline.connectors.practice.generate_deals import make_deals
from leadline.connectors.practice.generate_drafts import Draft
from leadline.connectors.practice.generate_firms import OWNERS, Firm, make_firms
from leadline.connectors.practice.generate_happenings import make_happenings
from leadline.connectors.practice.generate_people import make_people
from leadline.connectors.practice.generate_rows import mend_rows
from leadline.connectors.practice.organisation import Organisation

DEFAULT_END: Final = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)


def generate(seed: int = 7, people: int = 2000, end: datetime = DEFAULT_END) -> Organisation:
    """Return an organisation with ``people`` person rows and twelve months of history up to ``end`` (aware).

    About two in five people are in both CRMs. Merged-away and deleted rows are among the people. Raises ValueError
    for a negative number of people or an ``end`` without time zone.
    """
    if people < 0:
        raise ValueError("the number of people cannot be negative")
    if end.tzinfo is None:
        raise ValueError("the end of history needs a time zone")
    span = Span(end)
    firms = make_firms(seed, (people + 5) // 6, span)
    drafts = make_people(seed, people, firms, span)
    deals = make_deals(seed, drafts, span)
    mend_rows(seed, drafts, span)
    campaigns = make_campaigns(span)
    happenings = make_happenings(seed, drafts, campaigns, span)
    _settle_firms(seed, drafts)
    _settle_stamps(seed, drafts, span)
    return Organisation(
        name="Acme B2B",
        seed=seed,
        start=span.start,
        end=span.end,
        owners=OWNERS,
        companies=tuple(firm.frozen(span) for firm in firms),
        people=tuple(draft.frozen(span) for draft in drafts),
        deals=tuple(deals),
        campaigns=campaigns,
        happenings=tuple(happenings),
    )


def _settle_firms(seed: int, people: list[Draft]) -> None:
    """Let each company be older than its first person, and be where its contacts are."""
    chance = Chance(seed, "company stamps")
    for person in people:
        firm: Firm | None = person.firm
        if firm is None:
            continue
        firm.first = max(min(firm.first, person.created - chance.between(1, 60) * MINUTE), 0)
        firm.salesforce = firm.salesforce or person.salesforce in {"contact", "converted"}


def _settle_stamps(seed: int, people: list[Draft], span: Span) -> None:
    """Set when each row was last modified; a bulk load gave many of them one and the same instant."""
    chance = Chance(seed, "stamps")
    bulk = span.length - 40 * DAY
    by_key = {person.key: person for person in people}
    for person in people:
        marks = (person.created, person.status_at, person.converted, person.lifecycle_at, person.modified)
        least = max(mark for mark in marks if mark is not None)
        if least <= bulk and chance.yes(0.3):
            person.modified = bulk
        else:
            person.modified = chance.between(least, min(least + 30 * DAY, span.length - HOUR))
        if person.gone is not None:
            person.modified = person.gone
    for person in people:
        if person.merged is not None and person.duplicate_of is not None:
            survivor = by_key[person.duplicate_of]
            survivor.modified = max(survivor.modified, person.merged)
