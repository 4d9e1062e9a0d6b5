"""Comparisons of books tell calendars and SLAs apart, in words and each difference once."""

from __future__ import annotations

import pytest

from leadline.rules.diffing import differences
from leadline.rules.reading import read_book

RULES = """leadline: 1
name: promises
fields: {status: {type: text}, country: {type: text}}
activities: {demo: {}}
stages:
  inquiry: {kind: inventory}
  mql: {kind: sla, enter: {activity: demo}}
  sal: {kind: gate, enter: {status: Accepted}}
  late: {kind: detour}
paths: [inquiry -> mql -> sal, {from: late, to: sal}]
calendars:
  office: {zone: UTC, open: {mon-fri: [09:00-17:00]}, holidays: DE, closed: [2026-12-24], for: Germany}
  shift: {zone: UTC, open: {mon: [22:00-06:00]}}
slas:
  accept: {from: {enters: mql}, target: 2 business hours, calendar: office, ladder: {at: 50%, do: {notify: owner}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "zone: UTC, open: {mon-fri",
            "zone: Europe/Berlin, open: {mon-fri",
            "calendar office: zone is Europe/Berlin",
        ),
        ("{mon: [22:00-06:00]}", "{mon: [22:00-05:30]}", "shift: open mon 22:00-05:30 instead of mon 22:00-06:00"),
        ("holidays: DE", "holidays: none", "calendar office: holidays: leaves out 2000-01-01, "),
        ("[2026-12-24]", "[2026-12-24, 2026-12-31]", "calendar office: closed: adds 2026-12-31"),
        ("for: Germany", "for: Norway", "calendar of norway is office instead of none"),
        ("for: Germany", "until: 2030-01-01, for: Germany", "opens until 2030-01-01 instead of ever"),
        (
            "for: Germany",
            "special: {2026-12-31: [09:00-12:00]}, for: Germany",
            "on 2026-12-31 09:00-12:00 instead of as",
        ),
        ("  shift: {zone: UTC, open: {mon: [22:00-06:00]}}\n", "", "calendar shift is gone"),
        ("2 business hours", "4 business hours", "SLA accept: targets: adds 4 business hours"),
        ("at: 50%", "at: 60%", "SLA accept: ladder: adds {at: 60%"),
        ("calendar: office", "calendar: {by: country, otherwise: office}", "SLA accept: calendar: by is now country"),
        ("calendar: office,", "calendar: office, pause: {status: On Hold},", "pause is now {status: On Hold}"),
        ("do: {notify: owner}", "do: {move: late}", "path mql -> late is new: when {sla: {accept: reached 50%}}"),
    ],
)
def test_each_difference_has_words(old: str, new: str, told: str) -> None:
    """What changed stands in one of the sentences, and in both directions there is one."""
    assert old in RULES
    before, after = (read_book({"rules.yml": text.encode()}) for text in (RULES, RULES.replace(old, new)))
    said = [item.text for item in differences(before, after)]
    assert any(told in text for text in said), said
    assert differences(after, before)
    assert before.hash != after.hash
