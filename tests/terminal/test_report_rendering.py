"""The funnel for people and for machines."""

from __future__ import annotations

import io
import json
from dataclasses import replace

from rich.console import Console

from leadline.sync.reports.funnel import funnel_of
from leadline.terminal.reports.funnel import render_report, report_data
from leadline.terminal.reports.sheets import NOBODY_YET
from tests.sync.reports.living import basis, life, turn


def test_times_are_seconds_for_machines() -> None:
    """A report is JSON: spans are whole seconds, and what was never measured is null."""
    person = life("p-1", "mql", 9, turn(9, "inquiry", "mql", since=8), entered={"inquiry": 8}, source="Web")
    narrow = replace(basis(10), stages=("inquiry", "mql"), main_path=("inquiry", "mql"))
    data = json.loads(json.dumps(report_data(funnel_of(narrow, [person], with_source=True))))
    inquiry, mql = data["stages"]
    assert (inquiry["stock"], inquiry["median_stay_seconds"], inquiry["median_age_seconds"]) == (0, 86_400, None)
    assert (mql["stock"], mql["median_stay_seconds"], mql["median_age_seconds"]) == (1, None, 86_400)
    assert (inquiry["stay"]["count"], inquiry["stay"]["median_seconds"]) == (1, 86_400)
    assert data["conversions"] == [
        {"source": "inquiry", "target": "mql", "entered": 1, "converted": 1, "open": 0, "share": "1",
         "low": "0.2065", "high": "1", "decided": 1, "of_decided": "1", "of_decided_low": "0.2065",
         "of_decided_high": "1", "median_time_seconds": 86_400}
    ]  # fmt: skip
    assert data["by_source"] == [{"source": "Web", "people": 1, "stock": {"mql": 1}}]
    assert (data["frontier"], data["zone"]) == ("2026-03-12T00:00:00Z", "UTC")
    assert data["waiting"] == []


def test_who_waits_for_a_place_is_shown_where_anybody_does() -> None:
    """A table of its own, with the median and the longest wait; nothing where nobody waits."""
    waits = [life(str(n), "inquiry", 1, waits=("mql", 10 - n)) for n in (1, 3)]
    for people, shown in ((waits, True), ([], False)):
        report = funnel_of(basis(10), people)
        console = Console(file=io.StringIO(), width=120)
        render_report(console, report)
        assert ("waits for a place" in console.file.getvalue()) is shown  # type: ignore[attr-defined]
        assert [line["longest_wait_seconds"] for line in report_data(report)["waiting"]] == [259_200] * shown


def test_a_report_before_the_first_plan_says_what_to_do() -> None:
    """Zeros alone would look like a fault."""
    stream = io.StringIO()
    render_report(Console(file=stream, width=160), funnel_of(basis(None), []))
    assert stream.getvalue() == f"{NOBODY_YET}\n"
