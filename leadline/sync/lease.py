"""One writer at a time: a lease in the store, renewed while it works, taken over from a process that died."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from leadline.common.canonical import instant_text
from leadline.common.errors import RefusedError
from leadline.sync.store import Store
from leadline.sync.store.cycles import (
    acquire_lease,
    end_killed_cycles,
    lease_holder,
    release_lease,
    renew_lease,
    shorten_lease,
)

WRITER: Final = "writer"
"""The name of the lease."""

LASTS: Final = timedelta(minutes=5)
"""How long a lease outlives its last renewal; it is renewed with every page read and every batch written."""

_OURS: Final[set[str]] = set()
"""The owners in this process that still hold or wait for a lease."""


class BusyError(RefusedError):
    """Another run holds the writer lease; nothing was changed by this one."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The writer lease of one run. ``now`` is a clock that every host shares: the wall clock, in UTC."""

    store: Store
    now: Callable[[], datetime]
    owner: str = field(
        default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{_where()}:{secrets.token_hex(4)}"
    )

    @contextmanager
    def held(self) -> Iterator[Lease]:
        """Hold the lease; raises BusyError when a run that is alive has it."""
        _OURS.add(self.owner)
        try:
            with self.store.write() as connection:
                holder = self._take(connection)
            if holder is not None:
                raise _busy(*holder)
            try:
                # A run that stood still for too long must not write what it knew then into the state either.
                with self.store.guarded(self.keep):
                    yield self
            finally:
                with self.store.write() as connection:
                    release_lease(connection, WRITER, self.owner)
        finally:
            _OURS.discard(self.owner)

    def renew(self) -> None:
        """Renew the lease in a transaction of its own."""
        with self.store.write() as connection:
            self.keep(connection)

    def keep(self, connection: Connection) -> None:
        """Renew the lease in the caller's transaction; raises BusyError when it was lost to another run."""
        if not renew_lease(connection, WRITER, self.owner, self.now(), LASTS):
            raise BusyError("another run took over while this one stood still; this one stops without writing more")

    def _take(self, connection: Connection) -> tuple[str, datetime] | None:
        """Take the lease and say of runs that were killed that they ended; return who has it, if another one does."""
        now = self.now()
        if not acquire_lease(connection, WRITER, self.owner, now, LASTS):
            owner, until = lease_holder(connection, WRITER) or ("", now)
            if not _is_dead(owner):
                # A clock that was set back must not keep a dead holder's lease for as long as it was set back.
                shorten_lease(connection, WRITER, now + LASTS)
                return owner, min(until, now + LASTS)
            release_lease(connection, WRITER, owner)
            acquire_lease(connection, WRITER, self.owner, now, LASTS)
        end_killed_cycles(connection)
        return None


def _busy(owner: str, until: datetime) -> BusyError:
    host, pid = [*owner.split(":"), "", ""][:2]
    return BusyError(
        f"another run is at work on this state (process {pid} on {host}); "
        f"wait for it, or until {instant_text(until)} if it is gone"
    )


def _is_dead(owner: str) -> bool:
    """Whether the owner was a process that would be seen from here, and is no more.

    A host's name does not say so: containers may have one name and processes of their own, and so may two machines.
    """
    host, pid, where = [*owner.split(":"), "", "", ""][:3]
    if host != socket.gethostname() or where != _where() or not pid.isdecimal():
        return False
    if int(pid) == os.getpid():
        return owner not in _OURS
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _where() -> str:
    """Return within what a number names one process: this start of the kernel, and on Linux the table of processes.

    Where the system tells neither it is empty, and the host's name alone says it.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""
