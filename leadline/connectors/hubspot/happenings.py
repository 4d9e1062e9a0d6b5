"""Page views, form submissions and marketing e-mail events: three older APIs, all newest first, none with changes.

Calls: ceil(page views / 1,000); one for the forms' names and ceil(submissions / 50) for each form, down to the
window's edge; ceil(e-mail events / 1,000) and one for each campaign's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from leadline.common.values import RecordRef, SourceActivity
from leadline.connectors.contract import rows_in, scalar
from leadline.connectors.hubspot.answers import CRM, MissingError, RejectedError
from leadline.connectors.hubspot.client import ApiObjects, HubSpotClient, raw, results_of
from leadline.connectors.hubspot.searching import window_of
from leadline.connectors.instants import maybe_instant, milliseconds, read_instant
from leadline.connectors.protocol import ActivityRequest

EVENT_TYPES: Final[Mapping[str, str]] = {"page_view": "e_visited_page"}

_EVENTS_A_PAGE: Final = (1000, 100)
"""The events API documents no largest page: the smaller one is asked for when the larger is refused."""
_MAIL_A_PAGE: Final = 1000
_SUBMISSIONS_A_PAGE: Final = 50

Page = tuple[SourceActivity, ...]


class HappeningPuller:
    """Pulls what contacts did by themselves, with one client."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client
        self._campaigns: dict[str, str] = {}
        self._known_forms: Mapping[str, str] = {}

    def page_views(self, request: ActivityRequest) -> Iterator[Page]:
        """Yield page views, newest first. Raises PermissionMissingError below the Enterprise tier."""
        low, high = _edges(request)
        wanted = (request.hints or {}).get("name", tuple(EVENT_TYPES))
        for name in wanted:
            if name in EVENT_TYPES:
                yield from self._events(name, low, high)

    def submissions(self, request: ActivityRequest) -> Iterator[Page]:
        """Yield form submissions, form by form, each newest first, known by the submitter's e-mail address."""
        low, high = _edges(request)
        wanted = (request.hints or {}).get("form")
        if not (request.quick and self._known_forms):
            self._known_forms = self._forms()
        for guid, name in self._known_forms.items():
            if wanted is None or name in wanted:
                yield from self._submissions(guid, name, low, high)

    def mail_events(self, request: ActivityRequest) -> Iterator[Page]:
        """Yield marketing e-mail events, newest first, known by the recipient's address."""
        low, high = _edges(request)
        named = request.attributes is None or "campaign" in request.attributes
        for event in (request.hints or {}).get("event", ("",)):
            narrow = [("eventType", event.upper())] if event else []
            yield from self._mail(narrow, low, high, named=named)

    def _events(self, name: str, low: datetime | None, high: datetime) -> Iterator[Page]:
        for size in _EVENTS_A_PAGE:
            try:
                for answer in self._client.pages("read", _events_page(EVENT_TYPES[name], size, low, high)):
                    page = [_page_view(name, row) for row in results_of(answer, "for events")]
                    yield from _within(page, low, high)
                return
            except RejectedError:
                if size == _EVENTS_A_PAGE[-1]:
                    raise

    def _forms(self) -> Mapping[str, str]:
        return {
            str(form["id"]): str(form.get("name") or "")
            for answer in self._client.pages("read", _forms_page)
            for form in results_of(answer, "for forms")
        }

    def _submissions(self, guid: str, name: str, low: datetime | None, high: datetime) -> Iterator[Page]:
        path = f"/form-integrations/v1/submissions/forms/{guid}"

        def page(apis: ApiObjects, after: str | None = None) -> Any:
            following = [("after", after)] if after else []
            return apis.get(path, [("limit", _SUBMISSIONS_A_PAGE), *following])

        for answer in self._client.pages("read", page):
            found = [_submission(guid, name, row) for row in results_of(answer, "for submissions")]
            yield from _within(found, low, high)
            if low is not None and found and found[-1].at < low:
                return

    def _mail(
        self, narrow: list[tuple[str, str]], low: datetime | None, high: datetime, *, named: bool
    ) -> Iterator[Page]:
        edges: list[tuple[str, Any]] = [("limit", _MAIL_A_PAGE), ("endTimestamp", milliseconds(high)), *narrow]
        if low is not None:
            edges.append(("startTimestamp", milliseconds(low)))
        offset: list[tuple[str, Any]] = []
        while True:
            answer = self._client.get("/email/public/v1/events", "read", [*edges, *offset])
            page = [
                self._mail_event(row, named=named)
                for row in rows_in(answer, "hubspot", "for e-mail events", "events")
            ]
            yield from _within(page, low, high)
            if not answer.get("hasMore") or not answer.get("offset"):
                return
            offset = [("offset", answer["offset"])]

    def _mail_event(self, row: Mapping[str, Any], *, named: bool) -> SourceActivity:
        """Read one event; its campaign's name costs a call for each campaign, so only where it is ``named``."""
        at = read_instant(row.get("created"), CRM)
        kind = str(row.get("type") or "").lower()
        attributes = {"event": kind, "campaign": self._campaign(row) if named else None}
        email = str(row.get("recipient") or "")
        return SourceActivity("hubspot", "email", str(row["id"]), at, at, email=email, attributes=attributes)

    def _campaign(self, row: Mapping[str, Any]) -> str | None:
        """Return a campaign's name; one that is gone is known by its number."""
        ident = str(row.get("emailCampaignId") or "")
        if not ident:
            return None
        if ident not in self._campaigns:
            query = [("appId", row["appId"])] if row.get("appId") else []
            try:
                told = self._client.get(f"/email/public/v1/campaigns/{int(ident)}", "read", query)
            except (MissingError, RejectedError):
                told = {}
            self._campaigns[ident] = str(told.get("name") or ident)
        return self._campaigns[ident]


def _edges(request: ActivityRequest) -> tuple[datetime | None, datetime]:
    """Return the window in instants: look-back from the cursor, or from ``oldest`` on a full read."""
    window = window_of(request.until, request.since, request.look_back)
    low = request.oldest if window.low is None else maybe_instant(window.low)
    return low, request.until


def _within(page: list[SourceActivity], low: datetime | None, high: datetime) -> Iterator[Page]:
    kept = tuple(one for one in page if one.at <= high and (low is None or one.at >= low))
    if kept:
        yield kept


def _events_page(kind: str, size: int, low: datetime | None, high: datetime) -> Callable[..., Any]:
    # Both edges are exclusive there, and as fine as a millisecond.
    edges: dict[str, Any] = {"occurred_before": maybe_instant(milliseconds(high) + 1)}
    if low is not None:
        edges["occurred_after"] = maybe_instant(milliseconds(low) - 1)

    def page(apis: ApiObjects, **more: Any) -> Any:
        return apis.events.get_page(object_type="contact", event_type=kind, limit=size, **edges, **raw(**more))

    return page


def _forms_page(apis: ApiObjects, **more: Any) -> Any:
    return apis.forms.get_page(limit=_SUBMISSIONS_A_PAGE, **raw(**more))


def _page_view(name: str, row: Mapping[str, Any]) -> SourceActivity:
    at = read_instant(row.get("occurredAt"), CRM)
    told = row.get("properties") or {}
    return SourceActivity(
        "hubspot",
        "event",
        str(row["id"]),
        at,
        at,
        about=(RecordRef("hubspot", "contact", str(row["objectId"])),),
        attributes={
            "name": name,
            "url": scalar(told.get("hs_url")),
            "title": scalar(told.get("hs_page_title") or told.get("hs_title")),
        },
    )


def _submission(guid: str, name: str, row: Mapping[str, Any]) -> SourceActivity:
    at = read_instant(row.get("submittedAt"), CRM)
    given = {str(value.get("name")): value.get("value") for value in row.get("values") or ()}
    ident = str(row.get("conversionId") or f"{guid}:{row.get('submittedAt')}")
    email = str(given.get("email") or "")
    attributes = {"form": name, "url": scalar(row.get("pageUrl"))}
    return SourceActivity("hubspot", "form", ident, at, at, email=email, attributes=attributes)
