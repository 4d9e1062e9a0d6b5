"""Generated deals, merges, deletes and twins: what happened to people's rows after they were made."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from leadline.connectors.practice.generate_chance import DAY, HOUR, Chance, Span
from leadline.connectors.practice.generate_drafts import Draft
from leadline.connectors.practice.generate_people import IN_DEALS
from leadline.connectors.practice.organisation import Deal

_CLOSED: Final = {"won": "Closed Won", "lost": "Closed Lost"}
_STAGES: Final = ("Qualification", "Proposal", "Negotiation")


def make_deals(seed: int, people: list[Draft], span: Span) -> list[Deal]:
    """Return the deals of everyone in an open, won or lost one; some share a deal, some customers renew."""
    chance = Chance(seed, "deals")
    waiting: dict[tuple[str, str], list[Draft]] = {}
    for person in people:
        if person.segment in IN_DEALS and person.firm is not None:
            waiting.setdefault((person.firm.key, person.segment), []).append(person)
    deals: list[Deal] = []
    for group in waiting.values():
        while group:
            count = 1 + (len(group) > 1 and chance.yes(0.4)) + (len(group) > 2 and chance.yes(0.15))
            taken, group[:] = group[:count], group[count:]
            deals.append(_deal(chance, len(deals) + 1, taken, span))
            if taken[0].segment == "won" and chance.yes(0.3):
                deals.append(_renewal(chance, len(deals) + 1, deals[-1], span))
    return deals


def _deal(chance: Chance, number: int, people: list[Draft], span: Span) -> Deal:
    primary = people[0]
    firm = primary.firm
    if firm is None:
        raise ValueError("a deal needs a company")
    earliest = max(*(person.created for person in people), primary.status_at or primary.heat)
    created = span.busy(chance, earliest + HOUR, min(earliest + 20 * DAY, span.length - 2 * DAY))
    stages, closed = _stages(chance, primary.segment, created, span)
    salesforce, hubspot = _where(chance, people)
    key = f"d{number}"
    for person in people:
        if person.lifecycle == "opportunity":
            person.lifecycle_at = created
        elif person.lifecycle == "customer":
            person.lifecycle_at = closed
        if person.salesforce == "converted":
            person.converted = created
            person.deal = key if salesforce else None
            person.status_at = min(person.status_at or created, created)
    firm.salesforce, firm.hubspot = firm.salesforce or salesforce, firm.hubspot or hubspot
    closes = span.at(closed).date() if closed else span.end.date() + timedelta(days=chance.between(10, 120))
    return Deal(
        key=key,
        name=f"{firm.name} - {chance.pick(('New Business', 'Starter', 'Platform', 'Rollout'))}",
        company=firm.key,
        people=tuple(person.key for person in people),
        owner=primary.owner,
        amount=None if chance.yes(0.03) else primary.amount or Decimal(chance.between(8, 300) * 500),
        type="New Business",
        created=span.at(created),
        close_date=closes,
        stages=tuple((stage, span.at(moment)) for stage, moment in stages),
        in_salesforce=salesforce,
        in_hubspot=hubspot,
    )


def _stages(chance: Chance, segment: str, created: int, span: Span) -> tuple[list[tuple[str, int]], int | None]:
    """Return the stage history and when the deal closed; stages are sometimes skipped, never out of order."""
    stages, moment = [(_STAGES[0], created)], created
    steps = 2 if segment != "open" else chance.below(3)
    for stage in _STAGES[1 : 1 + steps]:
        moment = moment + chance.between(DAY, 12 * DAY)
        if moment >= span.length - 2 * DAY:
            break
        if not chance.yes(0.2):
            stages.append((stage, moment))
    if segment == "open":
        return stages, None
    closed = span.busy(chance, stages[-1][1] + HOUR, min(stages[-1][1] + 15 * DAY, span.length - HOUR))
    return [*stages, (_CLOSED[segment], closed)], closed


def _where(chance: Chance, people: list[Draft]) -> tuple[bool, bool]:
    """Return (in Salesforce, in HubSpot): where its people are, at times only in one of the two."""
    salesforce = any(person.salesforce for person in people)
    hubspot = any(person.hubspot for person in people)
    if salesforce and hubspot and chance.yes(0.3):
        return True, False
    return salesforce, hubspot


def _renewal(chance: Chance, number: int, first: Deal, span: Span) -> Deal:
    """Return the renewal that follows a won deal: won, open or lost."""
    begun = span.moment(first.stages[-1][1])
    created = span.busy(chance, begun + DAY, span.length - 2 * HOUR)
    ending = chance.pick(("won", "won", "open", "lost"))
    stages = [("Qualification", created)]
    closes = span.end.date() + timedelta(days=chance.between(10, 90))
    if ending in _CLOSED:
        closed = span.busy(chance, created + HOUR, min(created + 40 * DAY, span.length - HOUR))
        stages.append((_CLOSED[ending], closed))
        closes = span.at(closed).date()
    return replace(
        first,
        key=f"d{number}",
        name=first.name.rpartition(" - ")[0] + " - Renewal",
        type="Renewal",
        created=span.at(created),
        close_date=closes,
        stages=tuple((stage, span.at(moment)) for stage, moment in stages),
    )
