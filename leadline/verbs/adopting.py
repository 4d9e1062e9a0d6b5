"""``leadline adopt``: taking over CRMs that already hold stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from leadline.common.errors import RefusedError, UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option


@click.command(short_help="Take CRMs over: what becomes of their stages.")
@click.argument("file", type=FILE, required=False, metavar="[FILE]")
@click.option("-o", "--output", "out", type=FILE, help="Without FILE: write the first plan to this file.")
@click.option("--wave", type=click.IntRange(1), help="With FILE: write so many records at a time.")
@click.option("--wait", help="How long to wait between two waves, such as 10m.")
@click.option("--write", type=click.Choice(["all", "nothing"]), default="all", show_default=True,
              help="With nothing the CRMs stay as they are until things change.")  # fmt: skip
@config_option
@json_option
def adopt(file: Path | None, out: Path | None, config: Path, as_json: bool, **chosen: Any) -> int:
    """Take over CRMs that hold stages already. A first run causes no task, notice or assignment.

    Without FILE: show each value of the stage fields, what it means and what becomes of those who have it, and save
    the first plan with -o. With FILE (that plan): accept it by its hash and write it, in waves with --wave, or
    write nothing. A wave with which more than one person in twenty fails is the last one; the same command continues.
    """
    if file is None:
        if chosen["wave"] or chosen["wait"] or chosen["write"] != "all":
            raise UsageError(
                "--wave, --wait and --write are about a plan: give the FILE that `leadline adopt -o` wrote"
            )
        return _show(Screen(as_json=as_json), config, out)
    if out is not None:
        raise UsageError("-o saves a new plan; leave it out to accept the plan in FILE")
    if chosen["write"] == "nothing":
        if chosen["wave"] or chosen["wait"]:
            raise UsageError("--wave and --wait pace writing; with `--write nothing` there is none")
        return _quietly(Screen(as_json=as_json), config, file)
    return _write(Screen(as_json=as_json), config, file, chosen["wave"], chosen["wait"])


def _show(screen: Screen, config: Path, out: Path | None) -> int:
    from leadline.sync.cycle import open_readers
    from leadline.sync.cycle.adopting import plan_adoption
    from leadline.sync.plan import require_place, save_plan
    from leadline.terminal.adopting import adoption_data, render_adoption
    from leadline.terminal.session import session

    if out is not None:
        require_place(out)
    with session(screen, config) as (opened, setting), open_readers(opened) as readers:
        found = plan_adoption(setting, readers)
    if out is not None:
        save_plan(found.planned.plan, out)
    screen.result(adoption_data(found, out), lambda console: render_adoption(console, found, out))
    return RefusedError.exit_code if found.planned.stops else 0


def _quietly(screen: Screen, config: Path, file: Path) -> int:
    from leadline.sync.cycle import open_readers
    from leadline.sync.cycle.adopting import adopt_without_writing
    from leadline.sync.plan import load_plan
    from leadline.terminal.session import session

    plan = load_plan(file)
    with session(screen, config) as (opened, setting), open_readers(opened) as readers:
        people = adopt_without_writing(setting, readers, plan)
    said = f"{people:,} people were adopted and nothing was written. The CRMs are told when things change."
    screen.result({"ok": True, "people": people, "written": 0}, lambda console: console.print(said))
    return 0


def _write(screen: Screen, config: Path, file: Path, wave: int | None, wait: str | None) -> int:
    from leadline.sync.cycle import open_writers, run_apply
    from leadline.sync.plan import load_plan
    from leadline.terminal.applying import applied_data, render_applied, watched_first
    from leadline.terminal.session import session

    plan = load_plan(file)
    if not plan.adoption:
        raise RefusedError(f"{file}: not a first plan; `leadline apply` writes it")
    if wave is None and wait is not None:
        raise UsageError("--wait says how long to wait between the waves of --wave; give both")
    waves = watched_first(wave, wait)
    with session(screen, config) as (opened, setting), open_writers(opened) as writers:
        result = run_apply(setting, writers, plan, waves=waves)
    screen.result(applied_data(result), lambda console: render_applied(console, result.report))
    return result.exit_code
