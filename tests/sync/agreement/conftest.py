"""Fixtures of the tests about agreement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.writing.rehearsal import Rehearsal, rehearse


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    """Give fresh practice CRMs, an empty state and the example's rule book."""
    with rehearse(tmp_path, people=24) as made:
        yield made
