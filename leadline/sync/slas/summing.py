"""Attainment of promises by SLA, stage, owner, source and week: pure sums over rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Final

from leadline.sync.slas.attribution import Attribution
from leadline.sync.store.timers import TimerRow

BY: Final = ("sla", "stage", "owner", "source", "week")
UNKNOWN: Final = "(unknown)"
_OPEN: Final = frozenset({"running", "paused"})


@dataclass(frozen=True, slots=True)
class Told:
    """One row, its owner's name, and where its time went if it was breached."""

    row: TimerRow
    owner: str
    lost: Attribution | None

    def part(self, by: str) -> str:
        """Return what the row is counted under; the ISO week is that of its start, UTC."""
        if by == "owner":
            return self.owner
        if by == "week":
            year, week, _ = self.row.started.isocalendar()
            return f"{year}-W{week:02d}"
        return getattr(self.row, by) or UNKNOWN


@dataclass(frozen=True, slots=True)
class SlaLine:
    """The timers of one SLA, stage, owner, source or week.

    ``running`` are all that are open and not breached, paused ones too. ``median_used`` and ``p90_used`` are
    microseconds of business time up to the answer, by nearest rank, over those that were answered; None for none.
    ``lost`` adds up where the time of the breached ones went, from start to breach.
    """

    by: str
    key: str
    met: int
    breached: int
    void: int
    running: int
    median_used: int | None
    p90_used: int | None
    lost: Attribution

    @property
    def attained(self) -> float | None:
        """Met of all that were met or breached, 0 to 1; None for none."""
        decided = self.met + self.breached
        return self.met / decided if decided else None


def summed(told: Sequence[Told]) -> tuple[SlaLine, ...]:
    """Return a line for each SLA, then each stage, owner, source and week, sorted by name."""
    found = []
    for by in BY:
        groups: dict[str, list[Told]] = {}
        for one in told:
            groups.setdefault(one.part(by), []).append(one)
        found += [_line(by, key, groups[key]) for key in sorted(groups)]
    return tuple(found)


def nearest_rank(values: Iterable[int], percent: int) -> int | None:
    """Return the smallest value that at least so many percent of the values do not exceed; None for none."""
    ordered = sorted(values)
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None


def _line(by: str, key: str, group: Sequence[Told]) -> SlaLine:
    counts = Counter(one.row.status for one in group)
    answered = [one.row for one in group if one.row.status in ("met", "breached")]
    used = [row.used for row in answered if row.used is not None]
    return SlaLine(
        by=by,
        key=key,
        met=counts["met"],
        breached=counts["breached"],
        void=counts["void"],
        running=sum(count for status, count in counts.items() if status in _OPEN),
        median_used=nearest_rank(used, 50),
        p90_used=nearest_rank(used, 90),
        lost=reduce(add, (one.lost for one in group if one.lost is not None), Attribution()),
    )
