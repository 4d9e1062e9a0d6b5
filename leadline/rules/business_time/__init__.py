"""Business time: calendars, and when a target is reached in them. Pure: no clock and no files.

``docs/reference/business-time.md`` says what every answer means.
"""

from leadline.rules.business_time.arithmetic import add, elapsed, is_open, next_opening
from leadline.rules.business_time.many import NEVER, due_many
from leadline.rules.business_time.model import Calendar, Pause, Period, Span, Special, Target, Unit
from leadline.rules.business_time.reading import read_calendars
from leadline.rules.business_time.salesforce import from_salesforce
from leadline.rules.business_time.storing import calendar_from_json, calendar_to_json, pinned
from leadline.rules.business_time.targets import parse_target
from leadline.rules.business_time.timeoff import read_time_off, without

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
    "calendar_from_json",
    "calendar_to_json",
    "due_many",
    "elapsed",
    "from_salesforce",
    "is_open",
    "next_opening",
    "parse_target",
    "pinned",
    "read_calendars",
    "read_time_off",
    "without",
]
