"""Whether the sync is well: when it last ended well, and what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadline.sync.operations.parked import parked_values
from leadline.sync.operations.parked_actions import parked_actions
from leadline.sync.operations.unrecorded import unrecorded_failure
from leadline.sync.pausing import paused
from leadline.sync.store import Store
from leadline.sync.store.cycles import last_cycles, last_good


@dataclass(frozen=True, slots=True)
class Health:
    """How the sync is at ``now``. ``age`` is the time since a run last ended well; None when none ever did.

    ``parked`` counts refused values and actions. ``reasons`` say why it is not well, most urgent first; empty: it is.
    """

    now: datetime
    last_good: datetime | None
    age: timedelta | None
    last_status: str | None
    parked: int
    paused: bool
    reasons: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Whether nothing stands in its way."""
        return not self.reasons


def health(store: Store, now: datetime, max_age: timedelta) -> Health:
    """Judge the state alone; no CRM is asked. ``now`` is UTC.

    It is not well when no `sync` or `apply` ended well within ``max_age``, when the last run failed, or while writing
    is paused. Refused values are counted but do not make it unwell: everything else goes on.
    """
    with store.read() as connection:
        good = last_good(connection)
        newest = last_cycles(connection, 1)
        pause = paused(connection)
        failure = unrecorded_failure(connection)
    age = None if good is None else max(now - good, timedelta(0))
    status = newest[0].status if newest else None
    reasons = []
    if pause is not None:
        reasons.append(
            f"writing is paused since {pause.since:%Y-%m-%d %H:%M}Z" + (f": {pause.why}" if pause.why else "")
        )
    if status == "failed":
        reasons.append("the last run failed; `leadline runs` and its output say why")
    if failure is not None:
        reasons.append(f"the last run failed before it was on record ({failure}); its output says why")
    if status == "refused" and pause is None:
        reasons.append("a guard, the book or a pause stopped the last run; `leadline plan` shows what it would write")
    if age is None:
        reasons.append("no run has ended well yet")
    elif age > max_age:
        reasons.append(f"no run has ended well since {good:%Y-%m-%d %H:%M}Z")
    refused = len(parked_values(store)) + len(parked_actions(store))
    return Health(now, good, age, status, refused, pause is not None, tuple(reasons))
