"""Giving out and erasing one person's data at the command line."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from tests.cli.desk import Desk


def test_export_and_forget(desk: Desk) -> None:
    """The export is unmasked and ours alone; forgetting wants to be said twice, and then nobody is known."""
    desk.adopt()
    told = desk.leadline("export", "p-000003", "-o", "person.json", "--json").json
    found = json.loads(Path("person.json").read_text(encoding="utf-8"))
    assert stat.S_IMODE(Path("person.json").stat().st_mode) == 0o600
    assert told["rows"]["records"] == len(found["records"]) > 0
    email = next(row["email"] for row in found["records"] if row["email"])
    assert desk.leadline("export", "3", "-o", "person.json").code == 2
    before = desk.state("records")
    assert desk.leadline("forget", email).code == 1
    assert desk.state("records") == before
    assert desk.leadline("forget", email, "--yes").code == 0
    desk.refused("explain", "p-000003", code=1, said="was erased on")
    desk.refused("explain", email, code=1)
    assert desk.leadline("sync").code == 0
    assert email not in repr(desk.state())
