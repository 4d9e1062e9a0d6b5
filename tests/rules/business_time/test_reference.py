"""Every table of the reference of business time is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from leadline.rules.business_time import (
    Calendar,
    Pause,
    add,
    elapsed,
    is_open,
    next_opening,
    parse_target,
    read_calendars,
    read_time_off,
    without,
)
from leadline.terminal.business_time import length_text

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "business-time.md"
TEXT = PAGE.read_text(encoding="utf-8")
Row = dict[str, str]


def block(language: str) -> bytes:
    """Return the first fenced block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1].encode()


CALENDARS = read_calendars("business-time.md", block("yaml"))
TIME_OFF = read_time_off("business-time.md", block("csv"))


def rows(*heading: str) -> Iterator[pytest.ParameterSet]:
    """Yield the rows of all tables with just this heading."""
    lines = TEXT.splitlines()
    for number, line in enumerate(lines):
        if cells(line) != list(heading):
            continue
        for below, row in enumerate(lines[number + 2 :], start=number + 3):
            if not row.startswith("|"):
                break
            yield pytest.param(dict(zip(heading, cells(row), strict=True)), id=f"line {below}")


def cells(line: str) -> list[str]:
    """Return the cells of a line of a Markdown table."""
    return [cell.strip() for cell in line.strip("|").split("|")]


def at(text: str, calendar: Calendar) -> datetime:
    """Read ``Sun 2026-10-25 02:30+01:00``; the weekday must be right, and without an offset the time unambiguous."""
    weekday, written = text.split(" ", 1)
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(calendar.zone))
        assert moment.utcoffset() == moment.replace(fold=1).utcoffset(), "this time comes twice or never"
    assert f"{moment:%a}" == weekday
    return moment.astimezone(UTC)


def expected(text: str, calendar: Calendar) -> datetime | None:
    """Read a result."""
    return None if text == "never" else at(text, calendar)


def pauses(text: str, calendar: Calendar) -> list[Pause]:
    """Read ``from / to, from / ..``."""
    pairs = [pair.split(" / ") for pair in text.split(", ")] if text else []
    return [(at(low, calendar), None if high == ".." else at(high, calendar)) for low, high in pairs]


@pytest.mark.parametrize("row", list(rows("calendar", "at", "open", "next opening")))
def test_open(row: Row) -> None:
    """Open or not, and when next."""
    calendar = CALENDARS[row["calendar"]]
    moment = at(row["at"], calendar)
    assert is_open(calendar, moment) is {"yes": True, "no": False}[row["open"]]
    assert next_opening(calendar, moment) == expected(row["next opening"], calendar)


@pytest.mark.parametrize("row", list(rows("calendar", "from", "target", "due")))
def test_due(row: Row) -> None:
    """A due instant without pauses."""
    calendar = CALENDARS[row["calendar"]]
    due = add(calendar, at(row["from"], calendar), parse_target(row["target"]))
    assert due == expected(row["due"], calendar)


@pytest.mark.parametrize("row", list(rows("calendar", "from", "target", "pauses", "due")))
def test_due_with_pauses(row: Row) -> None:
    """A due instant with pauses."""
    calendar = CALENDARS[row["calendar"]]
    away = pauses(row["pauses"], calendar)
    due = add(calendar, at(row["from"], calendar), parse_target(row["target"]), away)
    assert due == expected(row["due"], calendar)


@pytest.mark.parametrize("row", list(rows("calendar", "from", "to", "pauses", "elapsed")))
def test_elapsed(row: Row) -> None:
    """Business time between two instants."""
    calendar = CALENDARS[row["calendar"]]
    start, end = at(row["from"], calendar), at(row["to"], calendar)
    assert length_text(elapsed(calendar, start, end, pauses(row["pauses"], calendar))) == row["elapsed"]


@pytest.mark.parametrize("row", list(rows("owner", "calendar", "from", "target", "due")))
def test_time_off(row: Row) -> None:
    """A due instant of an owner who is away."""
    calendar = without(CALENDARS[row["calendar"]], TIME_OFF[row["owner"]])
    due = add(calendar, at(row["from"], calendar), parse_target(row["target"]))
    assert due == expected(row["due"], calendar)


def test_no_table_of_times_is_left_out() -> None:
    """Each table with a due, elapsed or open column is one of those above."""
    known = sum(
        len(list(rows(*heading)))
        for heading in (
            ("calendar", "at", "open", "next opening"),
            ("calendar", "from", "target", "due"),
            ("calendar", "from", "target", "pauses", "due"),
            ("calendar", "from", "to", "pauses", "elapsed"),
            ("owner", "calendar", "from", "target", "due"),
        )
    )
    dated = [line for line in TEXT.splitlines() if re.search(r"^\|.*[A-Z][a-z]{2} \d{4}-\d{2}-\d{2} ", line)]
    assert known == len(dated) > 60


def test_leadangels_published_example() -> None:
    """Wednesday 15:00 + 10 hours of 10-18 is Thursday 17:00; Saturday 15:00 + 2 hours of 9-18 is Monday 11:00."""
    zone = ZoneInfo("Europe/Berlin")
    late, early = CALENDARS["ten to six"], CALENDARS["office"]
    wednesday, saturday = datetime(2026, 7, 15, 15, tzinfo=zone), datetime(2026, 7, 18, 15, tzinfo=zone)
    assert add(late, wednesday, timedelta(hours=10)) == datetime(2026, 7, 16, 17, tzinfo=zone)
    assert add(early, saturday, timedelta(hours=2)) == datetime(2026, 7, 20, 11, tzinfo=zone)
