"""What the state alone says of the sync, as numbers: for metrics, and for judging whether to alert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from leadline.sync.operations import parked_values
from leadline.sync.pausing import paused
from leadline.sync.store import Store
from leadline.sync.store.cycles import WRITING, Cycle, last_good
from leadline.sync.store.outcomes import stock
from leadline.sync.store.schema import cycles, decisions, effects, journal, timers

Pairs = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Measures:
    """How everything stands at ``now`` (UTC, this machine's clock).

    ``last`` is the newest run of any kind, ``last_sync`` the newest that wrote (`sync` or `apply`), ``good`` when one
    of those last ended well: instants of the CRMs' clock. ``lag`` is how far the newest frontier lay behind the end
    of its run. ``runs`` counts by kind and status, ``written`` journal rows by CRM and status, ``slas`` by name and
    status, ``parked`` refused values by CRM and code.
    """

    now: datetime
    last: Cycle | None
    last_sync: Cycle | None
    good: datetime | None
    lag: timedelta | None
    paused: bool
    decisions: int
    runs: Pairs
    written: Pairs
    slas: Pairs
    parked: Pairs
    effects: Mapping[str, int]
    people: Mapping[str, int]

    @property
    def age(self) -> timedelta | None:
        """The time since a run last ended well; None when none did."""
        return None if self.good is None else max(self.now - self.good, timedelta(0))


def measure(store: Store, now: datetime) -> Measures:
    """Read how everything stands. No CRM is asked, and nothing of a person is in it."""
    parked: Counter[tuple[str, str]] = Counter(
        (item.ref.crm, item.code or item.status) for item in parked_values(store)
    )
    with store.read() as connection:
        last, last_sync = _newest(connection, 1), _newest(connection, 1, kinds=WRITING)
        return Measures(
            now=now,
            last=last[0] if last else None,
            last_sync=last_sync[0] if last_sync else None,
            good=last_good(connection),
            lag=lag_of(last_sync[0]) if last_sync else None,
            paused=paused(connection) is not None,
            decisions=connection.execute(select(func.count()).select_from(decisions)).scalar_one(),
            runs=_pairs(connection, cycles.c.kind, cycles.c.status),
            written=_pairs(connection, journal.c.crm, journal.c.status),
            slas=_pairs(connection, timers.c.sla, timers.c.status),
            parked=parked,
            effects={
                row[0]: row[1]
                for row in connection.execute(select(effects.c.status, func.count()).group_by(effects.c.status))
            },
            people=stock(connection),
        )


def past_syncs(store: Store, count: int) -> Sequence[Cycle]:
    """Return the newest `sync` runs that ended well or nearly so, newest first."""
    with store.read() as connection:
        return _newest(connection, count, kinds=("sync",), statuses=("done", "partial"))


def lag_of(run: Cycle) -> timedelta | None:
    """Return how far a run's frontier lay behind its end; None while it is running or before anything was read."""
    return run.finished - run.frontier if run.finished and run.frontier else None


def _newest(
    connection: Connection, count: int, kinds: Sequence[str] = (), statuses: Sequence[str] = ()
) -> list[Cycle]:
    query = select(cycles).order_by(cycles.c.id.desc()).limit(count)
    if kinds:
        query = query.where(cycles.c.kind.in_(kinds))
    if statuses:
        query = query.where(cycles.c.status.in_(statuses))
    return [Cycle(**row) for row in connection.execute(query).mappings()]


def _pairs(connection: Connection, one: object, other: object) -> dict[tuple[str, str], int]:
    query = select(one, other, func.count()).group_by(one, other)  # type: ignore[call-overload]
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}
