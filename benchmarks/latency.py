"""From a HubSpot webhook to the stage in both CRMs, through `leadline serve`: python -m benchmarks.latency.

People who stand in both CRMs fill in the website's form at a steady rate, each with the webhook that HubSpot would
send. Both CRMs are looked at twice a second by batches of reads, which are not counted as Leadline's calls. With
--kill-after, `serve` is killed (SIGKILL) in the middle and started again; webhooks that nobody answered are sent
again, as HubSpot does. The practice CRMs run in a process of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.latency_crms import PORT, Crms, start_practice
from leadline.terminal.templates import copy_template

LOOK_EVERY: Final = 0.5
PATIENCE: Final = 300.0
"""Seconds to wait for stages after the last event."""


@dataclass(slots=True)
class Seen:
    """When each address was told of, and when each CRM showed its stage first; seconds of the monotonic clock."""

    told: dict[str, float] = field(default_factory=dict)
    hubspot: dict[str, float] = field(default_factory=dict)
    salesforce: dict[str, float] = field(default_factory=dict)
    answers: list[float] = field(default_factory=list)
    refused: int = 0

    def spans(self) -> list[float]:
        """Return, sorted, the seconds from each webhook to the later of both CRMs."""
        both = self.hubspot.keys() & self.salesforce.keys()
        return sorted(max(self.hubspot[one], self.salesforce[one]) - self.told[one] for one in both)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=20, help="events a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--every", default="5m", help="pause between thorough cycles, as `serve` is told")
    parser.add_argument("--kill-after", type=float, default=0, help="kill `serve` after so many seconds; 0: never")
    chosen = parser.parse_args()
    events = round(chosen.rate * chosen.seconds)
    addresses = [f"buyer{number}@latency.example" for number in range(events)]
    with tempfile.TemporaryDirectory() as folder, start_practice(chosen.people) as crms:
        ids = crms.add_people(addresses)
        copy_template("waterfall", Path(folder) / "book")
        os.chdir(Path(folder) / "book")
        rules = Path("rules.yml").read_text(encoding="utf-8")
        # So many demo requests are no runaway rule here; among few people they would be more than the guard's 10%.
        Path("rules.yml").write_text(rules.replace("most: 2000 or 10%", "most: 2000"), encoding="utf-8")
        for arguments in (["plan", "-o", "plan.json"], ["apply", "plan.json"]):
            _leadline(crms.environment, arguments).wait()
        serving = _Serving(crms.environment, chosen.every)
        try:
            crms.wait_until_ready()
            _measure(crms, serving, ids, chosen.rate, chosen.kill_after)
        finally:
            serving.stop()
        _verified()


class _Serving:
    """`leadline serve`, which can be killed and started again."""

    def __init__(self, environment: Mapping[str, str], every: str) -> None:
        self._environment = environment
        self._every = every
        self._process = self._start()

    def kill(self) -> None:
        """End it without a chance to say anything, and start another one."""
        self._process.kill()
        self._process.wait()
        self._process = self._start()

    def stop(self) -> None:
        """Ask it to end."""
        self._process.terminate()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        arguments = ["serve", "--port", str(PORT), "--url", "http://localhost", "--every", self._every]
        return _leadline(self._environment, arguments)


def _leadline(environment: Mapping[str, str], arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "leadline", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _measure(crms: Crms, serving: _Serving, ids: Mapping[str, str], rate: float, kill_after: float) -> None:
    before = crms.calls()
    seen = Seen()
    sender = threading.Thread(target=_send, args=[crms, ids, rate, seen])
    began = time.monotonic()
    own = 0
    sender.start()
    while sender.is_alive() or len(seen.spans()) < len(ids):
        own += crms.look(seen)
        if kill_after and time.monotonic() - began > kill_after:
            serving.kill()
            kill_after = 0
        if time.monotonic() - began > len(ids) / rate + PATIENCE:
            break
        time.sleep(LOOK_EVERY)
    sender.join()
    _report(seen, len(ids), rate, sum(crms.calls()) - sum(before) - own - len(ids))


def _send(crms: Crms, ids: Mapping[str, str], rate: float, seen: Seen) -> None:
    """Fill in the form and tell of it, at a steady rate; what is not answered well is told again."""
    began = time.monotonic()
    again: list[str] = []
    for number, (address, key) in enumerate(ids.items()):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        crms.submit(address)
        seen.told[address] = time.monotonic()
        again = [one for one in [*again, key] if not _told(crms, one, seen)]
    while again:
        time.sleep(1)
        again = [one for one in again if not _told(crms, one, seen)]


def _told(crms: Crms, key: str, seen: Seen) -> bool:
    began = time.monotonic()
    good = crms.tell(key)
    if good:
        seen.answers.append(time.monotonic() - began)
    else:
        seen.refused += 1
    return good


def _report(seen: Seen, events: int, rate: float, calls: int) -> None:
    spans = seen.spans()
    print(f"events {events} at {rate:g} a second; shown by both CRMs {len(spans)}, lost {events - len(spans)}")
    if spans:
        print(f"webhook to both CRMs: {_line(spans)}")
    print(f"webhook answered: {_line(sorted(seen.answers), 3)}; sent again {seen.refused}")
    print(f"calls for each event, both CRMs together: {calls / max(events, 1):.2f}")


def _line(spans: Sequence[float], digits: int = 1) -> str:
    p99 = spans[min(int(len(spans) * 0.99), len(spans) - 1)]
    return f"p50 {statistics.median(spans):.{digits}f} s, p99 {p99:.{digits}f} s, worst {spans[-1]:.{digits}f} s"


def _verified() -> None:
    """Say how what was written stands in the journal of the folder we are in: read back, or not."""
    told = dict(_endings())
    print(f"written values in the journal: {json.dumps(told, sort_keys=True)}")


def _endings() -> Iterator[tuple[str, int]]:
    from sqlalchemy import func, select

    from leadline.sync.store import open_store
    from leadline.sync.store.schema import journal

    with open_store("sqlite:///leadline.db") as store, store.read() as connection:
        rows: Any = connection.execute(select(journal.c.status, func.count()).group_by(journal.c.status))
        yield from ((str(status), int(count)) for status, count in rows)


if __name__ == "__main__":
    main()
