"""`leadline due` and `leadline elapsed` as their users call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Leadline

CALENDARS = """\
calendars:
  office: {zone: Europe/Berlin, open: {mon-fri: [09:00-18:00]}, holidays: DE}
  summer: {like: office, until: 2026-07-31}
"""
FROM = "2026-07-18T15:00+02:00"


@pytest.fixture
def calendars(tmp_path: Path) -> Path:
    """A file of two calendars."""
    file = tmp_path / "calendars.yml"
    file.write_text(CALENDARS, encoding="utf-8")
    return file


def test_due_as_text(leadline: Leadline, calendars: Path) -> None:
    """The due instant comes first, in the calendar's zone."""
    said = leadline(
        "due", "--calendar", calendars, "--name", "office", "--from", FROM, "--target", "2 business hours"
    )
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == "Due Mon 2026-07-20 11:00+02:00 Europe/Berlin"


def test_due_as_json(leadline: Leadline, calendars: Path) -> None:
    """Instants are UTC; the local time stands beside; pauses may be several and open-ended."""
    pauses = ["--pause", "2026-07-20T09:00+02:00/2026-07-20T10:00+02:00", "--pause", "2026-07-21T00:00Z/.."]
    question = ["--calendar", calendars, "--name", "office", "--from", FROM, "--target", "2 business hours"]
    said = leadline("due", *question, *pauses, "--json")
    assert said.json == {
        "calendar": "office",
        "zone": "Europe/Berlin",
        "from": "2026-07-18T13:00:00Z",
        "target": "2 business hours",
        "unit": "business time",
        "pauses": [
            {"from": "2026-07-20T07:00:00Z", "to": "2026-07-20T08:00:00Z"},
            {"from": "2026-07-21T00:00:00Z", "to": None},
        ],
        "due": "2026-07-20T10:00:00Z",
        "local": "2026-07-20T12:00:00+02:00",
        "remarks": [],
    }


def test_a_target_that_is_never_reached_ends_with_1(leadline: Leadline, calendars: Path) -> None:
    """The calendar closed for good before; JSON says null."""
    question = ["--calendar", calendars, "--name", "summer", "--from", FROM, "--target", "400 business hours"]
    said = leadline("due", *question)
    assert said.code == 1
    assert said.out.startswith("Never: 400 business hours from Sat 2026-07-18 15:00+02:00")
    said = leadline("due", *question, "--json")
    assert (said.code, said.json["due"], said.json["local"]) == (1, None, None)


def test_remarks_say_what_might_surprise(leadline: Leadline, calendars: Path) -> None:
    """Time on the clock asks no calendar, and holidays are known for some years only."""
    question = ["--calendar", calendars, "--name", "office", "--target"]
    assert "time on the clock" in leadline("due", *question, "2 hours", "--from", FROM).out
    assert "from 2000 to 2060 only" in leadline("due", *question, "2 business hours", "--from", "2061-03-01").out
    assert leadline("due", *question, "1 calendar day", "--from", "9999-12-31T23:00Z").code == 1
    assert leadline("due", *question, "0 hours", "--from", "9999-12-31T23:59Z", "--json").json["local"] is None


def test_elapsed(leadline: Leadline, calendars: Path) -> None:
    """As text in hours and minutes, as JSON exactly."""
    question = ["--calendar", calendars, "--name", "office", "--from", "2026-07-17T17:00:00.5+02:00"]
    question += ["--to", "2026-07-20T10:30+02:00", "--pause", "2026-07-20T09:00+02:00/2026-07-20T09:15+02:00"]
    assert leadline("elapsed", *question).out.startswith("2 h 14 min 59.5 s of business time in office\n")
    found = leadline("elapsed", *question, "--json").json
    assert (found["elapsed"], found["microseconds"]) == ("PT8099.5S", 8_099_500_000)


OFFICE = ["--name", "office"]


@pytest.mark.parametrize(
    ("arguments", "said_part"),
    [
        ([*OFFICE, "--target", "3 days"], "days of what kind"),
        ([*OFFICE, "--target", "1 business hour", "--pause", "2026-01-01"], "FROM/TO"),
        ([*OFFICE, "--target", "1 business hour", "--pause", "2026-01-01/soon"], "ISO 8601"),
        ([*OFFICE, "--target", "1 business hour", "--pause", "2026-01-02/2026-01-01"], "ends before it begins"),
        ([*OFFICE, "--target", "1 business hour", "--from", "soon"], "ISO 8601"),
        (OFFICE, "--target"),
        (["--name", "offfice", "--target", "1 business hour"], "did you mean `office`?"),
        (["--target", "1 business hour"], "one of `office`, `summer`"),
    ],
)
def test_wrong_questions(leadline: Leadline, calendars: Path, arguments: list[str], said_part: str) -> None:
    """They end with 2 and say what to write."""
    said = leadline("due", "--calendar", calendars, "--from", FROM, *arguments)
    assert (said.code, said.out) == (2, "")
    assert said_part in said.err


def test_wrong_files(leadline: Leadline, tmp_path: Path) -> None:
    """A file that is not there, a folder, and mistakes in a calendar, placed."""
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("calendars:\n  a: {zone: Mars}\n", encoding="utf-8")
    question = ["--from", FROM, "--target", "1 business hour", "--json"]
    said = leadline("due", "--calendar", wrong, *question)
    assert said.code == 1
    assert [(one["line"], one["column"]) for one in said.json["problems"]] == [(2, 3), (2, 13)]
    assert "cannot be read" in leadline("due", "--calendar", tmp_path / "none.yml", *question).err
    assert leadline("due", "--calendar", tmp_path, *question).code == 2
