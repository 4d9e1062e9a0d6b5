"""Crashes of a whole `leadline sync`: a small helping of ``make crash``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.sync.state.postgres_server import find_binaries

ROOT = Path(__file__).parents[2]
FEW = ("--people", "24", "--every", "400", "--instants", "1", "--outages", "1", "--kills", "0", "--no-database")


RIVALS = """
import sys, tempfile
from pathlib import Path
from tests.crash.whole import torment_databases
with tempfile.TemporaryDirectory() as home:
    tally = torment_databases(Path(home), people=24, seed=5, outages=1, crashes=False)
print(*tally.lines(), sep="\\n")
sys.exit(bool(tally.broken))
"""


@pytest.mark.timeout(400)
@pytest.mark.skipif(find_binaries() is None, reason="PostgreSQL is not installed")
def test_two_schedulers_on_one_postgresql_server_make_nothing_twice() -> None:
    """One stands still for longer than its lease, also while the world goes on: no value that no decision gave."""
    done = subprocess.run([sys.executable, "-c", RIVALS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 stood still and were overtaken" in done.stdout


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
