"""Estimates of durations, beside what R's survival package and plain quartiles give."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.common.survival import arriving, lasting, thinned

DAY = 86_400
AML = ([9, 13, 18, 23, 31, 34, 48], [13, 28, 45, 161])
"""Maintained patients of R's `aml`, in weeks: survfit(Surv(time, status) ~ 1, subset = x == 'Maintained')."""


def test_the_median_is_that_of_survfit() -> None:
    """Median 31; with conf.type 'log-log' its 95 % interval begins at 13 and has no end."""
    found = lasting([week * DAY for week in AML[0]], [week * DAY for week in AML[1]])
    assert (found.count, found.ended) == (11, 7)
    assert (found.lower, found.median) == (timedelta(days=18), timedelta(days=31))
    assert (found.earliest, found.latest) == (timedelta(days=13), None)


def test_one_stay_says_nothing_of_the_end() -> None:
    """A single stay has a median and an open interval; none has nothing."""
    assert lasting([DAY], []).latest is None
    assert lasting([DAY], []).median == timedelta(days=1)
    assert lasting([], [DAY]).median is None


def test_arriving_shares_the_place_with_who_ended_otherwise() -> None:
    """By hand: 1 of 4 arrives at 1, one leaves at 2, one is seen until 3, the last arrives at 4 for two."""
    found = arriving([DAY, 4 * DAY], [2 * DAY], [3 * DAY])
    assert found.curve == ((0, 0.0), (DAY, 0.25), (4 * DAY, pytest.approx(0.75)))
    assert (found.lower, found.median, found.upper) == (timedelta(days=1), timedelta(days=4), timedelta(days=4))
    assert arriving([], [DAY], []).median is None


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=40))
def test_with_everybody_over_it_is_the_plain_quantile(seconds: list[int]) -> None:
    """Kaplan-Meier of finished stays alone is their order, and arriving alone gives the same quartiles."""
    found, ordered = lasting(seconds, []), sorted(seconds)
    assert found.median == timedelta(seconds=ordered[-(-len(ordered) // 2) - 1])
    alone = arriving(seconds, [], [])
    assert (alone.lower, alone.median, alone.upper) == (found.lower, found.median, found.upper)
    assert alone.expected == pytest.approx(1)


@given(st.lists(st.integers(0, 1000), max_size=30), st.lists(st.integers(0, 1000), max_size=30))
def test_who_is_still_there_never_makes_it_quicker(over: list[int], still: list[int]) -> None:
    """Stays that outlast all others only lengthen the estimate; curves go up from 0 to at most 1."""
    plain, more = lasting(over, still), lasting(over, [*still, 1001])
    assert plain.median is None or more.median is None or more.median >= plain.median
    shares = [share for _, share in arriving(over, still, []).curve]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1 + 1e-9


def test_a_thinned_curve_keeps_its_ends() -> None:
    """A long curve is drawn with as many points as were asked for."""
    curve = tuple((number, number / 1000) for number in range(1001))
    assert len(thinned(curve, 50)) == 50
    assert (thinned(curve, 50)[0], thinned(curve, 50)[-1]) == (curve[0], curve[-1])
    assert thinned(curve[:9]) == curve[:9]
