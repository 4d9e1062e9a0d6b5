"""What the organisation's people did, as HubSpot keeps it: engagements, page views, e-mail events, submissions."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from leadline.connectors.practice.hubspot.portal import MailEvent, Portal, Submission, Visit
from leadline.connectors.practice.hubspot.records import Row, Source
from leadline.connectors.practice.hubspot.stamps import millis, read_stamp, stamp_text
from leadline.connectors.practice.ids import hubspot_id
from leadline.connectors.practice.organisation import Happening, Organisation, Person

FORMS: Final = ("demo", "whitepaper", "ebook", "newsletter")
MAIL_TYPES: Final = {
    "sent": "SENT", "delivered": "DELIVERED", "open": "OPEN", "click": "CLICK", "bounce": "BOUNCE",
}  # fmt: skip
_HALF_HOUR: Final = 1_800_000
_ENGAGED: Final = Source("ENGAGEMENTS", "practice")
Told = Mapping[str, str | bool | None]


def form_guid(name: str) -> str:
    """Return the guid of a form of this name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"leadline:practice:form:{name}"))


def stands(key: str, gone: Mapping[str, str]) -> str:
    """Return the key of who stands for a person after all merges (``gone``: key -> key of the next one)."""
    while gone.get(key, key) != key:
        key = gone[key]
    return key


def fill_activities(
    portal: Portal,
    organisation: Organisation,
    people: Mapping[str, Person],
    contacts: Mapping[str, Row],
    gone: Mapping[str, str],
) -> None:
    """Put every HubSpot happening of the organisation into the portal, before its tables are loaded."""
    portal.forms = {form_guid(name): name for name in FORMS}
    engagements: dict[str, list[Row]] = {"call": [], "email": [], "meeting": [], "note": [], "task": []}
    views: Counter[str] = Counter()
    for happening in organisation.happenings:
        person = people.get(happening.person)
        if happening.crm != "hubspot" or person is None:
            continue
        key = stands(happening.person, gone)
        contact = contacts[key]
        if happening.kind == "page_view":
            views[contact.id] += 1
            portal.visits.append(_visit(happening, contact))
        elif happening.kind == "form" and person.email:
            _submitted(portal, happening, person)
        elif happening.kind == "email_event" and person.email:
            portal.mail_events.append(_mail_event(portal, happening, person))
        elif (made := _engagement(portal, happening)) is not None:
            engagements[made[0]].append(made[1])
            _attach(portal, made, contact)
    for contact in contacts.values():
        if views[contact.id]:
            contact.values["hs_analytics_num_page_views"] = str(views[contact.id])
    portal.visits.sort(key=lambda visit: (visit.at, visit.id))
    portal.mail_events.sort(key=lambda event: (event.at, event.id))
    for submitted in portal.submissions.values():
        submitted.sort(key=lambda submission: (submission.at, submission.id))
    for singular, rows in engagements.items():
        portal.load(singular, rows)


def _attach(portal: Portal, made: tuple[str, Row], contact: Row) -> None:
    if contact.archived is not None:
        return
    here = (made[0], made[1].id)
    portal.links.join(here, ("contact", contact.id))
    company = portal.links.primary(("contact", contact.id))
    if company is not None:
        portal.links.join(here, ("company", company))


def _visit(happening: Happening, contact: Row) -> Visit:
    told = happening.attributes
    return Visit(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"leadline:practice:view:{happening.key}")),
        contact=contact.id,
        at=millis(happening.at),
        url=str(told.get("url") or ""),
        title=str(told.get("title") or ""),
    )


def _submitted(portal: Portal, happening: Happening, person: Person) -> None:
    name = str(happening.attributes.get("form") or "newsletter")
    guid = form_guid(name)
    portal.forms.setdefault(guid, name)
    portal.submissions.setdefault(guid, []).append(
        Submission(
            form=guid,
            at=millis(happening.at),
            email=person.email or "",
            url=str(happening.attributes.get("url") or ""),
            id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"leadline:practice:submission:{happening.key}")),
        )
    )


def _mail_event(portal: Portal, happening: Happening, person: Person) -> MailEvent:
    told = happening.attributes
    name = str(told.get("campaign") or "Newsletter")
    campaign = int(hubspot_id("campaign", name)[:9])
    portal.campaigns.setdefault(campaign, name)
    event = MAIL_TYPES.get(str(told.get("event")), "DELIVERED")
    return MailEvent(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"leadline:practice:mail:{happening.key}")),
        recipient=person.email or "",
        type=event,
        at=millis(happening.at),
        campaign=campaign,
    )


def _engagement(portal: Portal, happening: Happening) -> tuple[str, Row] | None:
    """Return (object's singular name, row) of a call, meeting, note, task or one-to-one e-mail."""
    if happening.kind not in _CASTS:
        return None
    singular, values = _CASTS[happening.kind](portal, happening)
    at = millis(happening.at)
    owner = hubspot_id("owner", happening.owner)[:9] if happening.owner else ""
    known = {"hs_timestamp": stamp_text(at), "hubspot_owner_id": owner, **values}
    row = Row(
        hubspot_id(singular, happening.key), at, at, _ENGAGED, {name: value for name, value in known.items() if value}
    )
    return singular, row


def _call(portal: Portal, happening: Happening) -> tuple[str, dict[str, str]]:
    told = happening.attributes
    outcomes = {label: number for number, label in portal.dispositions.items()}
    return "call", {
        "hs_call_title": _text(told, "subject", "Call"),
        "hs_call_direction": _text(told, "direction", "OUTBOUND").upper(),
        "hs_call_status": _text(told, "status", "COMPLETED").upper().replace(" ", "_"),
        "hs_call_disposition": outcomes.get(_text(told, "outcome", ""), ""),
        "hs_call_duration": "180000",
    }


def _meeting(_: Portal, happening: Happening) -> tuple[str, dict[str, str]]:
    told = happening.attributes
    start = millis(happening.at)
    end = read_stamp(_text(told, "end", "")) or start + _HALF_HOUR
    return "meeting", {
        "hs_meeting_title": _text(told, "subject", "Meeting"),
        "hs_meeting_outcome": _text(told, "outcome", ""),
        "hs_meeting_start_time": stamp_text(start),
        "hs_meeting_end_time": stamp_text(end),
    }


def _task(_: Portal, happening: Happening) -> tuple[str, dict[str, str]]:
    """Cast a task; an e-mail that somebody wrote is an e-mail engagement in HubSpot."""
    told = happening.attributes
    subject, subtype = _text(told, "subject", "Task"), _text(told, "subtype", "Task").upper()
    status = _text(told, "status", "NOT_STARTED").upper().replace(" ", "_")
    done = status == "COMPLETED"
    if subtype == "EMAIL" and done:
        return "email", {"hs_email_subject": subject, "hs_email_direction": "EMAIL", "hs_email_status": "SENT"}
    return "task", {
        "hs_task_subject": subject,
        "hs_task_status": status,
        "hs_task_type": subtype if subtype in {"EMAIL", "CALL"} else "TODO",
        "hs_task_priority": "NONE",
        "hs_task_completion_date": stamp_text(millis(happening.at)) if done else "",
    }


def _note(_: Portal, happening: Happening) -> tuple[str, dict[str, str]]:
    return "note", {"hs_note_body": _text(happening.attributes, "body", "Note")}


_CASTS: Final[Mapping[str, Callable[[Portal, Happening], tuple[str, dict[str, str]]]]] = {
    "call": _call,
    "meeting": _meeting,
    "task": _task,
    "note": _note,
}


def _text(told: Told, name: str, otherwise: str) -> str:
    value = told.get(name)
    return otherwise if value is None else str(value)
