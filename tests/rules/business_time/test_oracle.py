"""A short version of ``make oracle``: closed form and walk agree on 5,000 random cases in five odd zones."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.rules.business_time.chance import YEARS
from tests.rules.business_time.oracle import compare
from tests.rules.business_time.walking import Wall


@pytest.mark.parametrize(
    ("zone", "year"),
    [
        ("Europe/Berlin", 2025),
        ("Australia/Lord_Howe", 2026),
        ("Pacific/Apia", 2011),
        ("America/St_Johns", 2009),
        ("Africa/Casablanca", 2025),
    ],
)
def test_closed_form_and_walk_agree(zone: str, year: int) -> None:
    """A thousand cases of one zone, 0 differences; among them due instants that are never reached, and pauses."""
    done: Counter[str] = Counter()
    differences = list(compare(Random(f"short {zone}"), Wall(zone, year, YEARS), year, 1_000, done))
    assert differences == []
    assert min(done[kind] for kind in ("add", "elapsed", "is_open", "next_opening", "never", "with pauses")) > 10
