"""BusinessHours and Holiday records of Salesforce, as the API gives them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leadline.common.errors import ContractError
from leadline.rules.business_time import Span, add, from_salesforce
from leadline.rules.business_time.model import DAY, HOUR
from leadline.rules.business_time.salesforce import WEEKDAYS

HOURS: dict[str, Any] = {
    "Id": "01m000000000001AAA",
    "Name": "Support",
    "TimeZoneSidKey": "America/Los_Angeles",
    **{f"{day}{end}": None for day in WEEKDAYS for end in ("StartTime", "EndTime")},
    **{f"{day}StartTime": "09:00:00.000Z" for day in WEEKDAYS[:5]},
    **{f"{day}EndTime": "17:30:00.000Z" for day in WEEKDAYS[:5]},
}
YEARS = range(2026, 2029)


def holiday(**fields: Any) -> dict[str, Any]:
    """Return a Holiday record: a day off on 2026-07-03, unless said otherwise."""
    return {
        "Id": "0C0000000000001AAA",
        "ActivityDate": "2026-07-03",
        "IsAllDay": True,
        "IsRecurrence": False,
        **fields,
    }


def recurring(kind: str, start: str, **fields: Any) -> dict[str, Any]:
    """Return a recurring Holiday record."""
    return holiday(ActivityDate=None, IsRecurrence=True, RecurrenceType=kind, RecurrenceStartDate=start, **fields)


def closed(record: dict[str, Any], years: range = YEARS) -> list[date]:
    """Return the days that one holiday closes."""
    return list(from_salesforce(HOURS, [record], years).closed)


def test_hours_of_a_week() -> None:
    """Times become hours of the named zone; days without times are closed."""
    calendar = from_salesforce(HOURS)
    (period,) = calendar.periods
    assert (calendar.name, calendar.zone) == ("Support", "America/Los_Angeles")
    assert period.week == (*([(Span(9 * HOUR, 17 * HOUR + HOUR // 2),)] * 5), (), ())
    friday = datetime(2026, 7, 18, 0, 0, tzinfo=UTC)  # 17:00 in Los Angeles
    assert add(calendar, friday, timedelta(hours=1)) == datetime(2026, 7, 20, 16, 30, tzinfo=UTC)


def test_midnight_to_midnight_is_the_whole_day() -> None:
    """00:00 to 00:00 is 24 hours; an end at 00:00 is the end of that day."""
    record = {
        **HOURS,
        "SundayStartTime": "00:00:00.000Z",
        "SundayEndTime": "00:00:00.000Z",
        "MondayEndTime": "00:00:00.000Z",
    }
    (period,) = from_salesforce(record).periods
    assert period.week[6] == (Span(0, DAY),)
    assert period.week[0] == (Span(9 * HOUR, DAY),)


def test_a_day_off() -> None:
    """A holiday that does not recur closes its day, in whatever form the API writes the date."""
    assert closed(holiday()) == closed(holiday(ActivityDate="2026-07-03T00:00:00.000+0000")) == [date(2026, 7, 3)]


def test_part_of_a_day_off() -> None:
    """A holiday of some minutes leaves the rest; two on a day take both; a whole one wins."""
    morning = holiday(IsAllDay=False, StartTimeInMinutes=480, EndTimeInMinutes=720)
    late = holiday(IsAllDay=False, StartTimeInMinutes=960, EndTimeInMinutes=0)
    (special,) = from_salesforce(HOURS, [morning, late]).special
    assert (special.day, special.spans) == (date(2026, 7, 3), (Span(12 * HOUR, 16 * HOUR),))
    both = from_salesforce(HOURS, [morning, holiday()])
    assert (both.special, both.closed) == ((), (date(2026, 7, 3),))


@pytest.mark.parametrize(
    ("record", "days"),
    [
        # every March on the 26th
        (recurring("RecursYearly", "2026-01-01", RecurrenceDayOfMonth=26, RecurrenceMonthOfYear="March"),
         ["2026-03-26", "2027-03-26", "2028-03-26"]),
        # a day that only leap years have
        (recurring("RecursYearly", "2026-01-01", RecurrenceDayOfMonth=29, RecurrenceMonthOfYear="February"),
         ["2028-02-29"]),
        # the fourth Thursday of every November
        (recurring("RecursYearlyNth", "2026-01-01", RecurrenceDayOfWeekMask=16, RecurrenceInstance="Fourth",
                   RecurrenceMonthOfYear="November"),
         ["2026-11-26", "2027-11-25", "2028-11-23"]),
        # the last Monday of every May
        (recurring("RecursYearlyNth", "2026-01-01", RecurrenceDayOfWeekMask=2, RecurrenceInstance="Last",
                   RecurrenceMonthOfYear="May"),
         ["2026-05-25", "2027-05-31", "2028-05-29"]),
        # every second month on the third day, until June
        (recurring("RecursMonthly", "2026-01-01", RecurrenceInterval=2, RecurrenceDayOfMonth=3,
                   RecurrenceEndDateOnly="2026-06-30"),
         ["2026-01-03", "2026-03-03", "2026-05-03"]),
        # months without a 31st are left out
        (recurring("RecursMonthly", "2026-01-01", RecurrenceInterval=1, RecurrenceDayOfMonth=31,
                   RecurrenceEndDateOnly="2026-06-30"),
         ["2026-01-31", "2026-03-31", "2026-05-31"]),
        # every second month on the last Friday
        (recurring("RecursMonthlyNth", "2026-01-01", RecurrenceInterval=2, RecurrenceDayOfWeekMask=32,
                   RecurrenceInstance="Last", RecurrenceEndDateOnly="2026-05-31"),
         ["2026-01-30", "2026-03-27", "2026-05-29"]),
        # the first weekday of a month
        (recurring("RecursMonthlyNth", "2026-08-01", RecurrenceInterval=1, RecurrenceDayOfWeekMask=62,
                   RecurrenceInstance="First", RecurrenceEndDateOnly="2026-09-30"),
         ["2026-08-03", "2026-09-01"]),
        # every three weeks on Wednesday and Friday, from a Thursday on
        (recurring("RecursWeekly", "2026-07-16", RecurrenceInterval=3, RecurrenceDayOfWeekMask=8 + 32,
                   RecurrenceEndDateOnly="2026-08-08"),
         ["2026-07-17", "2026-08-05", "2026-08-07"]),
        (recurring("RecursDaily", "2026-12-24", RecurrenceInterval=3, RecurrenceEndDateOnly="2027-01-02"),
         ["2026-12-24", "2026-12-27", "2026-12-30", "2027-01-02"]),
        (recurring("RecursEveryWeekday", "2026-12-24", RecurrenceDayOfWeekMask=62,
                   RecurrenceEndDateOnly="2026-12-28"),
         ["2026-12-24", "2026-12-25", "2026-12-28"]),
        # it began before the years that are asked for
        (recurring("RecursDaily", "2025-12-30", RecurrenceInterval=5, RecurrenceEndDateOnly="2026-01-10"),
         ["2026-01-04", "2026-01-09"]),
    ],
)  # fmt: skip
def test_recurring_holidays(record: dict[str, Any], days: list[str]) -> None:
    """Each documented type of recurrence gives these days."""
    assert [day.isoformat() for day in closed(record)] == days


@pytest.mark.parametrize(
    ("hours", "record", "field"),
    [
        ({"TimeZoneSidKey": "Moon/Base"}, None, "TimeZoneSidKey"),
        ({"Name": None}, None, "Name"),
        ({"MondayStartTime": "soon"}, None, "MondayStartTime"),
        ({"MondayStartTime": None}, None, "MondayEndTime"),
        ({"MondayEndTime": "08:00:00.000Z"}, None, "MondayEndTime"),
        ({}, holiday(ActivityDate=None), "ActivityDate"),
        ({}, holiday(ActivityDate="soon"), "ActivityDate"),
        ({}, holiday(IsAllDay=False), "StartTimeInMinutes"),
        ({}, holiday(IsAllDay=False, StartTimeInMinutes=600, EndTimeInMinutes=500), "EndTimeInMinutes"),
        ({}, recurring("RecursHourly", "2026-01-01"), "RecurrenceType"),
        ({}, holiday(IsRecurrence=True, RecurrenceType="RecursDaily"), "RecurrenceStartDate"),
        ({}, recurring("RecursDaily", "2026-01-01", RecurrenceInterval=0), "RecurrenceInterval"),
        ({}, recurring("RecursEveryWeekday", "2026-01-01", RecurrenceDayOfWeekMask=True), "RecurrenceDayOfWeekMask"),
        ({}, recurring("RecursYearly", "2026-01-01", RecurrenceDayOfMonth=1, RecurrenceMonthOfYear="Mar"),
         "RecurrenceMonthOfYear"),
    ],
)  # fmt: skip
def test_what_salesforce_does_not_document(hours: dict[str, Any], record: dict[str, Any] | None, field: str) -> None:
    """It is refused with object, id and field, without the value."""
    with pytest.raises(ContractError, match=f"000001AAA: `{field}`") as caught:
        from_salesforce({**HOURS, **hours}, [record] if record else [])
    assert "soon" not in str(caught.value)
