"""Running practice organisations: one to read from, one to write to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.practice.salesforce.site import Site, running


@pytest.fixture(scope="session")
def library() -> Iterator[Site]:
    """Serve an organisation that no test changes."""
    with running() as site:
        yield site


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve an organisation of this test's own."""
    with running() as made:
        yield made
