"""The report for people and for machines."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

from rich.console import Console

from leadline.rules.state import StageDate
from leadline.sync.reporting import Lifecycle, Pass, Standing, Stay, summarise
from leadline.terminal.report import render_report, report_data

AT = datetime(2026, 6, 30, 16, tzinfo=UTC)
STAGES = Lifecycle(["inquiry", "mql"], ("inquiry", "mql"))
DAY = timedelta(days=1)


def test_times_are_seconds_for_machines() -> None:
    """A report is JSON: spans are whole seconds, and what was never measured is null."""
    entered = {"inquiry": StageDate(AT - 2 * DAY), "mql": StageDate(AT - DAY)}
    report = summarise(
        STAGES,
        AT,
        [Standing("p-1", "mql", AT - DAY, "Web")],
        [Pass("p-1", 1, entered)],
        [Stay("inquiry", AT - 2 * DAY, AT - DAY)],
        with_source=True,
    )
    data = json.loads(json.dumps(report_data(report)))
    inquiry, mql = data["stages"]
    assert (inquiry["stock"], inquiry["median_stay_seconds"], inquiry["median_age_seconds"]) == (0, 86_400, None)
    assert (mql["stock"], mql["median_stay_seconds"], mql["median_age_seconds"]) == (1, None, 86_400)
    assert data["conversions"] == [
        {"source": "inquiry", "target": "mql", "entered": 1, "converted": 1, "median_time_seconds": 86_400}
    ]
    assert data["by_source"] == [{"source": "Web", "people": 1, "stock": {"mql": 1}}]
    assert data["frontier"] == "2026-06-30T16:00:00Z"


def test_a_report_before_the_first_plan_says_what_to_do() -> None:
    """Zeros alone would look like a fault."""
    stream = io.StringIO()
    render_report(Console(file=stream, width=160), summarise(STAGES, None, [], [], []))
    assert "`leadline plan -o plan.json` makes the first plan" in stream.getvalue()
