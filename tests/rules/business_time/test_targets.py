"""Targets as they are written."""

from __future__ import annotations

import pytest

from leadline.rules.business_time import Target, Unit, parse_target
from leadline.rules.business_time.model import HOUR, MINUTE


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("8 business hours", Target(8 * HOUR)),
        (" 1.5 Business Hours ", Target(HOUR + HOUR // 2)),
        ("90 business min", Target(90 * MINUTE)),
        ("-2 business h", Target(-2 * HOUR)),
        ("0 business minutes", Target(0)),
        ("30 minutes", Target(30 * MINUTE, Unit.CLOCK_TIME)),
        ("4h", Target(4 * HOUR, Unit.CLOCK_TIME)),
        ("2 business days", Target(2, Unit.BUSINESS_DAYS)),
        ("1 calendar day", Target(1, Unit.CALENDAR_DAYS)),
        ("2.0 calendar days", Target(2, Unit.CALENDAR_DAYS)),
    ],
)
def test_targets(text: str, target: Target) -> None:
    """Each means this."""
    assert parse_target(text) == target


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no target"),
        ("soon", "no target"),
        ("8", "no target"),
        ("8 business weeks", "no target"),
        ("eight business hours", "no target"),
        ("3 days", "days of what kind"),
        ("1.5 business days", "are whole"),
        ("3 calendar hours", "only days"),
        ("2000000 business hours", "at most"),
        ("0.000000001 hours", "microsecond"),
    ],
)
def test_what_is_no_target(text: str, said: str) -> None:
    """It is refused with advice."""
    with pytest.raises(ValueError, match=said):
        parse_target(text)
