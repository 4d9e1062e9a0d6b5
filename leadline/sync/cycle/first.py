"""Watching a few people before the rest of a plan is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from leadline.sync.lease import Lease

_RENEWED_EVERY: Final = 60.0
"""Seconds after which the lease is renewed while nothing else happens."""


@dataclass(frozen=True, slots=True)
class First:
    """How many records go first, and how long they are watched.

    ``wait`` waits so many seconds, or until somebody asks to stop; it returns whether somebody did.
    """

    records: int
    watched: timedelta
    wait: Callable[[float], bool]

    def pass_time(self, lease: Lease) -> bool:
        """Keep the lease while time passes; return False when somebody asked to stop. Raises BusyError."""
        left = self.watched.total_seconds()
        while left > 0:
            if self.wait(min(left, _RENEWED_EVERY)):
                return False
            lease.renew()
            left -= _RENEWED_EVERY
        return True
