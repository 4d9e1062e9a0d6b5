"""The job that is killed: apply one plan of consequences, as a run does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import tenacity

from leadline.sync.apply import Patience
from leadline.sync.config import load_config
from leadline.sync.cycle import open_setting, open_writers
from leadline.sync.plan import load_plan
from tests.crash.dying import Points
from tests.sync.consequences.staging import WALL, apply


def run(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Apply ``plan`` in ``home``; die at point ``last`` (0: live). Return the points passed and the report's word."""
    points = Points(given["last"])
    with open_setting(load_config(given["home"]), lambda: WALL) as setting:
        patient = replace(setting, patience=Patience(attempts=3, wait=tenacity.wait_none()))
        points.watch()
        with open_writers(load_config(given["home"])) as writers:
            report = apply(patient, writers, load_plan(Path(given["plan"])))
    return {"points": points.passed, "ok": report.ok, "effects": dict(report.effects)}
