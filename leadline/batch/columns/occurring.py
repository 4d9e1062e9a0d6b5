"""What criteria of activities give all people at once: occurrences in windows, counted, limited, or fading."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from leadline.batch.columns.arrays import NEVER, Ints, Whole, span
from leadline.batch.columns.scale import Scale
from leadline.batch.columns.truths import Truth, earlier
from leadline.rules.decay import MOST_DECAY_STEPS
from leadline.rules.deciding.criteria import CompiledCriterion, inside

_MOST = 2**31 - 1
"""No partition has more activities."""


def points_of(asked: Truth, line: CompiledCriterion, scale: Scale) -> Whole:
    """Return what a criterion of an activity gives each person, before its own limit."""
    criterion = line.criterion
    assert criterion.activity is not None
    if line.ladder is not None:
        return _faded(asked, line, scale)
    within = None if criterion.within is None else span(criterion.within)
    if criterion.match == "distinct_days":
        happened = asked.frame.activities.happened(criterion.activity)
        number = happened.days(*asked.window(criterion.activity, within), line.zone)
    else:
        number = asked.number(criterion.activity, within)
    if criterion.counted:
        most = int(number.max()) if number.size else 0
        bands = (next((b for b in criterion.counted if inside(one, b)), None) for one in range(most + 1))
        points = [0 if band is None else scale.whole(band.points) for band in bands]
        return np.array(points, scale.dtype).take(number)
    if criterion.match in ("first", "latest"):
        number = np.clip(number, 0, 1)
    elif criterion.at_most is not None and criterion.match in ("each", "distinct_days"):
        number = np.clip(number, 0, min(criterion.at_most, _MOST))
    return number.astype(scale.dtype, copy=False) * scale.whole(criterion.points)


def change_of(asked: Truth, line: CompiledCriterion) -> Ints | None:
    """Return when that next changes by itself, in microseconds (``NEVER``: not); None where it never does."""
    criterion = line.criterion
    assert criterion.activity is not None
    found: Ints | None = None
    happened = asked.frame.activities.happened(criterion.activity)
    if line.ladder is not None and criterion.decay is not None:
        rows, at, steps = _steps(asked, line)
        following = np.array([*_next_steps(line.ladder), NEVER], np.int64)[steps]
        turns = np.where(
            following == NEVER, NEVER, at + span(criterion.decay.every) * np.minimum(following, MOST_DECAY_STEPS)
        )
        found = happened.least(rows, turns)
    if criterion.within is not None:
        low, high = asked.window(criterion.activity, span(criterion.within))
        oldest = happened.at_or(low, low < high, NEVER)
        found = earlier(found, np.where(oldest == NEVER, NEVER, oldest + span(criterion.within)))
    return found


def _faded(asked: Truth, line: CompiledCriterion, scale: Scale) -> Ints:
    assert line.ladder is not None and line.criterion.activity is not None
    ladder = np.array([*(scale.whole(points) for points in line.ladder), 0], np.int64)
    rows, _, steps = _steps(asked, line)
    return asked.frame.activities.happened(line.criterion.activity).total(rows, ladder[steps])


def _steps(asked: Truth, line: CompiledCriterion) -> tuple[Ints, Ints, Ints]:
    """Return the rows that count for a fading criterion, their instants, and how many steps each has faded."""
    criterion = line.criterion
    assert criterion.activity is not None and criterion.decay is not None and line.ladder is not None
    happened = asked.frame.activities.happened(criterion.activity)
    rows = happened.rows(*_counting(asked, line))
    at = happened.at[rows]
    t = asked.t[happened.person[rows]] if isinstance(asked.t, np.ndarray) else asked.t
    return rows, at, np.minimum((t - at) // span(criterion.decay.every), len(line.ladder))


def _counting(asked: Truth, line: CompiledCriterion) -> tuple[Ints, Ints]:
    """Return the positions [low, high) of the occurrences of a fading criterion that count."""
    criterion = line.criterion
    assert criterion.activity is not None and criterion.decay is not None and line.ladder is not None
    within = None if criterion.within is None else span(criterion.within)
    if criterion.match != "first":
        spent = span(criterion.decay.every) * len(line.ladder)
        within = spent if within is None else min(spent, within)
    low, high = asked.window(criterion.activity, within)
    if criterion.match == "first":
        high = np.minimum(high, low + 1)
    elif criterion.match == "latest":
        low = np.maximum(low, high - 1)
    elif criterion.match == "each" and criterion.at_most is not None:
        low = np.maximum(low, high - criterion.at_most)
    return low, high


def _next_steps(ladder: Sequence[Decimal]) -> list[int]:
    """Return for each step the next one with other points, ``NEVER`` where there is none."""
    found, following = [], NEVER
    for step in range(len(ladder) - 1, -1, -1):
        if step + 1 < len(ladder) and ladder[step + 1] != ladder[step]:
            following = step + 1
        found.append(following)
    return found[::-1]
