"""``leadline sync``: whole cycles, once or on a schedule, watched or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from leadline.common.errors import UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import DIRECTORY, FILE, config_option, json_option

_WATCHED: Final = {"metrics": "metrics", "health_file": "health", "log_format": "log_format", "log_file": "log_file"}


@click.command(short_help="Run whole cycles: once, or on a schedule.")
@click.option("--every", "period", help="Run again every so often, such as 5m, until stopped.")
@click.option("--cron", "expression", help='Run when a cron expression says so (UTC), such as "*/10 6-20 * * 1-5".')
@click.option("--dry-run", is_flag=True, help="Stop at the plan: what is given to this run cannot write.")
@click.option("--shadow", type=DIRECTORY, help="A candidate book that decides beside this one and writes nothing.")
@click.option("--metrics", type=FILE, help="Write metrics for Prometheus to this file (.prom) after each run.")
@click.option("--health", "health_file", type=FILE, help="Write how the sync is to this JSON file after each run.")
@click.option("--log-format", type=click.Choice(["json", "text"]), help="Log events, one line each, to stderr.")
@click.option("--log-file", type=FILE, help="Append the log to this file instead of stderr.")
@config_option
@json_option
def sync(period: str | None, expression: str | None, config: Path, as_json: bool, **chosen: Any) -> int:
    """Run one whole cycle: pull, evaluate, plan, guards, apply, read back; or one after the other."""
    from leadline.terminal.syncing import run_scheduled, run_watched
    from leadline.terminal.watching import Watched

    if period is not None and expression is not None:
        raise UsageError("--every and --cron exclude each other; give one")
    watched = Watched(**{name: chosen.pop(option) for option, name in _WATCHED.items()})
    watched.require_places()
    screen = Screen(as_json=as_json)
    if period is None and expression is None:
        return run_watched(screen, config, watched, **chosen)
    return run_scheduled(screen, config, (period, expression), watched, **chosen)
