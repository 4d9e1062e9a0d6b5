"""`leadline calendars import`: Salesforce's business hours as a section that a book reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadline.cli import run
from leadline.rules.business_time import from_salesforce, read_calendars
from leadline.rules.business_time.model import HOUR
from leadline.rules.business_time.salesforce import WEEKDAYS

HOURS = {
    "Id": "01m000000000001AAA",
    "Name": "Support: EMEA",
    "IsActive": True,
    "TimeZoneSidKey": "Europe/Berlin",
    **{f"{day}{end}": None for day in WEEKDAYS for end in ("StartTime", "EndTime")},
    **{f"{day}StartTime": "09:00:00.000Z" for day in WEEKDAYS[:5]},
    **{f"{day}EndTime": "17:30:00.000Z" for day in WEEKDAYS[:5]},
    "SaturdayStartTime": "00:00:00.000Z",
    "SaturdayEndTime": "00:00:00.000Z",
}
DAY_OFF = {"Id": "0C01", "ActivityDate": "2026-07-03", "IsAllDay": True, "IsRecurrence": False}
MORNING = {**DAY_OFF, "ActivityDate": "2026-12-24", "IsAllDay": False, "StartTimeInMinutes": 720,
           "EndTimeInMinutes": 1440}  # fmt: skip
ALL_OPEN_HOURS = {**MORNING, "ActivityDate": "2026-12-23", "StartTimeInMinutes": 0}
HOLIDAYS = [DAY_OFF, MORNING, ALL_OPEN_HOURS]


def test_what_is_imported_is_the_calendar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The section reads back as the same hours, days off and half days."""
    file = tmp_path / "hours.json"
    file.write_text(json.dumps({"BusinessHours": [HOURS, {**HOURS, "IsActive": False}], "Holiday": HOLIDAYS}))
    out = tmp_path / "calendars.yml"
    assert run(["calendars", "import", str(file), "-o", str(out)]) == 0
    (found,) = read_calendars("calendars.yml", out.read_bytes()).values()
    meant = from_salesforce(HOURS, HOLIDAYS, range(2020, 2036))
    assert (found.name, found.zone, found.periods[0].week) == (meant.name, meant.zone, meant.periods[0].week)
    assert {*map(str, found.closed)} == {"2026-07-03", "2026-12-23"}
    ((start, end),) = [(span.start, span.end) for item in found.special for span in item.spans]
    assert (start, end) == (9 * HOUR, 12 * HOUR)
    capsys.readouterr()
    assert run(["calendars", "import", str(file), "--no-holidays", "--json"]) == 0
    assert "closed" not in json.loads(capsys.readouterr().out)["yaml"]
    assert run(["calendars", "import", str(file), "-o", str(out)]) == 2, "a file that is there stays"


@pytest.mark.parametrize("text", ["[]", "{", '{"BusinessHours": 3}', '{"Holiday": []}'])
def test_another_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """What is expected is said, without a traceback."""
    file = tmp_path / "hours.json"
    file.write_text(text)
    assert run(["calendars", "import", str(file)]) == 2
    assert "BusinessHours" in capsys.readouterr().err
    assert run(["calendars", "import", str(tmp_path / "no.json"), "--years", "x"]) == 2
