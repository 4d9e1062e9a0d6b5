"""Random calendars, pauses and questions for the oracle, all from one seeded generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from leadline.rules.business_time import Calendar, Pause, Period, Span, Special, Target, Unit
from leadline.rules.business_time.country import country_holidays

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Zones with their odd years: half-hour and two-hour changes, changes at midnight and at 00:01, days that were
# skipped or had no clock change announced, negative summer time, offsets of quarter hours.
PLACES = [
    ("Europe/Berlin", 2025), ("America/New_York", 2026), ("Europe/London", 2024), ("America/Los_Angeles", 2027),
    ("Australia/Lord_Howe", 2026), ("America/St_Johns", 2009), ("Pacific/Apia", 2011), ("Africa/Casablanca", 2025),
    ("Europe/Dublin", 2023), ("Antarctica/Troll", 2026), ("Asia/Kathmandu", 2026), ("Pacific/Chatham", 2025),
    ("America/Sao_Paulo", 2017), ("Asia/Beirut", 2022), ("Africa/Cairo", 2024), ("America/Asuncion", 2023),
    ("Pacific/Kwajalein", 1993), ("America/Caracas", 2007), ("Europe/Istanbul", 2016), ("Europe/Moscow", 2011),
    ("America/Santiago", 2026), ("Asia/Gaza", 2025), ("Asia/Tehran", 2021), ("America/Havana", 2026),
    ("Atlantic/Azores", 2030), ("UTC", 2026), ("Australia/Adelaide", 2026), ("Asia/Kolkata", 2026),
    ("Asia/Pyongyang", 2015), ("Pacific/Auckland", 2038), ("America/Godthab", 2023), ("Africa/Juba", 2020),
]  # fmt: skip
YEARS = 2
COUNTRIES = ["DE", "US", "GB", "JP", "BR"]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask of both: ``verb`` with its arguments."""

    verb: str
    start: datetime
    end: datetime
    target: Target
    pauses: tuple[Pause, ...]


def a_calendar(chance: Random, zone: str, year: int) -> Calendar:
    """Return a calendar whose edges lie on whole minutes and whose odd days lie within ``YEARS`` of ``year``."""
    periods = [Period(_week(chance), _holidays(chance, year))]
    for _ in range(chance.choice([0, 0, 1, 2])):
        first, last = sorted((_day(chance, year), _day(chance, year)))
        ends = chance.choice([(first, last), (first, None), (None, last)])
        periods.append(Period(_week(chance), _holidays(chance, year), *ends))
    special = {_day(chance, year): _spans(chance) for _ in range(chance.choice([0, 2, 6]))}
    calendar = Calendar(
        name="a",
        zone=zone,
        periods=tuple(periods),
        closed=tuple({_day(chance, year) for _ in range(chance.choice([0, 3, 20]))}),
        special=tuple(Special(day, spans) for day, spans in special.items()),
        away=tuple(_absence(chance, year) for _ in range(chance.choice([0, 0, 2, 5]))),
    )
    if chance.random() < 0.15:
        calendar = replace(calendar, first=date(year, chance.randint(2, 6), chance.randint(1, 28)))
    if chance.random() < 0.15:
        calendar = replace(calendar, last=date(year + 1, chance.randint(3, 11), chance.randint(1, 28)))
    return calendar


def a_question(
    chance: Random, year: int, changes: Sequence[datetime] = (), edges: Sequence[datetime] = ()
) -> Question:
    """Return a question whose answer mostly lies within ``YEARS`` of ``year``.

    It often begins near a change of the clock, and often just at an opening or a closing (``edges``).
    """
    verb = chance.choices(["add", "elapsed", "next_opening", "is_open"], [70, 15, 8, 7])[0]
    start = _instant(chance, year)
    if changes and chance.random() < 0.25:
        # Some days away from a change of the clock at about its time of day: targets in days then meet it.
        away = timedelta(days=chance.choice([-20, -5, -3, -2, -1, 0, 0, 1, 5]), minutes=chance.randint(-180, 180))
        start = chance.choice(changes) + away + timedelta(microseconds=chance.choice([0, 1, MINUTE // 2]))
    elif edges and chance.random() < 0.2:
        start = chance.choice(edges) + timedelta(microseconds=chance.choice([-1, 0, 0, 0, 1]))
    end = start + timedelta(microseconds=_amount(chance, 60 * DAY)) * chance.choice([1, 1, 1, -1])
    pauses = tuple(_pause(chance, start) for _ in range(chance.choice([0, 0, 0, 1, 1, 2, 3])))
    return Question(verb, start, end, _target(chance), pauses)


def _week(chance: Random) -> tuple[tuple[Span, ...], ...]:
    kind = chance.random()
    if kind < 0.4:
        usual = _spans(chance)
        return (*(usual for _ in range(5)), (), ()) if kind < 0.3 else tuple(usual for _ in range(7))
    return tuple(_spans(chance) if chance.random() < 0.7 else () for _ in range(7))


def _spans(chance: Random) -> tuple[Span, ...]:
    kind = chance.randrange(9)
    if kind == 0:
        return (Span(9 * HOUR, 12 * HOUR + 30 * MINUTE), Span(13 * HOUR + 30 * MINUTE, 18 * HOUR))
    if kind == 1:
        return (Span(22 * HOUR, 30 * HOUR),)
    if kind == 2:
        return (Span(0, DAY),)
    if kind == 3:
        return (Span(0, 6 * HOUR), Span(22 * HOUR, 24 * HOUR + chance.choice([1, 300, 600, 1260]) * MINUTE))
    if kind == 4:
        return (Span(chance.randint(60, 180) * MINUTE, chance.randint(181, 240) * MINUTE),)
    if kind == 5:
        return ()
    edges = sorted(chance.sample(range(1441), 2 * chance.randint(1, 4)))
    return tuple(Span(low * MINUTE, high * MINUTE) for low, high in zip(edges[::2], edges[1::2], strict=True))


def _holidays(chance: Random, year: int) -> tuple[date, ...]:
    if chance.random() < 0.5:
        return ()
    return country_holidays(chance.choice(COUNTRIES), None, range(year, year + YEARS))


def _day(chance: Random, year: int) -> date:
    return date(year, 1, 1) + timedelta(days=chance.randrange(365 * YEARS))


def _instant(chance: Random, year: int) -> datetime:
    start = datetime(year, 4, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange((365 * YEARS - 180) * 1440))
    if chance.random() < 0.5:
        start += timedelta(microseconds=chance.randrange(MINUTE))
    return start


def _amount(chance: Random, most: int) -> int:
    kind = chance.random()
    if kind < 0.3:
        return chance.randint(1, 16) * HOUR // chance.choice([1, 2, 4])
    if kind < 0.4:
        return chance.choice([1, MINUTE - 1, MINUTE, 90 * MINUTE, 0])
    return chance.randint(1, most // 4 if kind < 0.9 else most)


def _target(chance: Random) -> Target:
    sign = chance.choice([1, 1, 1, 1, -1])
    unit = chance.choices(list(Unit), [60, 18, 8, 8])[0]
    if unit in (Unit.BUSINESS_DAYS, Unit.CALENDAR_DAYS):
        return Target(sign * chance.choice([0, 1, 1, 2, 3, 5, 20]), unit)
    return Target(sign * _amount(chance, 8 * DAY), unit)


def _pause(chance: Random, start: datetime) -> Pause:
    fine = chance.random() < 0.5
    low = start + timedelta(
        minutes=chance.randint(-2_000, 12_000), microseconds=chance.randrange(MINUTE) if fine else 0
    )
    kind = chance.random()
    if kind < 0.05:
        return low, None
    if kind < 0.1:
        return low, low
    length = timedelta(minutes=chance.choice([1, 30, 60, 600, 2_000, 6_000]))
    return low, low + length * chance.random() if fine else low + length


def _absence(chance: Random, year: int) -> tuple[int, int]:
    start = int(
        (datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(365 * YEARS * 1440))).timestamp()
    )
    return start * 1_000_000, start * 1_000_000 + chance.randint(1, 9_000) * MINUTE
