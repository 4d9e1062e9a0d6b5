"""The few statistics of reports and backtests, each with its interval. Shares are decimals of four places, 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import NormalDist
from typing import Final

Z: Final = 1.959963984540054
"""The normal quantile of a two-sided interval of 95 %."""
FEW: Final = 10
"""Fewer people on either side of a comparison say nothing about a criterion."""


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``whole`` with Wilson's 95 % interval; all three are None where there is nothing to share."""

    part: int
    whole: int
    share: Decimal | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as often, with Katz's 95 % interval of the logarithm."""

    ratio: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Of ``count`` durations: a quarter is not longer than ``lower``, half not than ``median``; None for none."""

    count: int
    lower: timedelta | None
    median: timedelta | None
    upper: timedelta | None


def quantile(comparisons: int) -> float:
    """Return the normal quantile for that many two-sided intervals that hold 95 % all together (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.025 / max(comparisons, 1))


def share_of(part: int, whole: int, z: float = Z) -> Share:
    """Return a share with Wilson's score interval (Wilson 1927), which also holds for few people and near 0 or 1."""
    if whole == 0:
        return Share(part, whole, None, None, None)
    p, square = part / whole, z * z
    scale = 1 + square / whole
    middle = (p + square / (2 * whole)) / scale
    half = z * math.sqrt(p * (1 - p) / whole + square / (4 * whole * whole)) / scale
    low = 0.0 if part == 0 else middle - half
    high = 1.0 if part == whole else middle + half
    return Share(part, whole, _decimal(p), _decimal(low), _decimal(high))


def ratio_of(part: int, whole: int, other_part: int, other_whole: int) -> Ratio | None:
    """Return how many times as often ``part`` of ``whole`` is as the other; None where either side is too few.

    A half is added to every count where one of them is 0 (Haldane, Anscombe), so that no logarithm is infinite.
    """
    if min(whole, other_whole) < FEW or part + other_part == 0:
        return None
    a, n, b, m = float(part), float(whole), float(other_part), float(other_whole)
    if 0 in (part, other_part) or part == whole or other_part == other_whole:
        a, n, b, m = a + 0.5, n + 1, b + 0.5, m + 1
    log = math.log((a / n) / (b / m))
    half = Z * math.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    return Ratio(_decimal(math.exp(log)), _decimal(math.exp(log - half)), _decimal(math.exp(log + half)))


def quartiles_of(seconds: Sequence[int]) -> Quartiles:
    """Return the quartiles of durations in whole seconds, between two of them where that is exact (inclusive)."""
    if not seconds:
        return Quartiles(0, None, None, None)
    found = sorted(seconds)
    lower, median, upper = (_quantile(found, share) for share in (1, 2, 3))
    return Quartiles(len(found), lower, median, upper)


def _quantile(found: Sequence[int], quarter: int) -> timedelta:
    place, rest = divmod((len(found) - 1) * quarter, 4)
    value = found[place] if not rest else (found[place] * (4 - rest) + found[place + 1] * rest) // 4
    return timedelta(seconds=value)


def _decimal(number: float) -> Decimal:
    return Decimal(f"{number:.4f}")
