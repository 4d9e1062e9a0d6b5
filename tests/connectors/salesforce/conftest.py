"""A practice Salesforce over real HTTP, for one test file at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.connectors.salesforce import SalesforceConnector
from tests.connectors.salesforce.practising import connect_to


@pytest.fixture(scope="session")
def organisation() -> Organisation:
    """300 people: enough for conversions, merges and contact roles."""
    return generate(seed=11, people=300)


@pytest.fixture
def practice(organisation: Organisation) -> Iterator[Practice]:
    """Both practice servers, their clock standing still."""
    with start_practice(organisation=organisation, frozen=True) as running:
        yield running


@pytest.fixture
def connector(practice: Practice) -> Iterator[SalesforceConnector]:
    """A connector signed in by client credentials."""
    opened = connect_to(practice)
    yield opened
    opened.close()
