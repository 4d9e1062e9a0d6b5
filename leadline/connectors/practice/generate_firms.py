"""Generated owners and companies."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from leadline.connectors.practice import generate_words as words
from leadline.connectors.practice.credentials import SALESFORCE_USERNAME
from leadline.connectors.practice.generate_chance import Chance, Span, Weighted
from leadline.connectors.practice.organisation import Company, Owner

OWNERS: Final = (
    Owner("u1", "Marta", "Lindholm", "marta.lindholm@acme.example", "SDR EMEA"),
    Owner("u2", "Tom", "Okafor", "tom.okafor@acme.example", "SDR EMEA"),
    Owner("u3", "Jürgen", "Weiß", "juergen.weiss@acme.example", "SDR EMEA"),
    Owner("u4", "Kelly", "Sanchez", "kelly.sanchez@acme.example", "SDR Americas"),
    Owner("u5", "Dev", "Raman", "dev.raman@acme.example", "SDR Americas"),
    Owner("u6", "Aoife", "Byrne", "aoife.byrne@acme.example", "Account Executives EMEA"),
    Owner("u7", "Łukasz", "Nowak", "lukasz.nowak@acme.example", "Account Executives EMEA"),
    Owner("u8", "Grace", "Whitfield", "grace.whitfield@acme.example", "Account Executives Americas"),
    Owner("u9", "Sam", "Castillo", "sam.castillo@acme.example", "Customer Success"),
    Owner("u10", "Priya", "Menon", "priya.menon@acme.example", "Marketing"),
    Owner("u11", "Former", "Colleague", "former.colleague@acme.example", "SDR EMEA", active=False),
    Owner("u12", "Gone", "Lately", "gone.lately@acme.example", "Account Executives Americas", active=False),
    Owner("q1", "", "Inbound Queue", "", "SDR EMEA", queue=True),
    Owner("m1", "Marketing", "Integration", "svc-marketing@acme.example", "Operations", machine=True),
    Owner("m2", "Leadline", "Integration", SALESFORCE_USERNAME, "Operations", machine=True),
)
SDR_DRAW: Final = Weighted(
    ("u1", 16), ("u2", 16), ("u3", 14), ("u4", 16), ("u5", 15), ("u11", 4), ("q1", 15), ("m1", 2), ("u10", 2)
)
SELLER_DRAW: Final = Weighted(("u6", 30), ("u7", 28), ("u8", 34), ("u12", 8))
ACTIVE: Final = frozenset(owner.key for owner in OWNERS if owner.active and not owner.queue and not owner.machine)

_OCTAVES: Final = Weighted(
    (2, 4), (3, 8), (4, 12), (5, 15), (6, 17), (7, 15), (8, 12), (9, 8), (10, 5), (11, 3), (12, 1)
)


@dataclass(slots=True)
class Firm:
    """A company while it is being made: ``first`` is the earliest moment anybody of it was created."""

    key: str
    name: str
    domain: str
    industry: str | None
    employees: int | None
    country: str | None
    language: str
    phone: str
    revenue: Decimal | None
    owner: str
    first: int
    salesforce: bool
    hubspot: bool

    @property
    def target(self) -> bool:
        """Whether this is the kind of company that the waterfall example looks for."""
        return self.industry in words.TARGET_INDUSTRIES and 200 <= (self.employees or 0) < 5000

    def frozen(self, span: Span) -> Company:
        """Return the finished company."""
        return Company(
            key=self.key,
            name=self.name,
            domain=self.domain,
            industry=self.industry,
            employees=self.employees,
            country=self.country,
            annual_revenue=self.revenue,
            owner=self.owner,
            created=span.at(max(self.first, 0)),
            in_salesforce=self.salesforce,
            in_hubspot=self.hubspot,
        )


def make_firms(seed: int, count: int, span: Span) -> list[Firm]:
    """Return ``count`` companies; sizes are log-normal in shape (octaves with bell weights)."""
    chance = Chance(seed, "companies")
    taken: dict[str, int] = {}
    return [_firm(chance, number, taken, span) for number in range(1, count + 1)]


def _firm(chance: Chance, number: int, taken: dict[str, int], span: Span) -> Firm:
    country, language, phone, _ = words.COUNTRY_DRAW.draw(chance)
    stem = chance.pick(words.COMPANY_FIRST) + chance.pick(words.COMPANY_LAST)
    taken[stem] = taken.get(stem, 0) + 1
    again = f" {taken[stem]}" if taken[stem] > 1 else ""
    form = chance.pick(words.COMPANY_FORM.get(country, words.COMPANY_FORM_ELSE))
    octave = 1 << _OCTAVES.draw(chance)
    employees = octave + chance.below(octave)
    revenue = Decimal(employees * chance.between(60, 320) * 1000)
    return Firm(
        key=f"c{number}",
        name=f"{stem}{again} {form}",
        domain="" if chance.yes(0.015) else f"{words.latin(stem)}{again.strip()}.example",
        industry=words.INDUSTRIES.draw(chance) or None,
        employees=None if chance.yes(0.12) else employees,
        country=None if chance.yes(0.06) else country,
        language=language,
        phone=phone,
        revenue=None if chance.yes(0.45) else revenue,
        owner=SELLER_DRAW.draw(chance),
        first=span.length,
        salesforce=chance.yes(0.7),
        hubspot=chance.yes(0.7),
    )
