"""Calls to one HubSpot portal through hubspot-api-client, each with its purpose, retries and sign-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final
from urllib.parse import quote

import tenacity
from hubspot import HubSpot

from leadline.common.errors import ContractError, LeadlineError
from leadline.connectors.contract import rows_in
from leadline.connectors.grants import Grant, Tokens
from leadline.connectors.http_answer import Answer
from leadline.connectors.http_meter import Meter, Pace, Purpose
from leadline.connectors.hubspot.answers import CRM, sign_in_fault
from leadline.connectors.hubspot.pool import HubSpotPool, read_usage
from leadline.connectors.retrying import Patience, TransientError
from leadline.connectors.settings import HubSpotSettings

_RAW: Final = {"_preload_content": False}
"""Answers come back as they are: the client's models would drop headers and take most of the time."""

Row = Mapping[str, Any]
Action = Callable[["ApiObjects"], Any]


class ApiObjects:
    """The client's API objects, each made once: all of them share one pool."""

    def __init__(self, hub: HubSpot) -> None:
        self._hub = hub

    @cached_property
    def search(self) -> Any:
        return self._hub.crm.objects.search_api

    @cached_property
    def batch(self) -> Any:
        return self._hub.crm.objects.batch_api

    @cached_property
    def basic(self) -> Any:
        return self._hub.crm.objects.basic_api

    @cached_property
    def associations(self) -> Any:
        return self._hub.crm.associations.v4.batch_api

    @cached_property
    def properties(self) -> Any:
        return self._hub.crm.properties.core_api

    @cached_property
    def owners(self) -> Any:
        return self._hub.crm.owners.owners_api

    @cached_property
    def lists(self) -> Any:
        return self._hub.crm.lists.lists_api

    @cached_property
    def members(self) -> Any:
        return self._hub.crm.lists.memberships_api

    @cached_property
    def events(self) -> Any:
        return self._hub.events.events_api

    @cached_property
    def forms(self) -> Any:
        return self._hub.marketing.forms.forms_api

    def get(self, path: str, query: Sequence[tuple[str, Any]]) -> Any:
        """Call an address that the client has no method for, with the client's own plumbing and token."""
        return self._plumbing("GET", path, query_params=list(query))

    def ask(self, path: str, body: Mapping[str, Any], method: str = "POST") -> Any:
        """Send JSON to an address that the client has no method for."""
        return self._plumbing(method, path, body=dict(body))

    def _plumbing(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        plumbing = self.basic.api_client
        return plumbing.call_api(path, method, header_params=headers, auth_settings=["oauth2"], **more, **_RAW)


@dataclass(frozen=True, slots=True)
class Account:
    """A portal's id and its time zone (IANA)."""

    portal: str
    zone: str


class HubSpotClient:
    """Makes calls. With an OAuth app it signs in at the first call, and again when the token expires."""

    def __init__(self, settings: HubSpotSettings, sleep: Callable[[float], None] | None = None) -> None:
        self._settings = settings
        self.meter = Meter(CRM, settings.quota_share, read_usage)
        self._pool = HubSpotPool(settings.url, settings.timeout, self.meter)
        pause = sleep or tenacity.nap.sleep
        renew = self._sign_in if settings.oauth else None
        told = self.meter.last_call
        self._patience = Patience(settings.patience, renew, pause, last_call=told)
        self._once = Patience(settings.patience, renew, pause, repeatable=False, last_call=told)
        self.task_key = settings.task_key
        self.timeout = settings.timeout
        self._pace = Pace(settings.searches_a_second, 1.0, pause)
        self._apis: ApiObjects | None = None
        self._access = ""
        app = settings.oauth
        self._grant = Grant(app.refresh_token.get_secret_value(), app.token_file) if app is not None else None

    def call(
        self, purpose: Purpose, action: Action, *, search: bool = False, repeatable: bool = True
    ) -> Mapping[str, Any]:
        """Return the JSON object that ``action`` (a call of one API object, unread) is answered with.

        ``repeatable`` False: sent again only where HubSpot said that it did not take it.
        """
        body = self._call(purpose, action, search, repeatable=repeatable)
        if not isinstance(body, Mapping):
            raise ContractError("HubSpot answered with something else than a JSON object")
        return body

    def pages(self, purpose: Purpose, page: Callable[..., Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the answers of a paged list; ``page(apis, after=...)`` asks for one, the first without ``after``."""
        more: dict[str, Any] = {}
        while True:
            answer = self.call(purpose, partial(page, **more))
            yield answer
            after = next_page(answer)
            if after is None:
                return
            more = {"after": after}

    def account(self) -> Account:
        """Return which portal this is. One call, whose answer tells the meter its present and limits too."""
        told = self.get("/account-info/v3/details", "login")
        portal = told.get("portalId") if isinstance(told, Mapping) else None
        if portal is None:
            raise ContractError("HubSpot told no portal id")
        return Account(str(portal), str(told.get("timeZone") or "UTC"))

    def get(self, path: str, purpose: Purpose, query: Sequence[tuple[str, Any]] = ()) -> Any:
        """Return the JSON (object or list) of an address that the client has no method for."""
        return self._call(purpose, lambda apis: apis.get(path, query), search=False)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        """Make or delete a definition at an address that the client has no method for; sent once."""

        def attempt() -> bool:
            apis = self._signed_in()
            with self.meter.purpose("write"):
                apis.ask(path, body, method)
            return True

        self._once.call(attempt)

    def scopes(self) -> frozenset[str]:
        """Return the scopes of the access token. Raises what reads raise where HubSpot does not tell them.

        A private app's: https://developers.hubspot.com/docs/apps/legacy-apps/private-apps/overview, the last section.
        """
        self._signed_in()
        token = self._access
        if self._settings.oauth is not None:
            told = self.get(f"/oauth/v1/access-tokens/{quote(token, safe='')}", "describe")
        else:
            path = "/oauth/v2/private-apps/get/access-token-info"
            told = self._call("describe", lambda apis: apis.ask(path, {"tokenKey": token}), search=False)
        found = told.get("scopes") if isinstance(told, Mapping) else None
        if not isinstance(found, list):
            raise ContractError("HubSpot told of the access token without its scopes")
        return frozenset(str(scope) for scope in found)

    def close(self) -> None:
        self._pool.clear()

    def _call(self, purpose: Purpose, action: Action, search: bool, *, repeatable: bool = True) -> Any:
        def attempt() -> Any:
            apis = self._signed_in()
            if search:
                self._pace.wait()
            with self.meter.purpose(purpose):
                answer = action(apis)
            return _json(answer)

        return (self._patience if repeatable else self._once).call(attempt)

    def _signed_in(self) -> ApiObjects:
        if self._apis is None:
            self._sign_in()
        if self._apis is None:
            raise ContractError("HubSpot was not signed in to")
        return self._apis

    def _sign_in(self) -> None:
        settings, self._apis = self._settings, None
        if settings.token is not None:
            self._apis = ApiObjects(self._hub(settings.token.get_secret_value()))
            return
        if self._grant is None:
            raise ContractError("HubSpot's settings hold neither token nor oauth")
        self._apis = ApiObjects(self._hub(self._grant.access(self._access, self._exchange)))

    def _exchange(self, refresh: str) -> Tokens:
        app = self._settings.oauth
        if app is None:
            raise ContractError("HubSpot's settings hold no oauth")
        with self.meter.purpose("login"):
            try:
                answer = self._hub(None).oauth.tokens_api.create(
                    grant_type="refresh_token",
                    client_id=app.client_id,
                    client_secret=app.client_secret.get_secret_value(),
                    refresh_token=refresh,
                    **_RAW,
                )
            except LeadlineError as error:
                raise sign_in_fault(error) from error
        body = _json(answer)
        token = body.get("access_token") if isinstance(body, Mapping) else None
        if not isinstance(token, str) or not token:
            raise ContractError("HubSpot signed in without giving an access token")
        return Tokens(token, str(body.get("refresh_token") or ""))

    def _hub(self, token: str | None) -> HubSpot:
        self._access = token or self._access
        return HubSpot(access_token=token, host=self._settings.url, retry=False, api_factory=self._api)

    def _api(self, package: Any, name: str, config: Mapping[str, Any]) -> Any:
        """Build one API object on our pool; the client's own factory would open another pool for each."""
        configuration = package.Configuration(host=config["host"])
        configuration.access_token = config.get("access_token")
        configuration.retries = False
        plumbing = package.ApiClient(configuration=configuration)
        plumbing.rest_client.pool_manager = self._pool
        return getattr(package, name)(api_client=plumbing)


def next_page(answer: Mapping[str, Any]) -> str | None:
    """Return the cursor of the next page, None at the end."""
    following = _part(_part(answer, "paging"), "next")
    if not following:
        return None
    if not isinstance(following.get("after"), str | int):
        raise ContractError("HubSpot told that there is a next page, and not which")
    return str(following["after"])


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object in an answer, empty where it is left out."""
    part = told.get(name)
    if part is not None and not isinstance(part, Mapping):
        raise ContractError(f"HubSpot answered with a {name} that is no object")
    return part or {}


def results_of(answer: Any, what: str) -> Sequence[Row]:
    """Return the rows of an answer to ``what``; raises ContractError where it has none."""
    return rows_in(answer, "hubspot", what, "results")


def raw(**more: Any) -> dict[str, Any]:
    """Return keyword arguments for an API object's method that leave its answer unread."""
    return {**_RAW, **more}


def _json(answer: Any) -> Any:
    if not isinstance(answer, Answer):
        raise ContractError("hubspot-api-client did not use the connection pool it was given")
    try:
        return answer.json()
    except ValueError as error:
        raise TransientError(f"HubSpot answered {answer.status} with what is not JSON (is `url` right?)") from error
