"""kill -9 between a consequence and its record: a small helping of ``make crash``."""

from __future__ import annotations

from pathlib import Path

from tests.crash.effects import torment

KILLS = 10


def test_each_consequence_is_carried_out_once(tmp_path: Path) -> None:
    """Whatever the point of death, every task stands once, and every notice came under its own key.

    Salesforce takes our keys; this portal does not, so what became of a lost answer must be looked up there.
    """
    tally = torment(tmp_path, KILLS, seed=11, keyed=False, tell=lambda _: None)
    assert tally.broken == []
    assert tally.kills.total() >= KILLS and tally.effects > 0
