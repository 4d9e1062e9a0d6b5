"""One first cycle of a size against the practice CRMs: calls as the servers count them, beside the lower bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leadline.common.values import CRMS, Crm
from leadline.common.vocabulary import PERSON_OBJECTS
from leadline.connectors.protocol import WriteConnector
from leadline.sync.bounds import Bound
from leadline.sync.cycle import make_plan, run_apply, run_sync
from leadline.sync.cycle.work import bounds_of
from tests.sync.writing.rehearsal import Rehearsal, rehearse

SPENT = ("read", "write", "read_back")
"""Purposes that the promise is about; signing in, asking for the time and describing are told apart."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One CRM in one run: calls at the server without those ``apart``, and the fewest there could have been."""

    what: str
    crm: Crm
    people: int
    activities: int
    written: int
    calls: int
    apart: int
    bound: Bound

    @property
    def most(self) -> float:
        """How many calls are promised at most."""
        return 1.10 * self.bound.total + 2

    @property
    def holds(self) -> bool:
        """Say whether the promise is kept."""
        return self.calls <= self.most

    def line(self) -> str:
        """Return a line for a table."""
        return (
            f"{self.what:<9} {self.crm:<11} {self.people:>8,} {self.activities:>9,} {self.written:>8,} "
            f"{self.calls:>7,} {self.bound.total:>7,} {self.most:>9,.1f} {self.apart:>6,}  "
            f"{'holds' if self.holds else 'BROKEN'}"
        )


HEADER = (
    f"{'run':<9} {'CRM':<11} {'people':>8} {'activities':>9} {'written':>8} {'calls':>7} {'bound':>7} {'at most':>9} "
    f"{'apart':>6}"
)


def measure(home: Path, people: int) -> list[Measured]:
    """Read so many people, adopt them, and read back what adopting changed: what each took at each CRM."""
    with rehearse(home, people=people) as rehearsal:
        rehearsal.edit("most: 2000", f"most: {10 * people + 10}")
        with rehearsal.at_work() as (setting, writers):
            steps = _Steps(rehearsal, writers)
            planned = make_plan(setting, writers)
            found = steps.rows("read", planned.pull.rows, {}, bounds_of(setting.book, writers, planned.pull, []))
            applied = run_apply(setting, writers, planned.plan)
            refreshed = applied.refresh.rows if applied.refresh else {}
            found += steps.rows("adopt", refreshed, planned.plan.counts.records, applied.bounds)
            rehearsal.pass_time(hours=2)
            synced = run_sync(setting, writers)
            found += steps.rows("sync", synced.pull.rows, synced.plan.counts.records, synced.bounds)
    return found


class _Steps:
    """Counts from step to step."""

    def __init__(self, rehearsal: Rehearsal, writers: Mapping[Crm, WriteConnector]) -> None:
        self._rehearsal = rehearsal
        self._writers = writers
        self._before = _counted(rehearsal, writers)

    def rows(
        self, what: str, rows: Mapping[str, int], written: Mapping[Crm, int], bounds: Mapping[Crm, Bound]
    ) -> list[Measured]:
        """Return what this step took of each CRM, and begin the next."""
        before, self._before = self._before, _counted(self._rehearsal, self._writers)
        found = []
        for crm in CRMS:
            mine = {name.removeprefix(f"{crm} "): count for name, count in rows.items() if name.startswith(crm)}
            people = sum(count for name, count in mine.items() if name in PERSON_OBJECTS[crm])
            activities = sum(count for name, count in mine.items() if name.startswith("activity:"))
            calls, apart = (self._before[crm][place] - before[crm][place] for place in (0, 1))
            found.append(Measured(what, crm, people, activities, written.get(crm, 0), calls, apart, bounds[crm]))
        return found


def _counted(rehearsal: Rehearsal, writers: Mapping[Crm, WriteConnector]) -> dict[Crm, tuple[int, int]]:
    """Return, for each CRM, the calls that read and write and those apart; the server must have seen as many."""
    found: dict[Crm, tuple[int, int]] = {}
    for crm, writer in writers.items():
        counts = writer.calls()
        harness = rehearsal.practice.salesforce if crm == "salesforce" else rehearsal.practice.hubspot
        seen, said = harness.calls.total, sum(counts.values())
        if seen != said:
            raise RuntimeError(f"the practice {crm} saw {seen} calls, Leadline says {said}")
        spent = sum(counts[purpose] for purpose in SPENT)
        found[crm] = (spent, said - spent)
    return found
