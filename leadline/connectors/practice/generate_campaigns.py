"""Generated campaigns and mailings: what marketing sent to many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from leadline.connectors.practice.generate_chance import DAY, HOUR, Chance, Span
from leadline.connectors.practice.generate_drafts import Draft
from leadline.connectors.practice.generate_web import Attributes, Log
from leadline.connectors.practice.organisation import Campaign

_PLAN: Final = (
    # name, type, days before the end
    ("Summer Summit", "Trade Show", 330),
    ("Webinar: Getting started", "Webinar", 270),
    ("Spring mailing list", "Email", 210),
    ("Webinar: Planning the year", "Webinar", 150),
    ("Customers bring customers", "Referral Program", 120),
    ("Logistics Fair", "Trade Show", 85),
    ("Webinar: Faster hand-offs", "Webinar", 45),
    ("Webinar: What is new", "Webinar", 18),
)
_RESPONSE: Final = {
    "Webinar": "Attended",
    "Trade Show": "Responded",
    "Referral Program": "Responded",
    "Email": "Responded",
}
_EVENTS: Final = ("sent", "delivered", "open", "click", "bounce")


@dataclass(frozen=True, slots=True)
class Mailing:
    """One marketing e-mail to many: its instant (milliseconds since the start) and attributes by event."""

    at: int
    attributes: Mapping[str, Attributes]


def make_campaigns(span: Span) -> tuple[Campaign, ...]:
    """Return the Salesforce campaigns, oldest first."""
    return tuple(
        Campaign(f"k{number}", name, kind, (span.end - timedelta(days=days)).date())
        for number, (name, kind, days) in enumerate(_PLAN, start=1)
    )


def mailings(span: Span) -> list[Mailing]:
    """Return a mailing every 24 days, the last one four days before the end."""
    moments = range(span.length - 4 * DAY, 10 * DAY, -24 * DAY)
    return [
        Mailing(moment, {event: {"event": event, "campaign": f"Newsletter {number}"} for event in _EVENTS})
        for number, moment in enumerate(sorted(moments), start=1)
    ]


def join_campaigns(
    chance: Chance, person: Draft, campaigns: tuple[Campaign, ...], last: int, span: Span, log: Log
) -> None:
    """Make a person a member of some campaigns: silent members are loaded in bulk at one instant."""
    for campaign, (_, kind, days) in zip(campaigns, _PLAN, strict=True):
        at = span.length - days * DAY
        if at < person.created or not chance.yes(_member_share(person, kind)):
            continue
        responded = chance.yes(_response_share(person, kind, at))
        if responded:
            at = span.busy(chance, at + HOUR, at + 3 * DAY) // 1000 * 1000
        if at <= last:
            log.append((at, "campaign_member", "salesforce", person.key, None, _member(campaign, kind, responded)))


def _member(campaign: Campaign, kind: str, responded: bool) -> Attributes:
    return {"campaign": campaign.key, "status": _RESPONSE[kind] if responded else "Sent", "responded": responded}


def _member_share(person: Draft, kind: str) -> float:
    if kind == "Referral Program":
        return 0.35 if person.segment == "won" else 0.0
    if kind == "Webinar" and person.segment in {"scored", "working", "qualified", "open"}:
        return 0.6
    return 0.22


def _response_share(person: Draft, kind: str, at: int) -> float:
    if kind == "Referral Program":
        return 0.5
    if person.segment == "cold":
        return 0.15
    return 0.75 if at >= person.heat else 0.3
