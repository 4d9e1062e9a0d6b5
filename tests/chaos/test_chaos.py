"""Every kind of fault at once: a small helping of ``make chaos``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEW = ("--people", "40", "--cycles", "1")


@pytest.mark.timeout(400)
def test_whatever_fails_the_end_is_as_without_faults() -> None:
    """Both CRMs end alike, what failed was told by exit codes, and nothing was made twice."""
    # In a process of its own, because forking needs one without threads.
    command = [sys.executable, "-m", "tests.chaos", *FEW]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3: " in done.stdout.splitlines()[0], "no run failed: the faults did not strike"
