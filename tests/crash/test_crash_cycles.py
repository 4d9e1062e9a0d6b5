"""Crashes of a whole `leadline sync`: a small helping of ``make crash``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEW = ("--people", "24", "--every", "400", "--instants", "1", "--outages", "1", "--kills", "0", "--no-database")


@pytest.mark.timeout(400)
def test_a_crashed_cycle_is_made_good_by_the_next_one() -> None:
    """Killed, cut off or out of disk: after the next run both CRMs and the state are as if nothing had happened."""
    # In a process of its own, because forking needs one without threads.
    command = [sys.executable, "-m", "tests.crash", *FEW]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for how in (
        "killed at a point",
        "killed at an instant",
        "disk full",
        "overtaken",
        "as after a run left in peace",
    ):
        assert how in done.stdout
