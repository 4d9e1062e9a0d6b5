"""The exam's practice servers: one small organisation, a frozen clock, small pages so that paging happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from leadline.connectors.practice.generate import generate
from leadline.connectors.practice.harness import PracticeOptions
from leadline.connectors.practice.organisation import Organisation
from leadline.connectors.practice.serving import start_practice
from tests.connectors.exam.vendors import VENDORS, Vendor

PAGE = 25


@pytest.fixture(scope="session")
def organisation() -> Organisation:
    """120 people with a year of history."""
    return generate(seed=7, people=120)


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.crm)
def start(request: pytest.FixtureRequest, organisation: Organisation) -> Iterator[Callable[..., Vendor]]:
    """Start one vendor's practice server, with options put over the exam's."""
    with ExitStack() as running:

        def start_one(**options: Any) -> Vendor:
            hidden = tuple(vendor.hidden for vendor in VENDORS)
            chosen = PracticeOptions(**{"hidden_fields": hidden, "page_size": PAGE} | options)
            practice = running.enter_context(start_practice(organisation=organisation, options=chosen, frozen=True))
            vendor: Vendor = request.param(practice)
            running.callback(vendor.close)
            return vendor

        yield start_one


@pytest.fixture
def vendor(start: Callable[..., Vendor]) -> Vendor:
    """One vendor with the exam's options."""
    return start()
