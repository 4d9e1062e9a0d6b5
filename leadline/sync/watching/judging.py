"""What is not as it should be: how the newest run ended, and what of it lies far from the runs before it.

A run is compared with the median of the runs before it; its distance is measured in robust standard deviations
(1.4826 times the median absolute deviation), which a few odd runs among the past ones do not stretch. So that quiet
installations are not told of nothing, a deviation counts as at least FLOORS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from leadline.common.errors import LeadlineError, RefusedError
from leadline.common.masking import scrub
from leadline.sync.store.cycles import Cycle
from leadline.sync.watching.measuring import Measures, lag_of

if TYPE_CHECKING:
    from leadline.sync.watching.settings import AlertSettings

FEWEST_RUNS: Final = 10
"""With fewer runs before it, a run is compared with nothing."""
_NORMAL: Final = 1.4826
"""The standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run that is compared. ``least`` and ``share`` (of the median) bound a deviation from below.

    ``both`` ways, or only upwards.
    """

    name: str
    says: str
    of: Callable[[Cycle], float | None]
    least: float
    share: float
    both: bool = False


def _rows(run: Cycle) -> float | None:
    rows = run.counts.get("rows")
    return float(sum(rows.values())) if rows else None


def _failures(run: Cycle) -> float | None:
    written: Mapping[str, Any] = run.counts.get("written", {})
    total = sum(written.values())
    failed = sum(written.get(ending, 0) for ending in ("failed", "parked", "ignored"))
    return failed / total if total else 0.0


def _decisions(run: Cycle) -> float | None:
    found = run.counts.get("decisions")
    return None if found is None else float(found)


def _lag(run: Cycle) -> float | None:
    found = lag_of(run)
    return None if found is None else found.total_seconds()


FIGURES: Final = (
    Figure("rows", "rows read", _rows, least=50, share=0.1, both=True),
    Figure("decisions", "decisions", _decisions, least=20, share=0.1, both=True),
    Figure("failures", "share of records that were not written", _failures, least=0.005, share=0.1),
    Figure("lag", "seconds that knowledge lay behind", _lag, least=30, share=0.1),
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is not as it should be. ``state`` tells its forms apart; another state is told anew."""

    name: str
    state: str
    text: str


def judge(
    now: Measures, past: Sequence[Cycle], settings: AlertSettings, failure: LeadlineError | None = None
) -> tuple[Condition, ...]:
    """Return what is not as it should be, each under its own name.

    ``past`` are the newest `sync` runs that ended well or nearly so, newest first, the one to compare included.
    ``failure`` is what ended a run that may have left no record of itself.
    """
    found = [*_status(now, failure)]
    oldest = settings.max_age
    if oldest is not None and (now.age is None or now.age > oldest):
        when = f"since {now.good:%Y-%m-%d %H:%M}Z" if now.good else "yet"
        found.append(Condition("age", "old", f"no run has ended well {when}"))
    if now.paused:
        found.append(Condition("paused", "paused", "writing to the CRMs is paused"))
    refused = sum(now.parked.values())
    if refused:
        found.append(Condition("parked", "some", f"a CRM refuses {refused:,} values; `leadline parked` lists them"))
    if failure is None and past and now.last_sync is not None and past[0].id == now.last_sync.id:
        found += _deviating(past[0], past[1:], settings.deviations)
    return tuple(found)


def _status(now: Measures, failure: LeadlineError | None) -> Sequence[Condition]:
    if failure is not None:
        state = "refused" if isinstance(failure, RefusedError) else "failed"
        why = scrub(str(failure).partition("\n")[0])[:300]
        verb = "failed" if state == "failed" else "was refused"
        return [Condition("run", state, f"the last run {verb}: {type(failure).__name__}: {why}")]
    if now.last_sync is None or now.last_sync.status in {"done", "running"}:
        return []
    status = now.last_sync.status
    return [Condition("run", status, f"run {now.last_sync.id} ended {status}; `leadline runs` lists it")]


def _deviating(run: Cycle, before: Sequence[Cycle], deviations: float) -> Sequence[Condition]:
    found = []
    for figure in FIGURES:
        value = figure.of(run)
        usual = [known for one in before if (known := figure.of(one)) is not None]
        if value is None or len(usual) < FEWEST_RUNS:
            continue
        middle = median(usual)
        spread = _NORMAL * median(abs(one - middle) for one in usual)
        spread = max(spread, figure.least, figure.share * abs(middle))
        away = (value - middle) / spread
        if away > deviations or (figure.both and away < -deviations):
            text = f"run {run.id}: {figure.says}: {value:,.4g} instead of about {middle:,.4g} in {len(usual)} runs"
            found.append(Condition(figure.name, "high" if away > 0 else "low", text))
    return found
