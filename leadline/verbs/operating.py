"""Verbs for who runs the sync: past runs, refused values, and the switch that stops all writing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from leadline.common.errors import RefusedError, UsageError
from leadline.terminal.screen import Screen
from leadline.verbs.options import config_option, json_option


@click.command(short_help="List past runs and how they ended.")
@click.option("--last", "count", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@config_option
@json_option
def runs(count: int, config: Path, as_json: bool) -> None:
    """List past runs, newest first: what each one read, decided and wrote, and how it ended. Asks no CRM."""
    from leadline.sync.operations import recent_runs
    from leadline.terminal.operating import render_runs, runs_data
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        found = recent_runs(store, count)
    Screen(as_json=as_json).result(runs_data(found), lambda console: render_runs(console, found))


@click.command(short_help="List values and actions that a CRM refused, and why.")
@click.option("--code", help="Only refusals with this code of the CRM.")
@config_option
@json_option
def parked(code: str | None, config: Path, as_json: bool) -> int:
    """List values and actions that a CRM refused for good or dropped in silence, why, and what to do. Asks no CRM.

    Actions that were refused and whose stage was left in the week before the last run are told too: nothing tries
    them again. Ends with 1 while anything is refused, so that a monitor can watch it.
    """
    from datetime import timedelta

    from leadline.sync.operations import last_heard, parked_actions, parked_values, withdrawn_actions
    from leadline.sync.schedule import wall_clock
    from leadline.terminal.operating import parked_data, render_parked
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        found, actions = parked_values(store, code), parked_actions(store, code)
        now = last_heard(store) or wall_clock()
        withdrawn = withdrawn_actions(store, now - timedelta(days=7), code)
    Screen(as_json=as_json).result(
        parked_data(found, actions, withdrawn), lambda console: render_parked(console, found, actions, withdrawn)
    )
    return RefusedError.exit_code if found or actions else 0


@click.command(short_help="Let the next plan try again what was refused.")
@click.argument("ids", nargs=-1, help="Numbers that `leadline parked` shows.")
@click.option("--all", "everything", is_flag=True, help="Everything that was refused.")
@click.option("--code", help="Everything that was refused with this code of the CRM.")
@config_option
@json_option
def retry(ids: tuple[str, ...], everything: bool, code: str | None, config: Path, as_json: bool) -> None:
    """Let the next plan try refused values and actions again, after the record or the permission was mended.

    With a value that an action wrote, such as an owner, the action is released too. An action that the CRM had said
    yes to is looked for first, so that nothing is made twice. One whose stage is left before the next plan is
    withdrawn by it.
    """
    from leadline.sync.operations import (
        actions_behind,
        parked_actions,
        parked_values,
        release_actions,
        release_parked,
    )
    from leadline.sync.schedule import wall_clock
    from leadline.terminal.session import open_state

    if sum((bool(ids), everything, code is not None)) != 1:
        raise UsageError("give the numbers that `leadline parked` shows, or --code, or --all")
    numbers = [int(one) for one in ids if one.isdecimal()]
    keys = [one for one in ids if not one.isdecimal()]
    strange = [key for key in keys if not key.startswith("e-")]
    if strange:
        raise UsageError(f"{strange[0]} is no number that `leadline parked` shows")
    with open_state(config) as store:
        if code is not None:
            numbers = [value.id for value in parked_values(store, code)]
            keys = [action.key for action in parked_actions(store, code)]
        elif numbers:
            keys += actions_behind(store, [value for value in parked_values(store) if value.id in numbers])
        released = release_parked(store, None if everything else numbers, wall_clock())
        actions = release_actions(store, None if everything else keys, wall_clock())
    if not everything and released + actions == 0:
        named = f"was refused with {code}" if code is not None else f"refused is called {', '.join(ids[:3])}"
        raise RefusedError(f"nothing {named}; `leadline parked` shows what is")
    Screen(as_json=as_json).result(
        {"ok": True, "released": released, "actions": actions},
        lambda console: console.print(
            f"{released:,} refused values and {actions:,} actions are tried again with the next plan."
        ),
    )


@click.command(short_help="Stop all writing to the CRMs.")
@click.option("--why", default="", help="A word for your colleagues; it is shown to who is refused.")
@config_option
@json_option
def pause(why: str, config: Path, as_json: bool) -> None:
    """Stop all writing to the CRMs, that of a run at work included. Reading, deciding and planning go on."""
    from leadline.sync.pausing import pause_writing
    from leadline.sync.schedule import wall_clock
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        standing = pause_writing(store, why, wall_clock())
    said = f"Writing is paused since {standing.since:%Y-%m-%d %H:%M}Z; `leadline resume` ends it."
    _say(as_json, {"ok": True, "paused": True, "since": standing.since, "why": standing.why}, said)


@click.command(short_help="Let plans be written again.")
@config_option
@json_option
def resume(config: Path, as_json: bool) -> None:
    """End a pause: the next run writes again, and finishes first what the pause interrupted."""
    from leadline.sync.pausing import resume_writing
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        ended = resume_writing(store)
    said = "Writing goes on with the next run." if ended else "Writing was not paused."
    _say(as_json, {"ok": True, "paused": False, "was_paused_since": ended.since if ended else None}, said)


@click.command(short_help="Whether the sync is well, for monitors.")
@click.option("--max-age", "max_age", default="1h", show_default=True, help="How old the last good run may be.")
@config_option
@json_option
def health(max_age: str, config: Path, as_json: bool) -> int:
    """Say whether the sync is well: ends with 0 when it is and 1 when it is not. Asks no CRM."""
    from leadline.sync.operations.health import health as judge
    from leadline.sync.schedule import period, wall_clock
    from leadline.terminal.operating import health_data, render_health
    from leadline.terminal.session import open_state

    oldest = period(max_age, "--max-age")
    with open_state(config) as store:
        found = judge(store, wall_clock(), oldest)
    Screen(as_json=as_json).result(health_data(found), lambda console: render_health(console, found))
    return 0 if found.well else RefusedError.exit_code


def _say(as_json: bool, data: dict[str, Any], sentence: str) -> None:
    Screen(as_json=as_json).result(data, lambda console: console.print(sentence, markup=False))
