"""``make memory``: full first pulls of growing organisations, each in its own process: peak memory and time."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

MOST_MEGABYTES = 500
"""What a full pull may take at most, however many people there are (issue 5)."""

STEEPEST = 1.5
"""Time per row may grow by so much from the smallest organisation to the largest: linear, with some room."""

_PULL = """
import json, sys
from leadline.sync.config import load_config
from leadline.sync.cycle import open_readers, open_setting, run_pull
from datetime import UTC, datetime
config = load_config(sys.argv[1])
with open_setting(config, lambda: datetime(2026, 11, 1, tzinfo=UTC)) as setting, open_readers(config) as readers:
    found = run_pull(setting, readers)
assert not found.pull.errors, found.pull.errors
print(json.dumps({"rows": dict(found.pull.rows), "calls": {crm: dict(said) for crm, said in found.calls.items()}}))
"""

_CONFIGURATION = """
rules: {rules}
salesforce:
  url: ${{SALESFORCE_URL}}
  auth:
    flow: client_credentials
    client_id: ${{SALESFORCE_CLIENT_ID}}
    client_secret: ${{SALESFORCE_CLIENT_SECRET}}
hubspot: {{url: "${{HUBSPOT_URL}}", token: "${{HUBSPOT_TOKEN}}", searches_a_second: 1000}}
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One full pull: rows of people and activities, seconds on the wall and of our own processor, peak megabytes."""

    people: int
    activities: int
    seconds: float
    processor: float
    megabytes: float

    @property
    def each(self) -> float:
        """Microseconds of our own processor for one row."""
        return self.processor / max(1, self.people + self.activities) * 1e6

    def line(self) -> str:
        """Return a line for a table."""
        return (
            f"{self.people:>9,} {self.activities:>11,} {self.seconds:>8.0f} {self.processor:>9.0f} "
            f"{self.each:>9.0f} {self.megabytes:>6.0f}"
        )


def main() -> int:
    """Return 0 when memory stays below its limit and time grows linearly."""
    parser = argparse.ArgumentParser(prog="make memory", description=__doc__)
    parser.add_argument(
        "--people", type=int, nargs="+", default=[5_000, 20_000], help="how many, once each, ascending"
    )
    chosen = parser.parse_args()
    _tell(f"{'people':>9} {'activities':>11} {'seconds':>8} {'processor':>9} {'us a row':>9} {'MB':>6}")
    found = []
    for people in chosen.people:
        found.append(measure(people))
        _tell(found[-1].line())
    small = [one for one in found if one.megabytes < MOST_MEGABYTES]
    linear = found[-1].each <= STEEPEST * found[0].each
    _tell("holds" if len(small) == len(found) and linear else "BROKEN")
    return 0 if len(small) == len(found) and linear else 1


def measure(people: int) -> Measured:
    """Pull everything of an organisation of so many people into an empty state."""
    root = Path(__file__).parents[2]
    serving = [sys.executable, "-m", "tests.memory.serving", str(people)]
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(serving, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        with closing(server.stdin):
            environment = {**os.environ, **json.loads(server.stdout.readline())}
            configuration = Path(home) / "leadline.yml"
            configuration.write_text(_CONFIGURATION.format(rules=root / "examples" / "waterfall"), encoding="utf-8")
            began = time.perf_counter()
            pulling = [sys.executable, "-c", _PULL, str(configuration)]
            with subprocess.Popen(pulling, cwd=root, env=environment, stdout=subprocess.PIPE, text=True) as pull:
                assert pull.stdout is not None
                told = pull.stdout.read()
                _, status, used = os.wait4(pull.pid, 0)
                pull.returncode = os.waitstatus_to_exitcode(status)
            if pull.returncode:
                raise SystemExit(f"the pull ended with {pull.returncode}")
            seconds = time.perf_counter() - began
    rows = json.loads(told)["rows"]
    activities = sum(count for name, count in rows.items() if "activity:" in name)
    persons = sum(count for name, count in rows.items() if name.split()[1] in ("Lead", "Contact", "contact"))
    return Measured(persons, activities, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
