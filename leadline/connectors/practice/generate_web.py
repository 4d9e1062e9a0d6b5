"""Generated page views and forms: what people did on the web site, as HubSpot saw it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from leadline.connectors.practice.generate_chance import DAY, HOUR, MINUTE, SECOND, Chance, Span, Weighted
from leadline.connectors.practice.generate_drafts import Draft
from leadline.connectors.practice.organisation import HappeningKind

Attributes = Mapping[str, str | bool | None]
Log = list[tuple[int, HappeningKind, Literal["salesforce", "hubspot"], str, str | None, Attributes]]
"""(moment, kind, crm, person, owner, attributes), not yet in order."""

_SITE: Final = "https://www.acme.example"
_PAGES: Final = Weighted(
    ({"url": f"{_SITE}/", "title": "Acme"}, 30),
    ({"url": f"{_SITE}/product", "title": "Product"}, 22),
    ({"url": f"{_SITE}/blog/first-hundred-days?utm_source=newsletter", "title": "The first hundred days"}, 18),
    ({"url": f"{_SITE}/customers", "title": "Customers"}, 10),
    ({"url": f"{_SITE}/careers", "title": "Careers"}, 8),
    ({"url": f"{_SITE}/docs/über-uns", "title": "Über uns – 关于我们"}, 4),
    ({"url": f"{_SITE}/pricing", "title": "Pricing"}, 6),
)
_PRICING: Final = {"url": f"{_SITE}/pricing?plan=team", "title": "Pricing"}
_DEMO_PAGE: Final = {"url": f"{_SITE}/demo", "title": "Ask for a demo"}
_FORMS: Final = {
    name: {"form": name, "url": f"{_SITE}/{name}"} for name in ("demo", "whitepaper", "ebook", "newsletter")
}
_FIRST_FORMS: Final = Weighted(("newsletter", 45), ("whitepaper", 30), ("ebook", 25))

# segment -> (pricing views, further views, papers), the most of each after interest began
_HEAT: Final = {
    "demo": (3, 6, 2),
    "scored": (4, 6, 3),
    "cooled": (3, 5, 2),
    "working": (3, 5, 2),
    "qualified": (4, 6, 2),
    "open": (4, 7, 2),
    "won": (4, 7, 2),
    "lost": (3, 5, 1),
    "rejected": (1, 4, 1),
    "competitor": (4, 5, 1),
    "student": (1, 5, 2),
}
_DEMO_SHARE: Final = {
    "demo": 1.0,
    "cooled": 1.0,
    "rejected": 0.6,
    "working": 0.5,
    "qualified": 0.6,
    "open": 0.6,
    "won": 0.6,
    "lost": 0.5,
}


def visits(chance: Chance, person: Draft, last: int, span: Span, log: Log) -> None:
    """Log what a person in HubSpot viewed and sent in, up to ``last``."""
    key = person.key
    if person.email and chance.yes(0.45) and person.created + MINUTE <= last:
        form = _FIRST_FORMS.draw(chance)
        log.append((person.created, "form", "hubspot", key, None, _FORMS[form]))
    for _ in range(chance.below(5)):
        at = span.busy(chance, person.created, last)
        log.append((at, "page_view", "hubspot", key, None, _PAGES.draw(chance)))
    if person.segment in _HEAT:
        _heat(chance, person, last, span, log)


def _heat(chance: Chance, person: Draft, last: int, span: Span, log: Log) -> None:
    """Log the busy weeks after interest began: prices, papers and, from many, the wish for a demo."""
    key, since = person.key, person.heat
    until = min(last, since + (25 if person.segment in {"demo", "scored"} else 20) * DAY)
    pricing, further, papers = _HEAT[person.segment]
    for _ in range(chance.between(pricing - 2 if person.segment == "scored" else pricing // 3, pricing)):
        log.append((span.busy(chance, since, until), "page_view", "hubspot", key, None, _PRICING))
    for _ in range(chance.between(1, further)):
        log.append((span.busy(chance, since, until), "page_view", "hubspot", key, None, _PAGES.draw(chance)))
    if person.email is None:
        return
    for _ in range(chance.between(1 if person.segment == "scored" else 0, papers)):
        form = "whitepaper" if chance.yes(0.6) else "ebook"
        log.append((span.busy(chance, since, until), "form", "hubspot", key, None, _FORMS[form]))
    if chance.yes(_DEMO_SHARE.get(person.segment, 0.0)):
        first = max(person.created, span.length - 6 * DAY) if person.segment == "demo" else since
        latest = min(since + 10 * DAY, until, last if person.status_at is None else person.status_at)
        if person.segment == "demo":
            latest = last - 10 * MINUTE
        at = span.busy(chance, first, latest)
        # The view and the form are one instant: a tie that only (source, record) can order.
        log.append((at, "page_view", "hubspot", key, None, _DEMO_PAGE))
        log.append((at, "form", "hubspot", key, None, _FORMS["demo"]))
        if chance.yes(0.03):
            log.append((min(at + 4 * SECOND, latest + HOUR), "form", "hubspot", key, None, _FORMS["demo"]))
