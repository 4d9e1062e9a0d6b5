"""The practice CRMs' own clock: it starts where the generated history ends and can be moved or frozen."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta


class PracticeClock:
    """A clock that starts at ``start`` (aware, UTC) and runs with real time unless it is frozen.

    Rehearsing needs time to pass on demand: ``advance`` lets days go by at once.
    """

    def __init__(self, start: datetime, *, frozen: bool = False) -> None:
        if start.tzinfo is None:
            raise ValueError("the practice clock needs an aware start")
        self._base = start
        self._origin: float | None = None if frozen else time.monotonic()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the practice CRMs' present instant, in UTC, to the millisecond."""
        with self._lock:
            present = self._present()
        return present.replace(microsecond=present.microsecond // 1000 * 1000)

    def advance(self, by: timedelta) -> datetime:
        """Let ``by`` pass at once and return the new present. Going back is refused with ValueError."""
        if by < timedelta(0):
            raise ValueError("the practice clock only goes forward")
        with self._lock:
            self._base += by
        return self.now()

    def freeze(self) -> datetime:
        """Stop the clock where it is."""
        with self._lock:
            self._base, self._origin = self._present(), None
        return self.now()

    def thaw(self) -> datetime:
        """Let the clock run again."""
        with self._lock:
            self._base, self._origin = self._present(), time.monotonic()
        return self.now()

    def _present(self) -> datetime:
        if self._origin is None:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._origin)
