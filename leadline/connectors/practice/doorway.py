"""The doorway of a practice CRM: pure ASGI, so that an undisturbed call costs next to nothing.

It sets the Date header from the practice clock, counts the call, and plays the faults of plain HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadline.connectors.practice.faults import Fault

if TYPE_CHECKING:
    from leadline.connectors.practice.harness import Harness

ErrorBody = Callable[[int, Fault], Response]
"""The vendor's answer for an HTTP status that a fault caused; the doorway adds Retry-After."""

CONTROL_PREFIX: Final = "/_practice/"
DROP: Final = "leadline.drop"
"""Where ``serving`` leaves, in ``scope["state"]``, the function that closes the connection."""

_HTML: Final = (
    "<!DOCTYPE html><html><head><title>Down for maintenance</title></head><body><h1>Sorry</h1></body></html>"
)


def plain_endpoint(scope: Scope) -> str:
    """Label a call by its method and literal path."""
    return f"{scope['method']} {scope['path']}"


class Doorway:
    """ASGI middleware around one dialect."""

    def __init__(
        self, app: ASGIApp, harness: Harness, endpoint_of: Callable[[Scope], str], error_body: ErrorBody
    ) -> None:
        self._app = app
        self._harness = harness
        self._endpoint_of = endpoint_of
        self._error_body = error_body
        self._date = (0, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"date", self._date_header())]
            await send(message)

        if scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, dated)
            return
        endpoint = self._endpoint_of(scope)
        self._harness.calls.count(endpoint)
        answer = self._with_faults if self._harness.faults.any else self._without
        with suppress(ClientDisconnect):  # whoever called is gone: nobody is left to answer
            await answer(endpoint, scope, receive, dated)

    async def _without(self, _endpoint: str, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def _with_faults(self, endpoint: str, scope: Scope, receive: Receive, send: Send) -> None:
        draw = partial(self._harness.faults.draw, endpoint=endpoint, request=plain_endpoint(scope))
        if slow := draw("slow_answer"):
            await asyncio.sleep(slow["seconds"])
        if dropped := draw("dropped_connection"):
            await self._dropped(dropped["when"], scope, receive, send)
        elif busy := draw("too_many_requests"):
            await self._answer(429, busy, busy["retry_after"])(scope, receive, send)
        elif broken := draw("server_error"):
            await self._answer(broken["status"], broken, broken["retry_after"])(scope, receive, send)
        elif html := draw("html_body"):
            await HTMLResponse(_HTML, html["status"])(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _answer(self, status: int, fault: Fault, retry_after: float | None) -> Response:
        response = self._error_body(status, fault)
        if retry_after is not None:
            response.headers["Retry-After"] = f"{retry_after:g}"
        return response

    async def _dropped(self, when: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection: before the work, after it with the answer lost, or in the middle of the answer."""
        if when != "before":
            await self._app(scope, receive, _halved(send) if when == "midbody" else _swallow)
        drop = scope.get("state", {}).get(DROP)
        if drop is None:
            raise ConnectionAbortedError("a fault drops this connection")
        drop()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _date_header(self) -> bytes:
        now = self._harness.clock.now()
        second = int(now.timestamp())
        if second != self._date[0]:
            self._date = (second, format_datetime(now, usegmt=True).encode())
        return self._date[1]


async def _swallow(message: Message) -> None:
    """Take an answer that nobody will hear."""


def _halved(send: Send) -> Send:
    """Let the head and the first half of the first piece of the body through, and nothing after."""
    done = False

    async def half(message: Message) -> None:
        nonlocal done
        if message["type"] == "http.response.start":
            await send(message)
        elif not done:
            done = True
            body = message.get("body", b"")
            await send({**message, "body": body[: len(body) // 2], "more_body": True})

    return half
