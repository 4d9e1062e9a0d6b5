"""Tests of one value: text, numbers, yes and no, dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.rules.deciding.fieldtests import add_span, next_day_change, value_test
from leadline.rules.deciding.localdays import day_of, day_start
from leadline.rules.model import Months
from tests.rules.deciding.books import day, days, where

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("op", "operands", "value", "answer"),
    [
        ("in", ("Software",), "ＳＯＦＴＷＡＲＥ ", True),
        ("in", ("Straße",), "STRASSE", True),
        ("in", ("Software",), "Soft", False),
        ("in", (5,), Decimal(5), True),
        ("has_word", ("vp",), "SVP Sales", False),
        ("has_word", ("vp",), "Sales/VP (EMEA)", True),
        ("has_word", ("vice president",), "Senior Vice-President", True),
        ("has_word", ("vice president",), "President, Vice", False),
        ("contains", ("pric",), "/Pricing", True),
        ("starts", ("/pri",), "/Pricing", True),
        ("starts", ("ice",), "/Pricing", False),
        ("ends", ("ing", "x"), "/Pricing ", True),
        ("ends", ("pri",), "/Pricing", False),
        ("ends", ("ing",), ("a", "/PRICING"), True),
        ("pattern", (r"^vp\b", r"\bhead of"), "VP Sales", True),
        ("pattern", (r"^vp\b", r"\bhead of"), "Sales, Head of", True),
        ("pattern", (r"^vp\b",), "SVP", False),
        ("pattern", (r"^\d{3}$",), " １２３ ", True),
        ("pattern", (r"\D",), "123", False),
        ("pattern", ("ä$",), "Ä", True),
        ("pattern", ("x",), "\ud800x", True),
        ("pattern", ("x",), 5, None),
        ("all_of", ("B", "a"), ("a", "b", "c"), True),
        ("all_of", ("a", "d"), ("a", "b", "c"), False),
        ("all_of", ("a",), "A", True),
        ("all_of", ("a", "b"), "A", False),
        ("between", (10, 50), 10, True),
        ("between", (10, 50), Decimal("50.01"), False),
        ("between", (10, 50), "20", None),
        ("between", (TODAY, TODAY), TODAY, True),
        ("between", (TODAY, date(2026, 4, 2)), date(2026, 4, 3), False),
        ("between", (TODAY, TODAY), NOON, True),
        ("between", (NOON, NOON), NOON + timedelta(seconds=1), False),
        ("between", (TODAY, NOON), NOON, True),
        ("between", (TODAY, TODAY), "then", None),
        ("older_than", (timedelta(days=3),), date(2026, 3, 28), True),
        ("older_than", (timedelta(days=3),), date(2026, 3, 29), False),
        ("older_than", (timedelta(days=3),), date(2026, 4, 9), False),
        ("older_than", (Months(1),), date(2026, 2, 28), True),
        ("older_than", (timedelta(hours=1),), NOON - timedelta(hours=1), True),
        ("older_than", (timedelta(hours=1),), NOON, False),
        ("domain_in", ("acme.example",), "Jo@ACME.example", True),
        ("domain_in", ("acme.example",), "jo@mail.acme.example", True),
        ("domain_in", ("acme.example",), "jo@notacme.example", False),
        ("in", ("b",), ("a", "B"), True),
        ("in", ("c",), ("a", "b"), False),
        ("contains", ("5",), 5, None),
        ("is", (True,), True, True),
        ("is", (True,), False, False),
        ("is", (False,), False, True),
        ("is", (True,), "true", None),
        ("at_least", (200,), 200, True),
        ("over", (200,), 200, False),
        ("under", (200,), Decimal("199.99"), True),
        ("at_most", (200,), 201, False),
        ("equals", (200,), Decimal("200.0"), True),
        ("equals", (200,), True, None),
        ("at_least", (200,), "300", None),
        ("before", (date(2026, 4, 1),), TODAY, True),
        ("before", (TODAY,), TODAY, False),
        ("after", (TODAY,), date(2026, 4, 1), True),
        ("after", (TODAY,), NOON, False),
        ("before", (NOON,), NOON - timedelta(seconds=1), True),
        ("before", (NOON,), "soon", None),
        ("within_next", (timedelta(days=3),), TODAY, True),
        ("within_next", (timedelta(days=3),), date(2026, 4, 3), True),
        ("within_next", (timedelta(days=3),), date(2026, 4, 4), False),
        ("within_next", (timedelta(days=3),), date(2026, 3, 30), False),
        ("within_next", (Months(1),), date(2026, 4, 30), True),
        ("within_next", (Months(1),), date(2026, 5, 1), False),
        ("within_last", (timedelta(days=3),), date(2026, 3, 29), True),
        ("within_last", (timedelta(days=3),), date(2026, 3, 28), False),
        ("within_last", (timedelta(days=3),), date(2026, 4, 1), False),
        ("within_last", (Months(1),), NOON - timedelta(days=27), True),
        ("within_next", (timedelta(hours=1),), NOON + timedelta(hours=1), True),
        ("within_next", (timedelta(hours=1),), NOON, False),
        ("within_last", (timedelta(hours=1),), NOON - timedelta(hours=1), False),
        ("within_last", (timedelta(hours=1),), NOON, True),
        ("within_last", (timedelta(hours=1),), "lately", None),
    ],
)
def test_one_value(op: str, operands: tuple[object, ...], value: object, answer: bool | None) -> None:
    """Each operator answers yes or no, and unknown for a value of another kind."""
    assert value_test(where("field", op, *operands))(value, NOON) is answer  # type: ignore[arg-type]


SPANS = st.one_of(
    st.integers(1, 90).map(timedelta),
    st.sampled_from([timedelta(hours=30), Months(1), Months(2), Months(6)]),
)
NEAR = st.sampled_from(["within_next", "within_last", "older_than"])
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago", "Pacific/Apia", "America/Goose_Bay"])
"""Santiago's clocks skip midnight, Apia once skipped a day, Goose Bay's were put back over midnight."""


@settings(max_examples=300, deadline=None)
@given(
    NEAR,
    SPANS,
    st.one_of(
        st.dates(date(2026, 1, 1), date(2027, 3, 1)),
        st.datetimes(day(0).replace(tzinfo=None), day(420).replace(tzinfo=None), timezones=st.just(UTC)),
    ),
    st.integers(0, 400 * 24),
    ZONES,
)
def test_nearness_lasts_until_the_change_it_names(op: str, span: object, value: date, hour: int, zone: str) -> None:
    """A date that is near stops or starts being so at a named instant, and not before it, in every zone."""
    condition = where("timeline", op, span)
    passes = value_test(condition, zone)
    t = day(0) + timedelta(hours=hour)
    answer = passes(value, t)  # type: ignore[arg-type]
    coming = next_day_change(condition, value, t, zone)  # type: ignore[arg-type]
    end = coming or t + timedelta(days=500)
    assert end > t
    step = max((end - t) / 40, timedelta(microseconds=1))
    tries = [t + step * number for number in range(41)] + [t + timedelta(hours=number) for number in range(0, 800, 5)]
    for at in [*tries, end - timedelta(microseconds=1)]:
        if at < end:
            assert passes(value, at) is answer, at  # type: ignore[arg-type]


def test_a_month_later_is_the_last_day_where_it_must() -> None:
    """Months keep the day of the month, or take the last one."""
    assert add_span(date(2026, 1, 31), Months(1)) == date(2026, 2, 28)
    assert add_span(date(2026, 3, 31), Months(-1)) == date(2026, 2, 28)
    assert add_span(date(2026, 12, 15), Months(2)) == date(2027, 2, 15)


@pytest.mark.parametrize("value", [date(9999, 12, 31), date(1, 1, 1), datetime(9999, 12, 31, 23, tzinfo=UTC)])
@pytest.mark.parametrize("span", [Months(6), days(30)])
@pytest.mark.parametrize("op", ["within_next", "within_last", "older_than"])
def test_dates_at_the_ends_of_the_calendar(op: str, span: object, value: date) -> None:
    """CRMs hold dates such as 9999-12-31: they are far away, not an error."""
    condition = where("timeline", op, span)
    past = op == "older_than" and value.year == 1
    assert value_test(condition)(value, NOON) is past
    coming = next_day_change(condition, value, NOON)
    assert coming is None or coming > NOON


def instants(year: int, first: tuple[int, int], last: tuple[int, int]) -> list[datetime]:
    """Return every ten minutes between two days of a year, and the microseconds beside."""
    start, end = datetime(year, *first, tzinfo=UTC), datetime(year, *last, tzinfo=UTC)
    found = [start + timedelta(minutes=10) * number for number in range((end - start) // timedelta(minutes=10))]
    return sorted([*found, *(at - timedelta(microseconds=1) for at in found)])


@pytest.mark.parametrize(
    ("zone", "year", "first", "last"),
    [
        ("Europe/Berlin", 2026, (3, 28), (3, 31)),
        ("Europe/Berlin", 2026, (10, 24), (10, 27)),
        ("America/Santiago", 2026, (9, 4), (9, 8)),
        ("Pacific/Apia", 2011, (12, 28), (12, 31)),
        ("America/Goose_Bay", 2010, (11, 5), (11, 9)),
    ],
)
def test_days_follow_each_other_where_clocks_change(
    zone: str, year: int, first: tuple[int, int], last: tuple[int, int]
) -> None:
    """Each day begins at one instant and never comes back; a day that clocks skip has no instant."""
    before = None
    for at in instants(year, first, last):
        day_now = day_of(at, zone)
        assert day_start(day_now, zone) <= at < day_start(day_now + timedelta(days=1), zone)
        assert before is None or before <= day_now
        before = day_now


def test_midnight_is_the_zone_s() -> None:
    """The first and the last day of a window in Berlin are Berlin's; summer time moves the instant."""
    passes = value_test(where("timeline", "within_last", days(1)), "Europe/Berlin")
    assert day_start(date(2026, 3, 30), "Europe/Berlin") == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert day_start(date(2026, 3, 29), "Europe/Berlin") == datetime(2026, 3, 28, 23, tzinfo=UTC)
    begins, ends = day_start(date(2026, 3, 29), "Europe/Berlin"), day_start(date(2026, 3, 30), "Europe/Berlin")
    tick = timedelta(microseconds=1)
    answers = [passes(date(2026, 3, 29), at) for at in (begins - tick, begins, ends - tick, ends)]
    assert answers == [False, True, True, False]
    on = value_test(where("timeline", "between", TODAY, TODAY), "America/New_York")
    assert [on(datetime(2026, 4, 1, hour, tzinfo=UTC), NOON) for hour in (3, 4)] == [True, False]
