"""`leadline demo`: the whole job once, over HTTP, on two practice CRMs of this machine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.common.errors import UsageError
from leadline.common.values import Crm
from leadline.connectors.practice.serving import Practice, start_practice
from leadline.sync.bounds import Bound
from leadline.sync.config import load_config
from leadline.sync.cycle import (
    AppliedResult,
    PlannedResult,
    SyncResult,
    make_plan,
    open_readers,
    open_setting,
    open_writers,
    run_apply,
    run_sync,
)
from leadline.sync.cycle.work import bounds_of
from leadline.sync.explaining import Explained, explain_person
from leadline.sync.plan import load_plan, save_plan
from leadline.sync.reports.funnel import FunnelReport, funnel
from leadline.sync.schedule import wall_clock
from leadline.terminal.applying import applied_data, render_applied
from leadline.terminal.explain import explained_data, render_explained
from leadline.terminal.plan import planned_data, render_funnel, render_plan
from leadline.terminal.pull import render_bounds, render_pull
from leadline.terminal.reports.funnel import render_report, report_data
from leadline.terminal.screen import Screen
from leadline.terminal.session import describe
from leadline.terminal.syncing import sync_data
from leadline.terminal.tables import table
from leadline.terminal.templates import copy_template

if TYPE_CHECKING:
    from rich.console import Console

MARKER = ".leadline-demo"
"""Stands in every folder that a demonstration made, so that only such a folder is ever replaced."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that one demonstration did, in order."""

    people: int
    planned: PlannedResult
    applied: AppliedResult
    bounds: Mapping[Crm, Bound]
    second: SyncResult
    report: FunnelReport
    explained: Explained
    served: Mapping[str, int]

    def first_calls(self) -> dict[Crm, dict[str, int]]:
        """Return the calls of the first plan and its application together, by CRM and purpose."""
        found: dict[Crm, dict[str, int]] = {}
        for calls in (self.planned.calls, self.applied.calls):
            for crm, made in calls.items():
                for purpose, count in made.items():
                    mine = found.setdefault(crm, {})
                    mine[purpose] = mine.get(purpose, 0) + count
        return found

    def counted(self, crm: Crm) -> int:
        """Return every call of all three runs as Leadline counted them."""
        runs = (self.planned.calls, self.applied.calls, self.second.calls)
        return sum(sum(calls.get(crm, {}).values()) for calls in runs)

    def served_by(self, crm: Crm) -> int:
        """Return every call of all three runs as that practice server counted them."""
        return sum(count for endpoint, count in self.served.items() if endpoint.startswith(f"{crm} "))

    @property
    def exit_code(self) -> int:
        """0 when the first plan was written and read back whole, and the second cycle wrote nothing."""
        agreed = self.second.exit_code == 0 and self.second.plan.empty
        return self.applied.exit_code or (0 if agreed else 1)


def run_demo(screen: Screen, directory: Path, people: int, seed: int) -> int:
    """Run and show the demonstration in ``directory``; return the exit code.

    An earlier demonstration there is replaced; any other folder that holds something is refused with UsageError.
    """
    _prepare(directory)
    screen.note(f"Starting a practice Salesforce and a practice HubSpot with {people:,} people ...")
    with start_practice(people=people, seed=seed, frozen=True) as practice, screen.activity() as say:
        shown = _show(directory, practice, lambda event: say(describe(event)))
    screen.result(_data(shown), lambda console: _render(console, shown, directory))
    return shown.exit_code


def _prepare(directory: Path) -> None:
    if directory.exists():
        if any(directory.iterdir()) and not (directory / MARKER).exists():
            raise UsageError(f"{directory} holds something that is not a demonstration; name another --dir")
        shutil.rmtree(directory)
    copy_template("waterfall", directory)
    (directory / MARKER).touch()


def _show(directory: Path, practice: Practice, tell: Any) -> Shown:
    config = load_config(directory / "leadline.yml", practice.environment())
    with open_setting(config, wall_clock, tell) as setting:
        with open_readers(config) as readers:
            planned = make_plan(setting, readers)
            bounds = bounds_of(setting.book, readers, planned.pull, [planned.plan])
        save_plan(planned.plan, directory / "plan.json")
        with open_writers(config) as writers:
            applied = run_apply(setting, writers, load_plan(directory / "plan.json"))
            second = run_sync(setting, writers)
        served = {
            f"{harness.name} {endpoint}": count
            for harness in (practice.salesforce, practice.hubspot)
            for endpoint, count in sorted(harness.calls.snapshot().items())
        }
        report = funnel(setting.store, setting.book)
        explained = explain_person(setting.store, setting.book, _someone(planned))
    return Shown(len(practice.organisation.people), planned, applied, bounds, second, report, explained, served)


def _someone(planned: PlannedResult) -> str:
    """Choose whom to explain: the first new MQL, or else the first person at all."""
    moved = [write.person for write in planned.plan.writes if write.stage == "mql"]
    return (moved or [write.person for write in planned.plan.writes])[0]


def _data(shown: Shown) -> dict[str, Any]:
    return {
        "ok": shown.exit_code == 0,
        "people": shown.people,
        "planned": planned_data(shown.planned, None),
        "applied": applied_data(shown.applied),
        "calls": plain(shown.first_calls()),
        "lower_bounds": plain(shown.bounds),
        "second": sync_data(shown.second),
        "report": report_data(shown.report),
        "explained": explained_data(shown.explained),
        "served": dict(shown.served),
    }


def _render(console: Console, shown: Shown, directory: Path) -> None:
    console.rule("1. Pulled from both CRMs", align="left")
    render_pull(console, shown.planned.pull, shown.planned.calls)
    console.rule("2. The funnel by stage", align="left")
    render_funnel(console, shown.planned.stock, [line.stage for line in shown.report.stages])
    console.rule("3. The plan and its price in calls", align="left")
    render_plan(console, shown.planned.plan, directory / "plan.json")
    console.rule("4. Applied and read back", align="left")
    render_applied(console, shown.applied.report)
    console.rule("5. The second cycle: only what changed is read, nothing is written", align="left")
    render_pull(console, shown.second.pull, shown.second.calls)
    render_plan(console, shown.second.plan)
    console.rule("6. One lead explained", align="left")
    render_explained(console, shown.explained)
    console.rule("Summary", align="left")
    render_report(console, shown.report)
    _render_calls(console, shown)
    console.print(
        f"The book, its state and plan.json are in {directory}. The practice CRMs have ended; `leadline practice`"
        " starts them again, and docs/tutorial.md goes on from there.",
        markup=False,
    )


def _render_calls(console: Console, shown: Shown) -> None:
    """Print the calls of the first full cycle, and those of the second, beside their lower bounds."""
    console.print("Calls of the first full read and write, beside the fewest possible:")
    render_bounds(console, shown.first_calls(), shown.bounds)
    console.print("Calls of the second cycle:")
    render_bounds(console, shown.second.calls, shown.second.bounds)
    rows = [(crm, shown.counted(crm), shown.served_by(crm)) for crm in sorted(shown.bounds)]
    console.print("All three runs, signing in and describing included (by endpoint: `--json`):")
    console.print(table(["CRM", "counted by Leadline", "counted at the practice server"], rows, right=(1, 2)))
