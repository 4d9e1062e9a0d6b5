"""``leadline state``: whether the store is whole, a copy of it, and putting a copy back."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.common.errors import RefusedError
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, config_option, json_option


@click.group(short_help="Check, back up and restore the state.")
def state() -> None:
    """Check, back up and restore the state: what was mirrored, decided and written. Asks no CRM."""


@state.command(name="check", short_help="Whether the state is whole.")
@click.option("--decisions", type=click.IntRange(0), default=0, help="Derive so many of the newest decisions again.")
@config_option
@json_option
def check(decisions: int, config: Path, as_json: bool) -> int:
    """Say whether the state is whole. Ends with 1 when it is damaged."""
    from leadline.sync.operations.integrity import check_state
    from leadline.terminal.operating import findings_data, render_findings
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        found = check_state(store, decisions)
    Screen(as_json=as_json).result(findings_data(found), lambda console: render_findings(console, found))
    return RefusedError.exit_code if any(item.severity == "error" for item in found) else 0


@state.command(name="backup", short_help="Copy the state into a file.")
@click.argument("file", type=FILE, help="A new file.")
@config_option
@json_option
def backup(file: Path, config: Path, as_json: bool) -> None:
    """Copy the state, as it is at one instant, into FILE; runs may go on meanwhile. It holds personal data."""
    from leadline.sync.operations.copying import back_up
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        copied = back_up(store, file)
    Screen(as_json=as_json).result(
        {"ok": True, "file": str(file), "rows": copied.rows, "bytes": copied.size},
        lambda console: console.print(f"{file}: {sum(copied.rows.values()):,} rows. Keep it as safe as the state."),
    )


@state.command(name="restore", short_help="Copy a backup into an empty state.")
@click.argument("file", type=FILE, help="What `leadline state backup` wrote.")
@config_option
@json_option
def restore(file: Path, config: Path, as_json: bool) -> None:
    """Copy the backup FILE into the configured state, which must be empty; SQLite and PostgreSQL alike."""
    from leadline.sync.operations.copying import restore as put_back
    from leadline.terminal.session import open_state

    with open_state(config) as store:
        copied = put_back(file, store)
    Screen(as_json=as_json).result(
        {"ok": True, "rows": copied.rows},
        lambda console: console.print(
            f"{sum(copied.rows.values()):,} rows restored; `leadline sync` goes on from there."
        ),
    )
