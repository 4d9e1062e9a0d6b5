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
    assert data["waiting"] == []


def test_who_waits_for_a_place_is_shown_where_anybody_does() -> None:
    """A table of its own, with the median and the longest wait; nothing where nobody waits."""
    waits = [Standing(str(n), "inquiry", AT - 9 * DAY, None, "mql", AT - n * DAY) for n in (1, 3)]
    for standings, shown in ((waits, True), ([], False)):
        report = summarise(STAGES, AT, standings, [], [])
        console = Console(file=io.StringIO(), width=120)
        render_report(console, report)
        assert ("waits for a place" in console.file.getvalue()) is shown  # type: ignore[attr-defined]
        assert [line["longest_wait_seconds"] for line in report_data(report)["waiting"]] == [259_200] * shown


def test_a_report_before_the_first_plan_says_what_to_do() -> None:
    """Zeros alone would look like a fault."""
    stream = io.StringIO()
    render_report(Console(file=stream, width=160), summarise(STAGES, None, [], [], []))
    assert "`leadline plan -o plan.json` makes the first plan" in stream.getvalue()
