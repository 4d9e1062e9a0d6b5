"""How many records one plan may write: known to planning, which lets drift wait, and to the guards, which stop."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING
from typing import Final

from leadline.rules.model import Guards

_EVERYBODY: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RecordLimit:
    """The most records of one plan, and in words where that number comes from."""

    records: int
    bound: str


def record_limit(guards: Guards, population: int) -> RecordLimit | None:
    """Return the smaller of the book's two limits for ``population`` live records; None where it sets none."""
    limits = []
    if guards.most_records is not None:
        limits.append(RecordLimit(guards.most_records, "the most for one plan"))
    if guards.most_percent is not None:
        share = int(population * guards.most_percent / 100)
        limits.append(RecordLimit(share, f"{guards.most_percent:f}% of {population}"))
    return min(limits, key=lambda limit: limit.records, default=None)


def enough_for(guards: Guards, found: int) -> int:
    """Return the population from which on writing ``found`` records is within the limit in percent.

    Who counts that far need not count everybody: more people only raise the limit.
    """
    if guards.most_percent is None or not found:
        return 0
    if not guards.most_percent:
        return _EVERYBODY
    return int((found * 100 / guards.most_percent).to_integral_value(ROUND_CEILING))
