"""`leadline sync`: one cycle, or one after the other, told as they end."""

from __future__ import annotations

import os
import random
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.common.canonical import plain
from leadline.common.errors import LeadlineError, RefusedError
from leadline.sync.config import load_config
from leadline.sync.cycle import PlannedResult, SyncResult, make_plan, open_readers, open_writers, run_sync
from leadline.sync.schedule import Event, Failed, Schedule, Skipped, Stop, cron, every, run_schedule, wall_clock
from leadline.terminal.applying import apply_data, render_applied
from leadline.terminal.plan import planned_data, render_plan, render_planned
from leadline.terminal.pull import evaluation_data, pull_data, render_bounds, render_pull
from leadline.terminal.screen import Screen
from leadline.terminal.session import session
from leadline.terminal.tables import cell
from leadline.terminal.watching import UNWATCHED, Watched, leave_word, run_log

if TYPE_CHECKING:
    from rich.console import Console

JITTER_SECONDS = 3.0
PATIENCE_SECONDS = 90.0
"""How long a run of a schedule may go on after SIGTERM; what `deploy/` ships kills after 120."""


def run_watched(screen: Screen, config: Path, watched: Watched, **chosen: Any) -> int:
    """Run one cycle as ``run_once`` does; then leave word for who watches, also when the run fails."""
    try:
        code = run_once(screen, config, watched, **chosen)
    except LeadlineError as error:
        leave_word(screen, config, watched, error.exit_code, error)
        raise
    leave_word(screen, config, watched, code)
    return code


def run_once(
    screen: Screen, config: Path, watched: Watched = UNWATCHED, *, dry_run: bool, shadow: Path | None = None
) -> int:
    """Run one cycle and show it; return its exit code. A dry run is given objects that cannot write.

    ``shadow`` is a candidate book that decides beside the live one, and writes nothing. ``watched`` says what to log.
    """
    open_session = partial(session, screen, config, shadow=shadow, watched=watched)
    if dry_run:
        with open_session() as (opened, setting), open_readers(opened) as readers:
            planned = make_plan(setting, readers)
        return _show_planned(screen, planned, tuple(setting.book.stages))
    with open_session() as (opened, setting), open_writers(opened) as writers:
        done = run_sync(setting, writers)
    screen.result(sync_data(done), lambda console: render_sync(console, done))
    return done.exit_code


def run_scheduled(
    screen: Screen, config: Path, when: tuple[str | None, str | None], watched: Watched, **chosen: Any
) -> int:
    """Run cycles until SIGINT or SIGTERM; return the exit code of the last one.

    The run that is going may end by itself; after SIGTERM for ``PATIENCE_SECONDS``, then it is interrupted.

    ``when`` is a period or a cron expression, ``chosen`` are the keywords of ``run_once``. Each run reads the
    configuration and the book again, so an edited book needs no restart. With JSON, each run is one document.
    """
    period, expression = when
    schedule: Schedule = every(period, wall_clock()) if period is not None else cron(expression or "")
    stop = Stop()
    last = 0

    def job() -> None:
        nonlocal last
        last = run_watched(screen, config, watched, **chosen)

    def tell(event: Event) -> None:
        nonlocal last
        if isinstance(event, Failed):
            last = event.error.exit_code
            screen.error(event.error)
        elif isinstance(event, Skipped):
            log.say("warning", "schedule.skipped", runs=event.runs, first=event.first)
            note(f"{event.runs} runs were skipped, the first at {cell(event.first)}: the one before took longer")
        else:
            log.say("info", "schedule.waiting", due=event.due)
            note(f"next run at {event.due:%Y-%m-%d %H:%M:%S}Z")

    with run_log(load_config(config, os.environ, crms=False), watched) as log, stop.on_signals(PATIENCE_SECONDS):
        note = screen.note if not log.screen else lambda _: None
        run_schedule(
            schedule,
            job,
            stop=stop,
            clock=wall_clock,
            jitter=lambda: random.uniform(0, JITTER_SECONDS),  # noqa: S311 - spreads load, guards nothing
            on_event=tell,
        )
        note("Stopped.")
    return last


def sync_data(done: SyncResult) -> dict[str, object]:
    """Return one cycle for machines."""
    return {
        "ok": done.exit_code == 0,
        "exit_code": done.exit_code,
        "pull": pull_data(done.pull),
        "evaluation": evaluation_data(done.evaluation),
        "plan": {"hash": done.plan.hash, "writes": len(done.plan.writes), "records": done.plan.record_count()},
        "apply": apply_data(done.report),
        "resumed": apply_data(done.resumed) if done.resumed else None,
        "calls": plain(done.calls),
        "lower_bounds": plain(done.bounds),
    }


def render_sync(console: Console, done: SyncResult) -> None:
    """Print one cycle: pulled, planned, applied, and the calls beside the lower bound."""
    render_pull(console, done.pull, done.calls)
    if done.resumed is not None:
        console.print("An interrupted plan was finished first:")
        render_applied(console, done.resumed)
    render_plan(console, done.plan)
    if not done.plan.empty:
        render_applied(console, done.report)
    render_bounds(console, done.calls, done.bounds)


def _show_planned(screen: Screen, planned: PlannedResult, stages: tuple[str, ...]) -> int:
    screen.result(planned_data(planned, None), lambda console: render_planned(console, planned, None, stages))
    return RefusedError.exit_code if planned.stops else 0
