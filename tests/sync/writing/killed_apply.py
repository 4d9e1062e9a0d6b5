"""Apply in a process of its own, and die by SIGKILL at a named step of the journal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadline.sync.apply import ReadingBack, Writing
from leadline.sync.config import load_config
from leadline.sync.cycle import CycleEvent, open_setting, open_writers, run_apply
from leadline.sync.journal import Journal
from leadline.sync.plan import load_plan

BEFORE, AFTER = "before", "after"
STEPS: dict[str, tuple[str, str, int]] = {
    # step -> (method of the journal, when, which call)
    "journalled": ("open", AFTER, 1),
    "claimed": ("claim", AFTER, 1),
    "answered": ("settle", BEFORE, 1),
    "between the two steps": ("claim", BEFORE, 2),
    "claimed the second step": ("claim", AFTER, 2),
}


def die(*_: object) -> None:
    """End as a power cut would: nothing runs after this."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(step: str) -> Callable[[CycleEvent], None]:
    """Make this process die at ``step``; returns a listener for steps that are events."""
    if step == "reading back":
        return lambda event: die() if isinstance(event, ReadingBack) else None
    if step == "second CRM written":
        return lambda event: die() if isinstance(event, Writing) and event.crm == "salesforce" else None
    name, when, which = STEPS[step]
    original = getattr(Journal, name)
    calls = 0

    def dying(self: Journal, *given: Any, **more: Any) -> Any:
        nonlocal calls
        if name == "settle" and not any(result.status == "done" for result in given[0]):
            return original(self, *given, **more)
        calls += 1
        if calls == which and when == BEFORE:
            die()
        result = original(self, *given, **more)
        if calls == which and when == AFTER:
            die()
        return result

    setattr(Journal, name, dying)
    return lambda _: None


def apply(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Apply the plan in ``home`` with ``environment``, dying at ``step``; a job of ``Forker``."""
    tell = arm(given["step"])
    config = load_config(given["home"], given["environment"])
    clock = datetime(2026, 11, 1, tzinfo=UTC)
    with open_setting(config, lambda: clock, tell) as setting, open_writers(config) as writers:
        run_apply(setting, writers, load_plan(Path(given["home"]) / "plan.json"))
    return {}
