"""Calls, meetings, tasks, notes and one-to-one e-mails: by search, with the contacts they belong to.

Calls for m rows: about m / 199 searches and ceil(m / 1,000) for contacts; incremental: archived rows as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from leadline.common.chunking import chunks
from leadline.common.values import Raw, RecordRef, SourceActivity
from leadline.connectors.contract import scalar
from leadline.connectors.hubspot.answers import CRM
from leadline.connectors.hubspot.archived import archived_rows
from leadline.connectors.hubspot.associations import RECORDS_A_CALL, read_associations
from leadline.connectors.hubspot.client import HubSpotClient, Row
from leadline.connectors.hubspot.marks import MADE, body_of, is_ours
from leadline.connectors.hubspot.names import kind_of
from leadline.connectors.hubspot.owners import CallOutcomes
from leadline.connectors.hubspot.searching import Window, search_pages, window_of
from leadline.connectors.instants import maybe_instant, milliseconds, read_instant
from leadline.connectors.paging import weave
from leadline.connectors.protocol import ActivityRequest

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Engagement:
    """One kind: its HubSpot object, the properties of its attributes, and which property says when it happened."""

    object: str
    attributes: Mapping[str, str]
    when: tuple[str, ...] = ("hs_timestamp",)


ENGAGEMENTS: Final[Mapping[str, Engagement]] = {
    "call": Engagement(
        "call",
        {"outcome": "hs_call_disposition", "status": "hs_call_status", "direction": "hs_call_direction"},
    ),
    "meeting": Engagement("meeting", {"outcome": "hs_meeting_outcome"}),
    # A task's hs_timestamp is when it is due; it happened when it was completed.
    "task": Engagement(
        "task",
        {"status": "hs_task_status", "type": "hs_task_type", "subject": "hs_task_subject"},
        ("hs_task_completion_date", "hs_timestamp"),
    ),
    "note": Engagement("note", {}),
    "one_to_one_email": Engagement("email", {"direction": "hs_email_direction", "status": "hs_email_status"}),
}


class EngagementPuller:
    """Pulls engagements with one client."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._outcomes = CallOutcomes(client)

    def pages(self, request: ActivityRequest) -> Iterator[tuple[SourceActivity, ...]]:
        """Yield pages in order of (stamp, id); ids are ordered as numbers."""
        engagement = ENGAGEMENTS[request.kind]
        window = window_of(request.until, request.since, request.look_back)
        pages = self._standing(request, engagement, window)
        if request.since is None or request.quick:
            yield from pages
            return
        kind = kind_of(engagement.object)
        gone = [_gone(request.kind, at, row) for at, row in archived_rows(self._client, kind, window)]
        yield from weave(pages, gone, key=_order, size=RECORDS_A_CALL)

    def _standing(
        self, request: ActivityRequest, engagement: Engagement, window: Window
    ) -> Iterator[tuple[SourceActivity, ...]]:
        kind = kind_of(engagement.object)
        own = (self._client.task_key, body_of(engagement.object)) if engagement.object in MADE else ()
        wanted = (*engagement.when, *engagement.attributes.values(), *own)
        oldest = request.oldest if request.since is None else None
        narrow = [] if oldest is None else [_at_least(engagement.when[-1], oldest)]
        pages = search_pages(self._client, kind, wanted, window, narrow if len(engagement.when) == 1 else ())
        # What Leadline made itself is no news of the person.
        rows = (
            row
            for page in pages
            for row in page
            if not own or not is_ours(row, engagement.object, self._client.task_key)
        )
        for group in chunks(rows, RECORDS_A_CALL):
            yield from self._page(request, engagement, group, oldest)

    def _page(
        self, request: ActivityRequest, engagement: Engagement, rows: Sequence[Row], oldest: datetime | None
    ) -> Iterator[tuple[SourceActivity, ...]]:
        happened = [(row, _when(engagement, row)) for row in rows]
        kept = [(row, at) for row, at in happened if oldest is None or at >= oldest]
        people = read_associations(self._client, engagement.object, "contact", [str(row["id"]) for row, _ in kept])
        page = tuple(self._activity(request.kind, engagement, row, at, people) for row, at in kept)
        if page:
            yield page

    def _activity(
        self,
        name: str,
        engagement: Engagement,
        row: Row,
        at: datetime,
        people: Mapping[str, tuple[RecordRef, ...]],
    ) -> SourceActivity:
        values: Values = row.get("properties") or {}
        read: Callable[[str], Raw] = values.get
        attributes = {attribute: scalar(read(source)) for attribute, source in engagement.attributes.items()}
        if name == "call":
            attributes["outcome"] = self._outcomes.label(attributes["outcome"])
        ident = str(row["id"])
        return SourceActivity(
            crm="hubspot",
            kind=name,
            id=ident,
            at=at,
            stamp=read_instant(values.get("hs_lastmodifieddate") or row.get("updatedAt"), CRM),
            about=people.get(ident, ()),
            attributes=attributes,
        )


def _when(engagement: Engagement, row: Row) -> datetime:
    values: Values = row.get("properties") or {}
    given = (maybe_instant(values.get(name)) for name in engagement.when)
    return next((at for at in given if at is not None), None) or read_instant(row.get("createdAt"), CRM)


def _gone(name: str, at: int, row: Row) -> SourceActivity:
    when = read_instant(at, CRM)
    return SourceActivity("hubspot", name, str(row["id"]), at=when, stamp=when, deleted=True)


def _at_least(name: str, at: datetime) -> Mapping[str, Any]:
    return {"propertyName": name, "operator": "GTE", "value": str(milliseconds(at))}


def _order(activity: SourceActivity) -> tuple[datetime, int]:
    return (activity.stamp, int(activity.id))
