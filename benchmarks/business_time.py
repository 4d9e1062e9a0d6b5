"""Due instants in business time: ours one by one and by columns, businesstimedelta, and stepping minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import businesstimedelta
import holidays
import numpy as np
import pytz

from benchmarks.work import show, timed
from leadline.rules.business_time import Calendar, Period, Span, add, due_many
from leadline.rules.business_time.country import country_holidays
from leadline.rules.business_time.model import HOUR, instant, micros
from leadline.rules.business_time.tables import table_of

ZONE = "Europe/Berlin"
YEARS = range(2024, 2028)
OPENS, CLOSES = time(9), time(18)
MANY = 1_000_000
FEW = 1_000
"""So many are enough to time what is thousands of times slower."""


def run(count: int, seed: int) -> None:
    """Find ``count`` due instants one by one and a million by columns; ``FEW`` of them also by the others."""
    calendar = _calendar()
    chance = np.random.default_rng(seed)
    low, high = (micros(datetime(year, 1, 1, tzinfo=UTC)) for year in (YEARS[0], YEARS[-1]))
    starts = chance.integers(low, high, MANY) // 60_000_000 * 60_000_000
    seconds = chance.integers(1, 40 * 60, MANY) * 60
    work = [(instant(int(at)), timedelta(seconds=int(length))) for at, length in zip(starts, seconds, strict=True)]
    table_of.cache_clear()
    first, _ = timed(lambda: add(calendar, *work[0]))
    due_many(calendar, starts, seconds)
    one_by_one, ours = timed(lambda: [add(calendar, at, length) for at, length in work[: max(count, FEW)]])
    columns, many = timed(lambda: due_many(calendar, starts, seconds))
    assert [micros(at) for at in ours if at is not None] == many[: len(ours)].tolist()
    stepping, stepped = timed(lambda: [_step(at, length) for at, length in work[: FEW // 10]])
    assert stepped == ours[: len(stepped)]
    peer, theirs = timed(lambda: _businesstimedelta(work[:FEW]))
    assert theirs == ours[: len(theirs)]
    show(
        "due instants, Monday to Friday 9-18 with German holidays",
        "due instants",
        [
            ("one by one (ours)", one_by_one, len(ours)),
            ("a million by columns (ours)", columns, MANY),
            ("the first of a calendar, its table made (ours)", first, 1),
            ("businesstimedelta", peer, len(theirs)),
            ("stepping minute by minute", stepping, len(stepped)),
        ],
    )


def _calendar() -> Calendar:
    day = (Span(OPENS.hour * HOUR, CLOSES.hour * HOUR),)
    return Calendar(
        "office", ZONE, (Period((*(day for _ in range(5)), (), ()), country_holidays("DE", None, YEARS)),)
    )


def _businesstimedelta(work: list[tuple[datetime, timedelta]]) -> list[datetime]:
    zone = pytz.timezone(ZONE)
    days = businesstimedelta.WorkDayRule(start_time=OPENS, end_time=CLOSES, working_days=list(range(5)), tz=zone)
    off = businesstimedelta.HolidayRule(holidays.country_holidays("DE", years=YEARS), tz=zone)
    rules = businesstimedelta.Rules([days, off])
    return [
        (at + businesstimedelta.BusinessTimeDelta(rules, timedelta=length)).astimezone(UTC) for at, length in work
    ]


_ZONE = ZoneInfo(ZONE)
_OFF = frozenset[date](country_holidays("DE", None, YEARS))


def _step(at: datetime, length: timedelta) -> datetime:
    """Return the due instant as many tools find it: one minute after the other."""
    left = length // timedelta(minutes=1)
    while left:
        local = at.astimezone(_ZONE)
        left -= local.weekday() < 5 and OPENS <= local.time() < CLOSES and local.date() not in _OFF
        at += timedelta(minutes=1)
    return at
