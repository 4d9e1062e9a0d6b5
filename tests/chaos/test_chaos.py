"""Every kind of fault at once: a small helping of ``make chaos``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEW = ("--people", "80", "--cycles", "2")


@pytest.mark.timeout(400)
def test_whatever_fails_the_end_is_as_without_faults() -> None:
    """Both CRMs end alike, what failed was told by exit codes, and nothing was made twice."""
    # In a process of its own, because forking needs one without threads.
    command = [sys.executable, "-m", "tests.chaos", *FEW]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"(\d+) faults struck", done.stdout)
    assert found is not None and int(found[1]) > 20
