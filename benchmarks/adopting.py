"""A big adoption over HTTP: how long it takes, and that it makes no task, note or notice and assigns nobody.

``python -m benchmarks.adopting --people 20000`` starts practice CRMs in processes of their own, gives the book stages
that cause a task, a note and an assignment, makes the first plan, accepts it in waves, and counts at the servers.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from leadline.sync.config import load_config
from leadline.sync.cycle import open_setting, open_writers, run_apply, run_sync
from leadline.sync.cycle.adopting import plan_adoption
from leadline.sync.cycle.first import First
from leadline.sync.schedule import wall_clock

EXAMPLE = Path(__file__).parent.parent / "examples" / "waterfall"
ACTIONS = """
on_enter:
  mql: [{task: owner}, {assign: leadline@practice.example}, {note: hand-off}]
  inquiry: [{task: owner}]
"""
CONFIGURATION = """
rules: rules
state: sqlite:///leadline.db
salesforce:
  url: ${SALESFORCE_URL}
  auth: {flow: client_credentials, client_id: "${SALESFORCE_CLIENT_ID}", client_secret: "${SALESFORCE_CLIENT_SECRET}"}
hubspot: {url: "${HUBSPOT_URL}", token: "${HUBSPOT_TOKEN}"}
"""


def main() -> None:
    """Adopt, and print how long each step took and what the servers were asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--wave", type=int, default=5_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _practice(chosen.people, chosen.seed) as environment:
        home = _home(Path(folder))
        config = load_config(home, {**os.environ, **environment})
        with open_setting(config, wall_clock) as setting, open_writers(config) as writers:
            began = time.monotonic()
            found = plan_adoption(setting, writers)
            plan = found.planned.plan
            _say(
                "pull, evaluate, plan",
                began,
                f"{sum(found.planned.stock.values()):,} people, {plan.record_count():,} records",
            )
            before = _created(environment)
            began = time.monotonic()
            applied = run_apply(setting, writers, plan, waves=First(chosen.wave, timedelta(0), lambda _: False))
            _say("adopt in waves", began, str(dict(applied.report.counts)))
            began = time.monotonic()
            synced = run_sync(setting, writers)
            _say("next cycle", began, f"{synced.plan.record_count():,} records, {len(synced.plan.effects):,} actions")
            fields = sorted({write.field for write in plan.writes})
            print(f"actions in the first plan: {len(plan.effects)}; fields written: {', '.join(fields)}")
            print(f"records made in the CRMs: {_created(environment) - before}")
    print(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


def _home(folder: Path) -> Path:
    (folder / "rules" / "lists").mkdir(parents=True)
    for path in (EXAMPLE / "rules.yml", *(EXAMPLE / "lists").iterdir()):
        (folder / "rules" / path.relative_to(EXAMPLE)).write_bytes(path.read_bytes())
    rules = folder / "rules" / "rules.yml"
    rules.write_text(rules.read_text("utf-8") + ACTIONS, "utf-8")
    (folder / "leadline.yml").write_text(CONFIGURATION, "utf-8")
    return folder


@contextmanager
def _practice(people: int, seed: int) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "leadline", "practice", "--people", str(people), "--seed", str(seed), "--json",
               "--salesforce-port", "0", "--hubspot-port", "0"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = "".join(iter(process.stdout.readline, "}\n")) + "}"
        yield json.loads(told)["environment"]
    finally:
        process.terminate()
        process.wait()


def _created(environment: dict[str, str]) -> int:
    """Return how many tasks, notes and other records both servers have made so far."""
    found = 0
    for name in ("SALESFORCE_URL", "HUBSPOT_URL"):
        with urllib.request.urlopen(f"{environment[name]}/_practice/created") as answer:
            found += json.load(answer)["total"]
    return found


def _say(what: str, began: float, told: str) -> None:
    print(f"{what}: {time.monotonic() - began:,.1f} s; {told}", flush=True)


if __name__ == "__main__":
    main()
