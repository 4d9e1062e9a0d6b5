"""A tiny dialect behind the real doorway, served over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.harness import Harness, practice_app
from leadline.connectors.practice.serving import PracticeServer
from tests.connectors.practice.core.room import START, Room


@pytest.fixture
def room() -> Iterator[Room]:
    """Serve one route, ``/things/{id}``, with the clock frozen."""
    harness = Harness("hubspot", PracticeClock(START, frozen=True), seed=3)
    handled: list[str] = []

    async def thing(request: Request) -> JSONResponse:
        handled.append(request.path_params["id"])
        return JSONResponse({"id": request.path_params["id"], "padding": "x" * 2000})

    app = practice_app(
        harness,
        [Route("/things/{id}", thing, methods=["GET", "POST"])],
        endpoint_of=lambda scope: f"{scope['method']} /things/{{id}}",
        error_body=lambda status, fault: JSONResponse({"vendor": status, "kind": fault.kind}, status),
    )
    with PracticeServer(app) as server:
        made = Room(server.url, harness, handled)
        yield made
        made.session.close()
