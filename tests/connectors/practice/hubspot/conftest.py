"""A practice HubSpot over real HTTP for these tests, on a frozen clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from leadline.connectors.practice.clock import PracticeClock
from leadline.connectors.practice.credentials import HUBSPOT_TOKEN
from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import Harness, PracticeOptions
from leadline.connectors.practice.hubspot import hubspot_app
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import PracticeServer
from tests.connectors.practice.hubspot.hub import Hub


@pytest.fixture(scope="session")
def organisation() -> Organisation:
    """A small generated organisation."""
    return generate(seed=3, people=160)


@pytest.fixture(scope="session")
def shared(organisation: Organisation) -> Iterator[Hub]:
    """One practice HubSpot for all tests that only look, are refused, or mind only records of their own."""
    with ExitStack() as running:
        yield _begin(running, organisation)


@pytest.fixture
def start(organisation: Organisation) -> Iterator[Callable[..., Hub]]:
    """Start practice HubSpots, each with its own options: ``start(search_lag=5)``."""
    with ExitStack() as running:
        yield lambda **options: _begin(running, organisation, **options)


@pytest.fixture
def hub(start: Callable[..., Hub]) -> Hub:
    """A practice HubSpot with the default options."""
    return start()


def _begin(running: ExitStack, organisation: Organisation, **options: Any) -> Hub:
    clock = PracticeClock(organisation.end, frozen=True)
    harness = Harness("hubspot", clock, organisation.seed)
    app = hubspot_app(organisation, harness, PracticeOptions(**options))
    server = running.enter_context(PracticeServer(app))
    session = running.enter_context(requests.Session())
    session.headers["Authorization"] = f"Bearer {HUBSPOT_TOKEN}"
    return Hub(server.url, harness, clock, app.state.portal, organisation, session, app)
