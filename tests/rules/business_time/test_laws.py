"""Laws of business time, over random calendars of random zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.rules.business_time import (
    NEVER,
    Calendar,
    Period,
    Span,
    Special,
    Target,
    Unit,
    add,
    calendar_from_json,
    calendar_to_json,
    due_many,
    elapsed,
    is_open,
    next_opening,
    pinned,
)
from leadline.rules.business_time.model import EPOCH, HOUR, instant, micros
from leadline.rules.business_time.tables import Table, table_of
from tests.rules.business_time.chance import PLACES, a_calendar, a_question

MICROSECOND = timedelta(microseconds=1)
SEEDS = st.integers(0, 10_000)
LENGTHS = st.timedeltas(MICROSECOND, timedelta(days=40)) | st.integers(1, 400).map(lambda n: timedelta(hours=n / 4))
INSTANTS = st.integers(micros(datetime(2015, 1, 1, tzinfo=UTC)), micros(datetime(2035, 1, 1, tzinfo=UTC))).map(
    instant
)
law = settings(max_examples=80, deadline=None)


def calendar_of(seed: int) -> Calendar:
    """Return the random calendar of a seed."""
    chance = Random(seed)
    zone, year = chance.choice(PLACES)
    return a_calendar(chance, zone, year)


@law
@given(SEEDS, INSTANTS, LENGTHS)
def test_elapsed_undoes_add(seed: int, start: datetime, length: timedelta) -> None:
    """At the due instant just so much has passed, and a microsecond before less; looking back likewise."""
    calendar = calendar_of(seed)
    due = add(calendar, start, length)
    if due is not None:
        assert elapsed(calendar, start, due) == length
        assert elapsed(calendar, start, due - MICROSECOND) < length
    back = add(calendar, start, -length)
    if back is not None:
        assert elapsed(calendar, back, start) == length
        assert elapsed(calendar, back + MICROSECOND, start) < length


@law
@given(SEEDS, INSTANTS, LENGTHS, LENGTHS)
def test_two_targets_are_their_sum(seed: int, start: datetime, first: timedelta, second: timedelta) -> None:
    """What is due after one target and then another is due after both at once."""
    calendar = calendar_of(seed)
    halfway = add(calendar, start, first)
    both = add(calendar, start, first + second)
    assert both == (None if halfway is None else add(calendar, halfway, second))


@law
@given(SEEDS, INSTANTS, INSTANTS, INSTANTS)
def test_elapsed_adds_up(seed: int, a: datetime, b: datetime, c: datetime) -> None:
    """The way over any third instant is as long."""
    calendar = calendar_of(seed)
    assert elapsed(calendar, a, b) + elapsed(calendar, b, c) == elapsed(calendar, a, c)


@law
@given(SEEDS, st.randoms(use_true_random=False))
def test_pauses_have_no_order_and_count_once(seed: int, chance: Random) -> None:
    """Pauses shuffled, repeated and cut in two change no answer."""
    calendar = calendar_of(seed)
    asked = a_question(Random(seed), 2026)
    pauses = [*asked.pauses, *asked.pauses]
    for start, end in asked.pauses:
        if end is not None:
            pauses += [(start, start + (end - start) / 2), (start + (end - start) / 2, end)]
    chance.shuffle(pauses)
    assert add(calendar, asked.start, asked.target, pauses) == add(calendar, asked.start, asked.target, asked.pauses)
    assert elapsed(calendar, asked.start, asked.end, pauses) == elapsed(
        calendar, asked.start, asked.end, asked.pauses
    )


@law
@given(SEEDS, INSTANTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(seed: int, at: datetime) -> None:
    """From an instant to the next opening no business time passes, and right after it some does."""
    calendar = calendar_of(seed)
    opening = next_opening(calendar, at)
    if opening is None:
        assert add(calendar, at, MICROSECOND) is None
        return
    assert opening >= at
    assert is_open(calendar, opening)
    assert elapsed(calendar, at, opening) == timedelta(0)
    assert elapsed(calendar, opening, opening + MICROSECOND) == MICROSECOND


@law
@given(SEEDS, st.lists(st.tuples(INSTANTS, st.integers(-400_000, 400_000)), min_size=1, max_size=40))
def test_columns_equal_the_scalar_form(seed: int, rows: list[tuple[datetime, int]]) -> None:
    """``due_many`` gives what ``add`` gives, row by row."""
    calendar = calendar_of(seed)
    starts = np.array([micros(at) for at, _ in rows], dtype=np.int64)
    seconds = np.array([amount for _, amount in rows], dtype=np.int64)
    due = [add(calendar, at, timedelta(seconds=amount)) for at, amount in rows]
    assert due_many(calendar, starts, seconds).tolist() == [NEVER if at is None else micros(at) for at in due]


@law
@given(
    SEEDS, st.lists(st.tuples(INSTANTS, st.lists(st.integers(0, 40 * 24 * 60), max_size=6)), min_size=1, max_size=8)
)
def test_columns_equal_rows_with_pauses(seed: int, rows: list[tuple[datetime, list[int]]]) -> None:
    """The same with up to three pauses each, given by minutes from two days before the start."""
    calendar = calendar_of(seed)
    begun = np.array([micros(start) for start, _ in rows])
    edges = [sorted(start + timedelta(minutes=cut - 2 * 24 * 60) for cut in cuts) for start, cuts in rows]
    pauses = [list(zip(cuts[::2], cuts[1::2], strict=False)) for cuts in edges]
    due = [add(calendar, start, timedelta(hours=20), own) for (start, _), own in zip(rows, pauses, strict=True)]
    filled = [[*own, *[(start, start)] * (3 - len(own))] for (start, _), own in zip(rows, pauses, strict=True)]
    columns = [tuple(np.array([micros(own[place][side]) for own in filled]) for side in (0, 1)) for place in range(3)]
    found = due_many(calendar, begun, 20 * 3600, columns)
    assert found.tolist() == [NEVER if at is None else micros(at) for at in due]
    with pytest.raises(ValueError, match="below zero"):
        due_many(calendar, begun, -60, columns)


@given(SEEDS, INSTANTS, LENGTHS, st.lists(st.integers(1990, 2060), max_size=3))
@settings(max_examples=15, deadline=None)
def test_answers_do_not_depend_on_what_was_asked_before(
    seed: int, start: datetime, length: timedelta, years: list[int]
) -> None:
    """A table that grew in another order gives the same due instant and the same business day."""
    calendar = calendar_of(seed)
    expected = add(calendar, start, length), add(calendar, start, Target(3, Unit.BUSINESS_DAYS))
    table_of.cache_clear()
    for year in years:
        table_of(calendar).cover(micros(datetime(year, 6, 1, tzinfo=UTC)))
    assert expected == (add(calendar, start, length), add(calendar, start, Target(3, Unit.BUSINESS_DAYS)))


@given(SEEDS)
@settings(max_examples=8, deadline=None)
def test_a_stored_calendar_means_the_same(seed: int) -> None:
    """JSON and back is the same value; with its zone's offsets it gives the same answers."""
    calendar = calendar_of(seed)
    stored = calendar_from_json(calendar_to_json(pinned(calendar)))
    assert calendar_from_json(calendar_to_json(calendar)) == calendar
    assert calendar_from_json(calendar_to_json(calendar)).digest == calendar.digest != stored.digest
    for number in range(40):
        asked = a_question(Random(f"{seed} {number}"), 2026)
        assert add(stored, asked.start, asked.target) == add(calendar, asked.start, asked.target)


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("day", [date.min, date(1899, 12, 31), date(2200, 1, 1), date.max])
def test_far_instants_have_answers(day: date, unit: Unit) -> None:
    """Before 1900 and after 2199 nothing is open, and nothing fails; CRMs hold dates such as 9999-12-31."""
    calendar, start = calendar_of(3), datetime.combine(day, time(), UTC)
    days = unit in (Unit.BUSINESS_DAYS, Unit.CALENDAR_DAYS)
    for amount in (-(10**6), -1, 0, 1, 10**6) if days else (-(10**18), -1, 0, 1, 10**18):
        due = add(calendar, start, Target(amount, unit))
        assert due is None or due.tzinfo is UTC
    assert not is_open(calendar, start)
    assert elapsed(calendar, start, start + timedelta(0)) == timedelta(0)
    assert due_many(calendar, np.array([micros(start)]), 3600).shape == (1,)


def test_a_table_stops_growing_where_nothing_can_open() -> None:
    """A calendar that closed for good is not searched to the end of time."""
    calendar = calendar_of(3)
    closed = Calendar("a", calendar.zone, calendar.periods, last=date(2026, 7, 31))
    table = Table(closed)
    assert table.earliest(table.position(micros(datetime(2026, 7, 1, tzinfo=UTC))) + 10**15) is None
    assert table.grown is not None
    assert table.grown.high <= 2027


def test_instants_need_a_zone() -> None:
    """A naive datetime is refused, because its zone would be a guess."""
    with pytest.raises(ValueError, match="time zone"):
        add(calendar_of(1), datetime(2026, 7, 1), timedelta(hours=1))  # noqa: DTZ001


def test_a_pause_cannot_end_before_it_begins() -> None:
    """It is refused rather than ignored."""
    at = instant(0)
    with pytest.raises(ValueError, match="pause"):
        add(calendar_of(1), at, timedelta(hours=1), [(at, at - MICROSECOND)])


@law
@given(st.integers(-(2**60), 2**60))
def test_integers_and_instants_are_one(at: int) -> None:
    """Microseconds go into instants and out of them unchanged, where datetime can hold them."""
    if abs(at) < (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND and at > -(10**16):
        assert micros(instant(at)) == at


def test_columns_of_nothing_and_of_one_length() -> None:
    """No starts give no due instants; one length serves all starts."""
    calendar = calendar_of(5)
    assert due_many(calendar, np.array([], dtype=np.int64), 60).tolist() == []
    starts = np.array([0, 10**15], dtype=np.int64)
    assert due_many(calendar, starts, 3600).tolist() == due_many(calendar, starts, np.array([3600, 3600])).tolist()


@pytest.mark.parametrize(
    ("at", "day", "hour"),
    [
        (datetime(2026, 7, 14, 5, 59, tzinfo=UTC), 14, 5),  # today's early hours outrank yesterday's shift
        (datetime(2026, 7, 14, 6, 0, tzinfo=UTC), 13, 30),  # at their closing yesterday's shift still lasts
        (datetime(2026, 7, 14, 8, 59, tzinfo=UTC), 13, 32),
        (datetime(2026, 7, 14, 9, 0, tzinfo=UTC), 14, 9),  # at its closing it is over
        (datetime(2026, 7, 14, 23, 0, tzinfo=UTC), 14, 23),
    ],
)
def test_an_instant_belongs_to_one_day(at: datetime, day: int, hour: int) -> None:
    """Hours from 00:00 to 06:00, and a shift from 22:00 to 09:00 of the next day."""
    week = ((Span(0, 6 * HOUR), Span(22 * HOUR, 33 * HOUR)),) * 7
    found, time_of_day = Table(Calendar("a", "UTC", (Period(week),))).business_day(micros(at))
    assert (date.fromordinal(found).day, time_of_day // HOUR) == (day, hour)


@pytest.mark.parametrize(
    ("zone", "day", "span", "at"),
    [
        # a shift of nearly a day far in the west, from two days before the new year of UTC
        ("Pacific/Niue", date(2026, 12, 30), (23 * HOUR, 46 * HOUR), datetime(2027, 1, 1, 8, tzinfo=UTC)),
        # the first hour of the new year far in the east
        ("Pacific/Kiritimati", date(2027, 1, 1), (0, HOUR), datetime(2026, 12, 31, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_year_knows_the_shifts_of_its_neighbours(zone: str, day: date, span: tuple[int, int], at: datetime) -> None:
    """A table that has grown one year only has the openings that other years' days bring into it."""
    nothing = Period(((),) * 7)
    table = Table(Calendar("a", zone, (nothing,), special=(Special(day, (Span(*span),)),)))
    assert table.is_open(micros(at))
    assert not table.is_open(micros(at + timedelta(hours=3)))
