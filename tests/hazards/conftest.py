"""A rehearsal that was pulled once, and whoever works behind Leadline's back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hazards.outside import Outside
from tests.sync.writing.rehearsal import Rehearsal, rehearse


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    """Both practice CRMs with 40 people."""
    with rehearse(tmp_path) as made:
        yield made


@pytest.fixture
def outside(rehearsal: Rehearsal) -> Outside:
    """Somebody else with access to both CRMs."""
    return Outside(rehearsal.practice)
