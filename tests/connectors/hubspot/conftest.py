"""A practice HubSpot, and a server that answers by a script, both over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leadline.connectors.hubspot import HubSpotConnector, connect
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import Practice, PracticeServer, start_practice
from leadline.connectors.settings import HubSpotSettings

Told = tuple[int, Any] | tuple[int, Any, dict[str, str]]


class Script:
    """Answers each call by what a test put in ``told`` (last one stays), remembering what was asked."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []
        self.answer: Callable[[str, str, Any], Told] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request as ASGI."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        given = json.loads(body) if "json" in headers.get("content-type", "") and body else body.decode()
        self.asked.append((scope["method"], path, given, headers))
        told = self.answer(scope["method"], path, given) if self.answer else self._next()
        status, content, more = told if len(told) == 3 else (*told, {})
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        sent = [(name.lower().encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": raw})

    def _next(self) -> Told:
        return self.told.pop(0) if len(self.told) > 1 else self.told[0]


@pytest.fixture
def script() -> Iterator[Script]:
    """What the scripted server answers."""
    yield Script()


@pytest.fixture
def scripted(script: Script) -> Iterator[str]:
    """The address of the scripted server."""
    with PracticeServer(script) as server:
        yield server.url


@pytest.fixture
def odd(scripted: str) -> Iterator[HubSpotConnector]:
    """A connector to the scripted server, with ten seconds of patience that does not wait."""
    given = {"url": scripted, "token": "pat-s3cr3t", "patience": 10, "searches_a_second": 1000}
    opened = connect(HubSpotSettings.model_validate(given), sleep=lambda _: None)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def organisation() -> Organisation:
    """300 people: enough for companies, deals and merges."""
    return generate(seed=11, people=300)


@pytest.fixture
def practice(organisation: Organisation) -> Iterator[Practice]:
    """Both practice servers, their clock standing still."""
    with start_practice(organisation=organisation, frozen=True) as running:
        yield running


@pytest.fixture
def connector(practice: Practice) -> Iterator[HubSpotConnector]:
    """A connector to the practice HubSpot with a private app's token."""
    given = {"url": practice.hubspot_url, "token": practice.credentials.hubspot_token, "searches_a_second": 1000}
    opened = connect(HubSpotSettings.model_validate(given), sleep=lambda _: None)
    yield opened
    opened.close()
