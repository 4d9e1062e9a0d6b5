"""`leadline shadow`: the candidate book that decides beside the live one."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.terminal.screen import Screen
from leadline.verbs.options import config_option, json_option


@click.group(short_help="See what a candidate book decides beside the live one.")
def shadow() -> None:
    """See what a candidate book decides beside the live one (`leadline sync --shadow DIR`, or `shadow:`)."""


@shadow.command(short_help="Compare the candidate with the live book, stage by stage.")
@config_option
@json_option
def report(config: Path, as_json: bool) -> None:
    """Compare where people stand under the candidate and under the live book, with reasons. Asks no CRM."""
    from leadline.history.beside import compare_shadow
    from leadline.terminal.session import open_state
    from leadline.terminal.shadow import beside_data, render_beside

    with open_state(config) as store:
        found = compare_shadow(store)
    Screen(as_json=as_json).result(beside_data(found), lambda console: render_beside(console, found))
