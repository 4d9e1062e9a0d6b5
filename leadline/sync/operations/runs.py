"""The record of past runs: one row a cycle, as the cycles themselves wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadline.sync.store import Store
from leadline.sync.store.cycles import last_cycles


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. Instants are the CRMs' own, UTC; ``lag`` is how far its frontier lay behind its end.

    ``counts`` are what the run counted: rows by stream, people evaluated, decisions, records by ending.
    """

    cycle: int
    kind: str
    status: str
    started: datetime
    finished: datetime | None
    frontier: datetime | None
    lag: timedelta | None
    book: str | None
    counts: Mapping[str, Any]


def last_heard(store: Store) -> datetime | None:
    """Return the CRMs' present as the newest run heard it, UTC; None before the first run.

    How long ago something in the state was is counted from here: a CRM's clock wrote it, not this machine's.
    """
    with store.read() as connection:
        newest = last_cycles(connection)
    return newest[0].finished or newest[0].started if newest else None


def recent_runs(store: Store, count: int) -> tuple[RunRecord, ...]:
    """Return the latest runs, newest first."""
    with store.read() as connection:
        found = last_cycles(connection, count)
    return tuple(
        RunRecord(
            run.id,
            run.kind,
            run.status,
            run.started,
            run.finished,
            run.frontier,
            run.finished - run.frontier if run.finished and run.frontier else None,
            run.book_hash,
            run.counts,
        )
        for run in found
    )
