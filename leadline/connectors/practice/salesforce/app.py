"""The practice Salesforce as an ASGI application."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from leadline.connectors.practice.faults import Fault
from leadline.connectors.practice.harness import Harness, PracticeOptions, practice_app
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.salesforce import (
    bulk,
    changes,
    collections,
    describing,
    ingest,
    login,
    querying,
    records,
    setting_up,
    soap,
)
from leadline.connectors.practice.salesforce.answers import Answer, ApiError
from leadline.connectors.practice.salesforce.calling import Call, Resource, Router, not_found, resource
from leadline.connectors.practice.salesforce.composite import Composite
from leadline.connectors.practice.salesforce.org import Org, expired, out_of_calls

VERSIONS: Final = tuple(f"{number}.0" for number in range(31, 68))
LONGEST_URI: Final = 16_384  # bytes; with the headers too
_DATA: Final = re.compile(r"/services/data/v(?P<version>\d{2,3}\.\d)(?P<path>/.*)?")
_SOAP: Final = re.compile(r"/services/Soap/[uc]/(?P<version>\d{2,3}\.\d)(?:/.*)?")


def salesforce_app(organisation: Organisation, harness: Harness, options: PracticeOptions) -> Any:
    """Return the Starlette application that speaks Salesforce's REST dialect; ``app.state.org`` is what it holds.

    Calls are counted, and faults matched, under the labels login, versions, describe, query, collections (writes),
    retrieve (reads of many records), composite, crud, bulk, updated, deleted, limits and other.
    """
    org = Org(organisation, harness, options)
    service = _Service(org)
    app = practice_app(
        harness,
        [
            Route("/services/oauth2/{what}", service.oauth, methods=["GET", "POST"]),
            Route("/services/Soap/{rest:path}", service.soap, methods=["POST"]),
            Route(
                "/services/data/{rest:path}", service.data, methods=["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]
            ),
            Route("/services/data", service.data, methods=["GET"]),
            Route("/id/{organisation}/{user}", service.identity, methods=["GET", "POST"]),
        ],
        endpoint_of=service.label,
        error_body=_fault_body,
        exception_handlers={HTTPException: _plain_error},
    )
    app.state.org = org
    return app


def _router() -> Router:
    table = [
        resource("", "versions", GET=_resources),
        resource("/", "versions", GET=_resources),
        resource("/limits", "limits", GET=changes.limits),
        resource("/limits/recordCount", "limits", GET=changes.record_count),
        resource("/tooling/query", "query", GET=setting_up.tooling_query),
        resource("/tooling/query/{locator}", "query", GET=setting_up.tooling_further),
        resource("/tooling/sobjects/{name}", "crud", POST=setting_up.tooling_create),
        resource(
            "/tooling/sobjects/{name}/{identifier}",
            "crud",
            GET=setting_up.tooling_read,
            DELETE=setting_up.tooling_delete,
        ),
        resource("/query", "query", GET=querying.query),
        resource("/queryAll", "query", GET=querying.query_all),
        resource("/query(?:All)?/{locator}", "query", GET=querying.further),
        resource("/composite/sobjects", "collections", POST=collections.create, PATCH=collections.update),
        resource("/composite/sobjects", "collections", DELETE=collections.delete),
        resource("/composite/sobjects/{name}", "retrieve", GET=collections.retrieve, POST=collections.retrieve),
        resource("/composite/sobjects/{name}/{field}", "collections", PATCH=collections.upsert),
        resource("/sobjects", "describe", GET=describing.describe_global),
        resource("/sobjects/{name}/describe", "describe", GET=describing.describe),
        resource("/sobjects/{name}/updated", "updated", GET=changes.updated),
        resource("/sobjects/{name}/deleted", "deleted", GET=changes.deleted),
        resource("/sobjects/{name}", "describe", GET=describing.basic),
        resource("/sobjects/{name}", "crud", POST=records.create),
        resource(
            "/sobjects/{name}/{identifier}", "crud", GET=records.read, PATCH=records.update, DELETE=records.delete
        ),
        resource("/sobjects/{name}/{field}/{value}", "crud", GET=records.read_external, PATCH=records.upsert),
    ]
    inner = Composite(Router(table))
    return Router(
        [
            resource("/composite", "composite", POST=inner.composite),
            resource("/composite/batch", "composite", POST=inner.batch),
            *_jobs(),
            *table,
        ]
    )


def _jobs() -> list[Resource]:
    query, load = partial(bulk.listed, kind="V2Query"), partial(bulk.listed, kind=ingest.KIND)
    return [
        resource("/jobs/query", "bulk", GET=query, POST=bulk.create_query),
        resource(
            "/jobs/query/{identifier}",
            "bulk",
            GET=bulk.read_query,
            PATCH=partial(bulk.abort, kind="V2Query"),
            DELETE=partial(bulk.delete, kind="V2Query"),
        ),
        resource("/jobs/query/{identifier}/results", "bulk", GET=bulk.results),
        resource("/jobs/ingest", "bulk", GET=load, POST=ingest.create),
        resource(
            "/jobs/ingest/{identifier}",
            "bulk",
            GET=ingest.read,
            PATCH=ingest.change,
            DELETE=partial(bulk.delete, kind=ingest.KIND),
        ),
        resource("/jobs/ingest/{identifier}/batches", "bulk", PUT=ingest.upload),
        resource("/jobs/ingest/{identifier}/successfulResults", "bulk", GET=ingest.successful),
        resource("/jobs/ingest/{identifier}/failedResults", "bulk", GET=ingest.failed),
        resource("/jobs/ingest/{identifier}/unprocessedrecords", "bulk", GET=ingest.unprocessed),
    ]


def _resources(call: Call) -> Answer:
    root = f"/services/data/v{call.version}/"
    names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs")
    return Answer(body={name: f"{root}{name}" for name in names})


class _Service:
    """HTTP on one side, calls on the other."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._router = _router()

    def label(self, scope: Scope) -> str:
        path = _raw_path(scope)
        match = _DATA.fullmatch(path)
        if match is not None:
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            return self._router.label(method, match["path"] or "")
        if path.startswith(("/services/oauth2/", "/services/Soap/")):
            return "login"
        return "versions" if path.rstrip("/") == "/services/data" else "other"

    async def oauth(self, request: Request) -> Response:
        """Token, revoke and userinfo."""
        body = (await request.body()).decode("utf-8", "replace")
        form = dict(parse_qsl(body, keep_blank_values=True)) | dict(request.query_params)
        what = request.path_params["what"]
        if what == "token" and request.method == "POST":
            return _response(login.token(self._org, _base(request), form, request.headers.get("authorization", "")))
        if what == "revoke":
            self._org.end_session(form.get("token", ""))
            return _response(Answer(200))
        if what == "userinfo":
            return await self.identity(request)
        return _response(Answer(404, not_found().body()))

    async def soap(self, request: Request) -> Response:
        """SOAP login."""
        match = _SOAP.fullmatch(request.url.path)
        body = await request.body()
        if match is None:
            return _response(Answer(404, not_found().body()))
        return _response(soap.soap(self._org, _base(request), match["version"], body))

    async def identity(self, request: Request) -> Response:
        """Who is signed in."""
        try:
            session = self._org.session_of(request.headers.get("authorization", ""))
        except ApiError as error:
            return _response(Answer(error.status, error.body()))
        user = self._org.store.get("User", session.user) or {}
        about = {
            "id": f"{_base(request)}/id/{self._org.id}/{session.user}",
            "user_id": session.user,
            "organization_id": self._org.id,
            "username": user.get("Username"),
            "preferred_username": user.get("Username"),
            "display_name": user.get("Name"),
            "email": user.get("Email"),
            "urls": {"rest": f"{_base(request)}/services/data/v{{version}}/"},
        }
        return _response(Answer(body=about))

    async def data(self, request: Request) -> Response:
        """Everything below ``/services/data``."""
        body = await request.body()
        try:
            answer = self._answer(request, body)
        except ApiError as error:
            answer = Answer(error.status, error.body())
        response = _response(answer)
        response.headers["Sforce-Limit-Info"] = f"api-usage={self._org.used}/{self._org.daily_limit}"
        return response

    def _answer(self, request: Request, body: bytes) -> Answer:
        _check_length(request)
        path = _raw_path(request.scope)
        match = _DATA.fullmatch(path)
        if match is None:
            if path.rstrip("/") != "/services/data":
                raise not_found()
            listed = [{"label": "Practice", "url": f"/services/data/v{v}", "version": v} for v in VERSIONS]
            return Answer(body=listed)
        if match["version"] not in VERSIONS:
            raise not_found()
        session = self._org.session_of(request.headers.get("authorization", ""))
        path = match["path"] or ""
        method = "GET" if request.method == "HEAD" else request.method
        label = self._router.label(method, path)
        self._disturb(session.token, label)
        self._org.spend()
        if "ApiEnabled" in self._org.options.missing_permissions:
            raise ApiError(403, "API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner")
        call = Call(
            org=self._org,
            method=method,
            path=path,
            version=match["version"],
            session=session,
            base=_base(request),
            params=dict(request.query_params),
            headers=dict(request.headers.items()),
            body=body,
            label=label,
        )
        answer = self._router.answer(call)
        if method != "GET" and label in {"crud", "collections"}:
            self._org.settle()
        return answer

    def _disturb(self, token: str, label: str) -> None:
        faults = self._org.harness.faults
        if not faults.any:
            return
        if faults.draw("expired_session", endpoint=label):
            self._org.end_session(token)
            raise expired()
        if used_up := faults.draw("quota_used_up", endpoint=label):
            raise out_of_calls(used_up["policy"])


def _raw_path(scope: Scope) -> str:
    """Return the path as it was sent: a slash inside an external id comes as %2F and is no separator."""
    raw: bytes | None = scope.get("raw_path")
    return raw.decode("ascii", "replace") if raw is not None else quote(scope["path"])


def _check_length(request: Request) -> None:
    length = len(_raw_path(request.scope)) + len(request.scope["query_string"]) + 1
    if length > LONGEST_URI:
        raise ApiError(414, "URI_TOO_LONG", "The length of the URI exceeds the 16,384-byte limit.")
    headers = sum(len(name) + len(value) + 4 for name, value in request.scope["headers"])
    if length + headers > LONGEST_URI:
        message = "The combined length of the URI and headers exceeds the 16,384-byte limit."
        raise ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", message)


def _base(request: Request) -> str:
    """Return the server's own address as the client wrote it: what instance_url must be."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    return f"{scheme}://{request.headers.get('host') or request.url.netloc}"


def _response(answer: Answer) -> Response:
    response = Response(answer.content(), answer.status, media_type=answer.media if answer.body is not None else None)
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response


def _fault_body(status: int, fault: Fault) -> Response:
    codes = {429: "REQUEST_LIMIT_EXCEEDED", 500: "UNKNOWN_EXCEPTION", 503: "SERVER_UNAVAILABLE"}
    body = [{"message": f"a fault of the practice organisation ({fault.kind})", "errorCode": codes.get(status, "")}]
    body[0]["errorCode"] = body[0]["errorCode"] or "UNKNOWN_EXCEPTION"
    return Response(json.dumps(body), status, media_type="application/json;charset=UTF-8")


def _plain_error(_: Request, error: HTTPException) -> Response:
    codes = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
    refused = ApiError(error.status_code, codes.get(error.status_code, "UNKNOWN_EXCEPTION"), str(error.detail))
    return _response(Answer(refused.status, refused.body()))
