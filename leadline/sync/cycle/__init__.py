"""One cycle and its parts, as the command line's verbs run them."""

from leadline.sync.cycle.events import CycleEvent, Ended, Evaluating, Planned, Pulled, Pulling
from leadline.sync.cycle.results import AppliedResult, PlannedResult, PulledResult, SyncResult
from leadline.sync.cycle.running import make_plan, run_apply, run_pull, run_sync
from leadline.sync.cycle.setting import Setting, open_readers, open_setting, open_writers
from leadline.sync.cycle.work import bounds_of

__all__ = [
    "AppliedResult",
    "CycleEvent",
    "Ended",
    "Evaluating",
    "Planned",
    "PlannedResult",
    "Pulled",
    "PulledResult",
    "Pulling",
    "Setting",
    "SyncResult",
    "bounds_of",
    "make_plan",
    "open_readers",
    "open_setting",
    "open_writers",
    "run_apply",
    "run_pull",
    "run_sync",
]
