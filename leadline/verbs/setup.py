"""``leadline setup``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leadline.common.errors import LeadlineError, UsageError
from leadline.common.masking import mask_address
from leadline.terminal.screen import Screen
from leadline.verbs.options import DIRECTORY, config_option, json_option

if TYPE_CHECKING:
    from leadline.rules.model import Book
    from leadline.sync.config import Config
    from leadline.sync.setup import Step


@click.command(short_help="Make the fields and permissions the book needs.")
@click.option("--apply", "apply_", is_flag=True, help="Make what is missing; without it nothing is changed.")
@click.option("--remove", is_flag=True, help="Take back what a setup made here, and nothing else.")
@click.option(
    "--user", default="", help="Salesforce user who is given the permission set, such as leadline@acme.example."
)
@click.option(
    "--sfdx", type=DIRECTORY, help="Write Salesforce's part to a new folder, to deploy by hand. Asks no CRM."
)
@config_option
@json_option
def setup(apply_: bool, remove: bool, user: str, sfdx: Path | None, config: Path, as_json: bool) -> int:
    """Show which fields, keys and permissions the book needs and the CRMs lack; with --apply make them.

    Run again it changes nothing; one that was broken off goes on. It needs an admin's credentials: name another
    configuration with --config where Leadline's own user may not customise the CRM.
    """
    from leadline.common.bookfiles import read_sources
    from leadline.rules.reading import read_book
    from leadline.sync.config import load_config
    from leadline.terminal.setup import render_setup, setup_data

    screen = Screen(as_json=as_json)
    opened = load_config(config, os.environ)
    book = read_book(read_sources(opened.rules_dir))
    if sfdx is not None:
        if apply_ or remove:
            raise UsageError("--sfdx only writes files; leave --apply and --remove out")
        _write_sfdx(screen, opened, book, sfdx)
        return 0
    steps: list[Step] = []
    kind: dict[str, Any] = {"removing": remove, "applied": apply_}
    try:
        _run(screen, opened, book, user, steps, apply_=apply_, remove=remove)
        if not apply_ and not as_json and _asks(steps, remove=remove):
            screen.result(None, lambda console: render_setup(console, steps, **kind))
            if not click.confirm("Do this now?", default=False):
                return 0
            kind["applied"] = True
            steps.clear()
            _run(screen, opened, book, user, steps, apply_=True, remove=remove)
    except LeadlineError as error:
        if not kind["applied"]:
            raise
        kind["broken"] = error
        screen.note(mask_address(str(error)))
    screen.result(setup_data(steps, **kind), lambda console: render_setup(console, steps, **kind))
    return kind["broken"].exit_code if "broken" in kind else 0


def _asks(steps: list[Step], *, remove: bool) -> bool:
    """Say whether somebody sits there to be asked, and there is something to do."""
    todo = any(step.standing == ("ours" if remove else "missing") for step in steps)
    return todo and sys.stdin.isatty() and sys.stdout.isatty()


def _run(
    screen: Screen, opened: Config, book: Book, user: str, steps: list[Step], *, apply_: bool, remove: bool
) -> None:
    """Append each step as it is done: what breaks off leaves those that were."""
    from leadline.sync.schedule import wall_clock
    from leadline.sync.setup import needed_parts, open_installers, ours, set_up, survey, take_back
    from leadline.sync.store import open_store

    parts = needed_parts(opened, book, user)
    with open_store(opened.state_url) as store, open_installers(opened) as installers, screen.activity() as say:
        for crm, installer in installers.items():
            say(f"Looking at {crm}")
            if remove:
                for step in take_back(store, installer) if apply_ else ours(store, installer):
                    steps.append(step)
                continue
            for step in set_up(store, installer, parts[crm], wall_clock) if apply_ else ():
                say(f"{crm}: {step.part}")
                steps.append(step)
            steps += () if apply_ else survey(store, installer, parts[crm])


def _write_sfdx(screen: Screen, opened: Config, book: Book, directory: Path) -> None:
    from leadline.connectors.salesforce.installing import definition, owner_of
    from leadline.sync.setup import needed_parts
    from leadline.sync.setup.sfdx import sfdx_files, write_files

    if opened.salesforce is None:
        raise UsageError(f"{opened.path}: no `salesforce:` block, so there is nothing to deploy")
    parts = needed_parts(opened, book)["salesforce"]
    files = write_files(sfdx_files(parts, opened.salesforce.version, definition, owner_of), directory)
    screen.result(
        {"ok": True, "directory": str(directory), "files": [str(file) for file in files]},
        lambda console: console.print(
            f"{directory}: {len(files)} files. Deploy them with\n"
            f"  cd {directory} && sf project deploy start --source-dir force-app", markup=False,
        ),
    )  # fmt: skip
