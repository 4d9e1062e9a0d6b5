"""Generated activities: what people did and what was done with them, in proportion to their interest."""

from __future__ import annotations

from itertools import islice

from leadline.connectors.practice.generate_campaigns import Mailing, join_campaigns, mailings
from leadline.connectors.practice.generate_chance import DAY, MINUTE, SECOND, Chance, Span
from leadline.connectors.practice.generate_drafts import Draft
from leadline.connectors.practice.generate_sales import work_of_sales
from leadline.connectors.practice.generate_web import Log, visits
from leadline.connectors.practice.organisation import Campaign, Happening


def make_happenings(seed: int, people: list[Draft], campaigns: tuple[Campaign, ...], span: Span) -> list[Happening]:
    """Return every activity in order of time; several share an instant, some stand at a change of clocks."""
    web, sales, mail = Chance(seed, "web"), Chance(seed, "sales"), Chance(seed, "mail")
    sent = mailings(span)
    log: Log = []
    for person in people:
        last = span.length if person.gone is None else person.gone - SECOND
        if person.hubspot:
            visits(web, person, last, span, log)
            _mail(mail, person, sent, last, log)
        if person.salesforce:
            join_campaigns(mail, person, campaigns, last, span, log)
        work_of_sales(sales, person, last, span, log)
    _at_clock_changes(people, span, log)
    log.sort(key=lambda entry: entry[0])
    return [
        Happening(f"h{number}", kind, crm, person, span.at(moment), owner, attributes)
        for number, (moment, kind, crm, person, owner, attributes) in enumerate(log, start=1)
    ]


def _mail(chance: Chance, person: Draft, sent: list[Mailing], last: int, log: Log) -> None:
    """Send a person some of the mailings, all recipients at the very same instant; warm people open and click."""
    if person.email is None or person.opted_out:
        return
    warm = person.segment not in {"cold", "student", "competitor", "rejected"}
    for mailing in sent:
        if not person.created <= mailing.at <= last or not chance.yes(0.16):
            continue
        events = [("sent", mailing.at)]
        if chance.yes(0.02):
            events.append(("bounce", chance.between(mailing.at + SECOND, mailing.at + 20 * SECOND)))
        else:
            events += _reactions(chance, mailing.at, warm)
        log += [
            (at, "email_event", "hubspot", person.key, None, mailing.attributes[event])
            for event, at in events
            if at <= last
        ]


def _reactions(chance: Chance, at: int, warm: bool) -> list[tuple[str, int]]:
    """Return what follows on a mailing that arrived."""
    events = []
    if chance.yes(0.15):
        events.append(("delivered", chance.between(at + SECOND, at + 20 * SECOND)))
    if chance.yes(0.75 if warm else 0.35):
        opened = chance.between(at + MINUTE, at + DAY)
        events.append(("open", opened))
        if chance.yes(0.5 if warm else 0.12):
            events.append(("click", chance.between(opened + SECOND, opened + 30 * MINUTE)))
    return events


def _at_clock_changes(people: list[Draft], span: Span, log: Log) -> None:
    """Let some people act in the hour that a change of clocks skips or repeats."""
    attributes = {"url": "https://www.acme.example/pricing", "title": "Pricing"}
    for change in span.clock_changes():
        there = (p for p in people if p.hubspot and p.gone is None and p.created < change - DAY)
        for person, offset in zip(islice(there, 3), (-30, 0, 30), strict=False):
            log.append((change + offset * MINUTE, "page_view", "hubspot", person.key, None, attributes))
            log.append((change + (offset + 60) * MINUTE, "page_view", "hubspot", person.key, None, attributes))
