"""How many calls quick cycles may take: a share of the day, an hour's worth of it at once.

Webhooks come as often as a CRM likes. Without this a busy afternoon would use up the calls that the evening's
thorough cycles need, and those of everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from leadline.common.values import Crm

_DAY: Final = timedelta(days=1).total_seconds()
_AT_ONCE: Final = timedelta(hours=1).total_seconds()


@dataclass(slots=True)
class Allowance:
    """``share`` of the calls that each CRM allows in a day, refilled by the second; kept for one process.

    After a burst that took an hour's worth of it, quick cycles wait until what they took is refilled.
    """

    share: float
    _left: dict[Crm, float] = field(default_factory=dict)
    _rate: dict[Crm, float] = field(default_factory=dict)
    _at: datetime | None = None

    def spend(self, calls: Mapping[Crm, int], limits: Mapping[Crm, int | None], now: datetime) -> None:
        """Note the calls of a quick cycle that ended ``now`` (UTC). ``limits`` are calls a day; None: no limit."""
        self._refill(now)
        for crm, limit in limits.items():
            if limit:
                self._rate[crm] = self.share * limit / _DAY
                full = self._rate[crm] * _AT_ONCE
                self._left[crm] = self._left.get(crm, full) - calls.get(crm, 0)

    def pause(self, now: datetime) -> timedelta:
        """Return how long the next quick cycle waits."""
        self._refill(now)
        owed = (-left / self._rate[crm] for crm, left in self._left.items() if left < 0)
        return timedelta(seconds=max(owed, default=0.0))

    def _refill(self, now: datetime) -> None:
        passed = (now - self._at).total_seconds() if self._at is not None else 0.0
        self._at = now
        for crm, rate in self._rate.items():
            self._left[crm] = min(self._left[crm] + rate * max(passed, 0.0), rate * _AT_ONCE)
