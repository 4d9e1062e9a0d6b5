"""A few people first: the rest of a plan is written only when nothing went wrong with them, after a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from leadline.sync.journal import Entry
from leadline.sync.plan.model import Plan

STOPPED: Final = "CANARY"
_WRONG: Final = frozenset({"failed", "parked", "ignored", "planned", "claimed", "done"})


@dataclass(frozen=True, slots=True)
class Canary:
    """``records`` are written first, with all records of their people; then ``wait`` is called, once.

    ``wait`` returns whether to go on: somebody may have asked to stop meanwhile.
    """

    records: int
    wait: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class Waves:
    """At least ``records`` records at a time, with all records of their people; ``wait`` is called between them.

    ``wait`` returns whether to go on: somebody may have asked to stop meanwhile.
    """

    records: int
    wait: Callable[[], bool] = lambda: True


TOLERATED: Final = 0.05
"""The share of a wave's people with whom something may go wrong (a validation rule, say); more end the waves."""


def first_people(plan: Plan, records: int) -> frozenset[str]:
    """Return the people of the plan's first ``records`` records, of each CRM in turn so that both are tried."""
    queues = [plan.writes.people_in(crm) for crm in sorted({crm for crm, _ in plan.writes.records()})]
    chosen: dict[str, None] = {}
    count = 0
    while queues and count < records:
        for queue in list(queues):
            person = next((one for one in queue if one not in chosen), None)
            if person is None:
                queues.remove(queue)
            elif count < records:
                chosen[person] = None
                count += plan.writes.records_of(person)
    return frozenset(chosen)


def went_wrong(entries: Sequence[Entry]) -> int:
    """Return how many of these intents did not end as planned; overtaken ones are nobody's fault."""
    return sum(entry.status in _WRONG for entry in entries)
