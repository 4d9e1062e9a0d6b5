"""A desk at which everything may go wrong: a book, both practice CRMs, and a look at what was left behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from leadline.connectors.practice.serving import Practice
from leadline.sync.plan.file import load_plan, plan_hash, save_plan
from leadline.sync.plan.model import Plan
from tests.cli.conftest import Leadline, Said

COUNTER: Mapping[str, Any] = {"kind": "silent_ignore", "rate": 0}
"""A fault that never strikes: how often it was drawn is how many records were written."""
DECIDED = ("decisions", "lifecycle", "journal", "plans")
LEADLINE = (sys.executable, "-m", "leadline")


@dataclass
class Desk:
    """The book in the working directory, configured for practice CRMs of 60 people, which are impatient."""

    home: Path
    practice: Practice
    leadline: Leadline
    _written: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.faults()

    def edit(self, old: str, new: str, file: str = "rules.yml") -> None:
        """Replace the first ``old`` in a file; it must be there."""
        text = (self.home / file).read_text(encoding="utf-8")
        assert old in text
        (self.home / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    def faults(self, crm: str | None = None, **fault: Any) -> None:
        """Put one fault in force at one CRM, or none at all; the count of written records goes on."""
        for harness in (self.practice.salesforce, self.practice.hubspot):
            self._written[harness.name] = self._count(harness)
            harness.faults.clear()
            harness.faults.add([COUNTER, *([fault] if fault and crm in {None, harness.name} else [])])

    def written(self) -> int:
        """Return how many records both CRMs were asked to write."""
        return sum(self._count(harness) for harness in (self.practice.salesforce, self.practice.hubspot))

    def calls(self, crm: str) -> int:
        """Return how many calls one CRM has answered."""
        return getattr(self.practice, crm).calls.total

    def state(self, *tables: str) -> dict[str, list[str]]:
        """Return the rows of these tables, by default of all; an empty mapping where there is no state yet.

        Calls that were made are counted whatever came of them, so that count is left out.
        """
        file = self.home / "leadline.db"
        if not file.exists():
            return {}
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found = {name: [repr(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in names}
            if "meta" in found:
                found["meta"] = [row for row in found["meta"] if not row.startswith("('spent:")]
        finally:
            connection.close()
        return {name: sorted(rows) for name, rows in found.items() if not tables or name in tables}

    def decided(self) -> dict[str, list[str]]:
        """Return everything that only an accepted plan may change."""
        return {name: rows for name, rows in self.state(*DECIDED).items() if rows}

    def adopt(self) -> None:
        """Take the CRMs over by a first plan."""
        assert self.leadline("plan", "-o", "plan.json").code == 0
        assert self.leadline("apply", "plan.json").code == 0

    def forge(self, change: Callable[[Plan], Plan]) -> None:
        """Change plan.json and give it a fitting hash, as somebody would who knows how."""
        forged = change(load_plan(Path("plan.json")))
        save_plan(replace(forged, hash=plan_hash(forged)), Path("plan.json"))

    def refused(self, *arguments: str | Path, code: int, said: str = "") -> Said:
        """Run a command that must fail so, change nothing decided, write to no CRM, and say the same as JSON."""
        before, written = self.decided(), self.written()
        told = self.leadline(*arguments)
        assert (told.code, told.out) == (code, ""), told
        assert said in told.err
        again = self.leadline(*arguments, "--json")
        document = again.json
        assert (again.code, document["ok"], document["exit_code"]) == (code, False, code)
        assert said in document["error"]
        assert (self.decided(), self.written()) == (before, written)
        return told

    def _count(self, harness: Any) -> int:
        drawn = harness.faults.plain()
        return self._written.get(harness.name, 0) + (drawn[0]["matched"] if drawn else 0)


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """Start a real process of the command line."""
    command = [*LEADLINE, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def stop_when(process: subprocess.Popen[str], ready: Callable[[], bool], number: int = signal.SIGINT) -> Said:
    """Send a signal as soon as ``ready`` says so, and return how the process ended."""
    try:
        limit = time.monotonic() + 30
        while not ready() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.005)
        assert process.poll() is None, process.communicate()
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert "Traceback" not in out + err
    return Said(process.returncode, out, err)
