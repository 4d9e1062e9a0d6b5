"""The web application that CRMs call: check who speaks, keep the hint on disk, answer at once."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from leadline.common.values import RecordRef
from leadline.sync.hints import HintQueue
from leadline.sync.schedule import wall_clock
from leadline.web.messages import ACKNOWLEDGED, LARGEST, MalformedError, hubspot_records, salesforce_records
from leadline.web.signatures import is_from_hubspot

RETRY_AFTER: Final = 30
"""Seconds after which a CRM that found the queue full should tell again."""
SLOWEST: Final = 10.0
"""Seconds in which a body must have come: HubSpot and Salesforce send a few kilobytes at once."""

ANYTHING = RecordRef("hubspot", "anything", "0")
"""Stands in the queue for an event of a kind that we do not know."""


@dataclass(frozen=True, slots=True)
class Receiving:
    """Whom to believe. ``url`` is the public address in front of this process, without a path.

    ``hubspot_secret`` is the app's client secret; ``salesforce_token`` the secret last part of the address given to
    Salesforce, and ``salesforce_organisation`` the 15 or 18 characters of its id. Without a secret that CRM's address
    does not exist. ``told`` wakes whoever looks at the queue. ``clock`` gives the present, UTC, as the queue's worker
    has it, ``wall`` as other machines do. ``failures`` says how many cycles failed, one after the other, the last one
    included.
    """

    queue: HintQueue
    clock: Callable[[], datetime]
    told: Callable[[], None]
    url: str
    hubspot_secret: str = ""
    salesforce_token: str = ""
    salesforce_organisation: str = ""
    failures: Callable[[], int] = lambda: 0
    wall: Callable[[], datetime] = wall_clock


def application(receiving: Receiving) -> Starlette:
    """Return the application: POST /hubspot, POST /salesforce/{token}, GET /health."""

    async def hubspot(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _refused("too large, or too slow", 413)
        uri = receiving.url + request.url.path + (f"?{request.url.query}" if request.url.query else "")
        given = request.headers.get("X-HubSpot-Signature-v3")
        timestamp = request.headers.get("X-HubSpot-Request-Timestamp")
        sent = (request.method, uri, body)
        if not is_from_hubspot(receiving.hubspot_secret, sent, given, timestamp, receiving.wall()):
            return _refused("the signature or its time is wrong", 401)
        try:
            found, unknown = hubspot_records(body)
        except MalformedError as error:
            return _refused(str(error), 400)
        full = await _keep(receiving, found | ({ANYTHING} if unknown else set()))
        return full or Response(status_code=204)

    async def salesforce(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _refused("too large, or too slow", 413)
        token = str(request.path_params["token"])
        if not hmac.compare_digest(token.encode(), receiving.salesforce_token.encode()):
            return _refused("unknown address", 404)
        try:
            organisation, found = salesforce_records(body)
        except MalformedError as error:
            return _refused(str(error), 400)
        expected = receiving.salesforce_organisation
        if expected and organisation[:15] != expected[:15]:
            return _refused("another organisation", 403)
        full = await _keep(receiving, found)
        return full or Response(ACKNOWLEDGED, media_type="text/xml")

    async def health(_: Request) -> Response:
        waits = await run_in_threadpool(receiving.queue.waiting)
        failed = receiving.failures()
        age = (receiving.clock() - waits.since).total_seconds() if waits.since else 0
        return JSONResponse(
            {"ok": not failed, "failures": failed, "waiting": waits.records, "oldest_seconds": round(max(age, 0))}
        )

    routes = [Route("/health", health)]
    if receiving.hubspot_secret:
        routes.append(Route("/hubspot", hubspot, methods=["POST"]))
    if receiving.salesforce_token:
        routes.append(Route("/salesforce/{token}", salesforce, methods=["POST"]))
    return Starlette(routes=routes)


async def _keep(receiving: Receiving, refs: set[RecordRef]) -> Response | None:
    """Put records into the queue; return the answer that asks to tell again where not all of them found room."""
    if not refs:
        return None
    taken = await run_in_threadpool(receiving.queue.take_in, refs, receiving.clock())
    receiving.told()
    if not taken.left_out:
        return None
    return PlainTextResponse("too many at once; tell again later", 429, {"Retry-After": str(RETRY_AFTER)})


async def _body(request: Request) -> bytes | None:
    """Read a body of at most ``LARGEST`` bytes; None where it is larger or does not end, whatever it says."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(SLOWEST):
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST:
                    return None
                chunks.append(chunk)
    except (ClientDisconnect, TimeoutError):
        return None
    return b"".join(chunks)


def _refused(why: str, status: int) -> Response:
    return PlainTextResponse(why, status)
