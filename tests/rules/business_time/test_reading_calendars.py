"""Calendars read from YAML: what they mean, and where each mistake stands."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from leadline.common.errors import BookError
from leadline.rules.business_time import Calendar, Span, add, calendar_from_json, calendar_to_json, read_calendars
from leadline.rules.business_time import country as countries
from leadline.rules.business_time.model import HOUR, MINUTE

OFFICE = "office: {zone: Europe/Berlin, open: {mon-fri: [09:00-18:00]}}"


def calendars(*lines: str) -> dict[str, Calendar]:
    """Read calendars, one a line."""
    return read_calendars("c.yml", ("calendars:\n" + "".join(f"  {line}\n" for line in lines)).encode())


def problems(*lines: str) -> list[str]:
    """Return what is said of wrong calendars."""
    with pytest.raises(BookError) as caught:
        calendars(*lines)
    return [str(problem) for problem in caught.value.problems]


def test_days_are_named_one_by_one_in_ranges_and_around_the_week() -> None:
    """``fri-mon`` goes over Sunday, ``tue, thu`` names two, and what is not named is closed."""
    week = calendars("a: {zone: UTC, open: {fri-mon: 10:00-11:00, 'tue, thu': [08:00-09:00]}}")["a"].periods[0].week
    ten, eight = (Span(10 * HOUR, 11 * HOUR),), (Span(8 * HOUR, 9 * HOUR),)
    assert week == (ten, eight, (), eight, ten, ten, ten)


def test_hours_are_sorted_and_may_end_the_next_day() -> None:
    """The order of writing does not matter; an end before the start is the next day's, 24:00 this day's."""
    spans = calendars("a: {zone: UTC, open: {mon: [22:00-06:30, 08:00:30-12:00, 13:00 – 14:00]}}")["a"].periods[0]
    assert spans.week[0] == (
        Span(8 * HOUR + 30_000_000, 12 * HOUR), Span(13 * HOUR, 14 * HOUR), Span(22 * HOUR, 30 * HOUR + 30 * MINUTE),
    )  # fmt: skip


def test_norway_is_a_country() -> None:
    """``NO`` is not false: the 17th of May is a holiday."""
    assert (
        date(2026, 5, 17)
        in calendars("a: {zone: UTC, open: {mon: 9:00-10:00}, holidays: NO}")["a"].periods[0].holidays
    )


def test_several_countries_and_a_region() -> None:
    """A list adds up: Epiphany of Bavaria and the 4th of July."""
    read = calendars("a: {zone: UTC, open: {mon: 9:00-10:00}, holidays: [{country: DE, region: BY}, US]}")
    assert {date(2027, 1, 6), date(2028, 7, 4)} <= set(read["a"].periods[0].holidays)
    assert read["a"].holiday_years == (2000, 2060)


def test_a_calendar_takes_what_it_does_not_say_from_the_one_it_is_like() -> None:
    """Days of the week and odd days are added one by one; ``holidays`` as a whole; also over two steps."""
    read = calendars(
        "third: {like: second, special: {2026-12-24: [09:00-12:00]}}",
        "second: {like: first, open: {fri: closed}, holidays: none, closed: [2026-12-31]}",
        "first: {zone: Asia/Tokyo, open: {mon-fri: 9:00-18:00}, holidays: JP, closed: 2026-12-24, from: 2026-01-05}",
    )
    third = read["third"]
    assert third.zone == "Asia/Tokyo"
    assert [len(day) for day in third.periods[0].week] == [1, 1, 1, 1, 0, 0, 0]
    assert (third.periods[0].holidays, third.first) == ((), date(2026, 1, 5))
    assert third.closed == (date(2026, 12, 31),)
    assert [special.day for special in third.special] == [date(2026, 12, 24)]
    assert read["first"].periods[0].holidays


def test_the_last_change_that_covers_a_day_holds() -> None:
    """Changes name only the days that they change; each is a period of its own."""
    read = calendars(
        OFFICE, "b: {like: office, changes: [{from: 2026-08-01, open: {fri: 09:00-12:00}, holidays: DE}]}"
    )
    base, change = read["b"].periods
    assert change.week[:4] == base.week[:4]
    assert (change.first, change.last, len(base.holidays), len(change.holidays) > 400) == (
        date(2026, 8, 1),
        None,
        0,
        True,
    )


def test_the_name_and_the_order_of_keys_mean_nothing() -> None:
    """Equal meanings have equal digests; a minute more has another."""
    read = calendars(
        OFFICE,
        "other: {open: {mon: 09:00-18:00, tue-fri: [09:00-18:00]}, zone: Europe/Berlin}",
        "later: {zone: Europe/Berlin, open: {mon-fri: 09:00-18:01}}",
    )
    assert read["office"].digest == read["other"].digest != read["later"].digest


def test_a_later_version_of_the_holidays_package_changes_nothing_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holidays are dates in the stored calendar; nothing asks for the country again."""
    text = "a: {zone: Europe/Berlin, open: {mon-fri: 09:00-18:00}, holidays: DE}"
    stored = calendar_to_json(calendars(text)["a"])
    start = datetime(2026, 4, 30, 15, tzinfo=UTC)
    before = add(calendar_from_json(stored), start, timedelta(hours=2))
    monkeypatch.setattr(countries, "country_holidays", lambda *_: ())
    assert calendars(text)["a"].periods[0].holidays == ()
    assert add(calendar_from_json(stored), start, timedelta(hours=2)) == before
    assert before is not None
    assert before.date() == date(2026, 5, 4)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a: {zone: Europe/Berln, open: {mon: 09:00-10:00}}", "c.yml:2:13: there is no time zone `Europe/Berln`"),
        ("a: {zone: localtime, open: {mon: 09:00-10:00}}", "c.yml:2:13: there is no time zone `localtime`"),
        ("a: {open: {mon: 09:00-10:00}}", "c.yml:2:3: the calendar `a` needs `zone`"),
        ("a: {zone: UTC}", "c.yml:2:3: the calendar `a` needs `open`"),
        ("a: 5", "c.yml:2:6: the calendar `a` is a mapping"),
        ("a: {zone: UTC, opn: 1, open: {mon: closed}}", "c.yml:2:18: the calendar `a` has no key `opn` (did you"),
        ("a: {zone: UTC, open: [mon]}", "c.yml:2:24: `open` is a mapping of weekdays"),
        ("a: {zone: UTC, open: {mo: 09:00-10:00}}", "c.yml:2:25: `mo` names no weekdays (did you mean `mon`?)"),
        ("a: {zone: UTC, open: {mon-tue-wed: closed}}", "two days at most"),
        ("a: {zone: UTC, open: {mon-wed: closed, tue: closed}}", "c.yml:2:42: `tue` stands twice in `open`"),
        ("a: {zone: UTC, open: {mon: 9-17}}", "c.yml:2:30: opening hours are written 09:00-17:30"),
        ("a: {zone: UTC, open: {mon: [09:00-25:00]}}", "c.yml:2:31: `09:00-25:00` is no time of day"),
        ("a: {zone: UTC, open: {mon: [09:60-10:00]}}", "is no time of day"),
        ("a: {zone: UTC, open: {mon: [24:00-24:00]}}", "is no time of day"),
        ("a: {zone: UTC, open: {mon: [09:00-09:00]}}", "begins when it ends (write 00:00-24:00 for a whole day"),
        ("a: {zone: UTC, open: {mon: [09:00-12:00, 11:00-13:00]}}", "c.yml:2:44: these opening hours overlap"),
        ("a: {zone: UTC, open: {mon: [22:00-06:00, 23:00-23:30]}}", "overlap"),
        ("a: {zone: UTC, open: {mon: closed}, holidays: ZZ}", "c.yml:2:49: no holidays are known of a country `ZZ`"),
        ("a: {zone: UTC, open: {mon: closed}, holidays: {country: DE, region: XX}}", "`region` of DE: there is no"),
        ("a: {zone: UTC, open: {mon: closed}, holidays: {region: BE}}", "needs `country`"),
        ("a: {zone: UTC, open: {mon: closed}, holidays: {country: [DE]}}", "the country of `holidays` is a text"),
        ("a: {zone: UTC, open: {mon: closed}, closed: [2026-02-30]}", "c.yml:2:48: `closed`: there is no day"),
        ("a: {zone: UTC, open: {mon: closed}, closed: 2300-01-01}", "1900 to 2199"),
        ("a: {zone: UTC, open: {mon: closed}, closed: soon}", "`closed` is a day such as 2026-12-24"),
        ("a: {zone: UTC, open: {mon: closed}, special: [2026-01-01]}", "`special` is a mapping of days"),
        ("a: {zone: UTC, open: {mon: closed}, closed: 2026-01-01, special: {2026-01-01: closed}}", "is closed"),
        ("a: {zone: UTC, open: {mon: closed}, from: 2026-02-01, until: 2026-01-01}", "`until` is the last day"),
        ("a: {zone: UTC, open: {mon: closed}, changes: [{open: {mon: closed}}]}", "a change needs a day"),
        ("a: {zone: UTC, open: {mon: closed}, changes: [{from: 2026-01-01}]}", "this changes nothing"),
        ("a: {zone: UTC, open: {mon: closed}, changes: [soon]}", "a change is a mapping"),
        ("a: {like: b}", "c.yml:2:13: there is no calendar `b`"),
        ("a: {like: a}", "c.yml:2:3: this calendar is like itself: a -> a"),
        ("{}", "`calendars` is empty"),
    ],
)  # fmt: skip
def test_mistakes_have_a_place_and_advice(line: str, said: str) -> None:
    """One mistake gives one message."""
    (problem,) = problems(line)
    assert said in problem


def test_all_mistakes_come_at_once() -> None:
    """Mistakes of several calendars are told together, in file order."""
    told = problems("a: {zone: Mars, open: {mon: closed}}", "b: {like: c}", "c: {like: b}")
    assert [problem.split(": ")[0] for problem in told] == ["c.yml:2:13", "c.yml:3:3", "c.yml:4:3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"calender: {}", "c.yml:1:1: there is no section `calendars` here (did you mean `calender`?)"),
        (b"- a", "a file of calendars is a mapping"),
        (b"calendars: [a]", "`calendars` is a mapping"),
        (b"calendars: {a: &x {zone: UTC}}", "anchors"),
        (b"\xff", "UTF-8"),
    ],
)
def test_files_that_hold_no_calendars(text: bytes, said: str) -> None:
    """They are refused with a place."""
    with pytest.raises(BookError) as caught:
        read_calendars("c.yml", text)
    assert said in str(caught.value)


def test_other_sections_are_left_alone() -> None:
    """A rule book's file can be given as it is."""
    assert list(read_calendars("rules.yml", f"leadline: 1\ncalendars:\n  {OFFICE}\nslas: {{}}\n".encode())) == [
        "office"
    ]
