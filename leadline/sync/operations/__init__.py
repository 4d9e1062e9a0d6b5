"""What an operator looks at and mends beside the cycles: past runs, and values that a CRM refused."""

from leadline.sync.operations.parked import ParkedValue, parked_values, release_parked
from leadline.sync.operations.parked_actions import (
    ParkedAction,
    actions_behind,
    parked_actions,
    release_actions,
    withdrawn_actions,
)
from leadline.sync.operations.runs import RunRecord, last_heard, recent_runs

__all__ = [
    "ParkedAction",
    "ParkedValue",
    "RunRecord",
    "actions_behind",
    "last_heard",
    "parked_actions",
    "parked_values",
    "recent_runs",
    "release_actions",
    "release_parked",
    "withdrawn_actions",
]
