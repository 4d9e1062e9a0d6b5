"""Generated people: who they are, in which CRM, and how far each has come."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from leadline.connectors.practice import generate_words as words
from leadline.connectors.practice.generate_chance import DAY, HOUR, MINUTE, Chance, Span, Weighted
from leadline.connectors.practice.generate_drafts import Draft
from leadline.connectors.practice.generate_firms import SDR_DRAW, SELLER_DRAW, Firm
from leadline.connectors.practice.organisation import SalesforceRole

SEGMENTS: Final = Weighted(
    ("cold", 570),  # in the database, little to see
    ("demo", 45),  # asked for a demo within the last week
    ("scored", 65),  # fits and is busy now
    ("working", 55),  # sales has taken them up
    ("qualified", 35),  # budget, authority, need and timeline are answered
    ("open", 55),  # in an open deal
    ("won", 60),  # customers
    ("lost", 30),  # the deal was lost
    ("rejected", 30),  # sales sent them back
    ("cooled", 30),  # once hot, then silent
    ("competitor", 15),
    ("student", 10),
)
IN_SALES: Final = ("working", "qualified", "open", "won", "lost")
IN_DEALS: Final = ("open", "won", "lost")
_HOT: Final = ("demo", "scored", "cooled", *IN_SALES)

_PRESENCE: Final = Weighted(("both", 40), ("salesforce", 28), ("hubspot", 32))
_PRESENCE_HOT: Final = Weighted(("both", 55), ("salesforce", 8), ("hubspot", 37))
_PRESENCE_DEALS: Final = Weighted(("both", 52), ("salesforce", 30), ("hubspot", 18))
_ROLE: Final[Weighted[SalesforceRole]] = Weighted(("lead", 74), ("contact", 24), ("converted", 2))
_ROLE_DEALS: Final[Weighted[SalesforceRole]] = Weighted(("contact", 40), ("converted", 60))
_LIFECYCLES: Final = {
    "cold": Weighted(("lead", 70), ("subscriber", 27), ("marketingqualifiedlead", 3)),
    "demo": Weighted(("lead", 55), ("marketingqualifiedlead", 45)),
    "scored": Weighted(("lead", 60), ("marketingqualifiedlead", 40)),
    "working": Weighted(("marketingqualifiedlead", 70), ("lead", 15), ("salesqualifiedlead", 15)),
    "qualified": Weighted(("salesqualifiedlead", 70), ("marketingqualifiedlead", 30)),
    "open": Weighted(("opportunity", 85), ("salesqualifiedlead", 15)),
    "won": Weighted(("customer", 92), ("opportunity", 8)),
    "lost": Weighted(("opportunity", 60), ("salesqualifiedlead", 40)),
    "rejected": Weighted(("marketingqualifiedlead", 55), ("lead", 45)),
    "cooled": Weighted(("marketingqualifiedlead", 60), ("lead", 40)),
}
_STATUSES: Final = {
    "demo": Weighted(("New", 96), ("On Hold", 4)),
    "working": Weighted(("Working", 60), ("Accepted", 40)),
    "qualified": Weighted(("Accepted", 75), ("Working", 25)),
    "open": Weighted(("Accepted", 100)),
    "won": Weighted(("Accepted", 100)),
    "lost": Weighted(("Accepted", 80), ("Unqualified", 20)),
    "rejected": Weighted(("Unqualified", 100)),
    "cooled": Weighted(("New", 85), ("On Hold", 15)),
}


ROCKET: Final = " 🚀"


def make_people(seed: int, count: int, firms: list[Firm], span: Span) -> list[Draft]:
    """Return ``count`` people with their place in the funnel; deals, merges and deletes come later."""
    chance = Chance(seed, "people")
    targets = [firm for firm in firms if firm.target] or firms
    taken: dict[str, int] = {}
    people = []
    for number in range(1, count + 1):
        person = _person(chance, number, firms, targets, span)
        _address(chance, person, taken)
        _progress(chance, person, span)
        people.append(person)
    return people


def _person(chance: Chance, number: int, firms: list[Firm], targets: list[Firm], span: Span) -> Draft:
    segment = SEGMENTS.draw(chance)
    deals = segment in IN_DEALS
    firm = _firm_of(chance, segment, firms, targets)
    language, phone = (firm.language, firm.phone) if firm else ("en", "+1 212 555 {:04d}")
    presence = (_PRESENCE_DEALS if deals else _PRESENCE_HOT if segment in _HOT else _PRESENCE).draw(chance)
    created = _created(chance, segment, span)
    role = (_ROLE_DEALS if deals else _ROLE).draw(chance)
    if role == "converted" and firm is None:
        role = "contact"
    first_names, last_names = words.NAMES["en" if chance.yes(0.15) else language]
    first = chance.pick(first_names)[0] + (ROCKET if chance.yes(0.004) else "")
    return Draft(
        key=f"p{number}",
        segment=segment,
        first=None if chance.yes(0.03) else first,
        last=chance.pick(last_names)[0],
        email=None,
        title=_title(chance, segment),
        phone=None if chance.yes(0.35) else phone.format(chance.below(10_000)),
        country=firm.country if firm and not chance.yes(0.08) else None,
        firm=firm,
        company_name=_company_name(chance, segment, firm),
        owner=(SELLER_DRAW if deals else SDR_DRAW).draw(chance),
        source=words.SOURCES.draw(chance) or None,
        created=created,
        heat=created,
        salesforce=None if presence == "hubspot" else role,
        hubspot=presence != "salesforce",
        linked=presence == "both" and chance.yes(0.25),
        opted_out=_opted_out(chance, segment),
        modified=created,
    )


def _firm_of(chance: Chance, segment: str, firms: list[Firm], targets: list[Firm]) -> Firm | None:
    if segment in {"competitor", "student"} or not firms:
        return None
    if segment == "cold" and chance.yes(0.12):
        return None
    fits = segment == "scored" or (segment in _HOT and chance.yes(0.6))
    return chance.early(targets if fits else firms)


def _company_name(chance: Chance, segment: str, firm: Firm | None) -> str:
    if firm is not None:
        return firm.name
    if segment == "competitor":
        return chance.pick(words.COMPETITORS)[0]
    return chance.pick(("[not provided]", "Self-employed", "n/a", "University of Practice"))


def _title(chance: Chance, segment: str) -> str | None:
    if segment == "student":
        return chance.pick(words.STUDENT_TITLES)
    if segment == "scored" or (segment in _HOT and chance.yes(0.55)) or chance.yes(0.08):
        return chance.pick(words.SENIOR_TITLES)
    return None if chance.yes(0.09) else chance.pick(words.TITLES)


def _opted_out(chance: Chance, segment: str) -> bool | None:
    drawn = chance.random()
    if drawn < 0.2:
        return None
    return drawn > 0.94 and segment != "scored"


def _address(chance: Chance, person: Draft, taken: dict[str, int]) -> None:
    """Give an e-mail address that nobody else has; a few people have none."""
    blank, free = chance.yes(0.03), chance.yes(0.05)
    first, last = _SPELLINGS[0].get((person.first or "").removesuffix(ROCKET), ""), _SPELLINGS[1][person.last]
    style = chance.below(4)
    local = (f"{first}.{last}", f"{first[:1]}{last}", f"{first}{last}", f"{first}_{last}")[style].strip("._")
    if person.segment == "competitor":
        domain = dict(words.COMPETITORS)[person.company_name]
    elif person.firm is None or not person.firm.domain or (free and person.segment != "scored"):
        domain = words.FREE_MAIL.draw(chance)
    else:
        domain = person.firm.domain
    address = f"{local or 'info'}@{domain}"
    taken[address] = taken.get(address, 0) + 1
    if taken[address] > 1:
        address = f"{local or 'info'}{taken[address]}@{domain}"
        taken[address] = taken.get(address, 0) + 1
    if not (blank and person.segment in {"cold", "working", "won"}):
        person.email = address


_SPELLINGS: Final = tuple(
    {name: spelling for first_last in words.NAMES.values() for name, spelling in first_last[position]}
    for position in (0, 1)
)


def _created(chance: Chance, segment: str, span: Span) -> int:
    """Return when the row was made: those far along came early enough to have got there."""
    if segment == "demo" and chance.yes(0.4):
        return span.busy(chance, span.length - 7 * DAY, span.length - 2 * HOUR)
    latest = {"won": 120, "open": 60, "lost": 120, "qualified": 45, "working": 20, "rejected": 45, "cooled": 70}
    days = latest.get(segment, 8 if segment in {"demo", "scored"} else 1)
    return span.busy(chance, HOUR, span.length - days * DAY)


def _progress(chance: Chance, person: Draft, span: Span) -> None:
    """Set when interest showed, what sales made of it, and what HubSpot's own lifecycle says."""
    segment, end = person.segment, span.length
    if segment in {"demo", "scored"}:
        person.heat = max(person.created, end - chance.between(4, 24) * DAY)
    elif segment == "cooled":
        person.heat = max(person.created, end - chance.between(50, 160) * DAY)
    elif segment in {"working", "qualified"}:
        person.heat = max(person.created, end - chance.between(15, 70) * DAY)
    else:
        person.heat = min(person.created + chance.between(0, 30) * DAY, end - DAY)
    person.status = _STATUSES[segment].draw(chance) if segment in _STATUSES else "New"
    if person.status != "New":
        person.status_at = span.busy(chance, person.heat + HOUR, min(person.heat + 12 * DAY, end - HOUR))
    if segment in IN_SALES:
        _answers(chance, person, span)
    person.lifecycle = _LIFECYCLES.get(segment, _LIFECYCLES["cold"]).draw(chance)
    person.lifecycle_at = person.created
    if person.lifecycle not in {"lead", "subscriber"}:
        before = end if person.status_at is None else person.status_at
        person.lifecycle_at = min(person.heat + chance.between(1, 600) * MINUTE, before)
    if person.salesforce == "converted":
        person.converted = min((person.status_at or person.heat) + chance.between(1, 15) * DAY, end - HOUR)


def _answers(chance: Chance, person: Draft, span: Span) -> None:
    """Set what sales found out: budget, authority, need, timeline and amount."""
    sure = 0.97 if person.segment == "qualified" else 0.75 if person.segment in IN_DEALS else 0.25
    drawn = [chance.random() for _ in range(3)]
    answers = [True if roll < sure else False if roll > 0.9 else None for roll in drawn]
    person.answers = (answers[0], answers[1], answers[2])
    if person.segment == "qualified" or chance.yes(0.4):
        person.project_start = span.end.date() + timedelta(days=chance.between(20, 150))
    if person.segment != "working" or chance.yes(0.2):
        person.amount = Decimal(chance.between(6, 240) * 500)
