"""What stands before every endpoint: the token, its scopes, the limits, and the faults that concern them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from leadline.connectors.practice.credentials import HUBSPOT_TOKEN
from leadline.connectors.practice.faults import Fault
from leadline.connectors.practice.harness import Harness, PracticeOptions, plain_endpoint
from leadline.connectors.practice.hubspot.answers import ApiError, bad_request, error_answer
from leadline.connectors.practice.hubspot.portal import OUR_APP, Portal
from leadline.connectors.practice.hubspot.records import Source
from leadline.connectors.practice.hubspot.stamps import DAY, stamp_text

DAILY_CALLS: Final = 1_000_000  # Enterprise (docs: usage guidelines)
TEN_SECONDLY: Final = 190  # private apps on Professional and Enterprise
SEARCHES_A_SECOND: Final = 5
TOKEN_SECONDS: Final = 1800
USER_HEADER: Final = "X-Practice-User"
"""Practice only: names the owner (by e-mail) who makes this change by hand, as if in HubSpot's own pages."""

SCOPES: Final = (
    "oauth", "content", "forms", "business-intelligence", "crm.objects.owners.read", "crm.pipelines.read",
    "crm.lists.read", "crm.lists.write", "automation", "sales-email-read",
    *(f"crm.{part}.{what}.{right}" for part in ("objects", "schemas") for what in ("contacts", "companies", "deals")
      for right in ("read", "write")),
)  # fmt: skip
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Gate:
    """Guards the handlers of one portal. ``tokens`` are OAuth access tokens with their last valid millisecond."""

    portal: Portal
    harness: Harness
    options: PracticeOptions
    endpoint_of: Callable[[Any], str] = plain_endpoint
    tokens: dict[str, int] = field(default_factory=dict)
    _calls: deque[int] = field(default_factory=deque)
    _searches: deque[int] = field(default_factory=deque)
    _day: int = -1
    _today: int = 0

    def open(self, handler: Handler, *scopes: str, search: bool = False) -> Handler:
        """Return ``handler`` behind the checks; it needs one of ``scopes`` (none: any token will do)."""

        async def guarded(request: Request) -> Response:
            try:
                self._admit(request, scopes, search=search)
                answer = await handler(request)
            except ApiError as error:
                answer = error_answer(error)
            return answer if search else self._counted(request, answer)

        return guarded

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that this portal's tokens have."""
        return tuple(scope for scope in SCOPES if scope not in self.options.missing_scopes)

    @property
    def daily_limit(self) -> int:
        """Calls allowed in a day."""
        return self.options.daily_calls if self.options.daily_calls is not None else DAILY_CALLS

    @property
    def used_today(self) -> int:
        """Calls admitted since midnight UTC."""
        return self._today if self._day == self.portal.now() // DAY else 0

    def source(self, request: Request) -> Source:
        """Return who a write is by: the app, unless a practice user is named."""
        email = request.headers.get(USER_HEADER)
        if email is None:
            return OUR_APP
        source = self.portal.user_source(email)
        if source is None:
            raise bad_request(f"{USER_HEADER} names nobody of this portal.")
        return source

    def _admit(self, request: Request, scopes: tuple[str, ...], *, search: bool) -> None:
        self._check_token(request)
        missing = [scope for scope in scopes if scope in self.options.missing_scopes]
        if missing and len(missing) == len(scopes):
            raise missing_scopes(scopes)
        self._count(search=search)
        endpoint = self.endpoint_of(request.scope)
        used_up = self.harness.faults.draw("quota_used_up", endpoint=endpoint)
        if used_up is not None:
            raise rate_limited(used_up["policy"], used_up["retry_after"])

    def _check_token(self, request: Request) -> None:
        given = request.headers.get("Authorization", "")
        token = given[7:] if given.lower().startswith("bearer ") else ""
        if not token:
            raise ApiError(401, "INVALID_AUTHENTICATION", _NOT_SIGNED_IN)
        endpoint = self.endpoint_of(request.scope)
        now = self.portal.now()
        expired = self.harness.faults.draw("expired_session", endpoint=endpoint)
        if token in self.tokens:
            if expired is not None:
                self.tokens[token] = now - 1000
            if self.tokens[token] < now:
                raise expired_token(now, self.tokens[token])
        elif token != HUBSPOT_TOKEN:
            raise ApiError(401, "INVALID_AUTHENTICATION", _SIGNED_IN_WRONG)
        elif expired is not None:
            raise expired_token(now, now - 1000)

    def _count(self, *, search: bool) -> None:
        now = self.portal.now()
        day = now // DAY
        if day != self._day:
            self._day, self._today = day, 0
        if self._today >= self.daily_limit:
            raise rate_limited("DAILY")
        if self.options.rate_limits:
            policy = "SECONDLY" if search else "TEN_SECONDLY_ROLLING"
            window, seconds, most = (
                (self._searches, 1, SEARCHES_A_SECOND) if search else (self._calls, 10, TEN_SECONDLY)
            )
            _forget(window, now - seconds * 1000)
            if len(window) >= most:
                raise rate_limited(policy)
            window.append(now)
        self._today += 1

    def _counted(self, request: Request, answer: Response) -> Response:
        """Add the rate limit headers; answers of search have none, and OAuth tokens see no daily ones (docs)."""
        headers = answer.headers
        _forget(self._calls, self.portal.now() - 10_000)
        headers["X-HubSpot-RateLimit-Interval-Milliseconds"] = "10000"
        headers["X-HubSpot-RateLimit-Max"] = str(TEN_SECONDLY)
        headers["X-HubSpot-RateLimit-Remaining"] = str(max(0, TEN_SECONDLY - len(self._calls)))
        if request.headers.get("Authorization", "")[7:] not in self.tokens:
            headers["X-HubSpot-RateLimit-Daily"] = str(self.daily_limit)
            headers["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, self.daily_limit - self.used_today))
        return answer


_NOT_SIGNED_IN: Final = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details "
    "at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
_SIGNED_IN_WRONG: Final = (
    "The OAuth token used to make this call is invalid. Please check that the access token is complete and has not "
    "been revoked."
)
_NOBODY: Final = "00000000-0000-0000-0000-000000000000"
_LINK: Final = "https://developers.hubspot.com/scopes"


def missing_scopes(scopes: tuple[str, ...]) -> ApiError:
    """Return the 403 of a token without the needed scopes."""
    error = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    message = (
        "This app hasn't been granted all required scopes to make this call. "
        f"Read more about required scopes here: {_LINK}."
    )
    return ApiError(403, "MISSING_SCOPES", message, errors=[error], links={"scopes": _LINK})


def expired_token(now: int, since: int) -> ApiError:
    """Return the 401 of a token whose time is over."""
    message = f"The OAuth token used to make this call expired {(now - since) // 1000} second(s) ago."
    return ApiError(401, "EXPIRED_AUTHENTICATION", message, context={"expire time": [stamp_text(since)]})


def rate_limited(policy: str, retry_after: float | None = None) -> ApiError:
    """Return the 429 of one of HubSpot's limits: DAILY, TEN_SECONDLY_ROLLING or SECONDLY."""
    message = f"You have reached your {policy.lower()} limit."
    error = ApiError(
        429, "RATE_LIMITS", message, errorType="RATE_LIMIT", policyName=policy, groupName="publicapi:private-apps"
    )
    error.retry_after = retry_after
    return error


def fault_body(status: int, fault: Fault) -> Response:
    """Return HubSpot's body for a 429 or 5xx that a fault caused."""
    if status == 429:
        return error_answer(rate_limited(fault["policy"]))
    message = "There was an internal error" if status == 500 else "Service Unavailable"
    return JSONResponse({"status": "error", "message": message, "correlationId": _NOBODY}, status)


def _forget(window: deque[int], before: int) -> None:
    while window and window[0] <= before:
        window.popleft()


async def body_of(request: Request) -> Any:
    """Return the request's JSON, or raise ApiError 400."""
    try:
        return json.loads(await request.body() or b"null")
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise bad_request("Invalid input JSON on line 1, column 1: the body is not JSON") from error
