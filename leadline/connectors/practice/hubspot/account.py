"""Sign-in, the account itself, its owners and its call outcomes."""

from __future__ import annotations

import secrets
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leadline.connectors.practice.credentials import (
    HUBSPOT_CLIENT_ID,
    HUBSPOT_CLIENT_SECRET,
    HUBSPOT_REFRESH_TOKEN,
    HUBSPOT_TOKEN,
)
from leadline.connectors.practice.harness import Automation
from leadline.connectors.practice.hubspot.answers import ApiError, error_answer, not_found, page
from leadline.connectors.practice.hubspot.gate import TOKEN_SECONDS, Gate, body_of
from leadline.connectors.practice.hubspot.objects import whole
from leadline.connectors.practice.hubspot.portal import APP_ID, Portal, PortalOwner
from leadline.connectors.practice.hubspot.stamps import DAY, stamp_text

PRACTICE_CODE: Final = "practice-authorization-code"
_INSTALLER: Final = "admin@practice.example"
_LARGEST_PAGE: Final = 500


class Account:
    """Handlers of the account."""

    def __init__(self, portal: Portal, gate: Gate) -> None:
        self.portal = portal
        self.gate = gate
        self.refresh_token = HUBSPOT_REFRESH_TOKEN

    async def token(self, request: Request) -> Response:
        """POST a grant (authorization_code or refresh_token) for an access token of 30 minutes."""
        given = {name: values[-1] for name, values in parse_qs((await request.body()).decode("latin-1")).items()}
        problem = _grant_problem(given, self.refresh_token)
        if problem is not None:
            return error_answer(problem)
        if self.gate.options.rotating_tokens:
            self.refresh_token = f"practice-{secrets.token_urlsafe(24)}"
        token = f"practice-{secrets.token_urlsafe(24)}"
        self.gate.tokens[token] = self.portal.now() + TOKEN_SECONDS * 1000
        return JSONResponse(
            {
                "token_type": "bearer",
                "token_use": "access_token",
                "refresh_token": self.refresh_token,
                "access_token": token,
                "expires_in": TOKEN_SECONDS,
                "hub_id": self.portal.id,
                "scopes": list(self.gate.scopes),
            }
        )

    async def token_info(self, request: Request) -> Response:
        """GET what an access token is good for."""
        token = request.path_params["token"]
        until = self.gate.tokens.get(token)
        if until is None and token != HUBSPOT_TOKEN:
            return error_answer(not_found("access token"))
        left = TOKEN_SECONDS if until is None else max(0, (until - self.portal.now()) // 1000)
        return JSONResponse(self._info(token, "access") | {"app_id": APP_ID, "expires_in": left})

    async def app_token_info(self, request: Request) -> Response:
        """POST a private app's token for what it is good for."""
        told = await body_of(request)
        if not isinstance(told, dict) or told.get("tokenKey") != HUBSPOT_TOKEN:
            return error_answer(not_found("access token"))
        scopes = list(self.gate.scopes)
        return JSONResponse({"userId": APP_ID + 1, "hubId": self.portal.id, "appId": APP_ID, "scopes": scopes})

    async def workflows(self, _: Request) -> Response:
        """GET the workflows, without their insides."""
        return JSONResponse({"results": [_flow(place, one) for place, one in self._automations()]})

    async def workflow(self, request: Request) -> Response:
        """GET one workflow with what starts it."""
        for place, one in self._automations():
            if str(place) == request.path_params["id"]:
                branch = {"filterBranchType": "AND", "filters": [{"property": name} for name in one.fields]}
                criteria = {"type": "LIST_BASED", "listFilterBranch": branch}
                return JSONResponse(_flow(place, one) | {"enrollmentCriteria": criteria, "actions": []})
        raise not_found("Workflow")

    def _automations(self) -> list[tuple[int, Automation]]:
        types = {"contact", "company", "deal"}
        return [(n, one) for n, one in enumerate(self.gate.options.automations, start=1) if one.object in types]

    async def refresh_info(self, request: Request) -> Response:
        """GET what a refresh token belongs to."""
        token = request.path_params["token"]
        if token != HUBSPOT_REFRESH_TOKEN:
            return error_answer(not_found("refresh token"))
        return JSONResponse(self._info(token, "refresh") | {"client_id": HUBSPOT_CLIENT_ID})

    async def details(self, _: Request) -> Response:
        """GET the account's id, time zone and kind."""
        return JSONResponse(
            {
                "portalId": self.portal.id,
                "accountType": "STANDARD",
                "timeZone": "Europe/Berlin",
                "companyCurrency": "EUR",
                "additionalCurrencies": [],
                "utcOffset": "+01:00",
                "utcOffsetMilliseconds": 3_600_000,
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "eu1",
            }
        )

    async def usage(self, _: Request) -> Response:
        """GET the calls that private apps made today."""
        now = self.portal.now()
        usage = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": self.gate.daily_limit,
            "currentUsage": self.gate.used_today,
            "collectedAt": stamp_text(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": stamp_text((now // DAY + 1) * DAY),
        }
        return JSONResponse({"results": [usage]})

    async def owners(self, request: Request) -> Response:
        """GET owners; those that were deactivated with ``archived=true``."""
        asked = request.query_params
        archived = asked.get("archived", "false").lower() == "true"
        limit, start = whole(asked.get("limit"), 100, _LARGEST_PAGE), whole(asked.get("after"), 0, 10**15, least=0)
        email = asked.get("email", "").lower()
        found = sorted(self.portal.owners.values(), key=lambda owner: int(owner.id))
        found = [owner for owner in found if owner.active != archived and email in {"", owner.email.lower()}]
        found = [owner for owner in found if int(owner.id) > start]
        after = found[limit - 1].id if len(found) > limit else None
        return page([_owner(owner) for owner in found[:limit]], after)

    async def owner(self, request: Request) -> Response:
        """GET one owner by id or, with ``idProperty=userId``, by user."""
        given, asked = request.path_params["id"], request.query_params
        archived = asked.get("archived", "false").lower() == "true"
        by_user = asked.get("idProperty", "id") == "userId"
        for owner in self.portal.owners.values():
            if given == (str(owner.user) if by_user else owner.id) and owner.active != archived:
                return JSONResponse(_owner(owner))
        raise not_found("owner")

    async def dispositions(self, _: Request) -> Response:
        """GET the call outcomes: calls hold these ids."""
        found = self.portal.dispositions.items()
        return JSONResponse([{"id": number, "label": label, "deleted": False} for number, label in found])

    def _info(self, token: str, kind: str) -> dict[str, Any]:
        return {
            "token": token,
            "user": _INSTALLER,
            "hub_domain": "practice.example",
            "scopes": list(self.gate.scopes),
            "hub_id": self.portal.id,
            "user_id": APP_ID + 1,
            "token_type": kind,
        }


def _grant_problem(given: dict[str, str], refresh_token: str) -> ApiError | None:
    checks = [
        (given.get("client_id") == HUBSPOT_CLIENT_ID, "BAD_CLIENT_ID", "missing or invalid client id"),
        (
            given.get("client_secret") == HUBSPOT_CLIENT_SECRET,
            "BAD_CLIENT_SECRET",
            "missing or invalid client secret",
        ),
    ]
    if given.get("grant_type") == "refresh_token":
        fits = given.get("refresh_token") == refresh_token
        checks.append((fits, "BAD_REFRESH_TOKEN", "missing or invalid refresh token"))
    elif given.get("grant_type") == "authorization_code":
        fits = given.get("code") == PRACTICE_CODE and bool(given.get("redirect_uri"))
        checks.append((fits, "BAD_AUTH_CODE", "missing or unknown auth code"))
    else:
        checks.append((False, "BAD_GRANT_TYPE", "missing or unknown grant type"))
    for fits, status, message in checks:
        if not fits:
            error = ApiError(400, "VALIDATION_ERROR", message)
            error.body["status"] = status
            return error
    return None


def _flow(place: int, one: Automation) -> dict[str, Any]:
    kinds = {"contact": "0-1", "company": "0-2", "deal": "0-3"}
    kind = kinds[one.object]
    return {"id": str(place), "isEnabled": True, "objectTypeId": kind, "name": one.name, "revisionId": "1"}


def _owner(owner: PortalOwner) -> dict[str, Any]:
    user = {"userId": owner.user} if owner.active and not owner.queue else {}
    born = stamp_text(owner.created)
    return {
        "id": owner.id,
        "email": owner.email,
        "type": "QUEUE" if owner.queue else "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        **user,
        "userIdIncludingInactive": owner.user,
        "createdAt": born,
        "updatedAt": born,
        "archived": not owner.active,
        "teams": [{"id": _team_id(owner.team), "name": owner.team, "primary": True}] if owner.team else [],
    }


def _team_id(team: str) -> str:
    return str(1_000_000 + sum(ord(letter) * place for place, letter in enumerate(team, start=1)))
