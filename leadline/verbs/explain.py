"""The verb that explains one person."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from leadline.common.errors import UsageError
from leadline.common.messages import LANGUAGES, Language, language_named, language_of_environment
from leadline.terminal.screen import Screen
from leadline.verbs.options import FILE, Instant, config_option, json_option


@click.command(short_help="Explain where a person stands, and why.")
@click.argument("person", help="Such as p-000017, 17, ann@acme.example, or a record's id in either CRM.")
@click.option("--at", "at", type=Instant(), help="Explain this instant instead of the last evaluation.")
@click.option(
    "--language",
    "language",
    metavar="TAG",
    help=f"Say it in {' or '.join(LANGUAGES)}; else LEADLINE_LANGUAGE says so, else the locale.",
)
@click.option("--line", "only_line", is_flag=True, help="Only the one line that a CRM's field shows.")
@click.option(
    "--note", "note", flag_value="masked", help="Only the hand-off note, without names and texts of fields."
)
@click.option("--note-unmasked", "note", flag_value="whole", help="The hand-off note as a CRM gets it.")
@click.option("--html", "page", type=FILE, help="Write a page with the scores over time to this file.")
@config_option
@json_option
def explain(person: str, at: datetime | None, config: Path, as_json: bool, **chosen: Any) -> None:
    """Explain where PERSON stands and why (a person id, an e-mail address or a CRM record id). Asks no CRM."""
    from leadline.sync.explaining import explain_person
    from leadline.terminal.explain import explained_data, explained_line, render_explained, render_line
    from leadline.terminal.session import session

    language, note = chosen["language"], chosen["note"]
    spoken = language_named(language) if language else language_of_environment(os.environ)
    screen = Screen(as_json=as_json)
    if note is not None:
        if at is not None or chosen["only_line"]:
            raise UsageError("--note is of the last evaluation, and whole: leave out --at and --line")
        _note(screen, person, config, spoken if language else None, masked=note == "masked")
        return
    if chosen["page"] is not None:
        _page(screen, person, at, config, spoken, chosen["page"])
        return
    with session(screen, config, crms=False) as (_, setting):
        explained = explain_person(setting.store, setting.book, person, at)
    if chosen["only_line"]:
        line = explained_line(explained, spoken)
        data = {"ok": True, "person": explained.trace.person, "language": spoken.code, "line": line}
        screen.result(data, lambda console: render_line(console, line))
        return
    screen.result(explained_data(explained, spoken), lambda console: render_explained(console, explained, spoken))


def _note(screen: Screen, person: str, config: Path, language: Language | None, *, masked: bool) -> None:
    from leadline.common.canonical import plain
    from leadline.sync.explaining import explain_note
    from leadline.sync.handoff import plain_note
    from leadline.terminal.session import session

    with session(screen, config, crms=False) as (_, setting):
        found = explain_note(setting.store, setting.book, person, masked=masked, language=language)
    data = {"ok": True, "masked": masked, "note": plain(found)}
    screen.result(data, lambda console: console.print(plain_note(found), markup=False, soft_wrap=True))


def _page(screen: Screen, person: str, at: datetime | None, config: Path, language: Language, page: Path) -> None:
    from leadline.pages.person import write_person
    from leadline.sync.timeline import timeline
    from leadline.terminal.session import session

    with session(screen, config, crms=False) as (_, setting):
        found = timeline(setting.store, setting.book, person, at)
    write_person(page, found, language)
    data = {"ok": True, "person": found.explained.trace.person, "file": str(page)}
    screen.result(data, lambda console: console.print(f"{page} written.", markup=False))
