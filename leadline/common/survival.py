"""How long things take when some are not over yet: Kaplan-Meier; Aalen-Johansen where they may end otherwise.

Durations are whole seconds. Who is still under way counts for as long as they were seen, and no longer: leaving them
out would make everything look quicker than it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

from leadline.common.stats import Z

Curve = tuple[tuple[int, float], ...]
"""Where a step function of the seconds changes, and to what; it begins at 0 seconds."""
_QUARTERS: Final = (0.25, 0.5, 0.75)
_CLOSE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long ``count`` stays last: ``ended`` are over, the others go on.

    A quarter is over after ``lower``, half after ``median``; None where too few are over to say. ``earliest`` and
    ``latest`` are the median's 95 % interval; None where that end is not reached yet.
    """

    count: int
    ended: int
    lower: timedelta | None
    median: timedelta | None
    upper: timedelta | None
    earliest: timedelta | None
    latest: timedelta | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who of ``count`` arrived, ended ``otherwise``, or is ``open`` still; and how long arriving takes.

    ``curve`` is the share of all that has arrived after so many seconds, ``expected`` where it ends. A quarter, half
    and three quarters of those who arrive have done so after ``lower``, ``median`` and ``upper``; None for nobody.
    """

    count: int
    arrived: int
    otherwise: int
    open: int
    lower: timedelta | None
    median: timedelta | None
    upper: timedelta | None
    expected: float
    curve: Curve


def lasting(ended: Iterable[int], going_on: Iterable[int]) -> Lasting:
    """Return Kaplan and Meier's estimate (1958) of durations, some of which still go on.

    The interval of the median is Brookmeyer and Crowley's (1982), on the scale of log(-log).
    """
    over, still = list(ended), list(going_on)
    lower, median, upper, low, high = None, None, None, None, None
    left, spread = 1.0, 0.0
    for seconds, at_risk, (gone, _) in _turns(over, still):
        if not gone:
            continue
        left *= 1 - gone / at_risk
        spread += gone / (at_risk * (at_risk - gone)) if at_risk > gone else 0.0
        at = timedelta(seconds=seconds)
        lower = at if lower is None and left <= 0.75 + _CLOSE else lower
        median = at if median is None and left <= 0.5 + _CLOSE else median
        upper = at if upper is None and left <= 0.25 + _CLOSE else upper
        least, most = _band(left, spread)
        low = at if low is None and least <= 0.5 else low
        high = at if high is None and most < 0.5 else high
    return Lasting(len(over) + len(still), len(over), lower, median, upper, low, high)


def arriving(arrived: Iterable[int], otherwise: Iterable[int], open_: Iterable[int]) -> Arrival:
    """Return Aalen and Johansen's estimate (1978) of arriving, where some end otherwise and some are under way."""
    came, else_, still = list(arrived), list(otherwise), list(open_)
    left, share = 1.0, 0.0
    curve: list[tuple[int, float]] = [(0, 0.0)]
    for seconds, at_risk, (first, second) in _turns(came, still, else_):
        if first:
            share += left * first / at_risk
            curve.append((seconds, share))
        left *= 1 - (first + second) / at_risk
    lower, median, upper = (_reached(curve, quarter * share) if came else None for quarter in _QUARTERS)
    return Arrival(
        len(came) + len(else_) + len(still),
        len(came),
        len(else_),
        len(still),
        lower,
        median,
        upper,
        share,
        tuple(curve),
    )


def thinned(curve: Curve, most: int = 120) -> Curve:
    """Return at most so many points of a curve, the first and the last among them: enough to draw it."""
    if len(curve) <= most:
        return curve
    return tuple(curve[number * (len(curve) - 1) // (most - 1)] for number in range(most))


def _turns(
    ended: Sequence[int], still: Sequence[int], otherwise: Sequence[int] = ()
) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Yield each duration, how many were under way until then, and how many ended at it, in either way.

    Who is last seen at a duration was still under way at it.
    """
    # One number for each: of a million people a million pairs would be many times as large.
    marked = sorted([at * 3 for at in ended] + [at * 3 + 1 for at in otherwise] + [at * 3 + 2 for at in still])
    at_risk = len(marked)
    for seconds, group in groupby(marked, key=lambda mark: mark // 3):
        counts = [0, 0, 0]
        for mark in group:
            counts[mark % 3] += 1
        yield seconds, at_risk, (counts[0], counts[1])
        at_risk -= sum(counts)


def _band(left: float, spread: float) -> tuple[float, float]:
    """Return the 95 % bounds of a share that is left, from Greenwood's sum ``spread``; for nobody it has no top."""
    if left <= _CLOSE:
        return 0.0, 1.0
    turn = math.exp(Z * math.sqrt(spread) / abs(math.log(left)))
    return left**turn, left ** (1 / turn)


def _reached(curve: Sequence[tuple[int, float]], share: float) -> timedelta:
    return next(timedelta(seconds=seconds) for seconds, so_far in curve if so_far >= share - _CLOSE and so_far > 0)
