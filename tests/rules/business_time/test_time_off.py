"""Time off: the table it is read from, and what it takes out of a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from leadline.common.errors import BookError
from leadline.rules.business_time import Calendar, Period, Span, Special, elapsed, is_open, read_time_off, without
from leadline.rules.business_time.model import DAY, HOUR
from leadline.rules.business_time.timeoff import DaysOff, HoursOff

NIGHTS = Calendar(
    "nights",
    "Europe/Berlin",
    (Period(((Span(22 * HOUR, 30 * HOUR),),) * 7),),
    special=(Special(date(2026, 7, 18), (Span(0, DAY),)),),
)


def test_a_table_of_time_off() -> None:
    """Columns stand in any order, other columns and empty lines are passed over, owners keep their rows' order."""
    text = (
        b"\xef\xbb\xbfuntil,Owner,note,from\n2026-07-24,ann,x,2026-07-20\n\n2026-07-27T12:00,ann,,2026-07-27T09:00\n"
    )
    assert read_time_off("pto.csv", text) == {
        "ann": (
            DaysOff(date(2026, 7, 20), date(2026, 7, 24)),
            HoursOff(datetime(2026, 7, 27, 9), datetime(2026, 7, 27, 12)),  # noqa: DTZ001
        )
    }


def test_days_off_take_the_shifts_that_begin_on_them() -> None:
    """The night into the first day stays, the night out of the last day goes, and special hours go too."""
    off = without(NIGHTS, [DaysOff(date(2026, 7, 17), date(2026, 7, 18))])
    assert is_open(off, datetime(2026, 7, 17, 1, tzinfo=UTC))
    assert not is_open(off, datetime(2026, 7, 17, 21, tzinfo=UTC))
    assert not is_open(off, datetime(2026, 7, 18, 12, tzinfo=UTC))
    assert not is_open(off, datetime(2026, 7, 19, 1, tzinfo=UTC))
    assert is_open(off, datetime(2026, 7, 19, 20, tzinfo=UTC))


def test_hours_off_take_just_that_time() -> None:
    """Moments without a zone are the calendar's wall time; several that overlap count once."""
    hours = [
        HoursOff(datetime(2026, 7, 16, 23), datetime(2026, 7, 17, 1)),  # noqa: DTZ001
        HoursOff(datetime(2026, 7, 16, 22, tzinfo=UTC), datetime(2026, 7, 17, 0, tzinfo=UTC)),
    ]
    night = datetime(2026, 7, 16, 20, tzinfo=UTC), datetime(2026, 7, 17, 4, tzinfo=UTC)
    assert elapsed(without(NIGHTS, hours), *night) == timedelta(hours=8 - 3)
    assert elapsed(without(without(NIGHTS, hours[:1]), hours[1:]), *night) == timedelta(hours=8 - 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "pto.csv: the table is empty"),
        (b"who,from,until\n", "pto.csv:1:1: the heading names `owner` once"),
        (b"owner,from,from,until\n", "pto.csv:1:1: the heading names `from` once"),
        (b"owner,from,until\nann,2026-07-20\n", "pto.csv:2:1: a row has an owner"),
        (b"owner,from,until\nann,,2026-07-20\n", "pto.csv:2:1: a row has an owner"),
        (b"owner,from,until\nann,2026-07-20,2026-07-32\n", "pto.csv:2:1: no day and no moment"),
        (b"owner,from,until\nann,2026-07-20,soon\n", "pto.csv:2:1: no day and no moment"),
        (b"owner,from,until\nann,2026-07-20,2026-07-19\n", "pto.csv:2:1: `until` lies before `from`"),
        (b"owner,from,until\nann,2026-07-20,2126-07-19\n", "more than ten years after it"),
        (b"owner,from,until\nann,1826-07-20,1826-07-21\n", "1900 to 2199"),
        (b"owner,from,until\nann,2026-07-20,2026-07-20T12:00\n", "written in different ways"),
        (b"owner,from,until\nann,2026-07-20T09:00Z,2026-07-20T12:00\n", "written in different ways"),
        (b'owner,from,until\n"ann,2026-07-20,2026-07-19\n', "pto.csv:2:1: not a CSV table"),
        (b"owner,from,until\n\xff,2026-07-20,2026-07-19\n", "pto.csv:2:1: this line is not UTF-8"),
    ],
)  # fmt: skip
def test_mistakes_have_a_line(text: bytes, said: str) -> None:
    """What cannot be read is told with its line, and without the owner's name."""
    with pytest.raises(BookError) as caught:
        read_time_off("pto.csv", text)
    assert said in str(caught.value)
    assert "ann" not in str(caught.value)
