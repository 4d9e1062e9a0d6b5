"""Page views (events API), marketing e-mail events (an older API) and form submissions (an older one still)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leadline.connectors.practice.hubspot.answers import ApiError, bad_request, not_found, page
from leadline.connectors.practice.hubspot.gate import Gate
from leadline.connectors.practice.hubspot.kinds import kind_of
from leadline.connectors.practice.hubspot.objects import whole
from leadline.connectors.practice.hubspot.portal import APP_ID, MailEvent, Portal, Submission, Visit
from leadline.connectors.practice.hubspot.stamps import read_stamp, stamp_text

VISITED: Final = "e_visited_page"
_MOST_EVENTS: Final = 1_000
_MOST_SUBMISSIONS: Final = 50
_MOST_FORMS: Final = 50
_FAR: Final = 10**15


class Activity:
    """Handlers of what people did. Merged contacts' visits are answered with the survivor's id."""

    def __init__(self, portal: Portal, gate: Gate) -> None:
        self.portal = portal
        self.gate = gate

    async def events(self, request: Request) -> Response:
        """GET page views, oldest or newest first; only accounts of the Enterprise tier may."""
        self._need_enterprise()
        asked = request.query_params
        limit = whole(asked.get("limit"), 100, _MOST_EVENTS)
        limit = min(limit, self.gate.options.page_size or limit)
        start = whole(asked.get("after"), 0, _FAR, least=0)
        found = self._visits(request)
        stop = start + limit
        results = [self._visit(visit) for visit in found[start:stop]]
        return page(results, str(stop) if stop < len(found) else None)

    async def event_types(self, _: Request) -> Response:
        """GET the names of the events that this account records."""
        self._need_enterprise()
        return JSONResponse({"eventTypes": [VISITED]})

    async def mail_events(self, request: Request) -> Response:
        """GET marketing e-mail events, newest first, known by the recipient's address."""
        asked = request.query_params
        limit = whole(asked.get("limit"), 10, _MOST_EVENTS)
        limit = min(limit, self.gate.options.page_size or limit)
        low = whole(asked.get("startTimestamp"), 0, _FAR, least=0)
        high = whole(asked.get("endTimestamp"), _FAR, _FAR, least=0)
        start = whole(asked.get("offset"), 0, _FAR, least=0)
        between = _between(self.portal.mail_events, low, min(high, self.portal.now()))
        wanted = {name: asked[name] for name in ("recipient", "eventType", "campaignId") if name in asked}
        found = [event for event in reversed(between) if _is_wanted(event, wanted)]
        stop = start + limit
        events = [self._mail_event(event) for event in found[start:stop]]
        return JSONResponse({"hasMore": stop < len(found), "offset": str(stop), "events": events})

    async def campaigns(self, _: Request) -> Response:
        """GET the ids of e-mail campaigns, by which e-mail events name them."""
        listed = [{"id": number, "appId": APP_ID, "appName": "Batch"} for number in sorted(self.portal.campaigns)]
        return JSONResponse({"hasMore": False, "offset": "", "campaigns": listed})

    async def campaign(self, request: Request) -> Response:
        """GET one e-mail campaign's name and subject."""
        number = int(request.path_params["id"]) if request.path_params["id"].isdecimal() else -1
        name = self.portal.campaigns.get(number)
        if name is None:
            raise not_found("campaign")
        return JSONResponse({"id": number, "appId": APP_ID, "appName": "Batch", "name": name, "subject": name})

    async def forms(self, request: Request) -> Response:
        """GET the forms."""
        asked = request.query_params
        limit, start = whole(asked.get("limit"), 20, _MOST_FORMS), whole(asked.get("after"), 0, _FAR, least=0)
        listed = sorted(self.portal.forms.items(), key=lambda form: form[1])
        stop = start + limit
        results = [_form(guid, name) for guid, name in listed[start:stop]]
        return page(results, str(stop) if stop < len(listed) else None)

    async def form(self, request: Request) -> Response:
        """GET one form."""
        name = self.portal.forms.get(request.path_params["id"])
        if name is None:
            raise not_found("Form")
        return JSONResponse(_form(request.path_params["id"], name))

    async def submissions(self, request: Request) -> Response:
        """GET the submissions of one form, newest first, 50 a page at most; there is no filter by time."""
        guid, asked = request.path_params["id"], request.query_params
        if guid not in self.portal.forms:
            raise not_found("Form")
        limit = whole(asked.get("limit"), 20, _MOST_SUBMISSIONS)
        limit = min(limit, self.gate.options.page_size or limit)
        start = whole(asked.get("after"), 0, _FAR, least=0)
        known = self.portal.submissions.get(guid, [])
        known = known[: bisect_right(known, self.portal.now(), key=lambda one: one.at)]
        stop = start + limit
        results = [_submission(one) for one in known[::-1][start:stop]]
        link = f"{request.url.path}?{urlencode({'limit': limit, 'after': stop})}"
        return page(results, str(stop) if stop < len(known) else None, link)

    def _need_enterprise(self) -> None:
        if not self.gate.options.enterprise:
            message = "This account's subscription does not include event analytics (Enterprise is needed)."
            raise ApiError(403, "BANNED", message)

    def _visits(self, request: Request) -> list[Visit]:
        asked = request.query_params
        low, high = (_stamp(asked.get(name)) for name in ("occurredAfter", "occurredBefore"))
        between = _between(
            self.portal.visits,
            0 if low is None else low + 1,
            self.portal.now() if high is None else min(high - 1, self.portal.now()),
        )
        kind, object_id = asked.get("objectType"), asked.get("objectId")
        if object_id is not None and kind is None:
            raise bad_request("objectType is needed with objectId.")
        found_kind = None if kind is None else kind_of(kind)
        if (kind is not None and (found_kind is None or found_kind.singular != "contact")) or (
            asked.get("eventType", VISITED) != VISITED
        ):
            return []
        if object_id is not None:
            between = [visit for visit in between if self._contact(visit) == object_id]
        sort = asked.get("sort", "-occurredAt")
        if sort not in {"occurredAt", "-occurredAt"}:
            raise bad_request("sort must be occurredAt or -occurredAt.")
        return between[::-1] if sort.startswith("-") else between

    def _contact(self, visit: Visit) -> str:
        row = self.portal.tables["contact"].find(visit.contact)
        return visit.contact if row is None else row.id

    def _visit(self, visit: Visit) -> dict[str, Any]:
        return {
            "objectType": "CONTACT",
            "objectId": self._contact(visit),
            "eventType": VISITED,
            "occurredAt": stamp_text(visit.at),
            "id": visit.id,
            "properties": {"hs_url": visit.url, "hs_page_title": visit.title, "hs_visitor_type": "CONTACT"},
        }

    def _mail_event(self, event: MailEvent) -> dict[str, Any]:
        return {
            "appId": APP_ID,
            "appName": "Batch",
            "created": event.at,
            "emailCampaignId": event.campaign,
            "id": event.id,
            "portalId": self.portal.id,
            "recipient": event.recipient,
            "sentBy": {"id": event.id, "created": event.at},
            "type": event.type,
        }


def _between(ordered: Sequence[Any], low: int, high: int) -> list[Any]:
    start = bisect_left(ordered, low, key=lambda one: one.at)
    return list(ordered[start : bisect_right(ordered, high, key=lambda one: one.at)])


def _is_wanted(event: MailEvent, wanted: dict[str, str]) -> bool:
    return (
        wanted.get("recipient", event.recipient).lower() == event.recipient.lower()
        and wanted.get("eventType", event.type) == event.type
        and wanted.get("campaignId", str(event.campaign)) == str(event.campaign)
    )


def _stamp(text: str | None) -> int | None:
    stamp = None if text is None else read_stamp(text)
    if text is not None and stamp is None:
        raise bad_request("A time must be ISO 8601 with a zone.")
    return stamp


def _submission(one: Submission) -> dict[str, Any]:
    return {
        "conversionId": one.id,
        "submittedAt": one.at,
        "values": [{"name": "email", "value": one.email, "objectTypeId": "0-1"}],
        "pageUrl": one.url,
    }


def _form(guid: str, name: str) -> dict[str, Any]:
    """Return a form's definition with the one field that matters here."""
    field = {
        "objectTypeId": "0-1",
        "name": "email",
        "label": "Email",
        "required": True,
        "hidden": False,
        "fieldType": "email",
        "dependentFields": [],
        "validation": {"blockedEmailDomains": [], "useDefaultBlockList": False},
    }
    return {
        "formType": "hubspot",
        "id": guid,
        "name": name,
        "createdAt": "2023-01-09T08:00:00Z",
        "updatedAt": "2023-01-09T08:00:00Z",
        "archived": False,
        "fieldGroups": [{"groupType": "default_group", "richTextType": "text", "fields": [field]}],
        "configuration": _CONFIGURATION,
        "displayOptions": _DISPLAY,
        "legalConsentOptions": {"type": "none"},
    }


_CONFIGURATION: Final[dict[str, Any]] = {
    "language": "en",
    "cloneable": True,
    "postSubmitAction": {"type": "thank_you", "value": "Thank you"},
    "editable": True,
    "archivable": True,
    "recaptchaEnabled": False,
    "notifyContactOwner": False,
    "notifyRecipients": [],
    "createNewContactForNewEmail": True,
    "prePopulateKnownValues": True,
    "allowLinkToResetKnownValues": False,
    "lifecycleStages": [],
}
_DISPLAY: Final[dict[str, Any]] = {
    "renderRawHtml": False,
    "theme": "default_style",
    "submitButtonText": "Submit",
    "style": {
        "fontFamily": "arial, helvetica, sans-serif",
        "backgroundWidth": "100%",
        "labelTextColor": "#33475b",
        "labelTextSize": "13px",
        "helpTextColor": "#7C98B6",
        "helpTextSize": "11px",
        "legalConsentTextColor": "#33475b",
        "legalConsentTextSize": "14px",
        "submitColor": "#ff7a59",
        "submitAlignment": "left",
        "submitFontColor": "#ffffff",
        "submitSize": "12px",
    },
}
