"""Business time: calendars, and when a target is reached in them. Pure: no clock and no files.

``docs/reference/business-time.md`` says what every answer means.
"""

from leadline.rules.business_time.arithmetic import add, elapsed, is_open, next_opening
from leadline.rules.business_time.many import NEVER, due_many
from leadline.rules.business_time.model import Calendar, Pause, Period, Span, Special, Target, Unit
from leadline.rules.business_time.targets import parse_target

__all__ = [
    "NEVER",
    "Calendar",
    "Pause",
    "Period",
    "Span",
    "Special",
    "Target",
    "Unit",
    "add",
    "due_many",
    "elapsed",
    "is_open",
    "next_opening",
    "parse_target",
]
