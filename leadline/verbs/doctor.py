"""``leadline doctor``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from leadline.common.errors import RefusedError
from leadline.terminal.screen import Screen
from leadline.verbs.options import config_option, json_option


@click.command(short_help="Test every permission the book needs; writes nothing.")
@config_option
@json_option
def doctor(config: Path, as_json: bool) -> int:
    """Test every permission the book needs in each CRM, and name what to click. Writes nothing.

    Also limits, clocks, sharing, and the automations that listen to the fields to be written. Ends with 1 when
    something is missing without which the book cannot do its work.
    """
    from leadline.common.bookfiles import read_sources
    from leadline.rules.reading import read_book
    from leadline.sync.config import load_config
    from leadline.sync.doctor import run_doctor
    from leadline.sync.schedule import wall_clock
    from leadline.terminal.doctor import doctor_data, render_doctor

    screen = Screen(as_json=as_json)
    opened = load_config(config, os.environ)
    book = read_book(read_sources(opened.rules_dir))
    with screen.activity() as say:
        say("Examining the CRMs")
        found = run_doctor(opened, book, wall_clock)
    screen.result(doctor_data(found), lambda console: render_doctor(console, found))
    return 0 if found.ok else RefusedError.exit_code
