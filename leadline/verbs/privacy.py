"""``leadline forget``: what is known of one person, erased."""

from __future__ import annotations

from pathlib import Path

import click

from leadline.common.errors import RefusedError
from leadline.terminal.screen import Screen
from leadline.verbs.options import config_option, json_option


@click.command(short_help="Erase a person from the state.")
@click.argument("person", help="Such as p-000017, 17, ann@acme.example, or a record's id in either CRM.")
@click.option("--yes", is_flag=True, help="Erase; without it only say what would be erased.")
@config_option
@json_option
def forget(person: str, yes: bool, config: Path, as_json: bool) -> int:
    """Erase everything of PERSON from the state, and keep it out of later pulls. The CRMs are not touched.

    Erase the person in the CRMs first. Plan files, exports and backups of your own still hold what they held.
    """
    from leadline.sync.lease import Lease
    from leadline.sync.people import find_person
    from leadline.sync.privacy import export as collect
    from leadline.sync.privacy import forget as erase
    from leadline.sync.schedule import wall_clock
    from leadline.terminal.session import open_state

    screen = Screen(as_json=as_json)
    with open_state(config) as store:
        found = find_person(store, person)
        if not yes:
            rows = {name: len(rows) for name, rows in collect(store, found).items() if isinstance(rows, list)}
            screen.result(
                {"ok": False, "person": found, "would_erase": rows},
                lambda console: console.print(
                    f"{found}: {sum(rows.values()):,} rows would be erased for good. Say it with --yes."
                ),
            )
            return RefusedError.exit_code
        with Lease(store, wall_clock).held():
            erased = erase(store, found, wall_clock())
    screen.result(
        {"ok": True, "person": found, "erased": erased.rows, "plans_emptied": erased.plans},
        lambda console: console.print(
            f"{found} is erased ({sum(erased.rows.values()):,} rows). Later pulls leave the person's records out; "
            "plan files, exports and backups that you keep still hold what they held."
        ),
    )
    return 0
