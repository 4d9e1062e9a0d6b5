"""The writer lease survives a crash and a clock that steps, and says what became of runs that were killed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadline.sync.lease import LASTS, WRITER, BusyError, Lease
from leadline.sync.store import Store, open_store
from leadline.sync.store.cycles import acquire_lease, finish_cycle, last_cycles, lease_holder, start_cycle
from tests.sync.writing.rehearsal import WALL

DAY = timedelta(days=1)
ELSEWHERE = "elsewhere:1:x"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an empty store."""
    with open_store(f"sqlite:///{tmp_path}/state.db") as opened:
        yield opened


def taken_elsewhere(store: Store) -> None:
    """Have a process of another host, of which nobody knows whether it lives, hold the lease."""
    with store.write() as connection:
        assert acquire_lease(connection, WRITER, ELSEWHERE, WALL, LASTS)


def test_a_holder_that_died_here_leaves_its_lease_at_once(store: Store) -> None:
    """Nobody waits for a process of this very machine that is no more."""
    with store.write() as connection:
        assert acquire_lease(connection, WRITER, _as(store, pid=_dead()), WALL, LASTS)
    with Lease(store, lambda: WALL).held():
        pass


@pytest.mark.parametrize("pid", ["mine", "nobody's"])
def test_a_holder_in_another_container_of_one_name_is_not_taken_for_dead(store: Store, pid: str) -> None:
    """Host names may be alike where processes are numbered anew: containers, and machines made of one image."""
    with store.write() as connection:
        holder = _as(store, pid=os.getpid() if pid == "mine" else _dead(), elsewhere=True)
        assert acquire_lease(connection, WRITER, holder, WALL, LASTS)
    with pytest.raises(BusyError, match="another run is at work"), Lease(store, lambda: WALL).held():
        pass
    with Lease(store, lambda: WALL + LASTS).held():
        pass


def _dead() -> int:
    """Return the number of a process that has ended."""
    with subprocess.Popen(["true"]) as gone:
        pass
    return gone.pid


def _as(store: Store, *, pid: int, elsewhere: bool = False) -> str:
    """Return how a process of this host would name itself, of another table of processes if ``elsewhere``."""
    host, _, where, token = Lease(store, lambda: WALL).owner.split(":")
    return f"{host}:{pid}:{where}{'1' if elsewhere else ''}:{token}"


def test_a_clock_set_back_a_day_does_not_keep_a_lease_for_a_day(store: Store) -> None:
    """Whoever is refused by a lease that ends too late lets it end in time."""
    taken_elsewhere(store)
    now = earlier = WALL - DAY
    lease = Lease(store, lambda: now)
    for passed in (timedelta(0), timedelta(minutes=4)):
        now = earlier + passed
        with pytest.raises(BusyError, match="process 1 on elsewhere"), lease.held():
            pass
    now = earlier + LASTS
    with lease.held():
        pass


def test_a_living_holder_keeps_its_lease_when_the_clock_is_set_back(store: Store) -> None:
    """It renews it by the new clock, and others wait as before."""
    now = WALL
    lease = Lease(store, lambda: now)
    with lease.held():
        now = WALL - DAY
        with pytest.raises(BusyError, match="another run is at work"), Lease(store, lambda: now).held():
            pass
        lease.renew()
        with store.read() as connection:
            assert lease_holder(connection, WRITER) == (lease.owner, WALL - DAY + LASTS)


def test_a_clock_set_forward_a_day_frees_a_lease_at_once(store: Store) -> None:
    """Then the run that held it stops before it writes more, and the one that took it goes on."""
    taken_elsewhere(store)
    mine = Lease(store, lambda: WALL + DAY)
    with mine.held():
        with pytest.raises(BusyError, match="took over"):
            Lease(store, lambda: WALL, ELSEWHERE).renew()
        mine.renew()


def test_a_run_that_lost_its_lease_changes_nothing_more(store: Store) -> None:
    """Neither while another run holds it nor after that one has ended: what the first one knows is of the past."""
    now = WALL
    lease = Lease(store, lambda: now)
    with pytest.raises(BusyError, match="took over"), lease.held():
        with store.write() as connection:
            start_cycle(connection, "sync", WALL)
        now = WALL + LASTS
        with (
            open_store(str(store.engine.url)) as other,
            Lease(other, lambda: now).held(),
            pytest.raises(BusyError, match="took over"),
            store.write() as connection,
        ):
            start_cycle(connection, "sync", WALL)
        with store.write() as connection:
            start_cycle(connection, "sync", WALL)
    with store.read() as connection:
        assert len(last_cycles(connection, 5)) == 1
    with store.write() as connection:  # a writer without a lease is not asked
        start_cycle(connection, "pull", WALL)


def test_a_run_that_was_killed_is_recorded_by_the_next_one(store: Store) -> None:
    """What never ended has failed, once the lease is somebody else's; what ended stays as it is."""
    with store.write() as connection:
        ended = start_cycle(connection, "sync", WALL)
        finish_cycle(connection, ended, "done", WALL, {"rows": 1})
        start_cycle(connection, "sync", WALL)
    with Lease(store, lambda: WALL).held(), store.read() as connection:
        killed, done = last_cycles(connection, 2)
    assert (killed.status, killed.finished, killed.counts) == ("failed", None, {"killed": True})
    assert (done.status, done.counts) == ("done", {"rows": 1})
