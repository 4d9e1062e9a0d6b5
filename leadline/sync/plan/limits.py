"""How many records one plan may write: known to planning, which lets drift wait, and to the guards, which stop."""

from __future__ import annotations

from dataclasses import dataclass

from leadline.rules.model import Guards


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
