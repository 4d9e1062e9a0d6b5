"""Attainment of promises by SLA, stage, owner, source and week: pure sums over rows."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from leadline.sync.slas.attribution import Attribution
from leadline.sync.store.timers import TimerRow

BY: Final = ("sla", "stage", "owner", "source", "week")
UNKNOWN: Final = "(unknown)"
_OPEN: Final = ("running", "paused")
_ANSWERED: Final = ("met", "breached")


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


class Sums:
    """Adds up timers one after the other; of each it keeps no more than the time used, eight bytes for each of BY."""

    def __init__(self) -> None:
        self.count = 0
        self._groups: dict[str, dict[str, _Group]] = {by: {} for by in BY}

    def add(self, told: Told) -> None:
        """Take in one timer."""
        self.count += 1
        for by, groups in self._groups.items():
            key = told.part(by)
            if (group := groups.get(key)) is None:
                group = groups[key] = _Group()
            group.add(told)

    def lines(self) -> tuple[SlaLine, ...]:
        """Return a line for each SLA, then each stage, owner, source and week, sorted by name."""
        return tuple(groups[key].line(by, key) for by, groups in self._groups.items() for key in sorted(groups))


def nearest_rank(ordered: Sequence[int], percent: int) -> int | None:
    """Return the smallest of ascending values that at least so many percent do not exceed; None for none."""
    return ordered[-(-percent * len(ordered) // 100) - 1] if ordered else None


@dataclass(slots=True)
class _Group:
    counts: Counter[str] = field(default_factory=Counter)
    used: array[int] = field(default_factory=lambda: array("q"))
    lost: Attribution = field(default_factory=Attribution)

    def add(self, told: Told) -> None:
        row = told.row
        self.counts[row.status] += 1
        if row.used is not None and row.status in _ANSWERED:
            self.used.append(row.used)
        if told.lost is not None:
            self.lost += told.lost

    def line(self, by: str, key: str) -> SlaLine:
        used = sorted(self.used)
        return SlaLine(
            by=by,
            key=key,
            met=self.counts["met"],
            breached=self.counts["breached"],
            void=self.counts["void"],
            running=sum(self.counts[status] for status in _OPEN),
            median_used=nearest_rank(used, 50),
            p90_used=nearest_rank(used, 90),
            lost=self.lost,
        )
