"""What the two CRMs send, read with suspicion: HubSpot's batches of events, Salesforce's outbound messages."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException, ElementTree

from leadline.common.values import RecordRef
from leadline.common.vocabulary import PERSON_OBJECTS

LARGEST: Final = 1_000_000
"""Bytes of one request: a hundred events are far less."""
MOST_EVENTS: Final = 1_000
"""HubSpot sends up to 100 events in a request."""

_HUBSPOT_OBJECTS: Final = {"contact": "contact", "company": "company", "deal": "deal", "0-1": "contact",
                           "0-2": "company", "0-3": "deal"}  # fmt: skip
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_OBJECT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
_SOAP: Final = "{http://schemas.xmlsoap.org/soap/envelope/}"
_MESSAGE: Final = "{http://soap.sforce.com/2005/09/outbound}"
_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"

ACKNOWLEDGED: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    '<soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    "</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
"""What Salesforce waits for: else it sends the message again for a day."""


class MalformedError(ValueError):
    """A request that is not what the CRM sends; the text holds nothing of it."""


def hubspot_records(body: bytes) -> tuple[set[RecordRef], bool]:
    """Return the records that events are about, and whether any event is of a kind that we do not know.

    An unknown kind is still a hint that something changed. Raises MalformedError.
    """
    try:
        events = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedError("not JSON") from None
    if not isinstance(events, list) or len(events) > MOST_EVENTS or not all(isinstance(one, dict) for one in events):
        raise MalformedError(f"not a list of at most {MOST_EVENTS} events")
    found: set[RecordRef] = set()
    unknown = False
    for event in events:
        name = _HUBSPOT_OBJECTS.get(_kind(event))
        key = event.get("objectId")
        text = str(key) if isinstance(key, int | str) and not isinstance(key, bool) else ""
        if name is None or not _ID.fullmatch(text):
            unknown = True
        else:
            found.add(RecordRef("hubspot", name, text))
    return found, unknown


def salesforce_records(body: bytes) -> tuple[str, set[RecordRef]]:
    """Return the organisation's id and the records of an outbound message. Raises MalformedError."""
    try:
        root = ElementTree.fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise MalformedError("a document type is not part of an outbound message") from None
    except (ParseError, ValueError, LookupError):
        raise MalformedError("not XML") from None
    message = root.find(f"{_SOAP}Body/{_MESSAGE}notifications")
    if message is None:
        raise MalformedError("not an outbound message")
    organisation = (message.findtext(f"{_MESSAGE}OrganizationId") or "").strip()
    found: set[RecordRef] = set()
    for item in message.findall(f"{_MESSAGE}Notification/{_MESSAGE}sObject"):
        kind = item.get(_TYPE, "").rpartition(":")[2]
        key = next((child.text or "" for child in item if child.tag.endswith("}Id")), "").strip()
        if _OBJECT.fullmatch(kind) and _ID.fullmatch(key):
            found.add(RecordRef("salesforce", kind, key))
    return organisation, found


def _kind(event: dict[str, Any]) -> str:
    kind = event.get("subscriptionType")
    text = kind.partition(".")[0] if isinstance(kind, str) else ""
    return str(event.get("objectTypeId") or "") if text == "object" else text


assert set(PERSON_OBJECTS["hubspot"]) <= set(_HUBSPOT_OBJECTS.values())
