"""A few people first: the rest of a plan is written only when nothing went wrong with them, after a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from leadline.common.values import RecordRef
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


def waves_of(plan: Plan, records: int) -> tuple[frozenset[str], ...]:
    """Return the plan's people in portions of ``records`` records or just more, in the plan's order."""
    refs: dict[str, set[RecordRef]] = {}
    for write in plan.writes:
        refs.setdefault(write.person, set()).add(write.ref)
    found: list[frozenset[str]] = []
    portion: list[str] = []
    count = 0
    for person, mine in refs.items():
        portion.append(person)
        count += len(mine)
        if count >= records:
            found.append(frozenset(portion))
            portion, count = [], 0
    return (*found, frozenset(portion)) if portion else tuple(found)


def first_people(plan: Plan, records: int) -> frozenset[str]:
    """Return the people of the plan's first ``records`` records, of each CRM in turn so that both are tried."""
    by_crm: dict[str, list[str]] = {}
    for write in plan.writes:
        people = by_crm.setdefault(write.ref.crm, [])
        if write.person not in people[-1:]:
            people.append(write.person)
    queues = [list(dict.fromkeys(people)) for _, people in sorted(by_crm.items())]
    records_of: dict[str, set[RecordRef]] = {}
    for write in plan.writes:
        records_of.setdefault(write.person, set()).add(write.ref)
    chosen: dict[str, None] = {}
    count = 0
    for number in range(max(map(len, queues), default=0)):
        for queue in queues:
            if number < len(queue) and queue[number] not in chosen and count < records:
                chosen[queue[number]] = None
                count += len(records_of[queue[number]])
    return frozenset(chosen)


def went_wrong(entries: Sequence[Entry]) -> int:
    """Return how many of these intents did not end as planned; overtaken ones are nobody's fault."""
    return sum(entry.status in _WRONG for entry in entries)
