"""Generated calls, meetings, tasks, events and notes: what sales did, each in the CRM that the seller lives in."""

from __future__ import annotations

from typing import Final

from leadline.common.canonical import instant_text
from leadline.connectors.practice.generate_chance import DAY, HOUR, MINUTE, SECOND, Chance, Span, Weighted
from leadline.connectors.practice.generate_drafts import Draft
from leadline.connectors.practice.generate_firms import ACTIVE
from leadline.connectors.practice.generate_people import IN_DEALS, IN_SALES
from leadline.connectors.practice.generate_web import Attributes, Log

_OUTCOMES: Final = Weighted(("Connected", 45), ("Left voicemail", 25), ("No answer", 22), ("Busy", 8))
_OUTCOMES_COLD: Final = Weighted(("No answer", 60), ("Left voicemail", 35), ("Busy", 5))
_MEETINGS: Final = Weighted(("COMPLETED", 70), ("NO_SHOW", 10), ("CANCELED", 10), ("SCHEDULED", 10))
_NOTES: Final = (
    "Uses spreadsheets today; decision in the autumn.",
    "Asked about data residency.\nSend the security paper.",
    "Möchte ein Angebot für 25 Plätze – bitte zurückrufen.",
    "预算已批准",
)


def work_of_sales(chance: Chance, person: Draft, last: int, span: Span, log: Log) -> None:
    """Log what sales did with a person, up to ``last``."""
    owner = person.owner if person.owner in ACTIVE else ("u1", "u4")[chance.below(2)]
    if person.segment in IN_SALES or person.segment == "rejected":
        since = person.status_at if person.status_at is not None else person.heat
        for _ in range(chance.between(1, 4)):
            at = span.busy(chance, max(person.created, since - DAY), min(since + 25 * DAY, last))
            _call(chance, person, owner, at, _OUTCOMES.draw(chance), log)
        if person.segment in IN_DEALS or person.segment == "qualified" or chance.yes(0.3):
            _meeting(chance, person, owner, span.busy(chance, since, min(since + 30 * DAY, last)), span, log)
        if chance.yes(0.5):
            _task(chance, person, owner, span.busy(chance, since, last), log)
        if person.hubspot and chance.yes(0.4):
            at = span.busy(chance, since, last)
            log.append((at, "note", "hubspot", person.key, owner, {"body": chance.pick(_NOTES)}))
    elif person.segment in {"demo", "scored", "cooled"} and chance.yes(0.25):
        at = span.busy(chance, person.heat, min(person.heat + 20 * DAY, last))
        _call(chance, person, owner, at, _OUTCOMES_COLD.draw(chance), log)
    if person.salesforce:
        for _ in range(chance.below(4 if person.hubspot else 6)):
            at = span.busy(chance, person.created, last) // SECOND * SECOND
            log.append((at, "task", "salesforce", person.key, "m1", _MAILED))


_MAILED: Final = {"subtype": "Email", "status": "Completed", "subject": "Email: Newsletter", "type": "Email"}


def _in_salesforce(chance: Chance, person: Draft) -> bool:
    return bool(person.salesforce) and (not person.hubspot or chance.yes(0.5))


def _call(chance: Chance, person: Draft, owner: str, at: int, outcome: str, log: Log) -> None:
    attributes: Attributes
    if _in_salesforce(chance, person):
        status = "Completed" if outcome == "Connected" or chance.yes(0.5) else "Not Started"
        attributes = {"subtype": "Call", "status": status, "subject": f"Call: {outcome}", "type": "Call"}
        if status == "Completed":
            attributes = {**attributes, "outcome": outcome}
        log.append((at // SECOND * SECOND, "task", "salesforce", person.key, owner, attributes))
    elif person.hubspot:
        direction = "INBOUND" if chance.yes(0.15) else "OUTBOUND"
        attributes = {
            "outcome": outcome,
            "direction": direction,
            "status": "COMPLETED",
            "subject": "Qualification call",
        }
        log.append((at, "call", "hubspot", person.key, owner, attributes))


def _meeting(chance: Chance, person: Draft, owner: str, at: int, span: Span, log: Log) -> None:
    at = at // (15 * MINUTE) * (15 * MINUTE)
    if at < person.created:
        return
    end = instant_text(span.at(at + (30 * MINUTE if chance.yes(0.6) else HOUR)))
    attributes: Attributes
    if _in_salesforce(chance, person):
        attributes = {"subtype": "Event", "type": "Meeting", "subject": "Demo: walk-through", "end": end}
        log.append((at, "event", "salesforce", person.key, owner, attributes))
    elif person.hubspot:
        attributes = {"outcome": _MEETINGS.draw(chance), "subject": "Demo: walk-through", "end": end}
        log.append((at, "meeting", "hubspot", person.key, owner, attributes))


def _task(chance: Chance, person: Draft, owner: str, at: int, log: Log) -> None:
    done = chance.yes(0.6)
    if _in_salesforce(chance, person):
        status = "Completed" if done else "Not Started"
        given: Attributes = {"subtype": "Task", "status": status, "subject": "Send the proposal", "type": "Other"}
        log.append((at // SECOND * SECOND, "task", "salesforce", person.key, owner, given))
    elif person.hubspot:
        status = "COMPLETED" if done else "NOT_STARTED"
        given = {"subtype": "Task", "status": status, "subject": "Send the proposal", "type": "TODO"}
        log.append((at, "task", "hubspot", person.key, owner, given))
